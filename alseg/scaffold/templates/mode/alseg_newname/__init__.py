"""The annotation mode ``newname``. Every alseg command loads it, so it imports no torch."""

from __future__ import annotations

from alseg import AnnotationModeSpec, hookimpl

from .mode import NewnameMode

ALSEG_CONTRACT = "1.0"
"""For which contract with plugins this was written; `alseg plugins` shows it."""


@hookimpl
def register_annotation_modes() -> list[AnnotationModeSpec]:
    """Offer ``newname``."""
    return [
        AnnotationModeSpec(
            name="newname",
            summary="Squares of a fixed grid, ranked by their mean score; a click for each class.",
            source="A template of alseg; name your paper, with year and identifier.",
            build=NewnameMode,
            unit="part",
        )
    ]
