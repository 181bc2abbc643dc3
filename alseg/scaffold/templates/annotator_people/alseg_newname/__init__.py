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
            summary="People, with a table: a row for each question, a column for the class.",
            source="A template of alseg; name your tool, with its version and format.",
            build=NewnameAnnotator,
        )
    ]
