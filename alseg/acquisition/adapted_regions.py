"""The regions of a round, where the partition follows the network: made once, then read in every pass."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from alseg.acquisition.job import Pool, QueryJob
from alseg.acquisition.views import target_view
from alseg.contracts import AdaptivePartition, Need, Size
from alseg.guard.answers import checked_regions
from alseg.guard.calls import guarded
from alseg.inference.gathering import in_order
from alseg.inference.predict import Prediction
from alseg.seeding import derive
from alseg.storage.asked_regions import AskedRegions

RegionsOf = Callable[[int], NDArray[np.int32]]


class AdaptedRegions:
    """The regions of a pool's images in one round, packed in a file without a name.

    Args:
        partition: Adapts regions.
        needs: What it reads, by the names of its spec.
        base: Returns the regions of an image from its picture alone, by index, int32 ``(H, W)``.
        asked: Returns which earlier question was about each pixel of an image, by index, int32 ``(H, W)``, -1
            for none; None where questions are not about regions.
    """

    def __init__(
        self, partition: AdaptivePartition, needs: Sequence[Need], base: RegionsOf, asked: RegionsOf | None
    ) -> None:
        self._partition, self._needs, self._base, self._asked = partition, needs, base, asked
        self._file = tempfile.TemporaryFile(prefix="alseg-regions-")  # noqa: SIM115 - as long as this object
        self._places: dict[int, tuple[int, int, Size]] = {}
        self._last: tuple[int, NDArray[np.int32]] | None = None
        self._new: list[int] = []

    def see(self, prediction: Prediction, image_id: str, job: QueryJob, pool: Pool) -> None:
        """Adapt the regions of an image, unless that has been done.

        Args:
            prediction: What the network says of the image.
            image_id: The image.
            job: The method.
            pool: The pool and the round.

        Raises:
            AnswerError: If the partition returns something else than regions.
        """
        index = prediction.index
        if index in self._places:
            return
        base, size = self._base(index), pool.dataset.size(index)
        as_partition = replace(job, needs=self._needs, regions=self._base)
        view = replace(
            target_view(prediction, image_id, as_partition, pool),
            generator=torch.Generator().manual_seed(derive("adapt", *pool.seed_axes, image_id)),
            moments=None,
        )
        with guarded(self._partition, f"adapt for image {image_id}"):
            adapted = self._partition.adapt(base, view)
        regions = checked_regions(self._partition, adapted, size, "adapt")
        self._keep(index, regions if self._asked is None else apart(regions, self._asked(index)))
        self._new.append(index)

    def gather(self, pool: Pool) -> None:
        """Know the regions of the images that other ranks have seen since, too."""
        own = ((index, (self._packed(index), self._places[index][2])) for index in self._new)
        for index, (content, size) in in_order(pool.ranks, own, len(pool.dataset)):
            if index not in self._places:
                self._add(index, content, size)
        self._new.clear()

    def regions(self, index: int) -> NDArray[np.int32]:
        """Return the regions of an image, int32 ``(H, W)``, ids 0 to R - 1; not to be changed.

        Raises:
            KeyError: If it has not been seen.
        """
        if self._last is None or self._last[0] != index:
            self._remember(index, AskedRegions.unpacked(self._packed(index), self._places[index][2]))
        assert self._last is not None
        return self._last[1]

    def find(self, index: int) -> NDArray[np.int32] | None:
        """Return the regions of an image as `regions` does; None where it has not been seen."""
        return self.regions(index) if index in self._places else None

    def _keep(self, index: int, regions: NDArray[np.int32]) -> None:
        height, width = regions.shape
        self._add(index, AskedRegions.packed(regions), (height, width))
        self._remember(index, regions)

    def _add(self, index: int, content: bytes, size: Size) -> None:
        start = self._file.seek(0, 2)
        self._file.write(content)
        self._places[index] = (start, len(content), size)

    def _packed(self, index: int) -> bytes:
        start, length, _ = self._places[index]
        self._file.seek(start)
        return self._file.read(length)

    def _remember(self, index: int, regions: NDArray[np.int32]) -> None:
        regions.setflags(write=False)
        self._last = (index, regions)


def apart(regions: NDArray[np.int32], asked: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return regions of which none holds pixels of an earlier question, unless it is that question's own.

    Args:
        regions: int32 ``(H, W)``, ids 0 to R - 1.
        asked: int32 ``(H, W)``, the earlier question of each pixel, -1 for none.

    Returns:
        int32 ``(H, W)``, ids from 0 without a gap: what is left of the regions, in their order, then the
        questions in theirs.
    """
    ids = np.where(asked < 0, regions, int(regions.max()) + 1 + asked)
    numbers = np.cumsum(np.bincount(ids.ravel()) > 0) - 1
    return numbers[ids].astype(np.int32)
