"""Where a run can go on from: what is damaged is set aside, and nothing that followed from it is used."""

from __future__ import annotations

from collections.abc import Sequence

from alseg.errors import AlsegError
from alseg.ledger import Purchase
from alseg.store import RunFolder, read_counts, read_metrics


def set_damaged_aside(folder: RunFolder, rounds: int) -> list[str]:
    """Move what cannot be read out of the way, so that it is made again.

    With a purchase go all later rounds: what they asked followed from it. A round whose metrics cannot be
    read keeps its purchase.

    Args:
        folder: The run, whose lock the caller holds.
        rounds: Number of rounds, round 0 included.

    Returns:
        One line for each damaged file: its name, what is wrong, and what happens now.
    """
    problems: list[str] = []
    for number in range(rounds):
        if folder.purchase_is_committed(number):
            try:
                Purchase.read(folder.round_folder(number))
            except AlsegError as error:
                for later in range(number, rounds):
                    folder.set_aside(folder.round_folder(later))
                return [
                    *problems,
                    f"{error} The labels of round {number} are bought again, and the rounds after it.",
                ]
        if folder.round_is_committed(number):
            try:
                read_counts(folder.counts_of(number))
            except AlsegError as error:
                folder.set_aside(folder.counts_of(number))
                folder.set_aside(folder.metrics_of(number))
                problems.append(f"{error} Round {number} is evaluated again.")
                continue
            try:
                read_metrics(folder.metrics_of(number))
            except AlsegError as error:
                folder.set_aside(folder.metrics_of(number))
                problems.append(f"{error} Its numbers are computed again.")
    return problems


def furthest(folder: RunFolder, stages: Sequence[int], *, buys: bool) -> int:
    """Return the highest iteration at which a training state is of use: a later one has missed something.

    Args:
        folder: The run.
        stages: Iteration at which each round ends.
        buys: Whether labels are bought from round 1 on.
    """
    for number, stop in enumerate(stages):
        if buys and number > 0 and not folder.purchase_is_committed(number):
            return stages[number - 1]
        if not folder.round_is_committed(number):
            return stop
    return stages[-1]
