"""What the report shows beside numbers, as far as run folders and data sets at hand have it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from alseg.errors import AlsegError
from alseg.inspection.saved_run import SavedRun
from alseg.registry.registry import Registry
from alseg.report.content import Extras
from alseg.report.frequencies import counted_frequencies
from alseg.report.pictures import PictureBook
from alseg.storage.examples import NAME
from alseg.storage.layout import round_folders
from alseg.storage.ledger import INDEX_NAME
from alseg.storage.records import Run


def has_pictures(run: Run) -> bool:
    """Return whether a run folder holds anything that pictures are made of.

    Not of packs: pictures build the data set and the network that a run names, which a stranger has chosen.
    """
    if run.shown is not None:
        return False
    if (run.folder / NAME).exists():
        return True
    folders = round_folders(run.folder).values()
    return any((folder / name).exists() for folder in folders for name in (NAME, INDEX_NAME))


def gather_extras(
    rows: Mapping[str, Mapping[str, Run]],
    registry: Registry,
    images: int,
    *,
    root: Path | None = None,
    on_row: Callable[[str], None] = lambda label: None,
) -> Extras:
    """Draw pictures of a few images for every method; count what runs from before it was kept have bought.

    What cannot be shown is told of on the page, beside the pictures.

    Args:
        rows: Scenario to label of a row to its first run that counts.
        registry: Where names are looked up.
        images: How many images of the pool.
        root: Folder of the data sets; None for those the runs have used.
        on_row: Called before each row with its label.
    """
    pictures, frequencies = {}, {}
    for scenario, runs in rows.items():
        shown = {label: run for label, run in runs.items() if has_pictures(run)}
        if not shown:
            continue
        try:
            visits = {label: SavedRun(run.folder, registry, root) for label, run in shown.items()}
            pictures[scenario] = PictureBook(visits, images).content(on_row)
        except AlsegError as error:
            pictures[scenario] = {"images": [], "sources": [], "scale": [], "note": f"No pictures: {error}"}
            continue
        silent = {label: visit for label, visit in visits.items() if _says_nothing(runs[label])}
        knows_pool = any(
            run.method.target_labels == "all" and not _says_nothing(run) for run in runs.values()
        )
        try:
            any_of_them = None if knows_pool else next(iter(visits.values()))
            frequencies[scenario] = counted_frequencies(silent, any_of_them)
        except AlsegError:
            # The pictures' note says that the data set is missing.
            continue
    return Extras(pictures=pictures, frequencies=frequencies)


def _says_nothing(run: Run) -> bool:
    """Whether a run was made before the pixels bought of each class were kept."""
    return run.final is None or run.final.bought is None
