"""Questions and answers as a CSV file."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from alseg import IGNORE_INDEX, AnswerFileError
from alseg.contracts import GivenAnswer, QuestionSheet

COLUMNS = ("question", "image", "y", "x", "class")
VOID = "void"
BETWEEN_CLASSES = ";"


class NewnameAnnotator:
    """People fill in ``questions.csv``: a class for each question, ``void`` for what is no class.

    Where a question asks for all classes in it, they are separated by semicolons. Where it asks for the
    class of each pixel, all of its pixels get the one that is given; masks would say more.
    """

    def export(self, sheet: QuestionSheet, folder: Path) -> Sequence[Path]:
        """Write ``questions.csv`` and a list of the classes.

        Args:
            sheet: The questions.
            folder: Where to write; it exists and is empty.

        Returns:
            Both files.
        """
        table, classes = folder / "questions.csv", folder / "classes.txt"
        with table.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            for image in sheet.images:
                for question in image.questions:
                    y, x = question.position
                    writer.writerow([question.number, question.image_id, y, x, ""])
        classes.write_text("\n".join([*sheet.label_space.names, VOID, ""]), encoding="utf-8")
        return [table, classes]

    def read(self, path: Path, sheet: QuestionSheet) -> Iterator[GivenAnswer]:
        """Read a filled-in table; rows without a class are left out.

        Args:
            path: What the user names.
            sheet: The questions. Answers to others are given on, so that alseg can say which.

        Raises:
            AnswerFileError: If it is no such table, or names an unknown class; names file and line.
        """
        sizes = {image.image_id: image.size for image in sheet.images}
        index_of = {name: index for index, name in enumerate(sheet.label_space.names)}
        index_of[VOID] = IGNORE_INDEX
        for number, (image_id, y, x, names) in _rows(path):
            position = _whole(path, number, y), _whole(path, number, x)
            unknown = [name for name in names if name not in index_of]
            if unknown or (len(names) > 1 and sheet.kind != "classes"):
                raise _error(path, number, f"{BETWEEN_CLASSES.join(names)!r} is no class.")
            said = frozenset(index_of[name] for name in names)
            label = None
            if sheet.kind == "pixels":
                label = np.full(sizes.get(image_id, (1, 1)), min(said), np.uint8)
            yield GivenAnswer(
                image_id=image_id,
                position=position,
                label=label,
                classes=said if label is None else None,
                where=f"line {number}",
            )


def _rows(path: Path) -> Iterator[tuple[int, tuple[str, str, str, list[str]]]]:
    """Yield the line of each row that has a class, with image, y, x and classes."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            if tuple(reader.fieldnames or ()) != COLUMNS:
                raise _error(path, 1, f"the columns are not {', '.join(COLUMNS)}.")
            for row in reader:
                cells = [row[name] for name in COLUMNS]
                if None in row or None in cells:
                    raise _error(path, reader.line_num, f"the row has not {len(COLUMNS)} cells.")
                names = [name.strip() for name in row["class"].split(BETWEEN_CLASSES)]
                if any(names):
                    yield reader.line_num, (row["image"], row["y"], row["x"], names)
    except (OSError, UnicodeError, csv.Error) as error:
        raise AnswerFileError(
            f"{path} cannot be read as a table: {error}. Give the filled-in questions.csv."
        ) from error


def _whole(path: Path, number: int, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise _error(path, number, f"{text!r} is no pixel.")
    return int(text)


def _error(path: Path, number: int, problem: str) -> AnswerFileError:
    return AnswerFileError(
        f"{path}, line {number}: {problem} Fill in classes of classes.txt, and change nothing else."
    )
