"""Where a run can go on from: what is damaged is set aside, and nothing that followed from it is used."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from alseg.contracts import LabelSpace
from alseg.errors import DamageError
from alseg.storage.attempts import read_attempt
from alseg.storage.layout import TIMING_NAME, attempt_files, round_folders
from alseg.storage.ledger import INDEX_NAME, Purchase
from alseg.storage.rescore import label_space_of, recomputed
from alseg.storage.round_files import read_image_counts
from alseg.storage.round_metrics import read_metrics, read_timing
from alseg.storage.run_description import FormatError, read_run_file
from alseg.storage.run_folder import RunFolder
from alseg.toolkit.metrics import SCORER_VERSION
from alseg.training import checkpoint


@dataclass(frozen=True)
class Damage:
    """Something of a run that cannot be used.

    Attributes:
        problem: One line: the file, what is wrong with it, and what happens when the run goes on.
        paths: Files and folders that are in the way of making it again.
    """

    problem: str
    paths: tuple[Path, ...] = ()


@dataclass(frozen=True)
class _Asked:
    """What a run's own description says of it, as far as it matters here.

    Attributes:
        buys: Whether labels are bought from round 1 on.
        space: In which its metrics are; None where they are another scorer's, which computes others.
    """

    buys: bool = False
    space: LabelSpace | None = None


def find_damage(folder: RunFolder, rounds: int, *, done: bool = False) -> list[Damage]:
    """Read all rounds of a run: what can be read, and whether metrics are what the counts give.

    With a purchase go all later rounds: what they asked followed from it. A round whose metrics cannot be
    used keeps its purchase. The final weights are not read.

    Args:
        folder: The run, whose lock the caller holds.
        rounds: Number of rounds, round 0 included.
        done: Whether all rounds should be there; otherwise those up to the last that is.

    Returns:
        What is damaged or missing, round by round.
    """
    asked = _asked(folder)
    last_round = folder.last_round
    committed = rounds - 1 if done else -1 if last_round is None else last_round
    bought = max((number for number in range(rounds) if folder.purchase_is_committed(number)), default=0)
    found: list[Damage] = []
    for number in range(rounds):
        problem = _problem_of_purchase(
            folder, number, required=asked.buys and 0 < number <= max(committed, bought)
        )
        if problem is not None:
            followed = tuple(folder.round_folder(later) for later in range(number, rounds))
            consequence = f"The labels of round {number} are bought again, and the rounds after it."
            return [*found, Damage(f"{problem} {consequence}", followed)]
        damage = _damage_of_results(folder, number, asked.space, required=done)
        if damage is not None:
            found.append(damage)
    return found


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


def find_untrained(folder: RunFolder) -> str | None:
    """Say so where rounds are committed, but there is no training state that they came from."""
    if folder.last_round is None or folder.checkpoint.exists() or folder.weights.exists():
        return None
    lost = f"{folder.checkpoint} is missing, and there are no final weights."
    return f"{lost} Training starts over; bought labels are kept."


def find_missing(folder: RunFolder, rounds: int) -> str | None:
    """Return the first thing that a run which says that it is done has not; final weights are read once."""
    found = find_damage(folder, rounds, done=True)
    if found:
        return found[0].problem
    try:
        checkpoint.verify(folder.weights)
    except DamageError as error:
        return str(error)
    return None


def what_is_missing(folder: RunFolder, rounds: int, *, buys: bool) -> str | None:
    """Return the first file that a run which was done just now has not: something else removed it.

    Args:
        folder: The run.
        rounds: Number of rounds, round 0 included.
        buys: Whether labels are bought from round 1 on.

    Returns:
        One line; None where all are there. Nothing is read.
    """
    numbers = range(rounds)
    needed = [folder.path / "run.json", folder.weights]
    needed += [folder.round_folder(number) / INDEX_NAME for number in numbers if buys and number > 0]
    needed += [path(number) for number in numbers for path in (folder.counts_of, folder.metrics_of)]
    missing = next((path for path in needed if not path.exists()), None)
    if missing is None:
        return None
    return (
        f"{missing} was removed while alseg was at work, so that the run is not complete. "
        "Give the same command again: it makes what is missing."
    )


def set_damaged_description_aside(folder: RunFolder) -> str | None:
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


def set_misplaced_aside(folder: RunFolder, rounds: int) -> list[str]:
    """Move what is no folder where one must be, and what lines cannot be appended to, out of the way.

    Args:
        folder: The run, whose lock the caller holds.
        rounds: Number of rounds, round 0 included.

    Returns:
        One line for each.
    """
    names = ("rounds", "attempts", *(f"rounds/{number:02d}" for number in range(rounds)))
    folders = [folder.path / name for name in names]
    misplaced = [path for path in folders if os.path.lexists(path) and not path.is_dir()]
    problems = [f"{path} is damaged: it is no folder. What it held is made again." for path in misplaced]
    logs = [
        path for path in folder.logs if os.path.lexists(path) and (path.is_symlink() or not path.is_file())
    ]
    problems += [f"{path} is damaged: it is no regular file. It is begun anew." for path in logs]
    for path in [*misplaced, *logs]:
        folder.set_aside(path)
    return problems


def set_damaged_records_aside(folder: RunFolder) -> list[str]:
    """Move records that nothing is computed from out of the way where they are damaged: they are lost.

    Args:
        folder: The run, whose lock the caller holds.

    Returns:
        One line for each file.
    """
    problems = []
    for path in attempt_files(folder.path).values():
        try:
            read_attempt(path)
        except DamageError as error:
            folder.set_aside(path)
            problems.append(f"{error} What that attempt ran on is not known any more.")
    for number, round_folder in round_folders(folder.path).items():
        path = round_folder / TIMING_NAME
        if not path.exists():
            continue
        try:
            read_timing(round_folder)
        except DamageError as error:
            folder.set_aside(path)
            problems.append(f"{error} How long round {number} took is not known any more.")
    return problems


def last_usable_iteration(folder: RunFolder, stages: Sequence[int], *, buys: bool) -> int:
    """Return the highest iteration at which a training state is of use: a later one has missed something.

    Args:
        folder: The run, from which `quarantine_damaged` has taken what is damaged.
        stages: Iteration at which each round ends.
        buys: Whether labels are bought from round 1 on.
    """
    for number, stop in enumerate(stages):
        if buys and number > 0 and not folder.purchase_is_committed(number):
            return stages[number - 1]
        # Metrics follow from counts. Those of round 0 go with a training state that other runs may take over.
        evaluated = number > 0 and folder.counts_of(number).exists()
        if not evaluated and not folder.round_is_committed(number):
            return stop
    return stages[-1]


def _asked(folder: RunFolder) -> _Asked:
    """Read what is needed of ``run.json``; where that is damaged, as little as possible is concluded."""
    try:
        file = read_run_file(folder.path)
    except (DamageError, FormatError):
        return _Asked()
    space = label_space_of(file.label_space) if file.scorer == SCORER_VERSION else None
    return _Asked(file.method.target_labels == "acquired", space)


def _problem_of_purchase(folder: RunFolder, number: int, *, required: bool) -> str | None:
    """Return what is wrong with the purchase of a round."""
    if folder.purchase_is_committed(number):
        try:
            Purchase.read(folder.round_folder(number))
        except DamageError as error:
            return str(error)
    elif required:
        return f"{folder.round_folder(number) / INDEX_NAME} is missing."
    return None


def _damage_of_results(
    folder: RunFolder, number: int, space: LabelSpace | None, *, required: bool
) -> Damage | None:
    """Return what is wrong with counts or metrics of a round; without damage, metrics follow from counts."""
    counts, metrics = folder.counts_of(number), folder.metrics_of(number)
    if required or counts.exists() or metrics.exists():
        try:
            read_image_counts(counts)
        except DamageError as error:
            return Damage(f"{error} Round {number} is evaluated again.", (counts, metrics))
    if not metrics.exists():
        return Damage(f"{metrics} is missing. Its numbers are computed again.") if required else None
    try:
        read_metrics(metrics)
    except DamageError as error:
        return Damage(f"{error} Its numbers are computed again.", (metrics,))
    if space is None:
        return None
    try:
        changes = recomputed(metrics.parent, space).changes
    except DamageError as error:
        return Damage(f"{error} Round {number} is evaluated again.", (counts, metrics))
    if not changes:
        return None
    found = f"{metrics} is damaged: by the counts beside it, {changes[0]}."
    return Damage(f"{found} Its numbers are computed again.", (metrics,))
