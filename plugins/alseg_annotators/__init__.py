"""Annotators: the oracle, which knows the label maps, and people, whose answers travel in files."""

from __future__ import annotations

from alseg import hookimpl
from alseg.contracts import AnnotatorSpec
from alseg.toolkit.annotator_errors import AnnotatorErrors
from alseg_annotators.cvat import Cvat
from alseg_annotators.files import Files
from alseg_annotators.label_studio import LabelStudio


@hookimpl
def register_annotators() -> list[AnnotatorSpec]:
    """Offer ``oracle``, ``files``, ``label-studio`` and ``cvat``."""
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
        AnnotatorSpec(
            name="label-studio",
            summary="People, with Label Studio: tasks to import, its JSON exports as answers.",
            source="labelstud.io 1.x; brush masks as thi.ng/umbrella's rle-pack.",
            build=LabelStudio,
            exports_labels=True,
        ),
        AnnotatorSpec(
            name="cvat",
            summary="People, with CVAT: pictures, labels and annotations to upload, its exports as answers.",
            source="docs.cvat.ai, format CVAT for images 1.1.",
            build=Cvat,
            exports_labels=True,
        ),
    ]
