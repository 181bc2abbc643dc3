"""From result folders to a picture file."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from alseg.analysis.chosen_images import on_chosen_images
from alseg.analysis.cost_axes import COST_AXES
from alseg.analysis.shown_rows import ALL_ROWS, RowFilter
from alseg.errors import AlsegError, one_line
from alseg.exchange.opening import opened
from alseg.files import write_atomically
from alseg.overview.curves import Curves, read_curves
from alseg.overview.picks import Picks, read_picks
from alseg.registry.registry import Registry

NAME = "overview.png"
"""The picture's name in a results folder."""
ITERATIONS = "iterations"
"""The horizontal axis that is no cost."""


def write_overview(
    results: Sequence[Path],
    output: Path,
    registry: Registry,
    *,
    root: Path | None = None,
    image_id: str | None = None,
    x: str = ITERATIONS,
    chosen: RowFilter = ALL_ROWS,
    image_groups: Sequence[str] = (),
) -> tuple[str, ...]:
    """Draw learning curves, and a photograph of the pool with what methods asked about it.

    Args:
        results: Result folders, run folders or packs; runs need not be done.
        output: The PNG file.
        registry: Where names are looked up.
        root: Folder of the data sets; None for the one the runs have used.
        image_id: The photograph; None for one that most methods asked about.
        x: What the horizontal axis shows: ``iterations``, or a key of `alseg.analysis.cost_axes.COST_AXES`.
        chosen: Which methods to show.
        image_groups: Curves are of the evaluation images of these groups; empty for all images.

    Returns:
        What the user should know, a line each: which runs are left out, why there is no photograph.

    Raises:
        AlsegError: If there are no results, the file cannot be written, there is no image of this name, no
            method is left to be shown, or as `alseg.analysis.chosen_images.on_chosen_images`.
        KeyError: If there is no such axis.
    """
    axis = None if x == ITERATIONS else COST_AXES[x]
    with opened(results) as found:
        of_images = on_chosen_images(found.load(), image_groups)
        curves = read_curves(of_images, axis=axis, chosen=chosen)
        picks, reason = _picks_or_reason(curves, registry, root, image_id)
    no_photograph = (f"No photograph: {reason}",) if reason else ()
    with _quiet():
        from alseg.overview.drawing import draw

        content = draw(curves, picks, note="".join(no_photograph))
    write_atomically(output, lambda file: file.write(content))
    return of_images.without_images + no_photograph


def _picks_or_reason(
    curves: Curves, registry: Registry, root: Path | None, image_id: str | None
) -> tuple[Picks | None, str]:
    """Return the photograph and nothing, or nothing and why there is none."""
    try:
        picks = read_picks(curves.rows, registry, root=root, image_id=image_id)
    except AlsegError as error:
        if image_id is not None:
            raise
        return None, _text(error)  # curves are worth a picture of their own
    if picks is not None:
        return picks, ""
    if any(run.shown is not None for row in curves.rows for run in row.runs):
        return None, "packs hold no photographs, and data sets that they name are not read."
    return None, "the run folders hold no picks of places in images."


def overview_or_note(folder: Path, registry: Registry, note: Callable[[str], None]) -> Path | None:
    """Draw the overview of a results folder after its runs; whatever goes wrong costs one line.

    Args:
        folder: A results folder.
        registry: Where names are looked up.
        note: Given the line.

    Returns:
        The picture, or None where there is none.
    """
    path = folder / NAME
    try:
        write_overview([folder], path, registry)
    except Exception as error:  # the runs are done, and matplotlib raises many types
        note(f"No picture of the results: {_text(error)}")
        return None
    return path


def _text(error: Exception) -> str:
    """Return in one line what a user is told of an exception."""
    return " ".join(str(error).split()) if isinstance(error, AlsegError) else one_line(error)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep matplotlib from telling about its font cache and letters that its font lacks."""
    logger = logging.getLogger("matplotlib")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
