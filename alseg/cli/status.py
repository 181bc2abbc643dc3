"""``alseg status``: which runs are done, running, failed or still to do, and why."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from alseg.runstates import ExperimentState, RunState

_LONGEST_REASON = 100


@click.command("status")
@click.argument("results", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="All that is known, rounds included, as JSON.")
def command(results: Path, as_json: bool) -> None:
    """Show how far the runs in RESULTS are, such as results/quickstart."""
    from alseg.runstates import experiment_state

    found = experiment_state(results)
    for note in found.notes:
        click.echo(f"note: {_printable(note)}", err=True)
    click.echo(_as_json(found) if as_json else _as_table(found))


def _as_json(found: ExperimentState) -> str:
    from dataclasses import asdict

    return json.dumps({"runs": [asdict(run) for run in found.runs]}, indent=1, allow_nan=False)


def _as_table(found: ExperimentState) -> str:
    from collections import Counter

    from tabulate import tabulate

    rows = [_row(run) for run in found.runs]
    headers = ("method", "seed", "state", "rounds", "time", "mIoU", "")
    alignment = ("left", "right", "left", "left", "right", "right", "left")
    table = tabulate(rows, headers, disable_numparse=True, colalign=alignment)
    counts = ", ".join(f"{count} {state}" for state, count in Counter(r.state for r in found.runs).items())
    return f"{table}\n\n{len(found.runs)} runs: {counts}."


def _row(run: RunState) -> tuple[str, ...]:
    done = len(run.rounds)
    planned = max(run.planned or 0, done)
    miou = run.rounds[-1].miou if run.rounds else None
    why = _printable(run.why)
    return (
        _printable(run.method or run.name),
        "" if run.seed is None else str(run.seed),
        run.state,
        f"{'#' * done}{'.' * (planned - done)} {done}/{planned}" if planned else "",
        _duration(run.seconds) if run.seconds else "",
        "" if miou is None else f"{miou:.2f}",
        why if len(why) <= _LONGEST_REASON else f"{why[:_LONGEST_REASON]}...",
    )


def _duration(seconds: float) -> str:
    """Return hours, minutes and seconds, such as ``1:02:03``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}"


def _printable(text: str) -> str:
    """Return text that cannot move a terminal's cursor."""
    return "".join(c if c.isprintable() else "?" for c in text)
