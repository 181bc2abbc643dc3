"""Draws the learning curves of the overview into axes, with their names at the end.

Like `alseg.overview.drawing`, imported only when a picture is wanted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.text import Text

from alseg.overview.curves import CLASSES_BOUGHT, Curve, Curves
from alseg.overview.spread import spread

DPI = 120
INK, PALE = "#222222", "#666666"
TEXT: dict[str, Any] = {"parse_math": False}
"""A dollar in a name is a dollar."""

COLORS = ("#0072b2", "#d55e00", "#009e73", "#b8528a", "#b87800", "#3a9ad1", "#5b3a9a", "#6b5a2a")
"""Of methods that buy labels, as in the report; they stay apart with any colour vision."""
MARKERS = "osD^vPX*"
REFERENCES = {"none": "#7a7a7a", "all": "#222222"}
"""Of source only and fully supervised, which are dashed."""

_LONGEST_NAME = 80
_SMALLEST_NAME = 8.5
ROWS_PER_INCH = 5.2
"""Names that fit above each other in an inch."""
_APART = 0.03
"""How far the whiskers of all methods reach to the sides of their iteration, as a share of the axis."""


def color_of(place: int, curve: Curve) -> str:
    """Return the colour of a method, its place counted among those that buy labels."""
    return REFERENCES.get(curve.kind) or COLORS[place % len(COLORS)]


def has_intervals(curves: Curves) -> bool:
    """Whether a point is a mean over several seeds."""
    return any(point.half_width is not None for curve in curves.curves for point in curve.points)


def draw_curves(axes: Axes, curves: Curves, *, right: float) -> None:
    """Draw all curves and write their names beside the axes.

    Args:
        axes: Empty, of a figure with `DPI`.
        curves: At least one.
        right: Inches from the left border of the figure at which names end.
    """
    colors = []
    several = has_intervals(curves)
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
            fontsize=11, color=PALE,
        )  # fmt: skip
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color("#999999")
    axes.tick_params(labelsize=12, colors=PALE)
    axes.grid(axis="y", color="#eeeeee", zorder=0)
    axes.set_axisbelow(True)
    axes.set_ylabel(curves.height, fontsize=12.5, color=INK)
    axes.set_xlabel("training iterations", fontsize=12.5, color=INK)
    axes.margins(x=0.03)
    axes.locator_params(axis="x", integer=True, min_n_ticks=1)
    if curves.height == CLASSES_BOUGHT:
        axes.set_ylim(-0.05, max(1.05, axes.get_ylim()[1]))
        axes.locator_params(axis="y", integer=True, min_n_ticks=1)
    _name_curves(axes, curves.curves, colors, right)


def _name_curves(axes: Axes, curves: Sequence[Curve], colors: Sequence[str], right: float) -> None:
    """Write each method's name and final score at the end of its curve, apart from one another."""
    low, high = axes.get_ylim()
    axes.set_ylim(low, high)
    height = axes.get_window_extent().height / DPI
    ends = [(curve.last.mean - low) / (high - low) for curve in curves]
    for curve, color, end, place in zip(
        curves, colors, ends, spread(ends, 1 / ROWS_PER_INCH / height), strict=True
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
            1.027, place, f"{score}  {shortened(curve.label, _LONGEST_NAME)}", transform=axes.transAxes,
            color=color, fontsize=11.5, va="center", weight="bold" if curve.kind == "acquired" else "normal",
            **TEXT,
        )  # fmt: skip
        _fit(text, right * DPI)


def _fit(text: Text, right: float) -> None:
    """Make a text smaller, then shorter, until it ends before a column of the picture."""
    size = float(text.get_fontsize())
    while size > _SMALLEST_NAME and text.get_window_extent().x1 > right:
        size -= 0.5
        text.set_fontsize(size)
    whole, most = text.get_text(), len(text.get_text())
    while most > 1 and text.get_window_extent().x1 > right:
        most -= 1
        text.set_text(shortened(whole, most))


def shortened(text: str, most: int) -> str:
    """Return a text of at most so many characters, with an ellipsis where some are left out."""
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"
