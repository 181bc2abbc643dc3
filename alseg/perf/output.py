"""Benchmark results as text for people and JSON for programs."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import PIL
import torch

from alseg.engine.environment import describe
from alseg.perf.result import Line, Options, PoolCost, Result, Spread
from alseg.text.display import WIDTH
from alseg.text.layout import column, lay_out

FORMAT = 1
"""Version of the JSON."""


def machine(options: Options) -> dict[str, Any]:
    """Return what the numbers were measured on and how."""
    try:
        load: float | None = round(os.getloadavg()[0], 2)
    except OSError:
        load = None
    return {
        **describe(torch.device(options.device), "32-true"),
        "cores": os.cpu_count(),
        "numpy": np.__version__,
        "pillow": PIL.__version__,
        "load_before": load,
        "size": list(options.size),
        "repeats": options.repeats,
        "quick": options.quick,
    }


def as_json(results: Sequence[Result], environment: dict[str, Any]) -> dict[str, Any]:
    """Return everything that was measured."""
    return {"format": FORMAT, "machine": environment, "benchmarks": [result.as_json() for result in results]}


def machine_text(environment: dict[str, Any]) -> str:
    """Return a line on the machine, as `machine` has it, and how numbers are given."""
    lines = [
        f"{environment['device']}, {environment['cores']} cores, {environment['threads']} threads, "
        f"load {environment['load_before']} before; python {environment['python']}, "
        f"torch {environment['torch']}, numpy {environment['numpy']}, Pillow {environment['pillow']}; "
        f"alseg {environment['git']}",
        f"{environment['repeats']} turns; median (lowest-highest)",
    ]
    if environment["quick"]:
        lines.append("--quick: the numbers say nothing, only that everything works")
    return "\n".join(lines)


def result_text(result: Result, width: int = WIDTH) -> str:
    """Return the table of a benchmark after an empty line, medians with extremes.

    Args:
        result: What was measured.
        width: Columns that tables may take.
    """
    lines = ["", f"{result.name}: {result.setting}", *_table(result, width)]
    lines += [f"  {what}: {how_much}" for what, how_much in result.facts.items()]
    return "\n".join(lines)


def line_text(line: Line) -> str:
    """Return one line of a table as a sentence, for those who watch: times, their ratio and memory."""
    parts = [
        _seconds(line.ours),
        f"plain {_seconds(line.plain)}" if line.plain is not None else "",
        f"plain / ours {_number(line.ratio)}" if line.ratio is not None else "",
        _memory(line),
    ]
    return f"{line.work}: {', '.join(part for part in parts if part)}"


def _table(result: Result, width: int) -> list[str]:
    cells = {
        "ours": [_seconds(line.ours) for line in result.lines],
        "softmax units": [_number(line.units) for line in result.lines],
        "forward passes": [_number(line.forwards) for line in result.lines],
        "plain": [_seconds(line.plain) for line in result.lines],
        "plain / ours": [_number(line.ratio) for line in result.lines],
        "peak memory": [_memory(line) for line in result.lines],
        "page faults": [_faults(line) for line in result.lines],
        **_pool_cells([line.pool for line in result.lines]),
    }
    columns = [column(title, texts, "left") for title, texts in cells.items() if any(texts)]
    work = column("work", [line.work for line in result.lines], "left")
    notes = ["; ".join(line.notes) for line in result.lines]
    return [line.plain for line in lay_out([work], [columns], width, remarks=notes)]


def _pool_cells(pools: Sequence[PoolCost | None]) -> dict[str, list[str]]:
    """Return what acquisitions do once for a whole pool, as columns."""

    def cells(text: Callable[[PoolCost], str]) -> list[str]:
        return ["" if pool is None else text(pool) for pool in pools]

    return {
        "observations": cells(lambda pool: _mebibytes(pool.observed_bytes)),
        "rank": cells(lambda pool: f"{_short(pool.seconds)} s"),
        "rank memory": cells(lambda pool: "" if pool.peak_bytes is None else _mebibytes(pool.peak_bytes)),
        "n^": cells(lambda pool: f"{pool.by_images:.2f}"),
        "R^": cells(lambda pool: "" if pool.by_regions is None else f"{pool.by_regions:.2f}"),
    }


def _seconds(spread: Spread | None) -> str:
    if spread is None:
        return ""
    factor, unit = (1.0, "s") if spread.median >= 1 else (1000.0, "ms")
    return f"{_spread(spread.scaled(factor))} {unit}"


def _number(spread: Spread | None) -> str:
    return "" if spread is None else _spread(spread)


def _spread(spread: Spread) -> str:
    return f"{_short(spread.median)} ({_short(spread.low)}-{_short(spread.high)})"


def _short(value: float) -> str:
    """Return a number with three significant digits, thousands in full."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _mebibytes(count: int) -> str:
    return f"{count / 2**20:,.0f} MiB" if count >= 2**20 else f"{count / 2**20:.2f} MiB"


def _memory(line: Line) -> str:
    if line.peak_bytes is None:
        return ""
    ours = f"{line.peak_bytes / 2**20:,.0f} MiB"
    return ours if line.plain_peak_bytes is None else f"{ours} (plain {line.plain_peak_bytes / 2**20:,.0f})"


def _faults(line: Line) -> str:
    if line.faults is None:
        return ""
    ours = f"{line.faults.median:,.0f}"
    return ours if line.plain_faults is None else f"{ours} (plain {line.plain_faults.median:,.0f})"
