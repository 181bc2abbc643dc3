"""How the suite itself is run: workers, and processes that begin with everything imported."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

import pairs
from preforked import began_with, python


@pytest.mark.parametrize(("cores", "workers"), [(1, 1), (2, 2), (8, 8), (64, 8)])
def test_there_is_a_worker_for_each_core_and_at_most_eight(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, cores: int, workers: int
) -> None:
    monkeypatch.delenv("PYTEST_XDIST_AUTO_NUM_WORKERS", raising=False)
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(cores)), raising=False)
    assert request.config.hook.pytest_xdist_auto_num_workers(config=request.config) == workers


def test_the_environment_may_name_the_number_of_workers(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_XDIST_AUTO_NUM_WORKERS", "3")
    assert request.config.hook.pytest_xdist_auto_num_workers(config=request.config) == 3


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="processes are copied on Linux only")
@pytest.mark.parametrize(("options", "looks_there"), [(["-m"], True), (["-P", "-m"], False)])
def test_processes_of_tests_begin_with_everything_imported(
    tmp_path: Path, options: list[str], looks_there: bool
) -> None:
    (tmp_path / "call").write_bytes(pickle.dumps((began_with, ())))
    path = os.pathsep.join([str(Path(pairs.__file__).parent), *filter(None, sys.path)])
    command = [python(), *options, pairs.MODULE, str(tmp_path), "0"]
    subprocess.run(command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": path}, check=True)
    assert pickle.loads((tmp_path / "0").read_bytes()) == (True, looks_there)


def test_what_cannot_be_a_copy_is_the_interpreter(tmp_path: Path) -> None:
    code = "import sys; print('torch' in sys.modules, sys.argv[1:])"
    done = subprocess.run([python(), "-c", code, "a b"], capture_output=True, text=True, check=True)
    assert done.stdout == "False ['a b']\n"
