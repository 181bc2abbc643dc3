"""Experiments of eight runs by ``--on local:2``, beside one process; one thread each.

Wall time says what two processes are good for, on two cores that are free. What it costs to have units done
elsewhere is counted in the processor's time, which hardly depends on what else the machine does.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from alseg.errors import AlsegError
from alseg.files import sha256_of
from alseg.perf.result import Line, Options, Result, Spread
from alseg.perf.threads import RUN
from alseg.system.threads import look

PROCESSES = 2
SHORT, LONG = 40, 160
"""Steps of a run. A short one takes 8 seconds or so, so that what a process needs to begin counts; a long one
takes 30, as one of the quickstart's."""

ACQUISITIONS = ("random", "entropy", "margin", "least-confidence")
_RESULTS = ("ledger.npy", "metrics.json", "confusion.npz", "weights.pt")
_IMPORTS = "import alseg.launch.work, segmentation_models_pytorch"
"""What the process imports of which units are copies, besides what the dispatcher does."""


class Timed(NamedTuple):
    """A command that has ended.

    Attributes:
        seconds: From its start to its end.
        processor: Seconds of processor time, of it and all processes that it started.
        files: The digest of each result file.
    """

    seconds: float
    processor: float
    files: dict[str, str]


class _Measured(NamedTuple):
    """One length of runs, in turns.

    Attributes:
        ours: Wall times of ``local:2``, in seconds.
        plain: Wall times of one process.
        more: Seconds of processor time that each run takes more than in one process, imports aside.
    """

    ours: list[float]
    plain: list[float]
    more: list[float]


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
        found = _measured(content, work, runs, options)
        mine, theirs = Spread(found.ours), Spread(found.plain)
        ratio = theirs.over(mine)
        lines.append(Line(work=f"{work} by local:{PROCESSES}", ours=mine, plain=theirs, ratio=ratio))
        facts[f"{work}: one process in units of local:{PROCESSES}"] = f"{ratio.median:.2f}"
        more = f"{Spread(found.more).median:.1f}"
        facts[f"{work}: processor seconds more for each, imports aside"] = more
    return Result(
        name="executors",
        setting=f"the quickstart's network, {look().cores} cores, one thread each; plain: one process",
        lines=lines,
        facts=facts,
    )


def _measured(content: Mapping[str, Any], work: str, runs: int, options: Options) -> _Measured:
    """Do an experiment in one process and in two, in turns.

    Raises:
        AlsegError: If a command fails, or both sides do not give the same bytes.
    """
    found = _Measured([], [], [])
    for turn in range(options.repeats):
        options.on_step(f"{work}, turn {turn + 1}: one process, then local:{PROCESSES}")
        with tempfile.TemporaryDirectory(prefix="alseg-perf-") as folder:
            one = timed_run(content, Path(folder) / "one")
            local = timed_run(content, Path(folder) / "local", "--on", f"local:{PROCESSES}")
        imports = _processor_seconds([sys.executable, "-c", _IMPORTS])
        found.plain.append(one.seconds)
        found.ours.append(local.seconds)
        found.more.append((local.processor - one.processor - imports) / runs)
        before, after = one.files, local.files
        different = sorted(name for name in before | after if before.get(name) != after.get(name))
        if different:
            raise AlsegError(
                f"local:{PROCESSES} and one process differ in {different[0]} and {len(different) - 1} others."
            )
    return found


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
    started = time.perf_counter()
    processor = _processor_seconds(command)
    seconds = time.perf_counter() - started
    runs = results / "executors" / "runs"
    files = [path for path in runs.rglob("*") if path.name in _RESULTS]
    return Timed(seconds, processor, {str(path.relative_to(runs)): sha256_of(path) for path in files})


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
