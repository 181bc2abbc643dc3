"""Pictures of what is asked, for people: the photograph, with the pixels of every question in colour."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from alseg.contracts import ImageQuestions
from alseg.inspection.pictures import draw_picks


def question_picture(image: ImageQuestions) -> NDArray[np.uint8]:
    """Return a dim photograph with its questions in colour and their numbers beside, uint8 ``(H, W, 3)``.

    Numbers are left out where there are too many to be read.
    """
    footprint = image.footprint()
    drawn = draw_picks(image.image(), np.where(footprint >= 0, 1, -1).astype(np.int16), 1)
    picture = Image.fromarray(drawn)
    if len(image.questions) <= _MOST_NUMBERS:
        pen = ImageDraw.Draw(picture)
        for question in image.questions:
            y, x = question.position
            pen.text((x, y), str(question.number), fill="white", stroke_fill="black", stroke_width=1)
    return np.asarray(picture)


_MOST_NUMBERS = 200
