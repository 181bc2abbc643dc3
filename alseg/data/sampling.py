"""Which image a training step draws: a function of seed and position, so that resuming needs no state."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import accumulate
from math import log
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from alseg.seeding import derive

Draw = tuple[int, int]
"""A draw's number in the run, and the image's index."""

_COUNTED_DRAWS = 3_000
CLASS_BALANCED_LIST = 42 * _COUNTED_DRAWS
"""Draws in the list of `ClassBalancedOrder`: that of the released code, for 62,500 steps of 2 images."""


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

    A list of draws of a fixed length is made once, see `class_balanced_draws`, and gone through in a shuffled
    order, then in another one. So any draw is found without those before it, and resuming needs no state.

    Args:
        class_pixels: int64 ``(images, classes)``: pixels of each class in each image. An image shows a class
            from its first pixel on.
        axes: What the list and its order depend on.

    Raises:
        ValueError: If no image shows any class.

    Source:
        The released code of Xie et al., CVPR 2022, whose list is as long and is shuffled as a whole, too. Its
        list is the same for all seeds; here it depends on the seed as everything else does.
    """

    def __init__(self, class_pixels: NDArray[np.int64], *axes: int | str) -> None:
        shows = class_pixels > 0
        self._images = _listed(shows.tobytes(), shows.shape, CLASS_BALANCED_LIST, axes)
        self._order = ShuffledOrder(len(self._images), "class-balanced", *axes)

    def image(self, draw: int) -> int:
        """Return the index of the image of the ``draw``-th draw, from 0."""
        return int(self._images[self._order.image(draw)])


@lru_cache(maxsize=4)  # half a second of work, which runs of a seed have in common
def _listed(
    shows: bytes, shape: tuple[int, ...], draws: int, axes: tuple[int | str, ...]
) -> NDArray[np.int64]:
    """Return the images of a list of draws, int64 ``(draws,)``, which nobody may change."""
    random = np.random.default_rng(derive("class-balanced-order", *axes))
    images = class_balanced_draws(np.frombuffer(shows, np.bool_).reshape(shape), draws, random).images
    images.flags.writeable = False
    return images


class BalancedDraws(NamedTuple):
    """Draws in the order in which they were made.

    Attributes:
        images: int64 ``(draws,)``: index of the image.
        classes: int64 ``(draws,)``: the class for which it was drawn.
    """

    images: NDArray[np.int64]
    classes: NDArray[np.int64]


def class_balanced_draws(shows: NDArray[np.bool_], draws: int, random: np.random.Generator) -> BalancedDraws:
    """Draw images so that every class is seen.

    A class is drawn with weight ``1 / log(1.01 + share)``: its share among the classes that the images drawn
    so far show, each counted once per image. Counts start anew every 3,000 draws. The images that show a
    class come in the order of the data set, and in a new random order after each pass.

    Args:
        shows: bool ``(images, classes)``: which image shows which class.
        draws: How many.
        random: Draws classes and orders.

    Raises:
        ValueError: If no image shows any class.

    Source:
        The released code of Xie et al., CVPR 2022. A class that no image shows is never drawn, which would be
        an error there.
    """
    if not shows.any():
        raise ValueError("No image shows any class.")
    showing = [np.flatnonzero(column) for column in shows.T]
    present = [1.0 if len(images) else 0.0 for images in showing]
    places = [0] * len(showing)
    images, classes = np.empty(draws, np.int64), np.empty(draws, np.int64)
    # Plain numbers: arrays as short as these take longer.
    for draw, chance in enumerate(random.random(draws).tolist()):
        if draw % _COUNTED_DRAWS == 0:
            seen, total = [0] * len(showing), 1
        edges = list(
            accumulate(p / log(1.01 + count / total) for p, count in zip(present, seen, strict=True))
        )
        # A chance of almost 1 may be rounded up to the last edge, behind which there is no class.
        chosen = min(bisect_right(edges, chance * edges[-1]), bisect_left(edges, edges[-1]))
        if places[chosen] == len(showing[chosen]):
            random.shuffle(showing[chosen])
            places[chosen] = 0
        image = showing[chosen][places[chosen]]
        images[draw], classes[draw] = image, chosen
        places[chosen] += 1
        for shown in shows[image].nonzero()[0].tolist():
            seen[shown] += 1
        total = sum(seen)
    return BalancedDraws(images, classes)


class StepBatches:
    """The draws of a range of batches; a ``batch_sampler`` for a data loader.

    Args:
        order: Which image a draw is.
        batch_size: Images of a batch.
        start: First batch, counted from the run's first.
        stop: The batch after the last.
        rows: Of each batch, those whose draws are wanted; all of them unless given.
    """

    def __init__(
        self, order: Order, batch_size: int, start: int, stop: int, rows: slice = slice(None)
    ) -> None:
        self._order, self._batch_size, self._start, self._stop = order, batch_size, start, stop
        self._rows = rows

    def __len__(self) -> int:
        """Return the number of batches."""
        return self._stop - self._start

    def __iter__(self) -> Iterator[list[Draw]]:
        """Yield each batch's draws."""
        for batch in range(self._start, self._stop):
            first = batch * self._batch_size
            draws = range(first, first + self._batch_size)[self._rows]
            yield [(draw, self._order.image(draw)) for draw in draws]
