"""What a round has counted on each evaluation image, or on those of some groups only."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alseg.storage.round_files import read_image_counts, read_image_groups


class CountedImages(NamedTuple):
    """Images and what was counted on them.

    Attributes:
        ids: Name of each image.
        groups: Group of each image; its own name where its data set names no groups.
        counts: int64 ``(N, C, C)``, rows ground truth, columns prediction.
    """

    ids: tuple[str, ...]
    groups: tuple[str, ...]
    counts: NDArray[np.int64]

    def of(self, patterns: Sequence[str]) -> CountedImages:
        """Return the images of some groups; all images where there are no patterns."""
        if not patterns:
            return self
        named = {name for name in set(self.groups) if is_named(name, patterns)}
        places = [place for place, name in enumerate(self.groups) if name in named]
        return CountedImages(
            tuple(self.ids[place] for place in places),
            tuple(self.groups[place] for place in places),
            self.counts[places],
        )


def read_counted(path: Path) -> CountedImages:
    """Read a file of confusion counts.

    Args:
        path: Such as a round's ``confusion.npz``.

    Raises:
        DamageError: If the file is missing or damaged; names it.
    """
    ids, counts = read_image_counts(path)
    return CountedImages(ids, read_image_groups(path, ids), counts)


def is_named(group: str, patterns: Sequence[str]) -> bool:
    """Return whether a group is named: by its whole name, or by a pattern with ``*``, ``?`` and ``[...]``."""
    return any(pattern == group or fnmatchcase(group, pattern) for pattern in patterns)
