"""Install the distributions of this folder into a temporary environment, without network or build tools."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]


def install(module: str, site: Path) -> None:
    """Put a distribution into ``site`` as an installer would: module and metadata."""
    project = tomllib.loads((HERE / module / "pyproject.toml").read_text())["project"]
    site.mkdir(exist_ok=True)
    shutil.copy(HERE / module / f"{module}.py", site)
    metadata = site / f"{module}-{project['version']}.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    )
    groups = project["entry-points"].items()
    sections = [
        f"[{group}]\n" + "".join(f"{key} = {value}\n" for key, value in points.items())
        for group, points in groups
    ]
    (metadata / "entry_points.txt").write_text("\n".join(sections))


def run_alseg(*arguments: str, site: Path, timeout: float = 300) -> subprocess.CompletedProcess[str]:
    """Run ``python -m alseg`` in an environment that also has the distributions in ``site``."""
    path = os.pathsep.join([str(site), *filter(None, [os.environ.get("PYTHONPATH")])])
    return subprocess.run(
        [sys.executable, "-m", "alseg", *arguments],
        capture_output=True,
        text=True,
        timeout=timeout,
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": path, "COLUMNS": "100"},
        check=False,
    )


def skip_unless_alseg_is_installed() -> None:
    """Skip where alseg has no metadata, so that its own plugins cannot be found either."""
    from importlib import metadata

    try:
        metadata.version("alseg")
    except metadata.PackageNotFoundError:
        pytest.skip("alseg is not installed: pip install -e .")
