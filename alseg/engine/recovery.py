"""What a run still has: whether it is complete, and where it can go on from."""

from __future__ import annotations

from collections.abc import Sequence

from alseg.config.specs import RunSpec
from alseg.engine.damage import find_damage, problem_of
from alseg.errors import AlsegError
from alseg.storage.count_files import EVALUATED, CountFiles
from alseg.storage.layout import METRICS_NAME, POOL_NAME
from alseg.storage.ledger import INDEX_NAME
from alseg.storage.pool_listing import PoolListing
from alseg.storage.round_files import NEW_ANSWERS_NAME
from alseg.storage.run_description import read_run_file
from alseg.storage.run_folder import RunFolder
from alseg.training import checkpoint


def find_missing(folder: RunFolder, rounds: int) -> str | None:
    """Return the first thing that a run which says that it is done has not; final weights are read once."""
    found = find_damage(folder, rounds, done=True)
    if found:
        return found[0].problem
    return problem_of(lambda: checkpoint.verify(folder.weights))


def find_removed(folder: RunFolder, spec: RunSpec) -> str | None:
    """Return the first file that a run which was done just now has not: something else removed it.

    Args:
        folder: The run's folder.
        spec: The run.

    Returns:
        One line; None where all are there. Nothing but ``run.json`` is read.
    """
    numbers, buys = range(len(spec.rounds) + 1), spec.method.acquisition is not None
    needed = [folder.path / "run.json", folder.weights]
    needed += [folder.round_folder(number) / INDEX_NAME for number in numbers if buys and number > 0]
    needed += [folder.round_folder(number) / POOL_NAME for number in numbers if spec.scenario.grows]
    files = _files_of(folder)
    for number in numbers:
        needed += [folder.round_folder(number) / name for name in (*files.names(number), METRICS_NAME)]
    missing = next((path for path in needed if not path.exists()), None)
    if missing is None:
        return None
    return (
        f"{missing} was removed while alseg was at work, so that the run is not complete. "
        "Give the same command again: it makes what is missing."
    )


def _files_of(folder: RunFolder) -> CountFiles:
    """Return the counts that the rounds of a run have; without a description those of evaluation."""
    try:
        return CountFiles.of_run(read_run_file(folder.path))
    except AlsegError:
        return EVALUATED


def find_untrained(folder: RunFolder) -> str | None:
    """Say so where rounds are committed, but there is no training state that they came from."""
    if folder.last_round is None or folder.checkpoint.exists() or folder.weights.exists():
        return None
    lost = f"{folder.checkpoint} is missing, and there are no final weights."
    return f"{lost} Training starts over; bought labels are kept."


def last_usable_iteration(
    folder: RunFolder,
    stages: Sequence[int],
    *,
    buys: bool,
    files: CountFiles = EVALUATED,
    grows: bool = False,
) -> int:
    """Return the highest iteration at which a training state is of use: a later one has missed something.

    Args:
        folder: The run, from which `quarantine_damaged` has taken what is damaged.
        stages: Iteration at which each round ends.
        buys: Whether labels are bought from round 1 on.
        files: The counts that its rounds have.
        grows: Whether each round has a pool of its own.
    """
    for number, stop in enumerate(stages):
        if buys and number > 0 and not folder.purchase_is_committed(number):
            return stages[number - 1]
        if grows and number > 0 and not PoolListing.kept(folder.round_folder(number)):
            return stages[number - 1]
        if folder.round_is_committed(number):
            continue
        counted = {name: (folder.round_folder(number) / name).exists() for name in files.names(number)}
        if files.before_training(number) and not counted[NEW_ANSWERS_NAME]:
            return stages[number - 1]
        # Metrics follow from counts. Those of round 0 go with a training state that other runs may take over.
        if number == 0 or not all(counted.values()):
            return stop
    return stages[-1]
