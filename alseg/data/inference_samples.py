"""Images for prediction, in order and at the size of the network's input."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch.utils.data import DataLoader
from torch.utils.data import Dataset as TorchDataset

from alseg.contracts import Dataset, Size
from alseg.data.cache import resized_image, uncached
from alseg.guard.calls import guarded
from alseg.system.signals import leave_signals_to_parent


class InferenceSamples(TorchDataset[tuple[int, torch.Tensor, torch.Tensor | None]]):
    """Images for prediction, each with its index and, if asked for, the picture at its native size.

    Args:
        dataset: The images.
        size: Input size; None for the native size.
        indices: Which of the images, in order; all unless given.
        keep_image: Whether the native picture is delivered too.
    """

    def __init__(
        self,
        dataset: Dataset,
        size: Size | None,
        indices: Sequence[int] | None = None,
        *,
        keep_image: bool = False,
    ) -> None:
        self._dataset, self._size, self._keep_image = dataset, size, keep_image
        self._indices = range(len(dataset)) if indices is None else indices

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self._indices)

    def __getitem__(self, place: int) -> tuple[int, torch.Tensor, torch.Tensor | None]:
        """Return index, uint8 ``(3, h, w)`` at the input size, and uint8 ``(3, H, W)`` or None."""
        with guarded(uncached(self._dataset), "image"):
            return self._sample(self._indices[place])

    def _sample(self, index: int) -> tuple[int, torch.Tensor, torch.Tensor | None]:
        size = self._size or self._dataset.size(index)
        resized = torch.from_numpy(resized_image(self._dataset, index, size))
        native = None
        if self._keep_image:
            native = torch.from_numpy(np.ascontiguousarray(self._dataset.image(index).transpose(2, 0, 1)))
        return index, resized, native


InferenceSample = tuple[int, torch.Tensor, torch.Tensor | None]


def inference_loader(samples: InferenceSamples, batch_size: int, workers: int) -> DataLoader[InferenceSample]:
    """Return a loader over all images in order; a batch is a list, since native sizes can differ."""
    return DataLoader(
        samples,
        batch_size=batch_size,
        num_workers=workers,
        collate_fn=list,
        worker_init_fn=leave_signals_to_parent,
    )
