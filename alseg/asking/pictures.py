"""Pictures of what is asked, for people: the photograph with every question outlined and numbered."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from scipy.ndimage import find_objects

from alseg.contracts import ImageQuestions
from alseg.toolkit.question_pictures import enlarged, outlined

_MOST_NUMBERS = 200
"""More cannot be read."""
_FONT_SIZE = 14
"""Pixels in a picture of up to 1000 rows; larger ones get larger numbers."""


def question_picture(image: ImageQuestions) -> NDArray[np.uint8]:
    """Return a photograph with its questions outlined and their numbers beside.

    Photographs of few rows are enlarged by a whole factor. Numbers are left out where there are too many.

    Returns:
        uint8 RGB ``(k H, k W, 3)``.
    """
    photograph, footprint = enlarged(image.image(), image.footprint())
    picture = Image.fromarray(outlined(photograph, footprint))
    if len(image.questions) <= _MOST_NUMBERS:
        pen = ImageDraw.Draw(picture)
        font = ImageFont.load_default(_FONT_SIZE * max(1, picture.height // 1000))
        for question, box in zip(image.questions, find_objects(footprint + 1), strict=False):
            if box is not None:
                number = str(question.number)
                _, _, width, height = pen.textbbox((0, 0), number, font)
                # Above the upper left corner, so that nothing that is asked about is covered.
                x = min(max(box[1].start, 2), picture.width - width - 2)
                y = max(box[0].start - height - 5, 0)
                pen.text((x, y), number, fill="white", stroke_fill="black", stroke_width=2, font=font)
    return np.asarray(picture)
