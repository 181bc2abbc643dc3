"""Files of answers that are wrong in any way: refused whole, with their place, and nothing is lost."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import alseg_partitions
from alseg.asking.waiting_run import find_waiting
from people import call, fill_masks, fill_table
from toycommand import write_toy
from toys import toy_document, toy_registry

REGISTRY = toy_registry(alseg_partitions)
Rows = list[dict[str, str]]


@pytest.fixture(autouse=True)
def _registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alseg.registry.loading.load_registry", lambda: REGISTRY)


def waiting(folder: Path, annotation: Any, **changes: Any) -> tuple[Path, Path]:
    """Return the results of a run that waits, and its task folder."""
    method = {"label": "m", "acquisition": "entropy", "annotation": annotation, "annotator": "files"}
    file = write_toy(folder, toy_document(methods=[{**method, "budget": "20%", **changes}]))
    call("run", file, "--results", folder / "results", code=3)
    call("ask", folder / "results" / "toy", "-o", folder / "tasks")
    [task] = (folder / "tasks").iterdir()
    return folder / "results" / "toy", task


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return results and a filled table of a run that asks for the classes of squares."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("alseg.registry.loading.load_registry", lambda: REGISTRY)
        annotation = {"name": "superpixel", "answer": "classes"}
        results, task = waiting(
            tmp_path_factory.mktemp("table"), annotation, partition={"name": "grid", "side": 4}, budget="30%"
        )
        [run] = find_waiting(results, REGISTRY)
        fill_table(task, run)
    return results, task / "questions.csv"


@pytest.fixture(scope="module")
def masks(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return results and filled masks of a run that asks for the classes of pixels."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("alseg.registry.loading.load_registry", lambda: REGISTRY)
        results, task = waiting(tmp_path_factory.mktemp("masks"), {"name": "region", "radius": 1})
    return results, fill_masks(task)


def refused(results: Path, file: Path, told: str) -> None:
    """Check that a file is refused in words, and that the run has kept nothing of it."""
    [run] = find_waiting(results, REGISTRY)
    before = {path: path.read_bytes() for path in run.folder.rglob("*") if path.is_file()}
    output = " ".join(call("answer", results, file, code=2).output.split())
    assert told in output, output
    assert file.name in output
    after = {path: path.read_bytes() for path in run.folder.rglob("*") if path.is_file()}
    assert {path.name for path in after.keys() - before.keys()} <= {".lock"}
    assert {path: after[path] for path in before if path.name != ".lock"} == {
        path: content for path, content in before.items() if path.name != ".lock"
    }


def cell(row: int, column: str, value: str) -> Callable[[Rows], object]:
    return lambda rows: rows[row].update({column: value})


WRONG_ROWS: dict[str, tuple[Callable[[Rows], object], str]] = {
    "an unknown class": (cell(1, "answer", "gren"), "line 3: Unknown class 'gren'. Did you mean 'green'?"),
    "an index of no class": (cell(0, "answer", "3"), "line 2: Unknown class '3'."),
    "a negative index": (cell(0, "answer", "-1"), "line 2: Unknown class '-1'."),
    "a huge index": (cell(0, "answer", "9" * 400), "Unknown class '999"),
    "an empty class in a set": (cell(0, "answer", "red||blue"), "line 2: Unknown class ''."),
    "another image": (
        cell(0, "image", "train-77"),
        "line 2: nothing was asked about an image 'train-77' in round 1.",
    ),
    "a path as image": (
        cell(0, "image", "../../x"),
        "nothing was asked about an image '../../x' in round 1.",
    ),
    "no image": (cell(0, "image", ""), "nothing was asked about an image '' in round 1."),
    "another pixel": (cell(2, "y", "11"), "line 4: nothing was asked about pixel (11, "),
    "a row that is no number": (cell(0, "y", "one"), "line 2: 'y' is 'one', not a whole number from 0 to"),
    "a column below 0": (cell(0, "x", "-4"), "'x' is '-4', not a whole number from 0 to"),
    "a column that is a fraction": (cell(0, "x", "4.5"), "'x' is '4.5', not a whole number from 0 to"),
    "a column beyond all": (cell(0, "x", "9" * 30), "not a whole number from 0 to"),
    "the same question twice": (
        lambda rows: rows.append(dict(rows[0])),
        "a second time; the first answer is in questions.csv, line 2.",
    ),
    "seconds that are words": (
        cell(0, "seconds", "long"),
        "line 2: 'seconds' is 'long', not a number from 0 to 1e+07.",
    ),
    "seconds below 0": (cell(0, "seconds", "-1"), "'seconds' is '-1', not a number from 0 to"),
    "seconds without end": (cell(0, "seconds", "inf"), "'seconds' is 'inf', not a number from"),
    "seconds that are none": (cell(0, "seconds", "nan"), "'seconds' is 'nan', not a number from"),
    "a time without offset": (cell(0, "when", "2026-03-01T12:00"), "is no time with an offset"),
    "a time that is none": (cell(0, "when", "yesterday"), "'yesterday' is no time with an offset"),
    "a name of two lines": (cell(0, "who", "a\nb"), "the person's name is no line"),
    "a name that steers a terminal": (cell(0, "who", "\x1b[31m"), "the person's name is no line"),
    "a long name": (cell(0, "who", "a" * 201), "at most 200 characters"),
    "all empty": (lambda rows: [row.update(answer="") for row in rows], "answers no question"),
}


@pytest.mark.parametrize("case", WRONG_ROWS)
def test_a_wrong_line_is_named(tmp_path: Path, table: tuple[Path, Path], case: str) -> None:
    results, filled = table
    with filled.open(newline="") as file:
        rows = list(csv.DictReader(file))
    change, told = WRONG_ROWS[case]
    change(rows)
    path = tmp_path / "questions.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    refused(results, path, told)


def test_answers_to_another_round_are_told_from_mistakes(tmp_path: Path, table: tuple[Path, Path]) -> None:
    results, filled = table
    text, path = filled.read_text(), tmp_path / "questions.csv"
    path.write_text(text.replace("train-", "other-"))
    refused(results, path, "Nothing was taken. Give the answers to round 1 of this run, or mend the file.")
    path.write_text("\n".join([*text.splitlines(), text.splitlines()[1]]))
    refused(results, path, "Nothing was taken. Mend the file and give it again.")


WRONG_TABLES: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "nothing": (lambda text: b"", "it is empty (0 bytes)"),
    "no header": (lambda text: text.split(b"\n", 1)[1], "line 1: the line has no column 'image'"),
    "no column of answers": (lambda text: text.replace(b"answer", b"reply", 1), "has no column 'answer'"),
    "a column twice": (lambda text: text.replace(b"who", b"answer", 1), "names a column twice"),
    "a line of other columns": (lambda text: text + b"1,2\n", "has 2 columns, not 8"),
    "semicolons": (lambda text: text.replace(b",", b";"), "has no column 'image'"),
    "an open quote": (lambda text: text + b'"1,2,3\n', "is no line of a CSV"),
    "zero bytes": (lambda text: text + b"\0\0", "it is not UTF-8 text"),
    "another encoding": (lambda text: text.replace(b"green", b"gr\xe9en", 1), "it is not UTF-8 text"),
    "UTF-16": (lambda text: text.decode().encode("utf-16"), "it is not UTF-8 text"),
    "a picture": (lambda text: b"\x89PNG\r\n\x1a\n\0\0", "it is not UTF-8 text"),
    "a long cell": (
        lambda text: text + b"1," + b"a" * 200_000 + b",0,0,red,,,\n",
        "is no line of a CSV",
    ),
}


@pytest.mark.parametrize("case", WRONG_TABLES)
def test_a_file_that_is_no_table_is_refused(tmp_path: Path, table: tuple[Path, Path], case: str) -> None:
    results, filled = table
    change, told = WRONG_TABLES[case]
    path = tmp_path / "questions.csv"
    path.write_bytes(change(filled.read_bytes()))
    refused(results, path, told)


def test_a_file_that_is_not_there_and_a_folder_without_a_table_are_refused(
    tmp_path: Path, table: tuple[Path, Path]
) -> None:
    results, _ = table
    refused(results, tmp_path / "none.csv", "does not exist")
    (tmp_path / "folder").mkdir()
    refused(results, tmp_path / "folder", "there is no file questions.csv")


def grey(change: Callable[[Any], Any]) -> Callable[[Path], None]:
    """Return what changes the pixels of a mask."""
    return lambda path: Image.fromarray(np.asarray(change(np.array(Image.open(path))))).save(path)


def raw(change: Callable[[bytes], bytes]) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(change(path.read_bytes()))


WRONG_MASKS: dict[str, tuple[Callable[[Path], object], str]] = {
    "half as large": (
        grey(lambda mask: mask[::2, ::2]),
        "has 6 x 12 pixels (height x width)",
    ),
    "turned": (grey(lambda mask: mask.T), "has 24 x 12 pixels"),
    "an unknown class": (grey(lambda mask: np.full_like(mask, 3)), "has 3 at row"),
    "254 in part": (grey(lambda mask: np.where(np.indices(mask.shape).sum(0) % 2, mask, 254)), "in part"),
    "16 bits": (grey(lambda mask: mask.astype(np.uint16) + 300), "which is no class"),
    "colours of no class": (grey(lambda mask: np.full((*mask.shape, 3), 7, np.uint8)), "most often #070707"),
    "smooth borders": (grey(lambda mask: np.stack([mask, mask, mask], 2)), "of no class in"),
    "floats": (lambda path: Image.fromarray(np.zeros((12, 24), np.float32)).save(path, "TIFF"), "mode F"),
    "a JPEG": (lambda path: Image.fromarray(np.zeros((12, 24), np.uint8)).save(path, "JPEG"), "is a JPEG"),
    "cut off": (raw(lambda content: content[:-20]), "Save masks as PNG"),
    "empty": (raw(lambda content: b""), "is empty"),
    "text": (raw(lambda content: b"question,answer\n"), "Save masks as PNG"),
    "another image": (
        lambda path: path.rename(path.with_name("other.png")),
        "is about no image",
    ),
}


@pytest.mark.parametrize("case", WRONG_MASKS)
def test_a_wrong_mask_is_refused_with_all_others(tmp_path: Path, masks: tuple[Path, Path], case: str) -> None:
    results, filled = masks
    folder = tmp_path / "masks"
    shutil.copytree(filled, folder)
    change, told = WRONG_MASKS[case]
    change(folder / "train-3.png")
    [run] = find_waiting(results, REGISTRY)
    output = " ".join(call("answer", results, folder, code=2).output.split())
    assert told in output, output
    assert not (run.round_folder / "answers").exists()


def test_a_person_who_answers_twice_in_two_files_is_refused(masks: tuple[Path, Path]) -> None:
    results, filled = masks
    output = call("answer", results, filled, filled, code=2).output
    assert "a second time" in output
