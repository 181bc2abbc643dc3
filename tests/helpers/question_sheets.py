"""Sheets of questions made by hand, for tests of annotators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alseg.contracts.annotating import Question, QuestionSheet
from alseg.contracts.annotation import AnswerKind
from alseg.contracts.labels import ClassInfo, LabelSpace

SPACE = LabelSpace(
    "three",
    "Three classes.",
    "",
    (
        ClassInfo("road", (128, 64, 128)),
        ClassInfo("traffic light", (250, 170, 30)),
        ClassInfo('tree <&> "bush"', (107, 142, 35)),
    ),
)
HEIGHT, WIDTH = 24, 40


@dataclass(frozen=True)
class HandMade:
    """Questions about one image of 24 x 40 pixels."""

    image_id: str
    questions: Sequence[Question]
    places: NDArray[np.int32]
    predicted: NDArray[np.uint8] | None
    size: tuple[int, int] = (HEIGHT, WIDTH)

    def image(self) -> NDArray[np.uint8]:
        """Return a grey ramp."""
        ramp = np.linspace(40, 200, WIDTH).astype(np.uint8)
        return np.broadcast_to(ramp[None, :, None], (HEIGHT, WIDTH, 3)).copy()

    def footprint(self) -> NDArray[np.int32]:
        """Return the question of each pixel."""
        return self.places

    def prediction(self) -> NDArray[np.uint8] | None:
        """Return the network's classes."""
        return self.predicted


def squares(kind: AnswerKind = "pixels", predicted: bool = True) -> QuestionSheet:
    """Return two images: two squares of 4 x 4 pixels and one of 2 x 2; and an L of 12 pixels.

    The network takes all for road, but the second square of the first image for half tree.
    """
    first = np.full((HEIGHT, WIDTH), -1, np.int32)
    first[2:6, 3:7], first[10:14, 20:24], first[22:24, 38:40] = 0, 1, 2
    second = np.full((HEIGHT, WIDTH), -1, np.int32)
    second[5:9, 5:7], second[7:9, 7:9] = 0, 0
    classes = np.zeros((HEIGHT, WIDTH), np.uint8)
    classes[10:14, 22:24] = 2
    shown = classes if predicted else None
    images = (
        HandMade(
            "aachen/000 1.png", _questions(first, kind, (1, 3, 4)), first, classes if predicted else None
        ),
        HandMade("zürich/ß.png", _questions(second, kind, (2,)), second, shown),
    )
    return QuestionSheet(
        experiment="street",
        run="ripu__s0__1234",
        round=2,
        kind=kind,
        unit="region",
        label_space=SPACE,
        images=images,
    )


def pixels() -> QuestionSheet:
    """Return one image with questions about single pixels: one in a corner, two side by side."""
    places = np.full((HEIGHT, WIDTH), -1, np.int32)
    places[0, 0], places[12, 30], places[12, 31] = 0, 1, 2
    classes = np.zeros((HEIGHT, WIDTH), np.uint8)
    classes[12, 31] = 1
    image = HandMade("a.png", _questions(places, "pixels", (1, 2, 3)), places, classes)
    return QuestionSheet(
        experiment="street",
        run="pixel",
        round=1,
        kind="pixels",
        unit="part",
        label_space=SPACE,
        images=(image,),
    )


def _questions(places: NDArray[np.int32], kind: AnswerKind, numbers: Sequence[int]) -> tuple[Question, ...]:
    proposed = 0 if kind == "correction" else None
    found = []
    for place, number in enumerate(numbers):
        rows, columns = np.nonzero(places == place)
        position = (int(rows[0]), int(columns[0]))
        image_id = "aachen/000 1.png" if 1 in numbers else "zürich/ß.png"
        found.append(
            Question(number=number, image_id=image_id, position=position, pixels=len(rows), proposed=proposed)
        )
    return tuple(found)
