"""Regions of images, computed once and kept on disk: superpixels take longer than a prediction."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alseg.contracts import Dataset, Partition
from alseg.data.cache import uncached
from alseg.files import content_hash, write_atomically
from alseg.guard.answers import checked_image, checked_regions
from alseg.guard.calls import guarded
from alseg.seeding import derive

FORMAT = 1
"""Part of every file's name; another one when what is kept would differ."""

_IN_MEMORY = 32
"""Maps of the images asked for last; about 8 MiB each at 1024 x 2048."""


class RegionMaps:
    """The regions of a data set's images. Several processes may share a folder.

    Args:
        dataset: The images, at the size of their label maps.
        partition: Cuts them.
        identity: Of partition and data set: the same where both give the same.
        folder: Where maps are kept, or None. It may be deleted at any time: they are computed again.
        writable: Whether maps may be written there; if not, they are read only.
    """

    def __init__(
        self,
        dataset: Dataset,
        partition: Partition,
        identity: str,
        folder: Path | None,
        *,
        writable: bool = True,
    ) -> None:
        self._dataset, self._partition, self._identity, self._folder = dataset, partition, identity, folder
        self._writable = writable
        self._recent: OrderedDict[str, NDArray[np.int32]] = OrderedDict()

    def regions(self, index: int) -> NDArray[np.int32]:
        """Return the region of each pixel of an image, int32 ``(H, W)``, ids 0 to R - 1; not to be changed.

        Raises:
            AnswerError: If the partition returns something else.
            DataError: If a file that it reads cannot be used.
        """
        image_id = self._dataset.image_id(index)  # what the index stands for may change with the pool
        if image_id in self._recent:
            self._recent.move_to_end(image_id)
            return self._recent[image_id]
        regions = self._kept(index)
        regions.setflags(write=False)
        self._recent[image_id] = regions
        if len(self._recent) > _IN_MEMORY:
            self._recent.popitem(last=False)
        return regions

    def _kept(self, index: int) -> NDArray[np.int32]:
        """Return a map from disk, or compute it and keep it there."""
        if self._folder is None:
            return self._computed(index)
        file = self._file(self._folder, index)
        regions = _read(file, self._dataset.size(index))
        if regions is None:
            regions = self._computed(index)
            if self._writable:
                _write(file, regions)
        return regions

    def __getstate__(self) -> dict[str, Any]:
        """Leave maps in memory behind: loader workers read their own."""
        return {**self.__dict__, "_recent": OrderedDict()}

    def _computed(self, index: int) -> NDArray[np.int32]:
        import torch  # whoever only reads what is kept need not wait for it

        dataset, image_id = uncached(self._dataset), self._dataset.image_id(index)
        with guarded(dataset, f"image of {image_id}"):
            image = checked_image(dataset, dataset.image(index))
        generator = torch.Generator().manual_seed(derive("partition", self._identity, image_id))
        with guarded(self._partition, f"regions of image {image_id}"):
            regions = self._partition.regions(image, image_id, generator)
        return checked_regions(self._partition, regions, self._dataset.size(index))

    def _file(self, folder: Path, index: int) -> Path:
        image_id = self._dataset.image_id(index)
        stamps = [
            str(stamp(of))
            for stamp, of in (
                (getattr(self._dataset, "stamp", None), index),
                (getattr(self._partition, "stamp", None), image_id),
            )
            if stamp is not None
        ]
        name = content_hash([FORMAT, self._identity, image_id, *self._dataset.size(index), *stamps])
        return folder / name[:2] / f"{name}.npz"


def _read(file: Path, size: tuple[int, int]) -> NDArray[np.int32] | None:
    """Return a map that is kept; None where there is none, or it is damaged: the archive has a checksum."""
    try:
        with np.load(file, allow_pickle=False) as content:
            regions = content["regions"]
    except Exception:  # numpy and zipfile raise many types for a damaged archive
        return None
    if regions.dtype not in (np.uint8, np.uint16, np.int32) or regions.shape != tuple(size):
        return None
    found = regions.astype(np.int32)
    whole = found.min() == 0 and found.max() < found.size and np.bincount(found.ravel()).all()
    return found if whole else None


def _write(file: Path, regions: NDArray[np.int32]) -> None:
    kept = regions.astype(np.min_scalar_type(int(regions.max()))) if regions.max() < 2**16 else regions
    write_atomically(file, lambda stream: np.savez_compressed(stream, regions=kept))
