"""Questions and answers as a CSV, one question a line."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path

from alseg import AnswerFileError
from alseg.contracts import GivenAnswer, LabelSpace, QuestionSheet
from alseg.toolkit.question_pictures import encoded, question_picture
from alseg_annotators._place import MOST_SECONDS, Place
from alseg_annotators._reading import as_text, read_content
from alseg_annotators._sheet import write_images
from alseg_annotators.files_classes import class_table, read_class, read_classes

COLUMNS = ("question", "image", "y", "x", "answer", "who", "when", "seconds")
_YES = "yes"
_MOST_SIDE = 2**20
"""Longest side of an image in pixels."""


def write_classes(space: LabelSpace, path: Path) -> None:
    """Write the table of classes."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows([("index", "class", "color"), *class_table(space)])


def write_table(sheet: QuestionSheet, folder: Path) -> Path:
    """Write photographs, a picture of each question, and a table with an empty column for the answers.

    Returns:
        The table.
    """
    write_images(sheet, folder / "images")
    _write_pictures(sheet, folder / "questions")
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


def _write_pictures(sheet: QuestionSheet, folder: Path) -> None:
    """Write a picture of every question, named after its number: enlarged, the whole image beside it."""
    folder.mkdir()
    for image in sheet.images:
        photograph, footprint = image.image(), image.footprint()
        for place, question in enumerate(image.questions):
            picture = question_picture(photograph, footprint, place)
            (folder / f"{question.number:05d}.jpg").write_bytes(encoded(picture))


def read_table(path: Path, sheet: QuestionSheet) -> Iterator[GivenAnswer]:
    """Read the lines that have an answer.

    Args:
        path: The file.
        sheet: The questions.

    Raises:
        AnswerFileError: If it is no table, lacks a column or a line cannot be read; names the line.
    """
    place = Place(path)
    text = as_text(read_content(path), place)
    reader = csv.reader([f"{line}\n" for line in text.splitlines()], strict=True)
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        _check_header(place, header)
        for row in reader:
            if not any(map(str.strip, row)):
                continue
            here = place.at(f"line {reader.line_num}")
            if len(row) != len(header):
                raise here.error(
                    f"the line has {len(row)} columns, not {len(header)}.", "Keep those of the first line."
                )
            cells = dict(zip(header, map(str.strip, row), strict=True))
            if cells["answer"]:
                yield _answer(here, cells, sheet)
    except csv.Error as error:
        here = place.at(f"line {reader.line_num}")
        raise here.error(f"the line is no line of a CSV ({error}).", "Save it as CSV with commas.") from error


def _check_header(place: Place, header: list[str]) -> None:
    needed = ("image", "y", "x", "answer")
    missing = [name for name in needed if name not in header]
    if missing or len(set(header)) < len(header):
        problem = f"has no column '{missing[0]}'" if missing else "names a column twice"
        raise place.at("line 1").error(f"the line {problem}.", f"Keep the columns {', '.join(COLUMNS)}.")


def _answer(place: Place, cells: Mapping[str, str], sheet: QuestionSheet) -> GivenAnswer:
    y, x = (place.whole(cells[name], f"'{name}'", 0, _MOST_SIDE) for name in ("y", "x"))
    try:
        classes = _classes(cells, (y, x), sheet)
    except ValueError as error:
        raise AnswerFileError(f"{place.path}, {place.where}: {error}") from error
    seconds = cells.get("seconds")
    return GivenAnswer(
        image_id=cells["image"],
        position=(y, x),
        classes=classes,
        who=cells.get("who", ""),
        when=cells.get("when", ""),
        seconds=place.decimal(seconds, "'seconds'", 0, MOST_SECONDS) if seconds else None,
        where=place.where,
    )


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
