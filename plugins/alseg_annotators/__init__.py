"""Annotators: the oracle, which knows the label maps, and people, whose answers travel in files."""

from __future__ import annotations

from alseg import hookimpl
from alseg.contracts import AnnotatorSpec
from alseg.toolkit.annotator_errors import AnnotatorErrors
from alseg_annotators.files import Files


@hookimpl
def register_annotators() -> list[AnnotatorSpec]:
    """Offer ``oracle`` and ``files``."""
    return [
        AnnotatorSpec(
            name="oracle",
            summary="Answers at once from the data set's label maps, with the errors that you choose.",
            source="The usual simulation of active learning.",
            build=AnnotatorErrors,
            people=False,
        ),
        AnnotatorSpec(
            name="files",
            summary="People, with any tool: PNG masks where pixels get classes, a CSV for everything else.",
            source="alseg",
            build=Files,
        ),
    ]
