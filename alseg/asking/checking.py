"""Answers from a file, checked against the questions: all of it is taken, or nothing."""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from alseg.contracts import IGNORE_INDEX, AnswerKind, GivenAnswer, ImageQuestions, Question, QuestionSheet
from alseg.errors import AnswerFileError
from alseg.storage.answers import KeptAnswer

_LONGEST_NAME = 200
_MOST_SECONDS = 1e7
_SHOWN = 10


class _NotAskedError(ValueError):
    """An answer to what was not asked: mostly a file of another round or run."""


class AnswerChecker:
    """Checks answers to one round's questions.

    Args:
        sheet: The questions.
        who: Name of the person, where a file does not say it.
    """

    def __init__(self, sheet: QuestionSheet, who: str = "") -> None:
        self._sheet, self._who = sheet, who
        self._images: Mapping[str, ImageQuestions] = {image.image_id: image for image in sheet.images}
        self._asked: Mapping[str, Mapping[tuple[int, int], tuple[int, Question]]] = {
            image.image_id: {each.position: (place, each) for place, each in enumerate(image.questions)}
            for image in sheet.images
        }
        self._seen: dict[tuple[str, tuple[int, int], str], str] = {}
        self._footprint: tuple[str, NDArray[np.int32]] | None = None

    def check(self, path: Path, given: Iterator[GivenAnswer]) -> list[KeptAnswer]:
        """Return the answers of a file, ready to be kept.

        Args:
            path: The file, for messages.
            given: What it says.

        Raises:
            AnswerFileError: If anything in it cannot be; names the first places.
        """
        kept: list[KeptAnswer] = []
        problems: list[str] = []
        is_other = False
        for answer in given:
            try:
                kept.append(self._checked(path, answer))
            except ValueError as error:
                where = f", {answer.where}" if answer.where else ""
                problems.append(f"{path}{where}: {error}")
                if len(problems) > _SHOWN:
                    break
                is_other |= isinstance(error, _NotAskedError)
        if problems:
            remedy = (
                f"Give the answers to round {self._sheet.round} of this run, or mend the file."
                if is_other
                else "Mend the file and give it again."
            )
            more = ["and more."] if len(problems) > _SHOWN else []
            raise AnswerFileError("\n".join([*problems[:_SHOWN], *more, f"Nothing was taken. {remedy}"]))
        return kept

    def _checked(self, path: Path, answer: GivenAnswer) -> KeptAnswer:
        who = _name(answer.who) or self._who
        when, seconds = _moment(answer.when), _duration(answer.seconds)
        image = self._images.get(answer.image_id)
        if image is None:
            raise _NotAskedError(
                f"nothing was asked about an image {_short(answer.image_id)} in round {self._sheet.round}."
            )
        position = (int(answer.position[0]), int(answer.position[1]))
        if position not in self._asked[answer.image_id]:
            raise _NotAskedError(
                f"nothing was asked about pixel {position} (row, column) of {answer.image_id} in round "
                f"{self._sheet.round}."
            )
        place, question = self._asked[answer.image_id][position]
        key, where = (answer.image_id, position, who), f"{path.name}, {answer.where}".rstrip(", ")
        if key in self._seen:
            person = f"{who} answers" if who else "the same person answers"
            raise ValueError(
                f"{person} question {question.number} a second time; the first answer is in "
                f"{self._seen[key]}. Leave one out, or say who gave which."
            )
        self._seen[key] = where
        if self._sheet.kind == "pixels":
            values = self._pixels(answer, image, place)
        else:
            values = self._set(answer, self._sheet.kind)
        return KeptAnswer(answer.image_id, position, values, who, when, seconds)

    def _pixels(self, answer: GivenAnswer, image: ImageQuestions, place: int) -> NDArray[np.uint8]:
        label = answer.label
        if label is None:
            raise ValueError("a class for every pixel is needed, not one for the question.")
        if not isinstance(label, np.ndarray) or label.shape != tuple(image.size) or label.dtype != np.uint8:
            found = f"{getattr(label, 'dtype', type(label).__name__)} {getattr(label, 'shape', '')}".strip()
            raise ValueError(
                f"the mask is {found}, the image needs uint8 {tuple(image.size)} (height, width)."
            )
        values = label[self._footprint_of(image) == place]
        self._refuse_unknown(values)
        return cast("NDArray[np.uint8]", values)

    def _set(self, answer: GivenAnswer, kind: AnswerKind) -> NDArray[np.uint8]:
        if answer.classes is None:
            raise ValueError("a class for the question is needed, not a mask.")
        if not answer.classes:
            raise ValueError("it names no class; 'void' says that there is none.")
        if kind != "classes" and len(answer.classes) != 1:
            raise ValueError(f"it names {len(answer.classes)} classes where one is needed.")
        found = sorted(answer.classes)
        if not all(isinstance(each, int) and 0 <= each <= IGNORE_INDEX for each in found):
            raise ValueError("it names what is no class.")
        values = np.array(found, np.uint8)
        self._refuse_unknown(values)
        return values

    def _refuse_unknown(self, values: NDArray[np.uint8]) -> None:
        count = len(self._sheet.label_space.classes)
        unknown = values[(values >= count) & (values != IGNORE_INDEX)]
        if len(unknown):
            raise ValueError(f"{unknown[0]} is no class; there are 0 to {count - 1}, and 255 for void.")

    def _footprint_of(self, image: ImageQuestions) -> NDArray[np.int32]:
        if self._footprint is None or self._footprint[0] != image.image_id:
            self._footprint = (image.image_id, image.footprint())
        return self._footprint[1]


def _name(who: str) -> str:
    if len(who) > _LONGEST_NAME or not who.isprintable():
        raise ValueError(f"the person's name is no line of at most {_LONGEST_NAME} characters.")
    return who.strip()


def _moment(when: str) -> str:
    if not when:
        return ""
    try:
        found = datetime.datetime.fromisoformat(when)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None or len(when) > 40:
        raise ValueError(f"{_short(when)} is no time with an offset, such as 2026-03-01T12:00:00+01:00.")
    return found.isoformat()


def _duration(seconds: float | None) -> float | None:
    if seconds is None:
        return None
    if not math.isfinite(seconds) or not 0 <= seconds <= _MOST_SECONDS:
        raise ValueError(f"{seconds} are no seconds from 0 to {_MOST_SECONDS:,.0f}.")
    return float(seconds)


def _short(text: str) -> str:
    return repr(text if len(text) <= 80 else f"{text[:80]}...")
