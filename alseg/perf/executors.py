"""Experiments of eight runs by ``--on local:2``, beside one process; one thread each.

Wall time says what two processes are good for, on two cores that are free. How much that can be is measured
beside it: by two processes that do nothing but take training steps, which share memory and caches too, and by
the time in which an experiment has work for one process only. What it costs to have units done elsewhere is
counted in the processor's time by ``local:1``, where nothing else of the experiment keeps a core busy.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from alseg.errors import AlsegError
from alseg.files import sha256_of
from alseg.perf.result import Line, Options, Result, Spread
from alseg.perf.threads import OURS, RUN, sides, step_seconds, stepping_process, take_steps
from alseg.storage.unit_files import UNITS_NAME
from alseg.system.threads import look

PROCESSES = 2
SHORT, LONG = 40, 400
"""Steps of a run. A short one takes some seconds, so that what a process needs to begin counts; a long one
half a minute or so, in which it hardly does. One of gta2city has 40,000."""

BARE_SECONDS = 10.0
"""How long processes that only take training steps do so in a turn."""

ACQUISITIONS = ("random", "entropy", "margin", "least-confidence")
_RESULTS = ("ledger.npy", "metrics.json", "confusion.npz", "weights.pt")
_IMPORTS = "import alseg.launch.work, segmentation_models_pytorch, os; os._exit(0)"
"""What the process imports that is copied for units, beside the dispatcher. It ends at once, too."""


class Timed(NamedTuple):
    """A command that has ended.

    Attributes:
        seconds: From its start to its end.
        processor: Seconds of processor time, of it and all processes that it started.
        files: The digest of each result file.
        at_work: Seconds in which no unit was at work, one, two and so on; empty without an executor.
    """

    seconds: float
    processor: float
    files: dict[str, str]
    at_work: Sequence[float] = ()


class _Measured(NamedTuple):
    """One length of runs, in turns.

    Attributes:
        ours: Wall times of ``local:2``, in seconds.
        plain: Wall times of one process.
        at_work: Of ``local:2``, see `Timed`.
        more: Seconds of processor time that each run takes more by ``local:1`` than in one process, imports
            aside; empty where that is not measured.
    """

    ours: list[float]
    plain: list[float]
    at_work: list[Sequence[float]]
    more: list[float]

    def facts(self, work: str) -> dict[str, str]:
        """Return the ratio, for how long how many units worked, and what a run costs.

        Args:
            work: What was done; the facts' names begin with it.
        """
        ratio = Spread(self.plain).over(Spread(self.ours)).median
        found = {f"{work}: one process in units of local:{PROCESSES}": f"{ratio:.2f}"}
        working = [statistics.median(turn[count] for turn in self.at_work) for count in range(PROCESSES + 1)]
        fewer = 1 - working[PROCESSES] / sum(working)
        found[f"{work} by local:{PROCESSES}: seconds with 0, 1 and {PROCESSES} units at work"] = (
            f"{', '.join(f'{seconds:.1f}' for seconds in working)}; "
            f"fewer than {PROCESSES} for {fewer:.0%} of the time"
        )
        if self.more:
            what = f"{work} by local:1: processor seconds more for each, imports aside"
            found[what] = f"{Spread(self.more).median:.1f}"
        return found


def document(*, quick: bool, iterations: int = SHORT) -> dict[str, Any]:
    """Return the experiment: four methods and two seeds; with ``quick`` one seed and few steps.

    Args:
        quick: Whether to do as little as shows that all works.
        iterations: Steps of a run, half of which are shared.
    """
    methods = [
        {"label": name, "acquisition": name, "annotation": "region", "budget": "5%"} for name in ACQUISITIONS
    ]
    recipe = {**RUN["recipe"], "iterations": 2 if quick else iterations}
    return {
        **RUN,
        "name": "executors",
        "recipe": recipe,
        "rounds": [recipe["iterations"] // 2],
        "methods": methods[: 2 if quick else None],
        "seeds": [0] if quick else [0, 1],
        "settings": {"device": "cpu", "threads": 1},
    }


def run(options: Options) -> Result:
    """Time both sides in turns and compare their files.

    Raises:
        AlsegError: If a command fails, or both sides do not give the same bytes.
    """
    lines: list[Line] = []
    facts: dict[str, str] = {}
    for name, iterations in (("short", SHORT),) if options.quick else (("short", SHORT), ("long", LONG)):
        content = document(quick=options.quick, iterations=iterations)
        runs = len(content["methods"]) * len(content["seeds"])
        work = f"{runs} {name} runs"
        found = _measured(content, work, runs, options, costs=name == "short")
        mine, theirs = Spread(found.ours), Spread(found.plain)
        line = Line(work=f"{work} by local:{PROCESSES}", ours=mine, plain=theirs, ratio=theirs.over(mine))
        lines.append(options.told(line))
        facts |= found.facts(work)
    facts["steps of two bare processes side by side, in units of one"] = f"{_bare(options).median:.2f}"
    return Result(
        name="executors",
        setting=f"the quickstart's network, {look().cores} cores, one thread each; plain: one process",
        lines=lines,
        facts=facts,
    )


def _measured(
    content: Mapping[str, Any], work: str, runs: int, options: Options, *, costs: bool
) -> _Measured:
    """Do an experiment in one process and in two, in turns; with ``costs`` by ``local:1``, too.

    Raises:
        AlsegError: If a command fails, or the sides do not give the same bytes.
    """
    found = _Measured([], [], [], [])
    counts = (PROCESSES, 1) if costs else (PROCESSES,)
    for turn in range(options.repeats):
        options.on_step(f"{work}, turn {turn + 1}: one process, then local:{PROCESSES}")
        with tempfile.TemporaryDirectory(prefix="alseg-perf-") as folder:
            one = timed_run(content, Path(folder) / "one")
            local = {
                count: timed_run(content, Path(folder) / f"local-{count}", "--on", f"local:{count}")
                for count in counts
            }
        for count, ended in local.items():
            _compare(one.files, ended.files, count)
        found.plain.append(one.seconds)
        found.ours.append(local[PROCESSES].seconds)
        found.at_work.append(local[PROCESSES].at_work)
        if costs:
            imports = _processor_seconds([sys.executable, "-c", _IMPORTS])
            found.more.append((local[1].processor - one.processor - imports) / runs)
    return found


def _compare(before: Mapping[str, str], after: Mapping[str, str], count: int) -> None:
    """Compare the digests of files.

    Raises:
        AlsegError: If they differ.
    """
    different = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    if different:
        raise AlsegError(
            f"local:{count} and one process differ in {different[0]} and {len(different) - 1} others."
        )


def _bare(options: Options) -> Spread:
    """Return how many steps two processes take in the time in which one takes one, turn by turn.

    Raises:
        AlsegError: If a process ends before it should.
    """
    options.on_step("training steps of one bare process, then of two side by side")
    seconds = 0.0 if options.quick else BARE_SECONDS
    found: list[float] = []
    with ExitStack() as stack:
        environment = sides(1)[OURS]
        workers = [stack.enter_context(stepping_process(environment)) for _ in range(PROCESSES)]
        for _ in range(options.repeats):
            take_steps(workers[0], seconds)
            alone = step_seconds(workers[0])
            for worker in workers:
                take_steps(worker, seconds)
            found.append(sum(alone / step_seconds(worker) for worker in workers))
    return Spread(found)


def timed_run(content: Mapping[str, Any], results: Path, *arguments: str) -> Timed:
    """Do an experiment with the real command.

    Args:
        content: Of the experiment file.
        results: As ``--results``; made if it is not there.
        arguments: More words of the command.

    Raises:
        AlsegError: If the command fails.
    """
    results.mkdir(exist_ok=True)
    file = results / "experiment-file.yaml"
    file.write_text(json.dumps(content))
    command = [sys.executable, "-m", "alseg", "run", str(file), "--results", str(results), *arguments]
    began, started = time.time(), time.perf_counter()
    processor = _processor_seconds(command)
    seconds = time.perf_counter() - started
    root = results / "executors"
    runs = root / "runs"
    files = [path for path in runs.rglob("*") if path.name in _RESULTS]
    digests = {str(path.relative_to(runs)): sha256_of(path) for path in files}
    units = [_span(file) for file in (root / UNITS_NAME).glob("*.json")]
    at_work = seconds_at_work(units, began, began + seconds, PROCESSES) if units else ()
    return Timed(seconds, processor, digests, at_work)


def seconds_at_work(
    units: Sequence[tuple[float, float]], began: float, ended: float, most: int
) -> tuple[float, ...]:
    """Return for how long no unit was at work, one, two, ..., ``most`` or more.

    Args:
        units: When each began and ended, in seconds.
        began: Of all.
        ended: Of all.
        most: Up to how many units are told apart.
    """
    within = [(max(first, began), min(last, ended)) for first, last in units]
    edges = sorted({began, ended, *(edge for span in within for edge in span)})
    seconds = [0.0] * (most + 1)
    for first, last in pairwise(edges):
        count = sum(start <= first and last <= stop for start, stop in within)
        seconds[min(count, most)] += last - first
    return tuple(seconds)


def _span(file: Path) -> tuple[float, float]:
    """Return when a unit began and ended, in seconds of `time.time`: it is written when it has ended."""
    ended = file.stat().st_mtime
    return ended - json.loads(file.read_text())["seconds"], ended


def _processor_seconds(command: Sequence[str]) -> float:
    """Run a command; return the processor time that it and its own processes took.

    Raises:
        AlsegError: If it fails.
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    ended = subprocess.run(command, env=dict(os.environ), capture_output=True, text=True, check=False)
    if ended.returncode:
        last = (ended.stderr.strip().splitlines() or ["it printed nothing"])[-1]
        raise AlsegError(f"{' '.join(command[1:])} failed with exit code {ended.returncode}: {last}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
