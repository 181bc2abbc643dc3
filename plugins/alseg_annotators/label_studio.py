"""Label Studio: tasks and labels to import, and its JSON exports as answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from alseg.contracts.annotating import GivenAnswer, LabelledImages, QuestionSheet


class LabelStudio:
    """Takes questions to Label Studio 1.x and reads what it exports as JSON or JSON-MIN.

    Args:
        images: ``embedded`` in the tasks, which works in any installation, or ``served`` from the exported
            folder, which a server has to be told.
        proposals: Whether the network's classes are laid before people as predictions.
    """

    def __init__(self, images: Literal["embedded", "served"] = "embedded", proposals: bool = True) -> None:
        self.images = images
        self.proposals = proposals

    def export(self, sheet: QuestionSheet, folder: Path) -> Sequence[Path]:
        """Write ``labels.xml``, ``tasks-001.json`` and following; see `PeopleAnnotator.export`."""
        from alseg_annotators.label_studio_export import write_tasks

        return write_tasks(sheet, folder, served=self.images == "served", proposals=self.proposals)

    def read(self, path: Path, sheet: QuestionSheet) -> Iterator[GivenAnswer]:
        """Read an export, or all ``.json`` files of a folder; see `PeopleAnnotator.read`."""
        from alseg_annotators.label_studio_answers import read_exports

        return read_exports(path, sheet)

    def export_labels(self, labels: LabelledImages, folder: Path) -> Sequence[Path]:
        """Write label maps as a task; see `LabelExporter.export_labels`."""
        from alseg_annotators.label_studio_labels import write_labels

        return write_labels(labels, folder)
