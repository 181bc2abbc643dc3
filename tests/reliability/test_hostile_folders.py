"""Run folders of others, made to do harm: no command ends in a traceback or hangs, and whole runs are shown.

With ``ALSEG_FUZZ_EXAMPLES=500`` in the environment there are more folders than the suite has time for.
"""

from __future__ import annotations

import os
import shutil
import signal
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from alseg.cli import main
from alseg.overview import drawing
from hostile import make_hostile
from toys import run_toy, toy_document, toy_registry

FOLDERS = int(os.environ.get("ALSEG_FUZZ_EXAMPLES", "6"))

LIMIT = 60
"""Seconds of one command; each takes about one, more on a busy machine."""

METHODS: list[Any] = toy_document()["methods"]  # type: ignore[assignment]
DOCUMENT: dict[str, Any] = toy_document(
    methods=METHODS[:2], rounds=[2], recipe={"name": "toy", "iterations": 4}
)


class Hang(BaseException):
    """A command that is not done after `LIMIT` seconds; nothing catches it."""


@contextmanager
def limited() -> Iterator[None]:
    def stop(*_: object) -> None:
        raise Hang

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, LIMIT)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return a folder with an experiment that is done: its file and ``results``."""
    folder = tmp_path_factory.mktemp("finished")
    with pytest.MonkeyPatch.context() as patched:
        assert run_toy(folder, DOCUMENT).done == 2
        for module in ("alseg.registry.loading", "alseg.launch.wanted"):
            patched.setattr(f"{module}.load_registry", toy_registry)
        yield folder


def copied(finished: Path, folder: Path) -> Path:
    """Return the results of an experiment, copied to a folder."""
    shutil.copytree(finished / "results", folder / "results")
    (folder / "toy.yaml").write_text(yaml.safe_dump(DOCUMENT, sort_keys=False))
    return folder / "results" / "toy"


def commands(folder: Path, toy: Path, run: Path) -> Iterator[list[str]]:
    """Yield what somebody may do with folders of others; that which changes them comes last.

    Args:
        folder: For what is written.
        toy: The results.
        run: One of the runs.
    """
    runs = sorted(str(path) for path in (toy / "runs").iterdir())
    for extra in (["--images", "--penalties"], ["--format", "json"]):
        yield ["compare", str(toy), *extra]
    yield ["report", str(toy), "-o", str(folder / "report.html")]
    yield ["status", str(toy)]
    yield ["status", str(toy), "--json"]
    yield ["rescore", str(toy)]
    yield ["diff", str(run), runs[0]]
    yield ["diff", runs[-1], str(run)]
    yield ["show", str(run), "-o", str(folder / "pictures"), "--device", "cpu"]
    for what in ("picks", "masks", "predictions"):
        yield ["export", str(run), "--what", what, "-o", str(folder / "export"), "--device", "cpu"]
    yield ["rescore", str(toy), "--write"]
    again = ["run", str(folder / "toy.yaml"), "--results", str(folder / "results")]
    yield [*again, "--dry-run"]
    yield again  # which draws what ``alseg picture`` does
    yield [*again, "--accept-drift"]


def invoked(command: list[str]) -> Result:
    with limited():
        return CliRunner().invoke(main, command)


def problem_of(result: Result) -> str | None:
    """Return what is wrong with how a command ended; None where it worked or said why not."""
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        return "".join(traceback.format_exception(result.exception))
    if "Traceback" in result.output:
        return f"a traceback: {result.output}"
    if result.exit_code not in (0, 1, 2):
        return f"exit code {result.exit_code}: {result.output}"
    if result.exit_code == 2 and not result.stderr.strip().splitlines()[-1:]:
        return "no word"
    return None


@pytest.mark.parametrize("number", range(FOLDERS))
def test_a_hostile_folder_is_read_or_refused(
    tmp_path: Path, finished: Path, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    if number % 10:  # drawing takes longer than all else, and is of numbers that have been read by then
        monkeypatch.setattr(drawing, "draw", lambda *_, **__: b"")
    toy = copied(finished, tmp_path)
    names = sorted(path.name for path in (toy / "runs").iterdir())
    done = make_hostile(toy, number)
    changed = [name for name in names if any(name in line for line in done)]
    problems = []
    declared = "experiment.yaml" in " ".join(done)  # what it declares may be refused
    went_on = False
    for command in commands(tmp_path, toy, toy / "runs" / (changed or names)[0]):
        if went_on and command[-1] == "--accept-drift":
            continue
        try:
            result = invoked(command)
            problem, went_on = problem_of(result), result.exit_code == 0
        except Hang:
            problem, went_on = f"more than {LIMIT} s", False
        if problem is not None:
            problems.append(f"{' '.join(command)}: {problem}")
        if command[0] == "compare" and not (went_on or declared) and len(changed) < len(names):
            problems.append(f"{' '.join(command)}: whole runs are not shown")
    assert not problems, "\n".join([*done, *problems])
