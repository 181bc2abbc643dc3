"""``alseg status``: which runs are done, running, failed or still to do, and why."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from alseg.cli.options import RESULTS, json_option
from alseg.text.display import output_width, put_json, say

if TYPE_CHECKING:
    from alseg.launch.status import ExperimentState, RoundState, RunState
    from alseg.text.layout import Filled

_LONGEST_BAR = 10
"""Characters of a bar of rounds; bars of more rounds are scaled."""
_LONGEST_REASON = 300
"""Characters of a reason; ``--json`` has all."""


@click.command("status")
@click.argument("results", required=False, type=click.Path(path_type=Path))
@json_option("All that is known, rounds included, as JSON.")
@click.option("--watch", "watches", is_flag=True, help="Show it again and again, until all runs have ended.")
def command(results: Path | None, as_json: bool, watches: bool) -> None:
    """Show how far the runs in RESULTS are, such as results/quickstart.

    Without RESULTS, those of the one experiment in the folder results.
    """
    from alseg.launch.status import experiment_state
    from alseg.storage.reader import the_only_results
    from alseg.text.printable import printable

    if watches and as_json:
        raise click.UsageError("--watch is for people, --json for programs. Give one of them.")
    folder = the_only_results(RESULTS) if results is None else results
    if watches:
        from alseg.cli.watching import watch

        watch(folder)
        return
    found = experiment_state(folder)
    for note in found.notes:
        say(f"note: {printable(note)}", err=True)
    if as_json:
        put_json(_as_json(found))
    else:
        say(_as_table(found, output_width()))


def _as_json(found: ExperimentState) -> str:
    from dataclasses import asdict

    shared = [asdict(each) for each in found.shared]
    content = {"runs": [asdict(run) for run in found.runs], "shared": shared}
    return json.dumps(content, indent=1, allow_nan=False)


def _as_table(found: ExperimentState, width: int) -> str:
    from collections import Counter

    from alseg.text.durations import about
    from alseg.text.layout import column, lay_out
    from alseg.text.printable import printable

    runs = found.runs
    keys = [
        column("method", [printable(run.method or run.name) for run in runs], "left"),
        column("seed", ["" if run.seed is None else str(run.seed) for run in runs]),
    ]
    columns = [
        column("state", [run.state for run in runs], "left"),
        column("rounds", list(map(_progress, runs)), "left"),
        column("time", [_duration(run.seconds) for run in runs]),
    ]
    last = [run.rounds[-1] if run.rounds else None for run in runs]
    blind = any(each and (each.new_answers_accuracy, each.held_out_answers) != (None, None) for each in last)
    scores = list(map(_miou, runs))
    columns += [column("mIoU", scores)] if any(scores) else []  # none without evaluation labels
    columns += _columns_of_answers(last) if blind else []
    lines = lay_out(keys, [columns], width, remarks=[_shortened(printable(_remark(run))) for run in runs])
    counts = ", ".join(f"{count} {state}" for state, count in Counter(run.state for run in runs).items())
    noun = "run" if len(runs) == 1 else "runs"
    lines_of_shared = [
        printable(f"{each.unit}: {', '.join(filter(None, (each.phase, _left(each.seconds_left), each.why)))}")
        for each in found.shared
    ]
    logs = [printable(f"log of {run.name}: {run.log}") for run in runs if run.log]
    left = "" if found.seconds_left is None else f" All of them: {about(found.seconds_left)} left."
    return "\n".join(
        [*(line.plain for line in lines), *lines_of_shared, *logs, "", f"{len(runs)} {noun}: {counts}.{left}"]
    )


def _remark(run: RunState) -> str:
    """Return the reason of a state, and what a run that is being done is at."""
    from alseg.text.durations import rough

    silent = f"no sign of life for {rough(run.silent_seconds)}" if run.silent_seconds else ""
    failed_on = f"on {run.host}: " if run.host and run.state != "running" else ""
    again = f"started again, try {run.tries}" if run.tries > 1 else ""
    waits_for = f"waits for {run.waits_for}" if run.waits_for else ""
    why = f"{failed_on}{run.why}" if run.why else ""
    parts = (run.phase, silent or _left(run.seconds_left), waits_for, again, why)
    return ", ".join(filter(None, parts))


def _left(seconds: float | None) -> str:
    from alseg.text.durations import about

    return "" if seconds is None else f"{about(seconds)} left"


def _progress(run: RunState) -> str:
    """Return a bar of the rounds committed, and how many of how many they are, such as ``##... 2/5``."""
    done = len(run.rounds)
    planned = max(run.planned or 0, done)
    if not planned:
        return ""
    length = min(planned, _LONGEST_BAR)
    filled = done * length // planned
    return f"{'#' * filled}{'.' * (length - filled)} {done}/{planned}"


def _columns_of_answers(last: list[RoundState | None]) -> list[Filled]:
    """Return what is known of runs without evaluation labels after their last round."""
    from alseg.text.layout import column

    accuracy = [_percent(each.new_answers_accuracy if each else None) for each in last]
    columns = [column("accuracy on new answers", accuracy)]
    estimates = [
        f"{each.miou_estimate:.2f} N={each.held_out_answers:,}"
        if each and each.miou_estimate is not None
        else ""
        for each in last
    ]
    return [*columns, *([column("estimate from N held-out answers", estimates)] if any(estimates) else [])]


def _percent(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _miou(run: RunState) -> str:
    return _percent(run.rounds[-1].miou if run.rounds else None)


def _shortened(reason: str) -> str:
    """Return a reason of bearable length, whole words of it."""
    import textwrap

    return textwrap.shorten(reason, _LONGEST_REASON, placeholder=" ... (all of it: --json)")


def _duration(seconds: float | None) -> str:
    """Return hours, minutes and seconds, such as ``1:02:03``; nothing for none at all."""
    if not seconds:
        return "unknown" if seconds is None else ""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}"
