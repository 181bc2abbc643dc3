"""What `alseg.testing.check_annotator` finds."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

import alseg_annotators
from alseg.contracts import AnnotatorSpec, GivenAnswer, QuestionSheet
from alseg.testing import check_annotator
from alseg_annotators.files import Files
from documents import DOCS, section

SPECS = {spec.name: spec for spec in alseg_annotators.register_annotators()}


def fill(folder: Path, sheet: QuestionSheet, labels: Mapping[str, NDArray[np.uint8]]) -> Path:
    """Fill in a task folder of plain files."""
    if sheet.kind == "pixels":
        for file in (folder / "masks").iterdir():
            mask = np.array(Image.open(file))
            mask = np.where(mask == 254, labels["a b/ü.png"], mask)
            Image.fromarray(mask.astype(np.uint8)).save(file)
        return folder / "masks"
    table = folder / "questions.csv"
    with table.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    for row in rows:
        row["answer"] = str(labels[row["image"]][int(row["y"]), int(row["x"])])
    with table.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return table


@pytest.mark.parametrize("name", SPECS)
def test_those_that_come_with_alseg_keep_the_contract(name: str) -> None:
    check_annotator(SPECS[name], fill=fill if name == "files" else None)


class Forgetful(Files):
    """Passes over the last answer of a file."""

    def read(self, path: Path, sheet: QuestionSheet) -> Iterator[GivenAnswer]:
        yield from list(super().read(path, sheet))[:-1]


class Trusting(Files):
    """Reads whatever it is given."""

    def read(self, path: Path, sheet: QuestionSheet) -> Iterator[GivenAnswer]:
        path.read_bytes().decode("utf-8")
        return iter(())


class Elsewhere(Files):
    """Names a file that is not in the folder."""

    def export(self, sheet: QuestionSheet, folder: Path) -> Sequence[Path]:
        super().export(sheet, folder)
        return [folder.parent / "task.txt"]


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (Forgetful, r"'bad', pixels: answers to \[.*\], asked was"),
        (Trusting, r"raises UnicodeDecodeError.*, not AnswerFileError"),
        (Elsewhere, r"'bad', export \(pixels\): .*task.txt is no file in the folder"),
        (dict, r"'bad' has no export and read"),
    ],
)
def test_what_breaks_the_contract_is_found(build: type, message: str) -> None:
    spec = AnnotatorSpec(name="bad", summary="Bad.", source="here", build=build)
    filled = fill if build is Forgetful else None
    with pytest.raises(AssertionError, match=message):
        check_annotator(spec, fill=filled)


def test_the_spec_says_whether_label_maps_are_exported() -> None:
    spec = AnnotatorSpec(name="bad", summary="Bad.", source="here", build=Files, exports_labels=True)
    with pytest.raises(AssertionError, match="exports_labels is True, not False"):
        check_annotator(spec)


def test_the_annotator_of_the_guide_keeps_the_contract() -> None:
    code = section(DOCS / "plugins.md", "## An annotator").split("```python\n")[1].split("```")[0]
    names: dict[str, object] = {}
    exec(compile(code, "plugins.md", "exec"), names)
    register = names["register_annotators"]
    assert callable(register)
    [spec] = register()
    check_annotator(spec)
