"""The annotator ``newname``. Every alseg command loads it, so it imports no torch."""

from __future__ import annotations

from alseg import hookimpl
from alseg.contracts import AnnotatorSpec

from .annotator import NewnameAnnotator

ALSEG_CONTRACT = "1.0"
"""For which contract with plugins this was written; `alseg plugins` shows it."""


@hookimpl
def register_annotators() -> list[AnnotatorSpec]:
    """Offer ``newname``."""
    return [
        AnnotatorSpec(
            name="newname",
            summary="Label maps, with one class mistaken for another in a share of the images.",
            source="A template of alseg; name your paper, with year and identifier.",
            build=NewnameAnnotator,
            people=False,
        )
    ]
