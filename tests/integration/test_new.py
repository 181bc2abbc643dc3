"""``alseg new`` for every kind: installed by pip, tested and run as its README says."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Mapping
from pathlib import Path

import pytest

from install import skip_unless_alseg_is_installed
from new_distributions import ALL_TEMPLATES, own_names, write_all

HELPERS = Path(__file__).parents[1] / "helpers"
TIMEOUT = 1800
"""Seconds that a step may take on a machine that is busy with other work."""

RUNS = '''
"""Runs each example experiment in its folder, all in one process."""

import pytest
from click.testing import CliRunner

from alseg.cli import main
from alseg.conformance.request import Request
from alseg.conformance.run import check_here


@pytest.mark.parametrize(("folder", "command"), {cases!r})
def test_the_experiment_runs(folder, command, monkeypatch):
    monkeypatch.chdir(folder)
    monkeypatch.setattr("alseg.overview.write.overview_or_note", lambda *_: None)
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("distribution", {distributions!r})
def test_all_that_it_registers_passes_alseg_check(distribution):
    reports = list(check_here(Request(target=distribution)))
    failed = [str(finding) for report in reports for finding in report.findings if finding.status == "fail"]
    assert failed == []
    assert {{str(report.component).partition(" ")[0] for report in reports}} > {{"plugin"}}
'''

PRELOADED = '''
"""Processes that the executor starts begin with everything imported, and files wait for no disk."""

import sys

import pytest

import unsynced
from preforked import python

unsynced.install()


@pytest.fixture(autouse=True)
def preloaded_python(monkeypatch):
    monkeypatch.setattr(sys, "executable", python())
'''


def make_environment(folder: Path) -> Path:
    """Make an environment that has what this one has; return its Python."""
    venv.create(folder, with_pip=False, symlinks=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    shared = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    lines = [f"import site; site.addsitedir({path!r})\n" for path in sorted(shared)]
    (packages / "base.pth").write_text("".join(lines), encoding="utf-8")
    return folder / "bin" / "python"


def install_editable(python: Path, folders: Mapping[str, Path]) -> None:
    """Install distributions as ``pip install -e`` does, without network."""
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check"]
    editable = [word for folder in folders.values() for word in ("--editable", str(folder))]
    command = [sys.executable, "-m", "pip", "--python", str(python), "install", *options, *editable]
    completed = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, check=False)
    assert completed.returncode == 0, completed.stderr


@pytest.mark.slow
def test_what_alseg_new_writes_installs_passes_its_tests_and_runs(tmp_path: Path) -> None:
    skip_unless_alseg_is_installed()
    pytest.importorskip("setuptools", reason="pip builds the distributions with it")
    python = make_environment(tmp_path / "environment")
    folders = write_all(tmp_path / "plugins")
    install_editable(python, folders)
    cases = [(str(folders[each.folder]), each.run.removeprefix("alseg ").split()) for each in ALL_TEMPLATES]
    distributions = [f"alseg-{own_names(each).registered}" for each in ALL_TEMPLATES]
    (tmp_path / "plugins" / "test_runs.py").write_text(
        RUNS.format(cases=cases, distributions=distributions), encoding="utf-8"
    )
    (tmp_path / "plugins" / "conftest.py").write_text(PRELOADED, encoding="utf-8")
    command = [
        str(python),
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:xdist",
        "--durations=20",
    ]
    path = os.pathsep.join([str(HELPERS), *filter(None, [os.environ.get("PYTHONPATH")])])
    completed = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        cwd=tmp_path / "plugins",
        env={**os.environ, "PYTHONPATH": path},
        check=False,
    )
    print(completed.stdout)
    assert completed.returncode == 0, completed.stdout
    for each in ALL_TEMPLATES:
        names, folder = own_names(each), folders[each.folder]
        assert names.registered in (folder / "tiny.yaml").read_text(encoding="utf-8")
        assert (folder / "results").is_dir() == (each.run == "alseg run tiny.yaml")
