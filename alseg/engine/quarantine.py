"""What of a run is damaged is moved into its folder ``damaged``, so that it is made again."""

from __future__ import annotations

import os

from alseg.engine.damage import find_damage, problem_of
from alseg.errors import DamageError
from alseg.storage.attempts import read_attempt
from alseg.storage.layout import TIMING_NAME, attempt_files, round_folders
from alseg.storage.round_metrics import read_timing
from alseg.storage.run_folder import RunFolder


def quarantine_damaged(folder: RunFolder, rounds: int, *, done: bool = False) -> list[str]:
    """Move what `find_damage` finds out of the way, so that it is made again.

    Args:
        folder: The run, whose lock the caller holds.
        rounds: Number of rounds, round 0 included.
        done: As for `find_damage`.

    Returns:
        One line for each damaged file: its name, what is wrong, and what happens now.
    """
    found = find_damage(folder, rounds, done=done)
    for damage in found:
        for path in damage.paths:
            folder.set_aside(path)
    return [damage.problem for damage in found]


def quarantine_description(folder: RunFolder) -> str | None:
    """Move run.json out of the way where it is damaged, or missing from a run that has begun.

    Returns:
        One line that says so; None where there is nothing to say.

    Raises:
        FormatError: If it is of a format that this version does not read: a later one can go on with it.
        UnreadableError: If this process may not read it now.
    """
    path = folder.path / "run.json"
    if not path.exists() and not folder.has_begun:
        return None
    try:
        folder.description()
    except DamageError as error:
        folder.set_aside(path)
        unknown = " What the run was begun with is not known any more." if folder.has_begun else ""
        return f"{error} It is written anew.{unknown}"
    return None


def quarantine_misplaced(folder: RunFolder, rounds: int) -> list[str]:
    """Move what is no folder where one must be, and what lines cannot be appended to, out of the way.

    Args:
        folder: The run, whose lock the caller holds.
        rounds: Number of rounds, round 0 included.

    Returns:
        One line for each.
    """
    folders = [folder.path / "rounds", folder.path / "attempts", *map(folder.round_folder, range(rounds))]
    misplaced = [path for path in folders if os.path.lexists(path) and not path.is_dir()]
    problems = [f"{path} is damaged: it is no folder. What it held is made again." for path in misplaced]
    logs = [
        path for path in folder.logs if os.path.lexists(path) and (path.is_symlink() or not path.is_file())
    ]
    problems += [f"{path} is damaged: it is no regular file. It is begun anew." for path in logs]
    for path in [*misplaced, *logs]:
        folder.set_aside(path)
    return problems


def quarantine_records(folder: RunFolder) -> list[str]:
    """Move records that nothing is computed from out of the way where they are damaged: they are lost.

    Args:
        folder: The run, whose lock the caller holds.

    Returns:
        One line for each file.
    """
    problems = []
    for path in attempt_files(folder.path).values():
        problem = problem_of(lambda path=path: read_attempt(path))  # type: ignore[misc]
        if problem is not None:
            folder.set_aside(path)
            problems.append(f"{problem} What that attempt ran on is not known any more.")
    for number, round_folder in round_folders(folder.path).items():
        path = round_folder / TIMING_NAME
        if not path.exists():
            continue
        problem = problem_of(lambda of_round=round_folder: read_timing(of_round))  # type: ignore[misc]
        if problem is not None:
            folder.set_aside(path)
            problems.append(f"{problem} How long round {number} took is not known any more.")
    return problems
