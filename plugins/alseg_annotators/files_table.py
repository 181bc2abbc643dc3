"""Questions and answers as a CSV, one question a line."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path

from alseg import AnswerFileError, DataError
from alseg.contracts import GivenAnswer, LabelSpace, QuestionSheet
from alseg.toolkit.text_file import read_lines
from alseg_annotators.files_classes import class_table, read_class, read_classes
from alseg_annotators.images import write_images

COLUMNS = ("question", "image", "y", "x", "answer", "who", "when", "seconds")
_YES = "yes"


def write_classes(space: LabelSpace, path: Path) -> None:
    """Write the table of classes."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows([("index", "class", "color"), *class_table(space)])


def write_table(sheet: QuestionSheet, folder: Path) -> Path:
    """Write photographs and a table with an empty column for the answers; returns the table."""
    write_images(sheet, folder / "images")
    path = folder / "questions.csv"
    proposes = sheet.kind == "correction"
    columns = [*COLUMNS[:4], *(["proposed"] if proposes else []), *COLUMNS[4:]]
    questions = [question for image in sheet.images for question in image.questions]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        for question in sorted(questions, key=lambda each: each.number):
            proposed = [sheet.label_space.names[question.proposed or 0]] if proposes else []
            empty = [""] * 4
            writer.writerow([question.number, question.image_id, *question.position, *proposed, *empty])
    return path


def read_table(path: Path, sheet: QuestionSheet) -> Iterator[GivenAnswer]:
    """Read the lines that have an answer.

    Args:
        path: The file.
        sheet: The questions.

    Raises:
        AnswerFileError: If it is no table, lacks a column or a line cannot be read; names the line.
    """
    try:
        lines = read_lines(path)
    except DataError as error:
        raise AnswerFileError(str(error)) from error
    reader = csv.reader([f"{line}\n" for line in lines], strict=True)
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        _check_header(path, header)
        for row in reader:
            if not any(map(str.strip, row)):
                continue
            where = f"line {reader.line_num}"
            if len(row) != len(header):
                problem = f"has {len(row)} columns, not {len(header)}"
                raise _wrong(path, where, problem, "Keep the columns of the first line.")
            cells = dict(zip(header, map(str.strip, row), strict=True))
            if cells["answer"]:
                yield _answer(path, where, cells, sheet)
    except csv.Error as error:
        where = f"line {reader.line_num}"
        raise _wrong(path, where, f"is no line of a CSV ({error})", "Save it as CSV with commas.") from error


def _check_header(path: Path, header: list[str]) -> None:
    needed = ("image", "y", "x", "answer")
    missing = [name for name in needed if name not in header]
    if missing or len(set(header)) < len(header):
        problem = f"has no column '{missing[0]}'" if missing else "names a column twice"
        raise _wrong(path, "line 1", problem, f"Keep the columns {', '.join(COLUMNS)}.")


def _answer(path: Path, where: str, cells: Mapping[str, str], sheet: QuestionSheet) -> GivenAnswer:
    try:
        position = _whole(cells["y"], "y"), _whole(cells["x"], "x")
        return GivenAnswer(
            image_id=cells["image"],
            position=position,
            classes=_classes(cells, position, sheet),
            who=cells.get("who", ""),
            when=cells.get("when", ""),
            seconds=float(cells["seconds"]) if cells.get("seconds") else None,
            where=where,
        )
    except ValueError as error:
        text = str(error) if not str(error).startswith("could not convert") else "'seconds' is no number."
        raise AnswerFileError(f"{path}, {where}: {text}") from error


def _classes(cells: Mapping[str, str], position: tuple[int, int], sheet: QuestionSheet) -> frozenset[int]:
    """Return the classes that a line names.

    Raises:
        ValueError: If it names what is none.
    """
    text, space = cells["answer"], sheet.label_space
    if sheet.kind == "classes":
        return read_classes(text, space)
    if sheet.kind == "correction" and text.lower() == _YES and _YES not in map(str.lower, space.names):
        proposed = _proposed(cells["image"], position, sheet)
        if proposed is None:
            raise ValueError("'yes' answers no question about this pixel. Keep image, y and x.")
        return frozenset([proposed])
    return frozenset([read_class(text, space)])


def _proposed(image_id: str, position: tuple[int, int], sheet: QuestionSheet) -> int | None:
    for image in sheet.images:
        if image.image_id == image_id:
            return next((each.proposed for each in image.questions if each.position == position), None)
    return None


def _whole(text: str, name: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 7):
        raise ValueError(f"'{name}' is {text[:80]!r}, not a whole number. Keep the column as it was written.")
    return int(text)


def _wrong(path: Path, where: str, problem: str, remedy: str) -> AnswerFileError:
    return AnswerFileError(f"{path}, {where}: the line {problem}. {remedy}")
