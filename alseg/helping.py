"""Further processes that do runs of the same experiment side by side with this one.

A small network cannot keep many threads busy; two processes with half of them each do more in the same time.
A helper is given the runs in reverse order, and locks of run folders keep two processes from doing the same
one. It ends with the process that started it, where whatever it leaves undone is done.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from alseg.experiment import Experiment, RunSpec
from alseg.stopping import StopRequest


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
    command = [sys.executable, "-m", "alseg.helping", request]
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


def main(request: str) -> None:
    """Do runs of an experiment, the last one first, until all are done or standard input is closed."""
    threading.Thread(target=_stop_with_parent, daemon=True).start()
    from rich.console import Console

    from alseg.assembly import Assembler
    from alseg.devices import make_fabric
    from alseg.experiment import read_experiment
    from alseg.plugins import load_catalog
    from alseg.preflight import Plan, check
    from alseg.progress import PlainReporter
    from alseg.runner import run_experiment

    content = json.loads(request)
    root, wanted = Path(content["root"]), set(content["runs"])
    catalog = load_catalog()
    experiment = read_experiment(root / "experiment.yaml", catalog=catalog)
    specs = [spec for spec in experiment.runs() if spec.folder in wanted]
    cache = experiment.settings.cache
    assembler = Assembler(catalog, Path(cache).expanduser() if cache else None)
    fabric = make_fabric(experiment.settings)
    plan = check(specs, assembler)
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        run_experiment(
            replace(experiment, settings=replace(experiment.settings, processes=1)),
            Plan(plan.runs[::-1], plan.notes),
            root.parent,
            assembler,
            fabric,
            PlainReporter(Console(file=nowhere)),
            accept_drift=content["accept_drift"],
        )


def _stop_with_parent() -> None:
    """Save and stop when the process that started this one has ended or closes the pipe."""
    # Not through sys.stdin, whose lock would be held when the interpreter ends.
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main(sys.argv[1])
