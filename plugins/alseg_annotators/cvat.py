"""CVAT: pictures, labels and annotations to upload, and its exports "CVAT for images 1.1" as answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from alseg.contracts.annotating import GivenAnswer, LabelledImages, QuestionSheet


class Cvat:
    """Takes questions to CVAT and reads what it exports as "CVAT for images 1.1", XML or zip.

    Args:
        proposals: Whether the network's classes are laid before people as annotations. They count for an
            image once a person has changed one or added the tag ``checked``.
    """

    def __init__(self, proposals: bool = True) -> None:
        self.proposals = proposals

    def export(self, sheet: QuestionSheet, folder: Path) -> Sequence[Path]:
        """Write pictures, labels, annotations and how to use them; see `PeopleAnnotator.export`."""
        from alseg_annotators.cvat_export import write_task

        return write_task(sheet, folder, proposals=self.proposals)

    def read(self, path: Path, sheet: QuestionSheet) -> Iterator[GivenAnswer]:
        """Read an export, or all ``.xml`` and ``.zip`` files of a folder; see `PeopleAnnotator.read`."""
        from alseg_annotators.cvat_answers import read_exports

        return read_exports(path, sheet)

    def export_labels(self, labels: LabelledImages, folder: Path) -> Sequence[Path]:
        """Write label maps as a task; see `LabelExporter.export_labels`."""
        from alseg_annotators.cvat_labels import write_labels

        return write_labels(labels, folder)
