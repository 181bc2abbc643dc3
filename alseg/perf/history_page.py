"""A history of measurements as a Markdown page with a drawing, and as text for a terminal."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence

from tabulate import tabulate

from alseg.perf.history import Entry, Machine, Measured, Range, Series, by_benchmark, change
from alseg.text.layout import column, lay_out

NEWEST = 6
"""Entries that tables show; the drawing shows all."""

_PANEL = (8.4, 2.3)
"""Inches of the drawing of one benchmark."""

_INK = "#808080"
"""Of letters and axes: to be read on white and on black."""

_COLORS = ("#0072b2", "#d55e00", "#009e73", "#b8528a", "#b87800", "#3a9ad1", "#8a6fd1", "#8a7a4a")
_MEASUREMENT = ("commit", "date", "load before", "turns")
_TITLE = "# Speed, commit by commit"


def as_markdown(entries: Sequence[Entry], chart: str | None = None) -> str:
    """Return a page: what was measured where, and a table for each benchmark.

    Args:
        entries: Oldest first; at least one.
        chart: The drawing's file name, as seen from the page; None where there is none.
    """
    parts = [
        _TITLE,
        "A cell is the median time of our way and, where there is a plain way, how many times as long that "
        "takes. Times say something on one machine only; the ratio is taken within a turn. *slower* and "
        "*faster*: no turn overlaps with any of the measurement before. The newest "
        f"{NEWEST} measurements of each benchmark are shown.",
    ]
    if chart is not None:
        parts.append(f"![How many times as long the plain way takes, by commit]({chart})")
    parts.append("## Measurements")
    for machine, its in _by_machine(entries):
        rows = [[*of_entry[:2], *of_entry[3:]] for of_entry in map(_of_entry, its)]
        parts += [f"{_escaped(machine)}:", tabulate(rows, _MEASUREMENT, "pipe", disable_numparse=True)]
    for benchmark, setting, series in by_benchmark(entries):
        titles, rows = _table(entries, series)
        table = tabulate(
            [[_escaped(cell) for cell in row] for row in rows], titles, "pipe", disable_numparse=True
        )
        parts += [f"## `{benchmark}`", f"{_escaped(setting[:1].upper() + setting[1:])}.", table]
    return "\n\n".join(parts) + "\n"


def as_text(entries: Sequence[Entry], width: int) -> str:
    """Return the tables for a terminal.

    Args:
        entries: Oldest first; at least one.
        width: Columns that tables may take.
    """
    lines = [
        f"{len(entries)} measurements; our median time, and how many times as long the plain way takes; "
        "slower, faster: no turn overlaps with the measurement before"
    ]
    for machine, its in _by_machine(entries):
        lines += ["", machine]
        texts = zip(*((*of_entry[:2], *of_entry[3:]) for of_entry in map(_of_entry, its)), strict=True)
        columns = [column(title, each) for title, each in zip(_MEASUREMENT, texts, strict=True)]
        lines += [line.plain for line in lay_out(columns[:1], [columns[1:]], width)]
    for benchmark, setting, series in by_benchmark(entries):
        titles, rows = _table(entries, series)
        columns = [
            column(title, texts, "left") for title, texts in zip(titles, zip(*rows, strict=True), strict=True)
        ]
        lines += ["", f"{benchmark}: {setting}"]
        lines += [line.plain for line in lay_out(columns[:1], [columns[1:]], width)]
    return "\n".join(lines)


def as_svg(entries: Sequence[Entry]) -> bytes:
    """Return a drawing: for each benchmark with a plain way, the ratios of its pieces of work by commit.

    Args:
        entries: Oldest first; at least one.
    """
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    panels = list(_ratios(entries))
    figure = Figure(
        figsize=(_PANEL[0], _PANEL[1] * max(1, len(panels))), layout="constrained", facecolor="none"
    )
    FigureCanvasSVG(figure)
    names = [entry.name[:7] for entry in entries]
    for place, (benchmark, drawn) in enumerate(panels, start=1):
        axes = figure.add_subplot(len(panels), 1, place, facecolor="none")
        for color, each in zip(_COLORS * (1 + len(drawn) // len(_COLORS)), drawn, strict=False):
            numbers = [number for number, _ in each.points]
            ranges = [measured.ratio for _, measured in each.points if measured.ratio is not None]
            axes.errorbar(
                numbers, [one.median for one in ranges], yerr=_whiskers(ranges), color=color, label=each.work,
                marker="o", markersize=4, linewidth=1.2, capsize=2,
            )  # fmt: skip
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}x"))
        axes.yaxis.set_minor_formatter(NullFormatter())
        axes.set_xlim(-0.5, len(entries) - 0.5)
        axes.set_xticks(range(len(entries)), names if place == len(panels) else [""] * len(names))
        axes.set_title(f"{benchmark}: plain / ours", loc="left", color=_INK, fontsize=9)
        axes.tick_params(colors=_INK, which="both", labelsize=8)
        for spine in axes.spines.values():
            spine.set_color(_INK)
        legend = axes.legend(
            fontsize=7, frameon=False, labelcolor=_INK, loc="center left", bbox_to_anchor=(1.0, 0.5)
        )
        for text in legend.get_texts():
            text.set_parse_math(False)
    file = io.BytesIO()
    with mpl.rc_context({"svg.hashsalt": "alseg", "svg.fonttype": "none"}):  # the same bytes each time
        figure.savefig(file, format="svg", metadata={"Date": None})
    return file.getvalue()


def _ratios(entries: Sequence[Entry]) -> Iterator[tuple[str, list[Series]]]:
    for benchmark, _, series in by_benchmark(entries):
        drawn = [
            Series(each.work, points)
            for each in series
            if (points := [(number, one) for number, one in each.points if one.ratio is not None])
        ]
        if drawn:
            yield benchmark, drawn


def _whiskers(ranges: Sequence[Range]) -> tuple[list[float], list[float]]:
    below = [max(0.0, one.median - one.low) for one in ranges]
    return below, [max(0.0, one.high - one.median) for one in ranges]


def _by_machine(entries: Sequence[Entry]) -> Iterator[tuple[str, list[Entry]]]:
    machines: dict[str, list[Entry]] = {}
    for entry in entries:
        machines.setdefault(str(entry.machine), []).append(entry)
    yield from machines.items()


def _of_entry(entry: Entry) -> list[str]:
    load = "?" if entry.load is None else f"{entry.load:.1f}"
    return [entry.commit or "no source tree", entry.date, str(entry.machine), load, str(entry.repeats)]


def _table(entries: Sequence[Entry], series: Sequence[Series]) -> tuple[list[str], list[list[str]]]:
    """Return titles and rows: pieces of work down, commits across."""
    numbers = sorted({number for each in series for number, _ in each.points})[-NEWEST:]
    titles = ["work", *(entries[number].name[:12] for number in numbers)]
    return titles, [[each.work, *_cells(entries, each, numbers)] for each in series]


def _cells(entries: Sequence[Entry], series: Series, numbers: Sequence[int]) -> Iterator[str]:
    told: dict[int, str] = {}
    before: dict[Machine, Measured] = {}  # those of another machine say nothing
    for number, now in series.points:
        machine = entries[number].machine
        told[number] = _cell(now, before.get(machine))
        before[machine] = now
    yield from (told.get(number, "") for number in numbers)


def _cell(now: Measured, before: Measured | None) -> str:
    factor, unit = (1.0, "s") if now.seconds.median >= 1 else (1000.0, "ms")
    text = f"{now.seconds.median * factor:.3g} {unit}"
    if now.ratio is not None:
        text += f", {now.ratio.median:,.3g}x"
    told = "" if before is None else change(before, now)
    return f"{text}, {told}" if told else text


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")
