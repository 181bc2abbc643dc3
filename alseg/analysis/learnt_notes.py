"""What a reader must know of runs without evaluation labels, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from alseg.analysis.bootstrap import FEWEST_GROUPS
from alseg.analysis.row import Row


def notes(rows: Sequence[Row]) -> Iterator[str]:
    """Yield what columns of rows without evaluation labels say, and what they do not.

    Args:
        rows: The rows shown.
    """
    blind = [row for row in rows if row.learnt is not None]
    if not blind:
        return
    which = (
        ""
        if len(blind) == sum(bool(row.counted) for row in rows)
        else f" of {', '.join(row.label for row in blind)}"
    )
    yield f"No evaluation labels, so the IoU{which} is unknown: shown is what was bought and learnt."
    if any(row.learnt and row.learnt.new_answers for row in blind):
        yield (
            "New answers: those that the round bought, as the network predicted them before it was trained "
            "on them (prequential), in the pixels to which they give a class."
        )
    estimated = {row.label: row.learnt.estimate for row in blind if row.learnt and row.learnt.estimate}
    if estimated:
        bounded = any(each.low is not None for each in estimated.values())
        yield (
            "Estimate from N held-out answers: mean IoU over answers that are never trained on, after the "
            "round, over the classes that they name."
            + (" [a, b]: 95% interval over images." if bounded else "")
        )
    unbounded = [label for label, each in estimated.items() if each.low is None and each.miou is not None]
    if unbounded:
        yield (
            f"No interval for the estimate of {', '.join(unbounded)}: it takes answers about "
            f"{FEWEST_GROUPS} images or groups of images."
        )
    if estimated or any(row.learnt and row.learnt.new_answers for row in blind):
        yield (
            "Answers are where a method asks, and many ask where the network errs: such numbers are not the "
            "mIoU of the target, and methods that ask in different places do not compare by them."
        )
