"""Draws the overview with matplotlib: curves with their names at the end, below them a photograph with picks.

Only `alseg.overview.write` imports this module, when a picture is wanted: matplotlib takes a second to load.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Text

from alseg.overview.curves import CLASSES_BOUGHT, Curve, Curves
from alseg.overview.marking import at_size, dimmed_with, resized
from alseg.overview.picks import Picks
from alseg.overview.spread import spread

DPI = 120
WIDTH = 13.4
"""Inches: 1,608 pixels wide, of which 1,200 on a small screen keep letters of nine pixels."""

COLORS = ("#0072b2", "#d55e00", "#009e73", "#b8528a", "#b87800", "#3a9ad1", "#5b3a9a", "#6b5a2a")
"""Of methods that buy labels, as in the report; they stay apart with any colour vision."""
MARKERS = "osD^vPX*"
REFERENCES = {"none": "#7a7a7a", "all": "#222222"}
"""Of source only and fully supervised, which are dashed."""

ROUND_COLORS = ("#fde725", "#ff9a3c", "#ff4f9a", "#b56cff", "#4fb3ff", "#3ee6b0")
"""Of the rounds in which pixels were picked, light enough for a dimmed photograph."""

_INK, _PALE = "#222222", "#666666"
_LONGEST_NAME = 80
_SMALLEST_NAME = 8.5
_ROWS_PER_INCH = 5.2
"""Names that fit above each other in an inch."""
_GAP = 0.16
_APART = 0.03
"""How far the whiskers of all methods reach to the sides of their iteration, as a share of the axis."""
_TEXT: dict[str, Any] = {"parse_math": False}
"""A dollar in a name is a dollar."""


def draw(curves: Curves, picks: Picks | None, *, note: str = "") -> bytes:
    """Return the picture as a PNG file.

    Args:
        curves: At least one.
        picks: What to show below them; None leaves the curves alone.
        note: A line for the lower border, such as why there is no photograph.
    """
    upper = max(4.6, len(curves.curves) / _ROWS_PER_INCH + 1.2)
    panel = _panel_size(picks) if picks else (0.0, 0.0)
    lower = panel[1] + 0.85 if picks else 0.0
    foot = 0.3 if note else 0.0
    height = 1.0 + upper + lower + foot
    figure = Figure(figsize=(WIDTH, height), dpi=DPI, facecolor="white")
    canvas = FigureCanvasAgg(figure)
    _write_heading(figure, curves, height)
    left, right = 0.75 / WIDTH, 1 - (3.3 if _has_intervals(curves) else 2.75) / WIDTH
    bottom = (lower + foot + 0.6) / height
    axes = figure.add_axes((left, bottom, right - left, (upper - 0.6) / height))
    _draw_curves(axes, curves)
    if picks:
        _draw_picks(figure, picks, panel, height, foot)
    if note:
        figure.text(left, 0.12 / height, _short(note, 170), fontsize=10, color=_PALE, va="bottom", **_TEXT)
    content = io.BytesIO()
    canvas.print_png(content)  # type: ignore[no-untyped-call]
    return content.getvalue()


def color_of(place: int, curve: Curve) -> str:
    """Return the colour of a method, its place counted among those that buy labels."""
    return REFERENCES.get(curve.kind) or COLORS[place % len(COLORS)]


def round_color(number: int, rounds: int) -> str:
    """Return the colour of what a round picked, from 1; with many rounds neighbours share one."""
    count = len(ROUND_COLORS)
    return ROUND_COLORS[number - 1 if rounds <= count else (number - 1) * count // rounds]


def _write_heading(figure: Figure, curves: Curves, height: float) -> None:
    budget = f": {curves.budget} of the target's labels" if curves.budget else ""
    figure.text(
        0.2 / WIDTH, 1 - 0.18 / height, _short(curves.title + budget, 90), fontsize=19, color=_INK,
        va="top", weight="bold", **_TEXT,
    )  # fmt: skip
    figure.text(
        0.2 / WIDTH, 1 - 0.57 / height, _short(curves.summary, 130), fontsize=12, color=_PALE, va="top",
        **_TEXT,
    )  # fmt: skip


def _has_intervals(curves: Curves) -> bool:
    return any(point.half_width is not None for curve in curves.curves for point in curve.points)


def _draw_curves(axes: Axes, curves: Curves) -> None:
    colors = []
    several = _has_intervals(curves)
    steps = [point.iteration for curve in curves.curves for point in curve.points]
    apart = _APART * (max(steps) - min(steps)) if several else 0.0
    place = 0
    for number, curve in enumerate(curves.curves):
        is_reference = curve.kind != "acquired"
        color = color_of(place, curve)
        colors.append(color)
        shift = apart * (number - (len(curves.curves) - 1) / 2) / len(curves.curves)
        axes.errorbar(
            [point.iteration + shift for point in curve.points],
            [point.mean for point in curve.points],
            yerr=[point.half_width or 0.0 for point in curve.points] if several else None,
            color=color, lw=2.4, ls=(0, (4, 2)) if is_reference else "-", elinewidth=1.3,
            marker="" if is_reference else MARKERS[place // len(COLORS) % len(MARKERS)],
            ms=6.5, mec="white", mew=0.8, zorder=2 if is_reference else 3,
        )  # fmt: skip
        place += not is_reference
    for number, iteration in enumerate(curves.purchases, start=1):
        axes.axvline(iteration, color="#cccccc", lw=1, zorder=0)
        axes.annotate(
            f"{'purchase ' if number == 1 else ''}{number}", (iteration, 1), ha="center", va="bottom",
            xycoords=("data", "axes fraction"), xytext=(0, 3), textcoords="offset points",
            fontsize=11, color=_PALE,
        )  # fmt: skip
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color("#999999")
    axes.tick_params(labelsize=12, colors=_PALE)
    axes.grid(axis="y", color="#eeeeee", zorder=0)
    axes.set_axisbelow(True)
    axes.set_ylabel(curves.height, fontsize=12.5, color=_INK)
    axes.set_xlabel("training iterations", fontsize=12.5, color=_INK)
    axes.margins(x=0.03)
    axes.locator_params(axis="x", integer=True, min_n_ticks=1)
    if curves.height == CLASSES_BOUGHT:
        axes.set_ylim(-0.05, max(1.05, axes.get_ylim()[1]))
        axes.locator_params(axis="y", integer=True, min_n_ticks=1)
    _name_curves(axes, curves.curves, colors)


def _name_curves(axes: Axes, curves: Sequence[Curve], colors: Sequence[str]) -> None:
    """Write each method's name and final score at the end of its curve, apart from one another."""
    low, high = axes.get_ylim()
    axes.set_ylim(low, high)
    height = axes.get_window_extent().height / DPI
    ends = [(curve.last.mean - low) / (high - low) for curve in curves]
    for curve, color, end, place in zip(
        curves, colors, ends, spread(ends, 1 / _ROWS_PER_INCH / height), strict=True
    ):
        axes.annotate(
            "", (curve.last.iteration, end), (1.022, place),
            xycoords=("data", "axes fraction"), textcoords="axes fraction",
            arrowprops={
                "arrowstyle": "-", "color": color, "lw": 0.9, "alpha": 0.6, "shrinkA": 0, "shrinkB": 5,
            },
            annotation_clip=False,
        )  # fmt: skip
        width = curve.last.half_width
        score = f"{curve.last.mean:.1f}" + (f" ± {width:.1f}" if width is not None else "")
        text = axes.text(
            1.027, place, f"{score}  {_short(curve.label, _LONGEST_NAME)}", transform=axes.transAxes,
            color=color, fontsize=11.5, va="center", weight="bold" if curve.kind == "acquired" else "normal",
            **_TEXT,
        )  # fmt: skip
        _fit(text, (WIDTH - 0.1) * DPI)


def _fit(text: Text, right: float) -> None:
    """Make a text smaller, then shorter, until it ends before a column of the picture."""
    size = float(text.get_fontsize())
    while size > _SMALLEST_NAME and text.get_window_extent().x1 > right:
        size -= 0.5
        text.set_fontsize(size)
    whole, most = text.get_text(), len(text.get_text())
    while most > 1 and text.get_window_extent().x1 > right:
        most -= 1
        text.set_text(_short(whole, most))


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
        name = _short(title, max(12, round(width * 10)))
        axes.set_title(name, fontsize=11.5, color=_INK, loc="left", pad=4, **_TEXT)
    _draw_legend(figure, picks, height, foot)


def _draw_legend(figure: Figure, picks: Picks, height: float, foot: float) -> None:
    """Say below the pictures which colour is which round."""
    shown = sorted(
        {round_color(number, picks.rounds) for number in range(1, picks.rounds + 1)}, key=ROUND_COLORS.index
    )
    bottom, left = (foot + 0.14) / height, 0.2
    text: dict[str, Any] = {"fontsize": 11, "color": _PALE, "va": "bottom", **_TEXT}
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
    figure.text(1 - 0.2 / WIDTH, bottom, _short(picks.image_id, 60), ha="right", **text)


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"
