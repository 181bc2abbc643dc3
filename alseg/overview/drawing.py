"""Draws the overview with matplotlib: curves with their names at the end, below them a photograph with picks.

Only `alseg.overview.write` imports this module, when a picture is wanted: matplotlib takes a second to load.
"""

from __future__ import annotations

import io
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from alseg.overview.curves import Curves
from alseg.overview.marking import at_size, dimmed_with, resized
from alseg.overview.picks import Picks
from alseg.overview.plotting import (
    DPI,
    INK,
    PALE,
    ROWS_PER_INCH,
    TEXT,
    draw_curves,
    shortened,
)

WIDTH = 13.4
"""Inches: 1,608 pixels wide, of which 1,200 on a small screen keep letters of nine pixels."""

ROUND_COLORS = ("#fde725", "#ff9a3c", "#ff4f9a", "#b56cff", "#4fb3ff", "#3ee6b0")
"""Of the rounds in which pixels were picked, light enough for a dimmed photograph."""

_GAP = 0.16


def draw(curves: Curves, picks: Picks | None, *, note: str = "") -> bytes:
    """Return the picture as a PNG file.

    Args:
        curves: At least one.
        picks: What to show below them; None leaves the curves alone.
        note: A line for the lower border, such as why there is no photograph.
    """
    upper = max(4.6, len(curves.curves) / ROWS_PER_INCH + 1.2)
    panel = _panel_size(picks) if picks else (0.0, 0.0)
    lower = panel[1] + 0.85 if picks else 0.0
    foot = 0.3 if note else 0.0
    height = 1.0 + upper + lower + foot
    figure = Figure(figsize=(WIDTH, height), dpi=DPI, facecolor="white")
    canvas = FigureCanvasAgg(figure)
    _write_heading(figure, curves, height)
    left, right = 0.75 / WIDTH, 1 - (2.95 if curves.intervals == "none" else 3.5) / WIDTH
    bottom = (lower + foot + 0.6) / height
    axes = figure.add_axes((left, bottom, right - left, (upper - 0.6) / height))
    draw_curves(axes, curves, right=WIDTH - 0.1)
    if picks:
        _draw_picks(figure, picks, panel, height, foot)
    if note:
        figure.text(left, 0.12 / height, shortened(note, 170), fontsize=10, color=PALE, va="bottom", **TEXT)
    content = io.BytesIO()
    canvas.print_png(content)  # type: ignore[no-untyped-call]
    return content.getvalue()


def round_color(number: int, rounds: int) -> str:
    """Return the colour of what a round picked, from 1; with many rounds neighbours share one."""
    count = len(ROUND_COLORS)
    return ROUND_COLORS[number - 1 if rounds <= count else (number - 1) * count // rounds]


def _write_heading(figure: Figure, curves: Curves, height: float) -> None:
    budget = f": {curves.budget} of the target's labels" if curves.budget else ""
    figure.text(
        0.2 / WIDTH, 1 - 0.18 / height, shortened(curves.title + budget, 90), fontsize=19, color=INK,
        va="top", weight="bold", **TEXT,
    )  # fmt: skip
    figure.text(
        0.2 / WIDTH, 1 - 0.57 / height, shortened(curves.caption, 130), fontsize=12, color=PALE, va="top",
        **TEXT,
    )  # fmt: skip


def _panel_size(picks: Picks) -> tuple[float, float]:
    """Return width and height of a picture in inches: all beside one another, none too tall."""
    count = len(picks.panels) + 1
    rows, columns = picks.photograph.shape[:2]
    width = min((WIDTH - 0.4 - _GAP * (count - 1)) / count, 4.2 * columns / rows)
    return width, width * rows / columns


def _draw_picks(figure: Figure, picks: Picks, panel: tuple[float, float], height: float, foot: float) -> None:
    width, tall = panel
    size = max(1, round(tall * DPI)), max(1, round(width * DPI))
    photograph = resized(picks.photograph, size)
    pictures = [("target photograph", photograph)]
    for each in picks.panels:
        shown = [(number, round_color(number, picks.rounds)) for number in range(1, picks.rounds + 1)]
        layers = [(at_size(each.bought_in == number, size), to_rgb(color)) for number, color in shown]
        pictures.append((f"picks of {each.label}", dimmed_with(photograph, layers)))
    for place, (title, pixels) in enumerate(pictures):
        left = 0.2 + place * (width + _GAP)
        axes = figure.add_axes((left / WIDTH, (foot + 0.42) / height, width / WIDTH, tall / height))
        axes.imshow(pixels, aspect="auto")
        axes.set_axis_off()
        name = shortened(title, max(12, round(width * 10)))
        axes.set_title(name, fontsize=11.5, color=INK, loc="left", pad=4, **TEXT)
    _draw_legend(figure, picks, height, foot)


def _draw_legend(figure: Figure, picks: Picks, height: float, foot: float) -> None:
    """Say below the pictures which colour is which round."""
    shown = sorted(
        {round_color(number, picks.rounds) for number in range(1, picks.rounds + 1)}, key=ROUND_COLORS.index
    )
    bottom, left = (foot + 0.14) / height, 0.2
    text: dict[str, Any] = {"fontsize": 11, "color": PALE, "va": "bottom", **TEXT}
    label = (
        "picked in round"
        if len(shown) == picks.rounds
        else f"picked in rounds 1 to {picks.rounds}, first to last"
    )
    figure.text(left / WIDTH, bottom, label, **text)
    left += 0.085 * len(label) + 0.12
    for number, color in enumerate(shown, start=1):
        patch = Rectangle(
            (left / WIDTH, bottom), 0.17 / WIDTH, 0.15 / height, facecolor=color, edgecolor="#555555", lw=0.6,
            transform=figure.transFigure,
        )  # fmt: skip
        figure.add_artist(patch)
        if len(shown) == picks.rounds:
            figure.text((left + 0.23) / WIDTH, bottom, str(number), **text)
        left += 0.5 if len(shown) == picks.rounds else 0.22
    figure.text(1 - 0.2 / WIDTH, bottom, shortened(picks.image_id, 60), ha="right", **text)
