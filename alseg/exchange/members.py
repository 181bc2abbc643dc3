"""Which files of results belong into a pack: records, counts and ledgers, neither weights nor pixels."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from alseg.files import LARGEST_RECORD
from alseg.storage.layout import METRICS_NAME, RUN_NAME, attempt_files, round_folders
from alseg.storage.ledger import LARGEST_ARRAY, LARGEST_INDEX
from alseg.storage.round_files import LARGEST_COUNTS

EXPERIMENT_NAME = "experiment.yaml"

FOLDER_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$"
"""Names of parts: fit for every file system."""

_OF_RUN = (RUN_NAME, "status.json")

_OF_ROUND = {
    METRICS_NAME: LARGEST_RECORD,
    "timing.json": LARGEST_RECORD,
    "confusion.npz": LARGEST_COUNTS,
    "new-answers.npz": LARGEST_COUNTS,
    "held-out.npz": LARGEST_COUNTS,
    "ledger.json": LARGEST_INDEX,
    "ledger.npy": LARGEST_ARRAY,
    "pool.json": LARGEST_INDEX,
}
"""Name of a file in a round's folder to the bytes it may have."""

_RUN = r"(?![^/]*\.old-)\w[\w.,+=@ -]{0,254}(?<![. ])"
"""Names of runs: no path out of the pack, no hidden folder, and none that was put aside."""

_MEMBER = re.compile(
    rf"(?P<part>{FOLDER_NAME[1:-1]})/(?:{re.escape(EXPERIMENT_NAME)}"
    rf"|runs/(?P<run>{_RUN})/(?:{'|'.join(map(re.escape, _OF_RUN))}"
    r"|attempts/(?:0|[1-9][0-9]{0,5})\.json"
    rf"|rounds/[0-9]{{2,4}}/(?P<file>{'|'.join(map(re.escape, _OF_ROUND))})))"
)


def largest_of(name: str) -> int | None:
    """Return the bytes that a member of a pack may have; None where no member has such a name.

    Args:
        name: Path in the pack, with slashes.
    """
    found = _MEMBER.fullmatch(name)
    if found is None:
        return None
    return _OF_ROUND[found["file"]] if found["file"] else LARGEST_RECORD


def files_of_run(folder: Path) -> Iterator[Path]:
    """Yield the files of a run that belong into a pack: of rounds, those that are committed.

    Args:
        folder: The run's folder.
    """
    yield from (folder / name for name in _OF_RUN if (folder / name).exists())
    yield from attempt_files(folder).values()
    for round_folder in round_folders(folder).values():
        if (round_folder / METRICS_NAME).exists():
            yield from (round_folder / name for name in _OF_ROUND if (round_folder / name).exists())


def members_in(folder: Path, part: str) -> list[str]:
    """Return what a part of an unpacked pack holds: files with names of members, and all links.

    Others are left alone: weights and locks of a results folder, or what a system leaves in every folder.

    Args:
        folder: Root of the unpacked pack.
        part: Name of the part's folder.

    Returns:
        Paths in the pack, with slashes, sorted.
    """
    paths = [folder / part / EXPERIMENT_NAME, *(folder / part / "runs").rglob("*")]
    named = {path.relative_to(folder).as_posix(): path for path in paths}
    return sorted(
        name
        for name, path in named.items()
        if path.is_symlink() or (largest_of(name) is not None and path.exists())
    )
