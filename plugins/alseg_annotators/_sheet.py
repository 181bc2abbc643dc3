"""A sheet of questions as annotation tools see it: what it is called, and what is asked in words."""

from __future__ import annotations

import hashlib
import re

import numpy as np
from numpy.typing import NDArray

from alseg import toolkit
from alseg.contracts.annotating import ImageQuestions, QuestionSheet
from alseg.contracts.annotation import AnswerKind

_MOST_NAME = 60
"""Characters of an image's name in a file name."""

PROMPTS: dict[AnswerKind, str] = {
    "pixels": "Draw the class of every pixel within the outlines. What is drawn elsewhere does not count.",
    "dominant": "Which class do most pixels within the outline have?",
    "classes": "Which classes are there within the outline? Choose all of them.",
    "correction": "The network says '{proposed}'. Is that the class of most pixels within the outline? "
    "If not, choose the right one.",
}


def token(sheet: QuestionSheet) -> str:
    """Return eight characters that name experiment, run and round."""
    names = "\0".join((sheet.experiment, sheet.run, str(sheet.round)))
    return hashlib.sha256(names.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def picture_name(sheet: QuestionSheet, number: int, image_id: str) -> str:
    """Return the file name of a picture: number, image, and the token of the round.

    Args:
        sheet: The questions.
        number: Place of the image in the sheet, from 1; of pictures of one question, the question's number.
        image_id: The image.
    """
    safe = re.sub(r"[^A-Za-z0-9_.-]+", "_", image_id).strip("._")[-_MOST_NAME:]
    return f"{number:05d}_{safe}_{token(sheet)}.jpg"


def image_of(asked: ImageQuestions) -> NDArray[np.uint8]:
    """Return the image at the size of its label map, in which positions are, uint8 ``(H, W, 3)``."""
    image = asked.image()
    if image.shape[:2] == tuple(asked.size):
        return image
    return np.ascontiguousarray(toolkit.imaging.resize_image(image, asked.size).transpose(1, 2, 0))


def by_image(sheet: QuestionSheet) -> dict[str, ImageQuestions]:
    """Return the questions of each image by its name."""
    return {asked.image_id: asked for asked in sheet.images}
