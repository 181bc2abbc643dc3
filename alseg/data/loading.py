"""From data sets to batches: the one place where images are resized, changed and normalised.

Workers deliver uint8; normalisation happens once per batch, on the device.
"""

from __future__ import annotations

import math
import multiprocessing
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import DataLoader
from torch.utils.data import Dataset as TorchDataset
from torchvision.transforms.v2 import functional as transforms

from alseg.contracts import IGNORE_INDEX, Augmentation, DataPlan, Dataset, Size
from alseg.data.cache import resized_image, resized_label, uncached
from alseg.data.cropping import Wanted, draw_cut
from alseg.data.rare_classes import RareClassOrder
from alseg.data.sampling import Draw, StepBatches
from alseg.guard.calls import guarded
from alseg.seeding import derive
from alseg.system.signals import leave_signals_to_parent, starting_workers
from alseg.toolkit.imaging import resize_image
from alseg.toolkit.labels import translated

T = TypeVar("T")

# More workers than cores are the user's choice, and torch would say so once per loader.
warnings.filterwarnings("ignore", message="This DataLoader will create", category=UserWarning)


class TrainingLabels(Protocol):
    """Where training label maps come from: a labelled source, or what has been revealed of the target."""

    def training_label(self, index: int, size: Size) -> NDArray[np.uint8]:
        """Return a label map resized to ``size``, uint8 in the scenario's label space, 255 where unknown."""
        ...


class DenseLabels:
    """The label maps of a labelled data set, translated to the scenario's label space.

    Args:
        dataset: A split whose labels may be read.
        translation: uint8 ``(256,)``: the data set's label values to the scenario's.
    """

    def __init__(self, dataset: Dataset, translation: NDArray[np.uint8]) -> None:
        self._dataset, self._translation = dataset, translation

    def label(self, index: int) -> NDArray[np.uint8]:
        """Return a label map at its native size, uint8 ``(H, W)``."""
        return translated(self._dataset.label(index), self._translation)

    def training_label(self, index: int, size: Size) -> NDArray[np.uint8]:
        """Return a label map resized by nearest sampling, uint8 of ``size``."""
        # Nearest sampling moves values and changes none, so the fewer pixels can be translated.
        return translated(resized_label(self._dataset, index, size), self._translation)


class TrainingSamples(TorchDataset[tuple[torch.Tensor, torch.Tensor]]):
    """Images and label maps as a training step sees them.

    What a draw gives depends on its number alone, never on the worker that makes it.

    Args:
        dataset: The images.
        labels: The label maps.
        plan: Size and random changes.
        axes: What the random changes depend on besides the draw, such as the domain and the run's seed.
        rare_classes: Knows the class for which an image was drawn, which its cut should show; None where
            images are drawn for no class.
    """

    def __init__(
        self,
        dataset: Dataset,
        labels: TrainingLabels,
        plan: DataPlan,
        *axes: int | str,
        rare_classes: RareClassOrder | None = None,
    ) -> None:
        self._dataset, self._labels, self._plan, self._axes = dataset, labels, plan, axes
        self._rare_classes = rare_classes

    def __getitem__(self, draw: Draw) -> tuple[torch.Tensor, torch.Tensor]:
        """Return uint8 ``(3, H, W)`` and uint8 ``(H, W)``."""
        with guarded(uncached(self._dataset), "image and label map"):
            return self._sample(draw)

    def _sample(self, draw: Draw) -> tuple[torch.Tensor, torch.Tensor]:
        number, index = draw
        random = np.random.default_rng(derive("augment", *self._axes, number))
        size = self._plan.size or self._dataset.size(index)
        scaled_size = _zoomed(size, self._plan.augmentation, random)
        if scaled_size == size:
            pixels = torch.from_numpy(resized_image(self._dataset, index, size))
        else:
            # A zoom is hardly ever the same again, so it is not worth being kept.
            pixels = torch.from_numpy(resize_image(self._dataset.image(index), scaled_size))
        label = torch.from_numpy(self._labels.training_label(index, scaled_size).copy())
        frame, wanted = self._plan.crop or size, self._wanted(number, scaled_size)
        return _change(pixels, label, frame, self._plan.augmentation, random, wanted)

    def _wanted(self, number: int, size: Size) -> Wanted | None:
        """Return what the cut of a draw should show, of an image of some size."""
        if self._rare_classes is None:
            return None
        pixels = self._plan.rare_share * size[0] * size[1]
        return Wanted(self._rare_classes.drawn(number).label, pixels)


def _zoomed(size: Size, augmentation: Augmentation, random: np.random.Generator) -> Size:
    low, high = augmentation.scale
    if low == high == 1:
        return size
    factor = math.exp(random.uniform(math.log(low), math.log(high)))
    return max(1, round(size[0] * factor)), max(1, round(size[1] * factor))


def _change(
    image: torch.Tensor,
    label: torch.Tensor,
    size: Size,
    augmentation: Augmentation,
    random: np.random.Generator,
    wanted: Wanted | None,
) -> tuple[torch.Tensor, torch.Tensor]:
    if image.shape[-2:] != size:
        image, label = _cut_or_pad(image, label, size, random, wanted)
    if augmentation.flip and random.random() < 0.5:
        image, label = image.flip(-1), label.flip(-1)
    if augmentation.color:
        low, high = max(0.0, 1 - augmentation.color), 1 + augmentation.color
        image = transforms.adjust_brightness(image, random.uniform(low, high))
        image = transforms.adjust_contrast(image, random.uniform(low, high))
        image = transforms.adjust_saturation(image, random.uniform(low, high))
    return image.contiguous(), label.contiguous()


def _cut_or_pad(
    image: torch.Tensor, label: torch.Tensor, size: Size, random: np.random.Generator, wanted: Wanted | None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Place the sample at random in a frame of ``size``; outside it is black and void."""
    framed_image = torch.zeros((3, *size), dtype=torch.uint8)
    framed_label = torch.full(size, IGNORE_INDEX, dtype=torch.uint8)
    read, write = draw_cut(label, size, random, wanted)
    framed_image[:, *write] = image[:, *read]
    framed_label[write] = label[read]
    return framed_image, framed_label


def training_loader(
    samples: TrainingSamples, batches: StepBatches, workers: int, *, pin_memory: bool
) -> DataLoader[tuple[torch.Tensor, torch.Tensor]]:
    """Return a loader with one batch per step, uint8 ``(B, 3, H, W)`` and ``(B, H, W)``."""
    return DataLoader(
        samples,
        batch_sampler=batches,
        num_workers=workers,
        pin_memory=pin_memory,
        worker_init_fn=leave_signals_to_parent,
    )


class InferenceSamples(TorchDataset[tuple[int, torch.Tensor, torch.Tensor | None]]):
    """Images for prediction, each with its index and, if asked for, the picture at its native size.

    Args:
        dataset: The images.
        size: Input size; None for the native size.
        keep_image: Whether the native picture is delivered too.
    """

    def __init__(self, dataset: Dataset, size: Size | None, *, keep_image: bool = False) -> None:
        self._dataset, self._size, self._keep_image = dataset, size, keep_image

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self._dataset)

    def __getitem__(self, index: int) -> tuple[int, torch.Tensor, torch.Tensor | None]:
        """Return index, uint8 ``(3, h, w)`` at the input size, and uint8 ``(3, H, W)`` or None."""
        with guarded(uncached(self._dataset), "image"):
            return self._sample(index)

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


def started(loader: DataLoader[T]) -> Iterator[Any]:
    """Start a loader's workers, which do not hear the signals that ask this process to stop.

    Raises:
        OSError: If not all can be started, for want of files, processes or memory; the others are ended.
        RuntimeError: The same, as torch words it.
    """
    before = multiprocessing.active_children()
    with starting_workers():
        try:
            return iter(loader)
        except (OSError, RuntimeError, MemoryError) as error:
            with _unraisable_errors_ignored():  # torch's half-made iterator raises one when it is deleted
                failure = error.with_traceback(None)
            for worker in multiprocessing.active_children():
                if worker not in before:
                    worker.kill()  # it may not have come to heed anything else
            raise failure from None


@contextmanager
def _unraisable_errors_ignored() -> Iterator[None]:
    hook = sys.unraisablehook
    sys.unraisablehook = lambda _: None
    try:
        yield
    finally:
        sys.unraisablehook = hook


def normalise(images: torch.Tensor, mean: Sequence[float], std: Sequence[float]) -> torch.Tensor:
    """Turn uint8 ``(B, 3, H, W)``, 0-255, into normalised float32 on the same device."""
    shape = (1, 3, 1, 1)
    mean_tensor = torch.tensor(mean, dtype=torch.float32, device=images.device).view(shape)
    std_tensor = torch.tensor(std, dtype=torch.float32, device=images.device).view(shape)
    return (images.float() / 255 - mean_tensor) / std_tensor
