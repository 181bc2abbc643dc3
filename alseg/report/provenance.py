"""Where results come from: commands, versions, hardware, times. Read from run folders for the report.

What is missing or damaged is left out here: `alseg.storage.reader` has read the files that numbers come from.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from alseg import version
from alseg.analysis.comparison import Comparison
from alseg.analysis.notes import state_of
from alseg.errors import AlsegError
from alseg.storage.attempts import read_attempt
from alseg.storage.durations import attempt_seconds
from alseg.storage.layout import attempt_files
from alseg.storage.records import Results, Run
from alseg.storage.round_metrics import read_timing
from alseg.storage.run_description import read_run_file

RUN_COLUMNS = ("Run", "Method", "Seed", "State", "Device", "Seconds", "Started", "Source")
"""Titles of the columns of `run_records`."""


def provenance(results: Results, comparison: Comparison, command: str) -> list[tuple[str, list[str]]]:
    """Return terms and their values for a reader who wants to know or repeat what was done.

    Args:
        results: The runs.
        comparison: Their comparison.
        command: The command that makes the report.
    """
    attempts = [attempt for run in results.runs for attempt in attempts_of(run)]
    plugins = dict.fromkeys(
        f"{each.get('plugin')} ({each.get('distribution')} {each.get('version')})"
        for run in results.runs
        for each in _plugins_of(run)
    )
    sources = dict.fromkeys(_experiment_of(run) for run in results.runs)
    seeds = sorted({run.seed for run in results.runs})
    times = [seconds_of(run) for run in results.runs]
    seconds = sum(time for time in times if time is not None)
    untimed = f"; unknown for {times.count(None)}, whose clock was set" if None in times else ""
    now = datetime.datetime.now(datetime.UTC)
    terms = [
        ("Made with", [f"alseg {version.installed_version()}, {now:%Y-%m-%d %H:%M} UTC"]),
        ("This page", [command] if command else []),
        ("The runs", list(sources)),
        ("Seeds", [", ".join(map(str, seeds))]),
        ("Scorer", [f"version {comparison.scorer}"]),
        ("Python", _known(attempt.get("python") for attempt in attempts)),
        ("torch", _known(attempt.get("torch") for attempt in attempts)),
        ("Source tree", _known(attempt.get("git") for attempt in attempts)),
        ("Hardware", _hardware(results.runs)),
        ("Precision", _known(attempt.get("precision") for attempt in attempts)),
        ("Time", [f"{seconds / 3600:.2f} device-hours in all attempts of {len(results.runs)} runs{untimed}"]),
        ("Plugins", list(plugins)),
    ]
    return [(term, values) for term, values in terms if values]


def run_records(runs: Iterable[Run]) -> list[list[str | int]]:
    """Return one line per run, as `RUN_COLUMNS` has it."""
    return [
        [
            run.name,
            run.method.label,
            run.seed,
            state_of(run),
            " then ".join(run.devices) or "unknown",
            _whole(seconds_of(run)),
            next((str(attempt.get("start", "")) for attempt in attempts_of(run)), ""),
            next((str(attempt.get("git") or "") for attempt in attempts_of(run)), ""),
        ]
        for run in runs
    ]


def attempts_of(run: Run) -> list[dict[str, Any]]:
    """Return the environments of a run's attempts, first to last; without those that cannot be read."""
    attempts = []
    for path in attempt_files(run.folder).values():
        with suppress(AlsegError):
            attempts.append(read_attempt(path))
    return attempts


def seconds_of(run: Run) -> float | None:
    """Return what all attempts that have ended took, in seconds; None where a clock was set meanwhile."""
    total = 0.0
    for attempt in attempts_of(run):
        if not attempt.get("end"):
            continue
        seconds = attempt_seconds(attempt)
        if seconds is None:
            return None
        total += seconds
    return total


def _whole(seconds: float | None) -> str:
    return "unknown" if seconds is None else f"{seconds:.0f}"


def phase_seconds(runs: Sequence[Run]) -> dict[str, float]:
    """Return the seconds that each phase took in all rounds, averaged over runs; without phases no run has.

    Source training that several runs have in common counts in the one that did it. A run of which the times
    of a round are missing or damaged is left out: the rest would look like all.
    """
    timed = [timing for timing in map(_timing_of, runs) if timing is not None]
    totals: dict[str, float] = {}
    for timing in timed:
        for phase, seconds in timing:
            totals[phase] = totals.get(phase, 0.0) + seconds
    return {phase: total / len(timed) for phase, total in totals.items()}


def class_colors(run: Run) -> list[list[int]]:
    """Return the colours of the classes, RGB 0-255, in table order; grey where the run does not say."""
    try:
        colors = read_run_file(run.folder).label_space.colors
    except AlsegError:
        colors = ()
    return [list(color) for color in colors] or [[128, 128, 128] for _ in run.label_space.classes]


def settings_text(run: Run) -> str:
    """Return a run's whole specification as indented JSON."""
    return json.dumps(dict(run.spec), indent=1, ensure_ascii=False)


def _timing_of(run: Run) -> list[tuple[str, float]] | None:
    """Return phases with their seconds, round after round; None where a round's cannot be read."""
    folders = [run.round_folder(result.round) for result in run.rounds]
    try:
        return [item for folder in folders for item in read_timing(folder).items()]
    except AlsegError:
        return None


def _plugins_of(run: Run) -> tuple[Mapping[str, str], ...]:
    try:
        return read_run_file(run.folder).plugins
    except AlsegError:
        return ()


def _experiment_of(run: Run) -> str:
    """Return how to run the experiment of a run, or where its file is packed."""
    file = run.place.parent.parent / "experiment.yaml"
    return f"alseg run {file}" if run.shown is None else f"{file}, packed"


def _known(values: Iterable[Any]) -> list[str]:
    return list(dict.fromkeys(str(value) for value in values if value))


def _hardware(runs: Iterable[Run]) -> list[str]:
    counts: dict[str, int] = {}
    for run in runs:
        device = " then ".join(run.devices) or "unknown"
        counts[device] = counts.get(device, 0) + 1
    return [f"{device} ({count} run{'' if count == 1 else 's'})" for device, count in counts.items()]
