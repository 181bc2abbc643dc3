"""``python -m toycommand`` is ``alseg`` with the toy plugin alone, in a process of its own."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import yaml

from preforked import python

MODULE = "toycommand"


def write_toy(folder: Path, document: dict[str, object]) -> Path:
    """Write the experiment file and return it."""
    file = folder / "toy.yaml"
    file.write_text(yaml.safe_dump(document, sort_keys=False, allow_unicode=True), encoding="utf-8")
    return file


def shell(
    script: str, folder: Path, *, before: Callable[[], None] | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a shell script in a folder, in which ``$ALSEG`` is the command.

    Args:
        script: For bash.
        folder: The working folder.
        before: Called in the new process before the shell.
        environment: Further variables.
    """
    here = Path(__file__).parent
    path = os.pathsep.join([str(here), *filter(None, sys.path)])
    command = f"{shlex.quote(python())} -m {MODULE}"
    return subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path, "ALSEG": command, **environment},
        capture_output=True,
        encoding="utf-8",
        errors="backslashreplace",
        timeout=120,
        check=False,
        preexec_fn=before,
    )


def main() -> None:
    """Be the command."""
    import alseg.registry.loading
    import alseg.registry.registry

    def toys() -> alseg.registry.registry.Registry:
        from toys import toy_registry  # imports torch

        return toy_registry()

    alseg.registry.loading.load_registry = toys
    from alseg.cli import main as command

    command(prog_name="alseg")


if __name__ == "__main__":
    main()
