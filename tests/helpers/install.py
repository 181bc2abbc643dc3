"""Install distributions into a temporary environment, without network or build tools, and run alseg there."""

from __future__ import annotations

import os
import shutil
import subprocess
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

from preforked import python

HERE = Path(__file__).parents[1] / "third_party"
REPOSITORY = HERE.parents[1]
TINY = HERE / "tiny.yaml"

BROKEN = {
    "alseg_exiting": "plugin exiting (alseg-exiting 1.4) failed at import: SystemExit: 1",
    "alseg_misspelt": "plugin misspelt (alseg-misspelt 1.1) failed at registration: "
    "unknown hook 'register_aquisitions', did you mean 'register_acquisitions'?",
    "alseg_no_import": "plugin no-import (alseg-no-import 1.0) failed at import: "
    "ModuleNotFoundError: No module named 'no_such_module'",
    "alseg_raising": "plugin raising (alseg-raising 1.2) failed at register_models: "
    "RuntimeError: no model today (try tomorrow)",
    "alseg_taken": "plugin taken (alseg-taken 1.3) failed at register_acquisitions: "
    "name 'random' is already taken by plugin baselines (alseg {version})",
}
"""Distributions of this folder that do not work, and how each is reported beside alseg's own plugins."""


def install(module: str, site: Path, *, parent: Path = HERE) -> None:
    """Put a distribution into ``site`` as an installer would: module and metadata.

    Args:
        module: The distribution's only module, and the name of its folder.
        site: Made if it does not exist.
        parent: What the distribution's folder is in.
    """
    install_metadata(parent / module / "pyproject.toml", module, site)
    shutil.copy(parent / module / f"{module}.py", site)


def install_metadata(pyproject: Path, module: str, site: Path) -> None:
    """Put the metadata of a distribution into ``site``, which is made if it does not exist.

    Args:
        pyproject: With name, version and entry points.
        module: The distribution's module or package.
        site: The folder.
    """
    project = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"]
    site.mkdir(exist_ok=True)
    information = site / f"{module}-{project['version']}.dist-info"
    information.mkdir()
    (information / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n", encoding="utf-8"
    )
    groups = project["entry-points"].items()
    sections = [
        f"[{group}]\n" + "".join(f"{key} = {value}\n" for key, value in points.items())
        for group, points in groups
    ]
    (information / "entry_points.txt").write_text("\n".join(sections), encoding="utf-8")


def run_alseg(
    *arguments: str, site: Path, timeout: float = 300, interpreter: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run ``python -m alseg`` in an environment that also has the distributions in ``site``.

    Args:
        arguments: Of the command line.
        site: The folder; may be missing.
        timeout: Seconds.
        interpreter: Python; None for a preloaded one.
    """
    path = os.pathsep.join([str(site), *filter(None, [os.environ.get("PYTHONPATH")])])
    return subprocess.run(
        [interpreter or python(), "-m", "alseg", *arguments],
        capture_output=True,
        text=True,
        timeout=timeout,
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": path, "COLUMNS": "100"},
        check=False,
    )


def warnings_of(completed: subprocess.CompletedProcess[str]) -> list[str]:
    """Return the lines of standard error that warn, without the word."""
    lines = completed.stderr.splitlines()
    return [line.removeprefix("warning: ") for line in lines if line.startswith("warning: ")]


def expected_warnings() -> list[str]:
    """Return how the broken distributions are reported, in the order in which they are loaded."""
    return [text.format(version=metadata.version("alseg")) for text in BROKEN.values()]


def skip_unless_alseg_is_installed() -> None:
    """Skip where alseg has no metadata, so that its own plugins cannot be found either."""
    try:
        metadata.version("alseg")
    except metadata.PackageNotFoundError:
        pytest.skip("alseg is not installed: pip install -e .")
