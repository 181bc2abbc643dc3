"""Which image a training step draws: a function of seed and position, so that resuming needs no state."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from alseg.seeds import derive

Draw = tuple[int, int]
"""A draw's number in the run, and the image's index."""


class Order(Protocol):
    """Which image each draw is."""

    def image(self, draw: int) -> int:
        """Return the index of the image of the ``draw``-th draw, from 0."""
        ...


class ShuffledOrder:
    """Every image once per epoch, each epoch in an order of its own.

    Args:
        images: Number of images.
        axes: What the order depends on, such as the domain and the run's seed.
    """

    def __init__(self, images: int, *axes: int | str) -> None:
        if images < 1:
            raise ValueError(f"There must be an image to draw, not {images}.")
        self._images = images
        self._epoch_order = lru_cache(maxsize=2)(lambda epoch: self._shuffle(epoch, axes))

    def image(self, draw: int) -> int:
        """Return the index of the image of the ``draw``-th draw, from 0."""
        epoch, place = divmod(draw, self._images)
        return int(self._epoch_order(epoch)[place])

    def _shuffle(self, epoch: int, axes: Sequence[int | str]) -> NDArray[np.int64]:
        return np.random.default_rng(derive("data-order", *axes, epoch)).permutation(self._images)


class ClassBalancedOrder:
    """Images that show classes seen little so far are drawn more often.

    A class is drawn with weight ``1 / log(1.01 + share of the class in all pixels drawn so far)``, then an
    image among those that show it. Later draws depend on earlier ones, so all draws up to the one asked for
    are replayed.

    Args:
        class_pixels: int64 ``(images, classes)``: pixels of each class in each image.
        axes: What the order depends on.

    Source:
        The sampling of the RIPU authors' recipe, Xie et al., CVPR 2022.
    """

    def __init__(self, class_pixels: NDArray[np.int64], *axes: int | str) -> None:
        if not class_pixels.any():
            raise ValueError("No image shows any class.")
        self._pixels = class_pixels
        self._showing = [np.flatnonzero(column) for column in class_pixels.T]
        self._present = np.array([images.size > 0 for images in self._showing])
        self._random = np.random.default_rng(derive("class-balanced-order", *axes))
        self._seen = np.zeros(class_pixels.shape[1])
        self._drawn: list[int] = []

    def image(self, draw: int) -> int:
        """Return the index of the image of the ``draw``-th draw, from 0."""
        while len(self._drawn) <= draw:
            self._drawn.append(self._next())
        return self._drawn[draw]

    def _next(self) -> int:
        shares = self._seen / max(self._seen.sum(), 1.0)
        weights = np.where(self._present, 1.0 / np.log(1.01 + shares), 0.0)
        chosen_class = self._random.choice(len(weights), p=weights / weights.sum())
        image = int(self._random.choice(self._showing[chosen_class]))
        self._seen += self._pixels[image]
        return image


class StepBatches:
    """The draws of a range of training steps, a batch a step; a ``batch_sampler`` for a data loader.

    Args:
        order: Which image a draw is.
        batch_size: Images per step.
        start: First step, in steps already taken.
        stop: The step after the last.
    """

    def __init__(self, order: Order, batch_size: int, start: int, stop: int) -> None:
        self._order, self._batch_size, self._start, self._stop = order, batch_size, start, stop

    def __len__(self) -> int:
        """Return the number of steps."""
        return self._stop - self._start

    def __iter__(self) -> Iterator[list[Draw]]:
        """Yield each step's draws."""
        for step in range(self._start, self._stop):
            first = step * self._batch_size
            yield [(draw, self._order.image(draw)) for draw in range(first, first + self._batch_size)]
