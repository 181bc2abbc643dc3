"""Experiments that come with alseg: found by name, with or without a clone of the repository."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import takewhile
from pathlib import Path

from alseg.errors import AlsegError, nearest

_PACKAGE = Path(__file__).parents[1]
_MARK = "quickstart.yaml"
"""A file that tells alseg's folder of experiments from any other of this name."""


def shipped_experiments() -> Mapping[str, Path]:
    """Return the experiment files that come with alseg by name, in the order of names.

    They lie in the package where alseg was installed from a wheel, and beside it in a clone.
    """
    for folder in (_PACKAGE / "experiments", _PACKAGE.parent / "experiments"):
        if (folder / _MARK).is_file():
            return {file.stem: file for file in sorted(folder.glob("*.yaml"), key=lambda file: file.stem)}
    return {}


def find_experiment(given: Path, command: str) -> Path:
    """Return the file that a user means: one that exists, else the experiment of this name.

    Args:
        given: What stands on the command line. Without folder and ending it may be a name.
        command: The command, for messages, such as ``run``.

    Returns:
        A file that exists, or a path of which reading says what is wrong with it.

    Raises:
        AlsegError: If there is neither; says which name is meant.
    """
    try:
        is_folder, exists = given.is_dir(), given.exists()
    except (OSError, ValueError):  # such as a name that is too long
        return given
    if exists and not is_folder:
        return given
    shipped = shipped_experiments()
    if str(given) in shipped:
        return shipped[str(given)]
    if exists:
        return given
    if given.suffix in (".yaml", ".yml") or len(given.parts) > 1:
        if given.stem in shipped:
            raise AlsegError(
                f"{given}: no such file. alseg has an experiment of this name: alseg {command} {given.stem}"
            )
        return given
    guess = nearest(str(given), shipped)
    hint = f" Did you mean '{guess}'?" if guess else ""
    raise AlsegError(
        f"'{given}' is neither a file nor an experiment of alseg.{hint} List them: alseg run --list"
    )


def headline(file: Path) -> str:
    """Return the first sentence of the comment with which an experiment file begins."""
    lines = file.read_text(encoding="utf-8").splitlines()
    comment = (line.removeprefix("#").strip() for line in takewhile(lambda line: line.startswith("#"), lines))
    paragraph = " ".join(takewhile(bool, comment))
    return paragraph.partition(". ")[0].rstrip(".:")
