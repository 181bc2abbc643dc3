"""From what one person has drawn or chosen to answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alseg.contracts.annotating import GivenAnswer, ImageQuestions
from alseg_annotators._place import AGAIN, MOST_SECONDS, Place, shown
from alseg_annotators._shapes import Patch, Point, paint

_MOST_NAME = 200


@dataclass(frozen=True)
class Origin:
    """Who says it, and when.

    Attributes:
        who: Name of the person; empty where the file does not say it.
        when: ISO 8601 with offset; empty where the file does not say it.
        seconds: What it took altogether; None where the file does not say it.
        where: The place in the file.
    """

    who: str
    when: str
    seconds: float | None
    where: str


def drawn_answers(
    asked: ImageQuestions,
    footprint: NDArray[np.int32],
    shapes: Sequence[Patch | Point],
    origin: Origin,
) -> Iterator[GivenAnswer]:
    """Yield the answers to the questions in which something is drawn; the seconds are shared equally."""
    label, drawn = paint(shapes, footprint)
    touched = np.unique(footprint[drawn & (footprint >= 0)])
    for place in touched:
        yield GivenAnswer(
            image_id=asked.image_id,
            position=asked.questions[int(place)].position,
            label=label,
            who=origin.who,
            when=origin.when,
            seconds=None if origin.seconds is None else origin.seconds / len(touched),
            where=origin.where,
        )


def read_time(text: Any, place: Place) -> str:
    """Return a time as ISO 8601 with offset, UTC where none is given; empty for None.

    Raises:
        AnswerFileError: If it is no time.
    """
    if text is None or text == "":
        return ""
    try:
        time = datetime.fromisoformat(text)
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).isoformat()
    except (TypeError, ValueError, OverflowError) as error:
        raise place.error(f"{shown(text)} is no time.", AGAIN) from error


def read_seconds(value: Any, place: Place) -> float | None:
    """Return seconds, None for None.

    Raises:
        AnswerFileError: If they are no finite number of at least 0, or months.
    """
    return None if value is None else place.number(value, "the time taken in seconds", 0, MOST_SECONDS)


def read_name(text: Any, place: Place) -> str:
    """Return a person's name.

    Raises:
        AnswerFileError: If it is no printable text, or very long.
    """
    if not isinstance(text, str) or len(text) > _MOST_NAME or not text.isprintable():
        raise place.error(f"{shown(text)} is no name of a person.", AGAIN)
    return text.strip()
