"""The first purchase of runs that have been trained alike so far: one pass over the pool for all of them.

Predictions take longer than all else in an acquisition, and until the first purchase runs that differ in the
acquisition alone have the same network. The first of them asks for the others too, and leaves their picks
here.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from alseg.contracts import Picks
from alseg.files import remove, write_atomically


class SharedPoolPass:
    """Picks that wait for their runs.

    Args:
        folder: Of the training that the runs share.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "picks"

    def keep(self, run: str, weights: str, picks: Mapping[str, Picks], seconds: float) -> None:
        """Keep the picks of a run.

        Args:
            run: Its folder's name.
            weights: Digest of the weights of the network that they were made with.
            picks: Image id to picks.
            seconds: The run's share of what the pass took.

        Raises:
            WriteError: If they cannot be written.
        """
        every = list(picks.values())
        arrays: dict[str, Any] = {
            "weights": np.array(weights),
            "seconds": np.array(seconds),
            "image_ids": np.array(list(picks)),
            "counts": np.array([len(each) for each in every], np.int64),
            "positions": np.concatenate([np.zeros((0, 2), np.int32), *(each.positions for each in every)]),
            "scores": np.concatenate([np.zeros(0, np.float32), *(each.scores for each in every)]),
            "pixels": np.concatenate([np.zeros(0, np.int64), *(each.pixels for each in every)]),
            "proposed": np.concatenate(
                [np.zeros(0, np.uint8), *(each.proposed for each in every if each.proposed is not None)]
            ),
        }
        # The archive has a checksum of each array.
        write_atomically(self._file(run), lambda file: np.savez(file, **arrays))

    def holds(self, run: str) -> bool:
        """Whether there are picks of a run, made with whatever weights."""
        return self._file(run).exists()

    def take(self, run: str, weights: str) -> tuple[dict[str, Picks], float] | None:
        """Return a run's picks, by image id, and its share of what the pass took, in seconds.

        None where there are none, they cannot be read, or were made with weights of another digest.
        """
        try:
            with np.load(self._file(run), allow_pickle=False) as content:
                if str(content["weights"]) != weights:
                    return None
                stops = np.cumsum(content["counts"])[:-1]
                names = ["positions", "scores", "pixels"]
                # Empty where nothing was proposed.
                names += ["proposed"] if len(content["proposed"]) else []
                columns = [np.split(content[name], stops) for name in names]
                ids = content["image_ids"].tolist()
                picks = {image_id: Picks(*each) for image_id, *each in zip(ids, *columns, strict=True)}
                return picks, float(content["seconds"])
        except Exception:  # numpy and zipfile raise many types for a damaged archive
            return None

    def forget(self, run: str) -> None:
        """Remove the picks of a run that has bought them."""
        remove(self._file(run))

    def _file(self, run: str) -> Path:
        return self._folder / f"{run}.npz"
