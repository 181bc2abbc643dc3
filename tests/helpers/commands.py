"""``alseg`` in processes of its own, with the toys installed as a plugin."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from alseg.cli import main
from alseg.files import read_json
from preforked import TERMINAL, python
from toys import toy_document
from toys_installed import FOLDER, HOLD

HERE = Path(__file__).parent
SECONDS = 1800
"""How long anything may take on a machine that is busy with other work."""

RESULTS = ("ledger.npy", "metrics.json", "confusion.npz", "weights.pt")


def counted_document(iterations: int = 12, **changes: Any) -> dict[str, Any]:
    """Return the toy experiment with counted steps, of which each is kept."""
    settings = {"device": "cpu", "threads": 1, "workers": 0, "checkpoint_minutes": 1e-9}
    recipe = {"name": "counted", "iterations": iterations}
    return toy_document(**{"recipe": recipe, "rounds": [4, 8], "settings": settings, **changes})


class Commands:
    """Runs ``alseg`` on one experiment in a folder.

    Args:
        folder: Made; gets the experiment file, ``results``, and the steps that were counted.
        document: The experiment.
    """

    def __init__(self, folder: Path, document: dict[str, Any]) -> None:
        self.folder = folder
        site = folder / "site"
        information = site / "alseg_toys-1.0.dist-info"
        information.mkdir(parents=True)
        (information / "METADATA").write_text("Metadata-Version: 2.1\nName: alseg-toys\nVersion: 1.0\n")
        (information / "entry_points.txt").write_text("[alseg]\ntoys = toys_installed\n")
        self.write(document)
        self._path = os.pathsep.join(map(str, [site, HERE, *filter(None, sys.path)]))

    @property
    def root(self) -> Path:
        """The experiment's results folder."""
        return self.folder / "results" / "toy"

    def write(self, document: dict[str, Any]) -> None:
        """Write the experiment file anew."""
        (self.folder / "toy.yaml").write_text(yaml.safe_dump(document, sort_keys=False))

    def run(self, *options: str) -> subprocess.CompletedProcess[str]:
        """Run ``alseg run`` to its end."""
        return self.call(
            "run", str(self.folder / "toy.yaml"), "--results", str(self.folder / "results"), *options
        )

    def run_here(self, *options: str) -> Result:
        """Run ``alseg run`` to its end in this process, which has its libraries; workers are others."""
        file, results = str(self.folder / "toy.yaml"), str(self.folder / "results")
        with pytest.MonkeyPatch.context() as patched:
            patched.syspath_prepend(self.folder / "site")
            patched.setenv("PYTHONPATH", self._path)
            patched.setenv(FOLDER, str(self.folder))
            patched.delenv(HOLD, raising=False)
            patched.setattr(sys, "executable", python())
            return CliRunner().invoke(main, ["run", file, "--results", results, *options])

    def call(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run any command to its end."""
        return subprocess.run(
            [python(), "-m", "alseg", *arguments],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            env=self._environment({}),
            check=False,
        )

    @contextmanager
    def started(
        self, *options: str, hold: str | None = None, terminal: str | None = None
    ) -> Iterator[subprocess.Popen[str]]:
        """Start ``alseg run``; it is killed afterwards if it has not ended.

        Args:
            options: Further ones.
            hold: Iteration at which processes wait for `let_go`.
            terminal: Path of a terminal that is to be the process's own; None for none.
        """

        def heed_signals() -> None:
            for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):  # nohup and the like ignore some
                signal.signal(number, signal.SIG_DFL)

        variables = {name: text for name, text in ((HOLD, hold), (TERMINAL, terminal)) if text is not None}
        for name in ("go", "go-if-asked"):
            (self.folder / name).unlink(missing_ok=True)
        process = subprocess.Popen(
            [
                *(python(), "-m", "alseg", "run", str(self.folder / "toy.yaml")),
                *("--results", str(self.folder / "results"), *options),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            preexec_fn=heed_signals,
            env=self._environment(variables),
        )
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
                process.communicate()

    def let_go(self, *, if_asked: bool = False) -> None:
        """Let processes that wait at their iteration go on; with ``if_asked`` once they are asked to stop."""
        (self.folder / ("go-if-asked" if if_asked else "go")).touch()

    def held(self, process: subprocess.Popen[str], count: int) -> list[int]:
        """Wait until so many processes wait at their iteration; return their numbers."""

        def found() -> list[int] | None:
            assert process.poll() is None, process.communicate()
            held = [int(path.name.partition("-")[2]) for path in self.folder.glob("held-*")]
            return held if len(held) >= count else None

        return until(found)

    @property
    def steps(self) -> list[int]:
        """The iterations that were done, by all processes, in the order in which they were."""
        return [int(line) for line in (self.folder / "steps").read_text().split()]

    @property
    def states(self) -> dict[str, str]:
        """The state of each run, by the slug of its method."""
        return {
            path.parent.name.partition("__")[0]: str(read_json(path)["state"])
            for path in self.root.glob("runs/*/status.json")
        }

    @property
    def attempts(self) -> dict[str, int]:
        """The number of attempts at each run, by the slug of its method."""
        return {
            run.name.partition("__")[0]: len(list(run.glob("attempts/*.json")))
            for run in sorted(self.root.glob("runs/*"))
        }

    def result_bytes(self) -> Mapping[str, bytes]:
        """Return ledgers, metrics, counts and weights of all runs."""
        runs = self.root / "runs"
        return {
            str(path.relative_to(runs)): path.read_bytes()
            for path in sorted(runs.rglob("*"))
            if path.name in RESULTS
        }

    def _environment(self, more: Mapping[str, str]) -> dict[str, str]:
        return {**os.environ, "PYTHONPATH": self._path, FOLDER: str(self.folder), **more}


def until(find: Callable[[], Any]) -> Any:
    """Wait until something is found, and return it."""
    end = time.monotonic() + SECONDS
    while not (found := find()):
        assert time.monotonic() < end
        time.sleep(0.02)
    return found


def wait_for_end(processes: list[int]) -> None:
    """Wait until processes have ended that are not this one's children."""
    until(lambda: not any(Path(f"/proc/{process}").exists() for process in processes))
