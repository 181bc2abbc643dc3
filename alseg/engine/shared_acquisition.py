"""The first purchase of runs that have been trained alike so far: one pass over the pool for all of them.

Predictions take longer than all else in an acquisition, and until the first purchase runs that differ in the
acquisition alone have the same network. The first of them asks for the others too, and leaves their picks
here.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from alseg.contracts import Picks
from alseg.files import remove, write_atomically
from alseg.storage.packed_picks import PICK_ARRAYS, arrays_of, picks_of
from alseg.system.ranks import ALONE, Ranks


class SharedPoolPass:
    """Picks that wait for their runs.

    Args:
        folder: Of the training that the runs share.
        ranks: The processes that do a run together. The first of them reads and writes; the others are given
            what it finds, and make the same calls.
    """

    def __init__(self, folder: Path, ranks: Ranks = ALONE) -> None:
        self._folder = folder / "picks"
        self._ranks = ranks

    def keep(self, run: str, made_with: str, picks: Mapping[str, Picks], seconds: float) -> None:
        """Keep the picks of a run.

        Args:
            run: Its folder's name.
            made_with: The network and, where it grows, the pool that they were made with, as a digest.
            picks: Image id to picks.
            seconds: The run's share of what the pass took.

        Raises:
            WriteError: If they cannot be written.
        """
        if not self._ranks.is_first:
            return
        arrays = {**arrays_of(picks), "made_with": np.array(made_with), "seconds": np.array(seconds)}
        # The archive has a checksum of each array.
        write_atomically(self._file(run), lambda file: np.savez(file, **arrays))

    def holds(self, run: str) -> bool:
        """Whether there are picks of a run, whatever they were made with."""
        return self._ranks.from_first(self._file(run).exists())

    def take(self, run: str, made_with: str) -> tuple[dict[str, Picks], float] | None:
        """Return a run's picks, by image id, and its share of what the pass took, in seconds.

        None where there are none, they cannot be read, or were made with another network or pool.
        """
        return self._ranks.from_first(self._taken(run, made_with) if self._ranks.is_first else None)

    def _taken(self, run: str, made_with: str) -> tuple[dict[str, Picks], float] | None:
        try:
            with np.load(self._file(run), allow_pickle=False) as content:
                if str(content["made_with"]) != made_with:
                    return None
                picks = picks_of({name: content[name] for name in PICK_ARRAYS})
                return picks, float(content["seconds"])
        except Exception:  # numpy and zipfile raise many types for a damaged archive
            return None

    def forget(self, run: str) -> None:
        """Remove the picks of a run that has bought them."""
        if self._ranks.is_first:
            remove(self._file(run))

    def _file(self, run: str) -> Path:
        return self._folder / f"{run}.npz"
