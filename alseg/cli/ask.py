"""``alseg ask``: what runs ask people, as a table and as task folders."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from alseg.cli.inputs import read_registry
from alseg.cli.options import FOLDER, root_option
from alseg.text.display import output_width, say, say_command

if TYPE_CHECKING:
    from alseg.asking.waiting_run import WaitingRun

SECONDS_PER_CLICK = 3.0
"""What a click is taken to last, in estimates of work."""


@click.command("ask")
@click.argument("results", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=FOLDER, help="Write a task folder for each run into this folder.")
@click.option("--run", "wanted", metavar="NAME", help="Only this run: its folder's name, or how it begins.")
@root_option("Folder of the data sets. [default: the run's]")
def command(results: Path, output: Path | None, wanted: str | None, root: Path | None) -> None:
    """Show what the runs in RESULTS ask people, and write what these need to answer.

    RESULTS is a result folder or a run folder.
    """
    from alseg.asking.waiting_run import find_waiting

    runs = find_waiting(results, read_registry(), root, wanted)
    say("\n".join(_table(runs, output_width())))
    if output is None:
        say_command("Write what people need:", f"alseg ask {results} -o tasks", err=True)
        return
    from alseg.asking.export import export

    for run in runs:
        folder, first = export(run, output)
        name = "" if len(runs) == 1 else f" --run {run.folder.name}"
        say(f"{folder}: begin with {', '.join(each.name for each in first) or 'the files in it'}", err=True)
        say_command("Then:", f"alseg answer {results} FILE{name}", err=True)


def _table(runs: Sequence[WaitingRun], width: int) -> list[str]:
    """Return what is asked, one line a run, and what the estimate of work takes for granted."""
    from alseg.text.layout import column, lay_out
    from alseg.text.printable import printable

    keys = [
        column("run", [printable(run.folder.name) for run in runs], "left"),
        column("round", [str(run.round) for run in runs]),
    ]
    columns = [
        column("by", [run.people.tool.name for run in runs], "left"),
        column("says", [run.kind for run in runs], "left"),
        column("questions", [f"{run.answered.total:,}" for run in runs]),
        column("answered", [f"{run.answered.count:,}" for run in runs]),
        column("images", [f"{len(run.questions.picks):,}" for run in runs]),
        column("pixels", [f"{_pixels(run):,}" for run in runs]),
        column("budget", [_budget(run) for run in runs]),
        column("clicks", [_range(*run.estimated_clicks()) for run in runs]),
        column("minutes", [_range(*_minutes(run)) for run in runs]),
    ]
    lines = [line.plain for line in lay_out(keys, [columns], width)]
    notes = ["", f"Minutes: {SECONDS_PER_CLICK:g} seconds a click."]
    if any(run.limits.currency == "clicks" for run in runs):
        notes.append(
            "A budget in clicks may end before the last question: answer in the order of the numbers."
        )
    return [*lines, *notes]


def _pixels(run: WaitingRun) -> int:
    return sum(int(picks.pixels.sum()) for picks in run.questions.picks.values())


def _budget(run: WaitingRun) -> str:
    """Return what the round may spend."""
    limits = run.limits
    left = limits.pool if limits.per_image is None else sum(limits.per_image)
    return f"{left:,} {'px' if limits.currency == 'pixels' else limits.currency}"


def _minutes(run: WaitingRun) -> tuple[int, int | None]:
    fewest, most = run.estimated_clicks()
    return _in_minutes(fewest), None if most is None else _in_minutes(most)


def _in_minutes(clicks: int) -> int:
    return max(1, round(clicks * SECONDS_PER_CLICK / 60))


def _range(fewest: int, most: int | None) -> str:
    if most is None:
        return f"{fewest:,}+"
    return f"{fewest:,}" if most == fewest else f"{fewest:,}-{most:,}"
