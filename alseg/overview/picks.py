"""Which photograph of the pool to show, and what methods asked about it. No torch, no drawing."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from alseg.analysis.row import Row
from alseg.inspection.saved_run import SavedRun
from alseg.registry.registry import Registry
from alseg.storage.layout import round_folders
from alseg.storage.ledger import INDEX_NAME
from alseg.storage.records import Run

PANELS = 3
"""Most methods whose picks are drawn: more would be too small to be seen."""


@dataclass(frozen=True)
class Panel:
    """What one method bought of the photograph.

    Attributes:
        label: The method.
        bought_in: int16 ``(H, W)``, the round in which each pixel was bought, -1 for never.
    """

    label: str
    bought_in: NDArray[np.int16]


@dataclass(frozen=True)
class Picks:
    """A photograph, and what several methods bought of it.

    Attributes:
        image_id: The photograph's name.
        photograph: uint8 RGB ``(H, W, 3)``.
        panels: At most `PANELS`, at least one; that of the baseline first.
        rounds: Purchases in all.
    """

    image_id: str
    photograph: NDArray[np.uint8]
    panels: tuple[Panel, ...]
    rounds: int


def read_picks(
    rows: Sequence[Row], registry: Registry, *, root: Path | None = None, image_id: str | None = None
) -> Picks | None:
    """Return a photograph of the pool with what methods asked about it.

    Shown are the baseline and the best of the other methods that pick places in images, each by its first run
    that has bought anything.

    Args:
        rows: Of one scenario.
        registry: Where names are looked up.
        root: Folder of the data sets; None for the one the runs have used.
        image_id: The photograph; None for one that most of these methods asked about.

    Returns:
        None where no run folder holds purchases of parts of an image; packs are left out.

    Raises:
        AlsegError: If the data set is not at hand, a purchase is damaged, or there is no such image.
    """
    visits = _visits(rows, registry, root)
    if not visits:
        return None
    pool = next(iter(visits.values())).pool
    wanted = image_id if image_id is not None else _most_asked_about(visits.values(), pool.image_ids)
    [index] = next(iter(visits.values())).find(pool, [wanted])
    size = pool.dataset.size(index)
    return Picks(
        image_id=wanted,
        photograph=pool.dataset.image(index),
        panels=tuple(Panel(label, visit.bought_in(wanted, size)) for label, visit in visits.items()),
        rounds=max(number for visit in visits.values() for number in visit.purchases),
    )


def _visits(rows: Sequence[Row], registry: Registry, root: Path | None) -> dict[str, SavedRun]:
    """Return runs to show, by their method's label."""
    visits: dict[str, SavedRun] = {}
    for row in _by_merit(rows):
        for run in row.runs:
            if not _may_be_visited(run):
                continue
            visit = SavedRun(run.folder, registry, root)
            if _picks_places(visit):
                visits[row.label] = visit
                break
        if len(visits) == PANELS:
            break
    return visits


def _may_be_visited(run: Run) -> bool:
    """Whether a run folder holds purchases, and is not of a pack: a stranger has chosen what that names."""
    if run.shown is not None:
        return False
    return any((folder / INDEX_NAME).exists() for folder in round_folders(run.folder).values())


def _by_merit(rows: Sequence[Row]) -> list[Row]:
    """Return the methods that buy labels, no upper marks: baselines first, then the highest score first."""
    baselines = {row.baseline for row in rows}
    first = next((row for row in rows if row.label in baselines), None)
    others = [row for row in rows if not (row.is_reference or row.is_upper_mark) and row is not first]
    others.sort(key=lambda row: -row.score.mean if row.score else math.inf)
    return [*([first] if first and not first.is_reference else []), *others]


def _picks_places(visit: SavedRun) -> bool:
    """Whether questions are about parts of an image: of those about whole ones there is nothing to see."""
    for purchase in visit.purchases.values():
        for image_id in purchase.spans:
            [index] = visit.find(visit.pool, [image_id])
            height, width = visit.pool.dataset.size(index)
            return int(purchase.of_image(image_id)["pixels"].max()) < height * width
    return False


def _most_asked_about(visits: Iterable[SavedRun], pool: Sequence[str]) -> str:
    """Return an image that most methods asked about; of several, the one in the middle of the pool."""
    votes = Counter(
        image_id
        for visit in visits
        for image_id in {name for purchase in visit.purchases.values() for name in purchase.spans}
    )
    often = [image_id for image_id in pool if votes[image_id] == max(votes.values())]
    return often[len(often) // 2]
