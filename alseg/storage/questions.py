"""What a round asks people: written once, before the first of them is asked, and never decided anew."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from alseg.contracts import Picks
from alseg.errors import DamageError
from alseg.files import write_atomically
from alseg.storage.asked_regions import AskedRegions
from alseg.storage.layout import QUESTIONS_NAME
from alseg.storage.packed_maps import PackedMaps
from alseg.storage.packed_picks import PICK_ARRAYS, arrays_of, picks_of
from alseg.system.archives import names_of, read_arrays
from alseg.system.regular_file import naming_damage

ASKED_NAME = "asked.npz"
LARGEST_QUESTIONS = 2**32
"""Bytes of the questions of one round: 200 million."""


class PredictedMaps(PackedMaps):
    """What the network says of the images that people are asked about, uint8 ``(H, W)``."""

    maps_name = "predictions.bin"
    index_name = "predictions.json"
    dtype = "u1"


@dataclass(frozen=True)
class Questions:
    """The questions of a round.

    Attributes:
        picks: Image id to questions, at least one each; of a budget in clicks as many as it affords at the
            least price.
        regions: The regions of these images, where the partition follows the network; else None.
        predictions: What the network says of these images; None where it was not asked.
    """

    picks: Mapping[str, Picks]
    regions: AskedRegions | None = None
    predictions: PredictedMaps | None = None

    @property
    def count(self) -> int:
        """Number of questions."""
        return sum(map(len, self.picks.values()))

    @staticmethod
    def committed(round_folder: Path) -> bool:
        """Return whether a round has decided what it asks people."""
        return (round_folder / QUESTIONS_NAME / ASKED_NAME).exists()

    @classmethod
    def write(
        cls,
        round_folder: Path,
        picks: Mapping[str, Picks],
        regions: Iterable[tuple[str, NDArray[np.int32]]] | None = None,
        predictions: Iterable[tuple[str, NDArray[np.uint8]]] | None = None,
    ) -> None:
        """Write the maps, then the questions, which commits them.

        Args:
            round_folder: The round's folder.
            picks: Image id to questions; images may have none.
            regions: Image ids and int32 ``(H, W)``, ids 0 to R - 1.
            predictions: Image ids and uint8 ``(H, W)``.

        Raises:
            WriteError: If a file cannot be written.
        """
        folder = round_folder / QUESTIONS_NAME
        arrays = arrays_of({image_id: asked for image_id, asked in picks.items() if len(asked)})
        if regions is not None:
            arrays["regions"] = np.array([AskedRegions.write(folder, regions).sha256])
        if predictions is not None:
            PredictedMaps.write(folder, predictions)
        # The archive has a checksum of each array.
        write_atomically(folder / ASKED_NAME, lambda file: np.savez(file, **arrays))

    @classmethod
    def read(cls, round_folder: Path, *, verify: bool = True) -> Questions:
        """Read committed questions.

        Args:
            round_folder: The round's folder.
            verify: Whether to compare the checksums of regions and predictions.

        Raises:
            DamageError: If a file is missing or damaged; names it.
        """
        folder = round_folder / QUESTIONS_NAME
        path = folder / ASKED_NAME
        with naming_damage(path, lambda error: "is damaged: it holds no questions."):
            arrays = read_arrays(path, LARGEST_QUESTIONS, (*PICK_ARRAYS, "regions"))
            picks = picks_of(arrays)
            sha256 = names_of(arrays["regions"])[0] if "regions" in arrays else None
        regions = None if sha256 is None else AskedRegions.read(folder, verify=verify)
        if regions is not None and (regions.sha256 != sha256 or not picks.keys() <= regions.places.keys()):
            raise DamageError(f"{regions.path} is damaged: it does not fit {ASKED_NAME}.")
        predictions = PredictedMaps.read(folder, verify=verify) if PredictedMaps.committed(folder) else None
        return cls(picks, regions, predictions)
