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
from typing import Any, Protocol, TypeVar, runtime_checkable

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import DataLoader, default_collate
from torch.utils.data import Dataset as TorchDataset
from torchvision.transforms.v2 import functional as transforms

from alseg.contracts import IGNORE_INDEX, Augmentation, DataPlan, Dataset, Size
from alseg.data.cache import resized_image, resized_label, uncached
from alseg.data.cropping import Wanted, draw_cut
from alseg.data.rare_classes import RareClassOrder
from alseg.data.sampling import Draw, StepBatches
from alseg.data.training_answers import TrainingAnswers
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


@runtime_checkable
class AnsweredLabels(TrainingLabels, Protocol):
    """Training label maps that were revealed by answers to questions."""

    def training_answers(self, index: int, size: Size) -> TrainingAnswers:
        """Return a label map resized to ``size``, with the answers that gave it."""
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


Sample = tuple[torch.Tensor, ...]
"""Image and label map, and where a plan asks for ``regions``, regions and classes; of a batch, stacked."""


class TrainingSamples(TorchDataset[Sample]):
    """Images and label maps as a training step sees them.

    What a draw gives depends on its number alone, never on the worker that makes it.

    Args:
        dataset: The images.
        labels: The label maps.
        plan: Size and random changes.
        axes: What the random changes depend on besides the draw, such as the domain and the run's seed.
        rare_classes: Knows the class for which an image was drawn, which its cut should show; None where
            images are drawn for no class.

    Raises:
        ValueError: If the plan asks for regions and nobody was asked for the labels.
    """

    def __init__(
        self,
        dataset: Dataset,
        labels: TrainingLabels,
        plan: DataPlan,
        *axes: int | str,
        rare_classes: RareClassOrder | None = None,
    ) -> None:
        if plan.regions and not isinstance(labels, AnsweredLabels):
            raise ValueError(f"regions of the plan: {type(labels).__name__} are no answers to questions")
        self._dataset, self._labels, self._plan, self._axes = dataset, labels, plan, axes
        self._rare_classes = rare_classes

    def __getitem__(self, draw: Draw) -> Sample:
        """Return uint8 ``(3, H, W)`` and uint8 ``(H, W)``.

        Where the plan asks for regions, int32 ``(H, W)`` and bool ``(n, C + 1)`` follow.
        """
        with guarded(uncached(self._dataset), "image and label map"):
            return self._sample(draw)

    def _sample(self, draw: Draw) -> Sample:
        number, index = draw
        random = np.random.default_rng(derive("augment", *self._axes, number))
        size = self._plan.size or self._dataset.size(index)
        scaled_size = _zoomed(size, self._plan.augmentation, random)
        if scaled_size == size:
            pixels = torch.from_numpy(resized_image(self._dataset, index, size))
        else:
            # A zoom is hardly ever the same again, so it is not worth being kept.
            pixels = torch.from_numpy(resize_image(self._dataset.image(index), scaled_size))
        further: list[torch.Tensor] = []
        if self._plan.regions and isinstance(self._labels, AnsweredLabels):
            answers = self._labels.training_answers(index, scaled_size)
            maps = [torch.from_numpy(each.copy()) for each in (answers.label, answers.regions)]
            further = [torch.from_numpy(answers.classes)]
        else:
            maps = [torch.from_numpy(self._labels.training_label(index, scaled_size).copy())]
        frame, wanted = self._plan.crop or size, self._wanted(number, scaled_size)
        return *_change(pixels, maps, frame, self._plan.augmentation, random, wanted), *further

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


_OUTSIDE = (IGNORE_INDEX, -1)
"""Values of label maps and regions outside the picture."""


def _change(
    image: torch.Tensor,
    maps: Sequence[torch.Tensor],
    size: Size,
    augmentation: Augmentation,
    random: np.random.Generator,
    wanted: Wanted | None,
) -> Sample:
    """Change an image, with its label map and perhaps its regions moving along."""
    if image.shape[-2:] != size:
        image, *maps = _cut_or_pad(image, maps, size, random, wanted)
    if augmentation.flip and random.random() < 0.5:
        image, *maps = (each.flip(-1) for each in (image, *maps))
    if augmentation.color:
        low, high = max(0.0, 1 - augmentation.color), 1 + augmentation.color
        image = transforms.adjust_brightness(image, random.uniform(low, high))
        image = transforms.adjust_contrast(image, random.uniform(low, high))
        image = transforms.adjust_saturation(image, random.uniform(low, high))
    return tuple(each.contiguous() for each in (image, *maps))


def _cut_or_pad(
    image: torch.Tensor,
    maps: Sequence[torch.Tensor],
    size: Size,
    random: np.random.Generator,
    wanted: Wanted | None,
) -> Sample:
    """Place the sample at random in a frame of ``size``; outside it is black, void and not asked."""
    read, write = draw_cut(maps[0], size, random, wanted)
    framed = [
        torch.zeros((3, *size), dtype=torch.uint8),
        *(torch.full(size, value, dtype=each.dtype) for each, value in zip(maps, _OUTSIDE, strict=False)),
    ]
    for frame, each in zip(framed, (image, *maps), strict=True):
        frame[..., *write] = each[..., *read]
    return tuple(framed)


def training_loader(
    samples: TrainingSamples, batches: StepBatches, workers: int, *, pin_memory: bool
) -> DataLoader[Sample]:
    """Return a loader with one batch per step, uint8 ``(B, 3, H, W)`` and ``(B, H, W)``.

    Where the plan asks for regions, int32 ``(B, H, W)`` and bool ``(B, R, C + 1)`` follow; R is the largest
    number of questions about one image.
    """
    return DataLoader(
        samples,
        batch_sampler=batches,
        num_workers=workers,
        pin_memory=pin_memory,
        worker_init_fn=leave_signals_to_parent,
        collate_fn=_stacked,
    )


def _stacked(samples: Sequence[Sample]) -> list[torch.Tensor]:
    """Return the samples of a batch stacked; classes get rows of nothing until all have as many."""
    if len(samples[0]) > 2:
        most = max(len(classes) for *_, classes in samples)
        samples = [
            (*maps, torch.nn.functional.pad(classes, (0, 0, 0, most - len(classes))))
            for *maps, classes in samples
        ]
    stacked: list[torch.Tensor] = default_collate(list(samples))
    return stacked


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
