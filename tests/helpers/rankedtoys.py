"""``python -m rankedtoys`` is ``alseg`` with the toy plugin and methods, whose ranks have it, too."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import alseg_methods
import alseg_partitions
import alseg_recipes
import alseg_ripu
from executed_runs import started as started_command
from preforked import python
from toycommand import write_toy

MODULE = "rankedtoys"
PLUGINS = (alseg_methods, alseg_partitions, alseg_recipes, alseg_ripu)
RANK_COMMAND = (sys.executable, "-m", MODULE, "rank")
FAULT_VARIABLE = "ALSEG_TEST_FAULT"
"""``RANK:ITERATION:WHAT``: what happens on a rank after a step: ``kill``, ``term`` or ``raise``."""


def command(folder: Path, document: dict[str, Any], *options: str) -> list[str]:
    """Return ``alseg run`` of an experiment with results in ``folder / "results"``."""
    folder.mkdir(parents=True, exist_ok=True)
    file = write_toy(folder, document)
    return [python(), "-m", MODULE, "run", str(file), "--results", str(folder / "results"), *options]


def environment(**more: str) -> dict[str, str]:
    """Return the environment in which the command finds the toys."""
    path = os.pathsep.join([str(Path(__file__).parent), *filter(None, sys.path)])
    return {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "2", **more}


def run_ranked(
    folder: Path, document: dict[str, Any], *options: str, **more: str
) -> subprocess.CompletedProcess[str]:
    """Run an experiment and wait; what it prints is captured."""
    return subprocess.run(
        command(folder, document, *options),
        env=environment(**more),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


@contextmanager
def started(
    folder: Path, document: dict[str, Any], *options: str, **more: str
) -> Iterator[subprocess.Popen[str]]:
    """Start an experiment; it is killed if it still works in the end."""
    with started_command(command(folder, document, *options), environment(**more)) as process:
        yield process


def full_registry() -> Any:
    """Return the registry of the toys, the baselines, methods and recipes."""
    from toys import toy_registry

    return toy_registry(*PLUGINS)


def _provide_fault() -> None:
    """Have happen what the environment asks for."""
    rank, iteration, what = os.environ.get(FAULT_VARIABLE, "-1:0:").split(":")
    if os.environ.get("RANK") != rank:
        return
    import signal

    from alseg.engine.steps import Steps

    after = Steps._after

    def faulty(self: Steps, step: int, *rest: Any) -> None:
        if step == int(iteration):
            if what == "raise":
                raise ValueError("image 7 cannot be read")
            os.kill(os.getpid(), signal.SIGKILL if what == "kill" else signal.SIGTERM)
        after(self, step, *rest)

    Steps._after = faulty  # type: ignore[method-assign]


def main() -> None:
    """Be the command, or one of its ranks."""
    import alseg.registry.loading

    alseg.registry.loading.load_registry = full_registry
    if sys.argv[1:] == ["rank"]:
        import alseg.cli.rank

        _provide_fault()
        alseg.cli.rank.main()
    import alseg.launch.on_ranks
    from alseg.cli import main as command

    alseg.launch.on_ranks.COMMAND = RANK_COMMAND
    command(prog_name="alseg")


if __name__ == "__main__":
    main()
