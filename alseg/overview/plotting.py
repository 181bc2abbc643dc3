"""Draws the learning curves of the overview into axes, with their names at the end.

Like `alseg.overview.drawing`, imported only when a picture is wanted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from matplotlib.axes import Axes
from matplotlib.text import Text

from alseg.overview.curves import CLASSES_BOUGHT, Curve, Curves, Kind
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
_DASHES = ((4.0, 2.0), (1.0, 1.5), (7.0, 2.0, 1.0, 2.0), (1.0, 4.0))

_LONGEST_NAME = 80
_SMALLEST_NAME = 8.5
ROWS_PER_INCH = 5.2
"""Names that fit above each other in an inch."""
_APART = 0.03
"""How far the whiskers of all methods reach to the sides of their iteration, as a share of the axis."""
_BAND = 0.16
"""Opacity of the bands of methods that buy labels; those of references are paler."""


class _Look(NamedTuple):
    """How a curve is told from the others.

    Attributes:
        color: Of lines, bands and names.
        marker: At its points; empty for none.
        dash: Style of the line.
        band: Opacity of the band of its intervals.
        shift: To the right, in the unit of the horizontal axis, where whiskers stand side by side.
    """

    color: str
    marker: str
    dash: str | tuple[int, tuple[float, ...]]
    band: float
    shift: float

    @property
    def size(self) -> float:
        """Of the marker, in points; a star is thin."""
        return 11 if self.marker == "*" else 7


def draw_curves(axes: Axes, curves: Curves, *, right: float) -> None:
    """Draw all curves and write their names beside the axes.

    Args:
        axes: Empty, of a figure with `DPI`.
        curves: At least one.
        right: Inches from the left border of the figure at which names end.
    """
    looks = _looks(curves)
    if curves.axis is not None:
        axes.set_xlim(*_range_of_costs(curves))
    for curve, look in zip(curves.curves, looks, strict=True):
        if curve.is_reference and curves.axis is not None:
            _draw_across(axes, curves, curve, look)
        else:
            _draw_curve(axes, curves, curve, look)
    _mark_purchases(axes, curves.purchases)
    _dress(axes, curves)
    _name_curves(axes, curves, looks, right)


def _looks(curves: Curves) -> list[_Look]:
    """Return how each curve looks: of the first 64 methods that buy labels no two look alike."""
    looks: list[_Look] = []
    before: Counter[Kind] = Counter()
    places = [point.place for curve in curves.curves for point in curve.points]
    apart = _APART * (max(places) - min(places)) if curves.intervals == "whiskers" else 0.0
    for number, curve in enumerate(curves.curves):
        turn, color = divmod(before[curve.kind], len(COLORS))
        shift = apart * (number - (len(curves.curves) - 1) / 2) / len(curves.curves)
        if curve.is_reference:
            dash = (0, _DASHES[color % len(_DASHES)])
            looks.append(_Look(REFERENCES[curve.kind], "", dash, _BAND / 2, shift))
        else:
            marker = MARKERS[(color + turn) % len(MARKERS)]
            looks.append(_Look(COLORS[color], marker, "-", _BAND, shift))
        before[curve.kind] += 1
    return looks


def _range_of_costs(curves: Curves) -> tuple[float, float]:
    """Return where the horizontal axis begins and ends: at nothing, and where the last method ends."""
    costs = [point.place for curve in curves.curves if not curve.is_reference for point in curve.points]
    most = max(costs, default=0.0) or 1.0
    return -0.02 * most, 1.03 * most


def _draw_curve(axes: Axes, curves: Curves, curve: Curve, look: _Look) -> None:
    """Draw one method from point to point, with its intervals."""
    whiskers = curves.intervals == "whiskers"
    axes.errorbar(
        [point.place + look.shift for point in curve.points],
        [point.mean for point in curve.points],
        yerr=[point.half_width or 0.0 for point in curve.points] if whiskers else None,
        color=look.color, lw=2.4, ls=look.dash, elinewidth=1.3, marker=look.marker,
        ms=look.size, mec="white", mew=0.8, zorder=2 if curve.is_reference else 3, clip_on=False,
    )  # fmt: skip
    known = [point for point in curve.points if point.half_width is not None]
    if curves.intervals == "bands" and known:
        axes.fill_between(
            [point.place for point in known],
            [point.mean - (point.half_width or 0.0) for point in known],
            [point.mean + (point.half_width or 0.0) for point in known],
            color=look.color, alpha=look.band, lw=0, zorder=1,
        )  # fmt: skip


def _draw_across(axes: Axes, curves: Curves, curve: Curve, look: _Look) -> None:
    """Draw a method that buys nothing, or everything, as a line at the height it ends at."""
    mean, half_width = curve.last.mean, curve.last.half_width
    axes.axhline(mean, color=look.color, lw=2, ls=look.dash, zorder=2)
    if curves.intervals == "bands" and half_width is not None:
        axes.axhspan(mean - half_width, mean + half_width, color=look.color, alpha=look.band, lw=0, zorder=1)


def _mark_purchases(axes: Axes, iterations: Sequence[int]) -> None:
    for number, iteration in enumerate(iterations, start=1):
        axes.axvline(iteration, color="#cccccc", lw=1, zorder=0)
        axes.annotate(
            f"{'purchase ' if number == 1 else ''}{number}", (iteration, 1), ha="center", va="bottom",
            xycoords=("data", "axes fraction"), xytext=(0, 3), textcoords="offset points",
            fontsize=11, color=PALE,
        )  # fmt: skip


def _dress(axes: Axes, curves: Curves) -> None:
    """Set what surrounds the curves: axes, their titles and marks."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color("#999999")
    axes.tick_params(labelsize=12, colors=PALE)
    axes.grid(axis="y", color="#eeeeee", zorder=0)
    axes.set_axisbelow(True)
    axes.set_ylabel(curves.height, fontsize=12.5, color=INK)
    axes.set_xlabel(curves.axis.title if curves.axis else "training iterations", fontsize=12.5, color=INK)
    if curves.axis is None:
        axes.margins(x=0.03)
        axes.locator_params(axis="x", integer=True, min_n_ticks=1)
    if curves.height == CLASSES_BOUGHT:
        axes.set_ylim(-0.05, max(1.05, axes.get_ylim()[1]))
        axes.locator_params(axis="y", integer=True, min_n_ticks=1)


def _name_curves(axes: Axes, curves: Curves, looks: Sequence[_Look], right: float) -> None:
    """Write each method's name and final score at the end of its curve, apart from one another."""
    low, high = axes.get_ylim()
    axes.set_ylim(low, high)
    height = axes.get_window_extent().height / DPI
    ends = [(curve.last.mean - low) / (high - low) for curve in curves.curves]
    for curve, look, end, place in zip(
        curves.curves, looks, ends, spread(ends, 1 / ROWS_PER_INCH / height), strict=True
    ):
        across = curve.is_reference and curves.axis is not None
        axes.annotate(
            "", (axes.get_xlim()[1] if across else curve.last.place + look.shift, end), (1.022, place),
            xycoords=("data", "axes fraction"), textcoords="axes fraction",
            arrowprops={
                "arrowstyle": "-", "color": look.color, "lw": 0.9, "alpha": 0.6, "shrinkA": 0,
                "shrinkB": 0 if across else 5, "ls": "-" if curves.axis is None or across else (0, (1, 3)),
            },
            annotation_clip=False,
        )  # fmt: skip
        axes.plot(
            [1.024, 1.042], [place, place], transform=axes.transAxes, color=look.color, lw=2, ls=look.dash,
            clip_on=False,
        )  # fmt: skip
        axes.plot(
            1.033, place, transform=axes.transAxes, color=look.color, marker=look.marker, ms=look.size,
            mec="white", mew=0.8, clip_on=False,
        )  # fmt: skip
        width = curve.last.half_width
        score = f"{curve.last.mean:.1f}" + (f" ± {width:.1f}" if width is not None else "")
        text = axes.text(
            1.048, place, f"{score}  {shortened(curve.label, _LONGEST_NAME)}", transform=axes.transAxes,
            color=look.color, fontsize=11.5, va="center", weight="normal" if curve.is_reference else "bold",
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
