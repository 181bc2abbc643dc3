"""What a run still has: whether it is complete, and where it can go on from."""

from __future__ import annotations

from collections.abc import Sequence

from alseg.config.specs import RunSpec
from alseg.engine.damage import find_damage, problem_of
from alseg.storage.ledger import INDEX_NAME
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
        One line; None where all are there. Nothing is read.
    """
    numbers, buys = range(len(spec.rounds) + 1), spec.method.acquisition is not None
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


def find_untrained(folder: RunFolder) -> str | None:
    """Say so where rounds are committed, but there is no training state that they came from."""
    if folder.last_round is None or folder.checkpoint.exists() or folder.weights.exists():
        return None
    lost = f"{folder.checkpoint} is missing, and there are no final weights."
    return f"{lost} Training starts over; bought labels are kept."


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
