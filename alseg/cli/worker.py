"""What a process that `alseg.launch.local` starts does: ``python -m alseg.cli.worker REQUEST``."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from alseg.cli.progress import PlainReporter
from alseg.config.experiment import read_experiment
from alseg.launch.options import LaunchOptions
from alseg.launch.preparation import prepare
from alseg.launch.runner import run_experiment
from alseg.registry.loading import load_registry


def main(request: str) -> None:
    """Do runs of an experiment until all are done or standard input is closed.

    They come in reverse order, so that two processes rarely want the same training of a seed at once; where
    whole methods are to be done first (`settings.order`), in the order of the process that started this one.
    """
    threading.Thread(target=_stop_with_parent, daemon=True).start()
    content = json.loads(request)
    root, wanted = Path(content["root"]), set(content["runs"])
    registry = load_registry()
    experiment = read_experiment(root / "experiment.yaml", registry=registry)
    specs = [spec for spec in experiment.runs() if spec.folder in wanted]
    prepared = prepare(experiment, specs, registry, root)
    settings = prepared.experiment.settings.model_copy(update={"processes": 1})
    runs = prepared.plan.runs
    alone = replace(
        prepared,
        experiment=replace(prepared.experiment, settings=settings),
        plan=replace(prepared.plan, runs=runs if settings.order == "methods" else runs[::-1]),
    )
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        reporter = PlainReporter(Console(file=nowhere))
        options = LaunchOptions(results=root.parent, accept_drift=content["accept_drift"])
        run_experiment(alone, reporter, options)


def _stop_with_parent() -> None:
    """Save and stop when the process that started this one has ended or closes the pipe."""
    # Not through sys.stdin, whose lock would be held when the interpreter ends.
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main(sys.argv[1])
