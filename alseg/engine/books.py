"""What each of the processes that do a run together knows of the run's folder.

The first one's files are the run. Another one keeps files of its own in a temporary folder, of which nothing
is left: a copy of what there was, and what it makes itself. So all of them find the same at every point,
however long a shared file system takes to show what another machine has written.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import BinaryIO

from alseg.files import write_atomically
from alseg.storage.run_folder import RunFolder
from alseg.system.ranks import Ranks


def copy_books(folder: RunFolder, ranks: Ranks) -> None:
    """Give the other ranks the rounds of a run; training states are taken over by other means.

    Args:
        folder: The run's folder; of the other ranks their own, in which there is nothing of the run yet.
        ranks: All of them call this.

    Raises:
        LostRank: If another rank has ended.
    """
    if ranks.size == 1:
        return
    files = ranks.from_first(_rounds(folder.path) if ranks.is_first else {})
    if not ranks.is_first:
        for name, content in files.items():
            write_atomically(folder.path / name, partial(_fill, content))


def _fill(content: bytes, file: BinaryIO) -> None:
    file.write(content)


def _rounds(path: Path) -> dict[str, bytes]:
    """Return the content of a run's round files, by their paths in the folder, without networks."""
    found = (file for file in sorted(path.glob("rounds/**/*")) if file.is_file() and file.suffix != ".pt")
    return {str(file.relative_to(path)): file.read_bytes() for file in found}
