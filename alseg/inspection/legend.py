"""The legend to the pictures of a run: classes, what was bought, and the scale of maps of numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from alseg.contracts import LabelSpace
from alseg.inspection.pictures import NEW, OLD, scale_colors
from alseg.storage.examples import HIGH_IMPURITY, Example

_SIZE = 15
_LINE = 24
_NARROWEST = 300
_LEFT = 44


def scale_texts(example: Example, num_classes: int) -> dict[str, tuple[str, str]]:
    """Return what the lowest and the highest colour of each map of numbers stand for, by the map's name."""
    texts = {
        "impurity": ("0", f"{HIGH_IMPURITY:.1f} nats"),
        "uncertainty": ("0", f"{np.log(max(2, num_classes)):.1f} nats"),
    }
    if example.score is not None:
        low, high = example.score_range
        texts["score"] = (f"{low:.2g}", f"{high:.2g}")
    return texts


def map_title(name: str, example: Example) -> str:
    """Return what a map of numbers is called, with the window that impurity is counted in."""
    reach = 2 * example.radius + 1
    return f"impurity in {reach} x {reach}" if name == "impurity" else name


def draw_legend(space: LabelSpace, scales: Sequence[tuple[str, str, str]]) -> NDArray[np.uint8]:
    """Return a picture that explains the others.

    Args:
        space: Gives the classes' names and colours.
        scales: For each map of numbers its name and what its lowest and highest colour stand for.

    Returns:
        uint8 RGB ``(H, W, 3)``.
    """
    entries = [(info.color, info.name) for info in space.classes]
    entries += [((0, 0, 0), "no label"), (NEW, "bought in this round"), (OLD, "bought in earlier rounds")]
    lines = [f"{name}: {low} to {high}" for name, low, high in scales]
    font = ImageFont.load_default(_SIZE)
    longest = max(font.getlength(text) for text in (*(text for _, text in entries), *lines))
    width = max(_NARROWEST, _LEFT + round(longest) + 10)
    picture = Image.new("RGB", (width, _LINE * (len(entries) + 2 * len(lines)) + 16), "white")
    pen = ImageDraw.Draw(picture)
    top = 8
    for color, text in entries:
        pen.rectangle((10, top + 3, 10 + 24, top + 19), fill=color, outline="black")
        pen.text((_LEFT, top + 2), text, fill="black", font=font)
        top += _LINE
    bar = Image.fromarray(np.repeat(scale_colors()[None], 14, axis=0)).resize((width - 20, 14))
    for line in lines:
        pen.text((10, top + 2), line, fill="black", font=font)
        picture.paste(bar, (10, top + _LINE))
        top += 2 * _LINE
    return np.array(picture)
