"""Whether the runs of a pack are whole, and whether their metrics follow from their counts and ledgers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from alseg.exchange.manifest import PackError
from alseg.storage.ledger import Purchase
from alseg.storage.reader import read_run
from alseg.storage.records import RoundResult, Run
from alseg.storage.rescore import rescore
from alseg.storage.round_files import COUNTS_NAME

_REMEDY = "Metrics of a pack must follow from its counts; 'alseg rescore --write' computes them anew."


@dataclass(frozen=True)
class CheckedRun:
    """A run that was read and computed anew.

    Attributes:
        run: The run.
        counted: Whether every round has the counts that its metrics follow from.
    """

    run: Run
    counted: bool


def check_run(folder: Path) -> CheckedRun:
    """Read a run, compute its metrics from its counts, and its costs from its ledgers as far as it has them.

    Args:
        folder: The run's folder.

    Raises:
        PackError: If metrics or costs are others than counts and ledgers say; names the round.
        AlsegError: If a file is damaged; names it.
    """
    run = read_run(folder)
    rescored = rescore(folder)
    counted = all((run.round_folder(result.round) / COUNTS_NAME).exists() for result in run.rounds)
    counted = counted and run.evaluated
    if rescored.problems and (counted or not run.evaluated):
        raise PackError(rescored.problems[0])
    if rescored.changes:
        change = rescored.changes[0]
        raise PackError(
            f"{change.folder} has metrics that do not follow from its counts: {change.changes[0]}. {_REMEDY}"
        )
    _refuse_other_costs(run)
    return CheckedRun(run, counted)


def refuse_incomplete(runs: Iterable[Run]) -> None:
    """Refuse runs that are not done: what they show is not what was asked for.

    Raises:
        PackError: If there is one; names it.
    """
    for run in runs:
        if run.state != "done":
            raise PackError(
                f"{run.folder} is {run.state}, not done. Finish it with 'alseg run', or pack it as it is "
                "with --incomplete."
            )


def _refuse_other_costs(run: Run) -> None:
    """Refuse costs that are not the sum of the purchases, where all of them are there."""
    pixels = void = clicks = 0
    images: set[str] = set()
    if run.method.target_labels != "acquired":
        return
    for result in run.rounds:
        folder = run.round_folder(result.round)
        if result.round:
            if not Purchase.committed(folder):
                return
            purchase = Purchase.read(folder)
            pixels, void, clicks = (
                pixels + purchase.pixels,
                void + purchase.void,
                clicks + purchase.clicks,
            )
            images |= purchase.spans.keys()
        found = (pixels, pixels - void, clicks, len(images))
        _refuse_other_cost(folder, result, found)


def _refuse_other_cost(folder: Path, result: RoundResult, found: tuple[int, int, int, int]) -> None:
    cost = result.cost
    told = (cost.pixels, cost.valid_pixels, cost.clicks, cost.images)
    for name, said, counted in zip(("pixels", "valid pixels", "clicks", "images"), told, found, strict=True):
        if said != counted:
            raise PackError(
                f"{folder} says that {said:,} {name} were bought, but its ledgers hold {counted:,}. "
                "The run is damaged, or its numbers were changed."
            )
