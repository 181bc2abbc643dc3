"""An experiment of eight runs by ``--on local:2``, beside one process; one thread each."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from alseg.errors import AlsegError
from alseg.files import sha256_of
from alseg.perf.result import Line, Options, Result, Spread
from alseg.perf.threads import RUN
from alseg.system.threads import look

PROCESSES = 2
ACQUISITIONS = ("random", "entropy", "margin", "least-confidence")
_RESULTS = ("ledger.npy", "metrics.json", "confusion.npz", "weights.pt")


def document(*, quick: bool) -> dict[str, Any]:
    """Return the experiment: four methods and two seeds; with ``quick`` one seed and few steps."""
    methods = [
        {"label": name, "acquisition": name, "annotation": "region", "budget": "5%"} for name in ACQUISITIONS
    ]
    recipe = {**RUN["recipe"], "iterations": 2 if quick else RUN["recipe"]["iterations"]}
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
    content = document(quick=options.quick)
    runs = len(content["methods"]) * len(content["seeds"])
    ours: list[float] = []
    plain: list[float] = []
    for turn in range(options.repeats):
        options.on_step(f"{runs} runs, turn {turn + 1}: one process, then local:{PROCESSES}")
        with tempfile.TemporaryDirectory(prefix="alseg-perf-") as folder:
            seconds, expected = _timed(content, Path(folder) / "one")
            plain.append(seconds)
            seconds, found = _timed(content, Path(folder) / "local", "--on", f"local:{PROCESSES}")
            ours.append(seconds)
        different = sorted(name for name in expected | found if expected.get(name) != found.get(name))
        if different:
            raise AlsegError(
                f"local:{PROCESSES} and one process differ in {different[0]} and {len(different) - 1} others."
            )
    mine, theirs = Spread(ours), Spread(plain)
    ratio = theirs.over(mine)
    return Result(
        name="executors",
        setting=f"the quickstart's network, {look().cores} cores, one thread each; plain: one process",
        lines=[Line(work=f"{runs} runs by local:{PROCESSES}", ours=mine, plain=theirs, ratio=ratio)],
        facts={f"one process in units of local:{PROCESSES}": f"{ratio.median:.2f}"},
    )


def timed_run(content: Mapping[str, Any], results: Path, *arguments: str) -> float:
    """Do an experiment with the real command, and return how many seconds it took.

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
    ended = subprocess.run(command, env=dict(os.environ), capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - started
    if ended.returncode:
        raise AlsegError(f"alseg run failed: {ended.stderr.strip().splitlines()[-1]}")
    return seconds


def _timed(content: Mapping[str, Any], results: Path, *arguments: str) -> tuple[float, dict[str, str]]:
    """Do the experiment with the real command; returns seconds, and the digest of each result file."""
    seconds = timed_run(content, results, *arguments)
    runs = results / "executors" / "runs"
    files = [path for path in runs.rglob("*") if path.name in _RESULTS]
    return seconds, {str(path.relative_to(runs)): sha256_of(path) for path in files}
