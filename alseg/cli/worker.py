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
from alseg.engine.assembly import Assembler
from alseg.launch.preflight import Plan, check
from alseg.launch.runner import run_experiment
from alseg.launch.same_threads import settings_here
from alseg.registry.registry import load_registry
from alseg.training.device import make_fabric


def main(request: str) -> None:
    """Do runs of an experiment, the last one first, until all are done or standard input is closed."""
    threading.Thread(target=_stop_with_parent, daemon=True).start()
    content = json.loads(request)
    root, wanted = Path(content["root"]), set(content["runs"])
    registry = load_registry()
    experiment = read_experiment(root / "experiment.yaml", registry=registry)
    settings, _ = settings_here(experiment.settings, root)
    experiment = replace(experiment, settings=settings)
    specs = [spec for spec in experiment.runs() if spec.folder in wanted]
    cache = experiment.settings.cache
    assembler = Assembler(registry, Path(cache).expanduser() if cache else None)
    fabric = make_fabric(experiment.settings)
    plan = check(specs, assembler)
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        run_experiment(
            replace(experiment, settings=experiment.settings.model_copy(update={"processes": 1})),
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
