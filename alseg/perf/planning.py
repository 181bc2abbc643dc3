"""What ``alseg plan`` tells of an experiment of eight runs by ``--on local:2``, beside how long it takes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from alseg.errors import AlsegError
from alseg.perf.executors import PROCESSES, document, timed_run
from alseg.perf.result import Line, Options, Result, Spread
from alseg.system.threads import look

_ON = ("--on", f"local:{PROCESSES}")


def run(options: Options) -> Result:
    """Time one process, plan two with its times, and time two.

    The start of a process is measured by the same command given again, when nothing is left to do but to
    start all units; what `alseg run` itself does before them, by ``--dry-run``.

    Raises:
        AlsegError: If a command fails.
    """
    content = document(quick=options.quick)
    runs = len(content["methods"]) * len(content["seeds"])
    planned: list[float] = []
    measured: list[float] = []
    starts: list[float] = []
    for turn in range(options.repeats):
        options.on_step(f"{runs} runs, turn {turn + 1}: one process, then local:{PROCESSES}")
        with tempfile.TemporaryDirectory(prefix="alseg-perf-") as folder:
            one, local = Path(folder) / "one", Path(folder) / "local"
            timed_run(content, one)
            measured.append(timed_run(content, local, *_ON).seconds)
            before = timed_run(content, local, "--dry-run").seconds
            again = timed_run(content, local, *_ON).seconds
            starts.append(max(0.0, again - before) * PROCESSES / runs)
            planned.append(before + _planned(one, starts[-1]))
    ours, plain = Spread(planned), Spread(measured)
    line = Line(work=f"{runs} runs by local:{PROCESSES}", ours=ours, plain=plain, ratio=plain.over(ours))
    return Result(
        name="planning",
        setting=f"the quickstart's network, {look().cores} cores, one thread each; plain: the time in fact",
        lines=[options.told(line)],
        facts={
            "seconds to start a unit": f"{Spread(starts).median:.1f}",
            "measured in units of planned": f"{plain.over(ours).median:.2f}",
        },
    )


def _planned(results: Path, start: float) -> float:
    """Return the likeliest wall time that the command tells, in seconds."""
    file = results / "experiment-file.yaml"
    command = [sys.executable, "-m", "alseg", "plan", str(file), "--results", str(results), "--json"]
    command += [*_ON, "--start-seconds", f"{start:.3f}"]
    ended = subprocess.run(command, env=dict(os.environ), capture_output=True, text=True, check=False)
    if ended.returncode:
        raise AlsegError(f"alseg plan failed: {ended.stderr.strip().splitlines()[-1]}")
    found: dict[str, Any] = json.loads(ended.stdout)
    return float(found["on"][0]["seconds"][1])
