"""Further processes that do runs of the same experiment side by side with this one.

A small network cannot keep many threads busy; two processes with half of them each do more in the same time.
A helper is given the runs in reverse order, unless whole methods come first, and locks of run folders keep
two processes from doing the same one. It ends with the process that started it, where whatever it leaves
undone is done.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from alseg.config.experiment import Experiment, RunSpec
from alseg.system.python import python_module
from alseg.system.signals import StopRequest


@contextmanager
def helpers(
    root: Path, specs: Sequence[RunSpec], experiment: Experiment, stop: StopRequest, *, accept_drift: bool
) -> Iterator[None]:
    """Start as many processes as the settings ask for besides this one; they have stopped afterwards.

    They save before they stop, unless this process was asked to stop at once.

    Args:
        root: The experiment's results folder, which holds its ``experiment.yaml``.
        specs: The runs.
        experiment: What they belong to.
        stop: What this process was asked.
        accept_drift: Whether to go on with runs that were begun with other versions or code.
    """
    count = min(experiment.settings.processes, len(specs)) - 1
    request = json.dumps(
        {"root": str(root), "runs": [spec.folder for spec in specs], "accept_drift": accept_drift}
    )
    command = [*python_module("alseg.cli.worker"), request]
    # A session of its own: Ctrl-C reaches this process alone, which passes it on by closing the pipe.
    started = [
        subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        for _ in range(count)
    ]
    try:
        yield
    finally:
        for process in started:
            assert process.stdin is not None
            process.stdin.close()
            if stop.at_once:
                process.kill()
        for process in started:
            process.wait()
