"""Which target image a training step draws: a function of seed, step and what has been bought by then."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from alseg.contracts import DataPlan
from alseg.data.sampling import ShuffledOrder


@dataclass(frozen=True)
class _Stage:
    """The draws from one purchase to the next.

    Attributes:
        first: The stage's first draw.
        uniform: The order of all images of the pool.
        base: The stage's draw of the uniform order that is the first one.
        places: int64 ``(images,)``, of each image of the stage's pool its place in the pool of today, -1
            where it is in it no more; None where the pool is the same.
        labelled: Images with bought labels that are drawn more often; empty where all draws are uniform.
        order: The order of those.
    """

    first: int
    uniform: ShuffledOrder
    base: int = 0
    places: NDArray[np.int64] | None = None
    labelled: Sequence[int] = ()
    order: ShuffledOrder | None = None


class TargetOrder:
    """Draws target images: each once per epoch, or a share of them from images with bought labels.

    With the sampling ``labelled``, draws after a purchase are split evenly: a share goes to the images with
    bought labels, the rest to all images. Before the first purchase, and where every image has labels, the
    draws are those of ``shuffle``, byte for byte.

    Where the pool is another one after a purchase, its images are shuffled anew from that purchase on.

    Args:
        images: Number of images in the pool, at first.
        plan: Of the target; gives the batch size, the sampling and the share.
        seed: The run's seed.
        accumulation: Batches of a step.
    """

    def __init__(self, images: int, plan: DataPlan, seed: int, accumulation: int = 1) -> None:
        self._images, self._seed = images, seed
        self._step_images = plan.batch_size * accumulation
        # Exact, so that the share of a long run is not a matter of rounding.
        share = Fraction(plan.labelled_share).limit_denominator(10**6)
        self._share = share if plan.sampling == "labelled" else None
        self._stages = [_Stage(0, ShuffledOrder(images, "target", seed))]

    def change_pool(self, moved: NDArray[np.int64], images: int) -> None:
        """Take note that the pool is another one from the next purchase on.

        Args:
            moved: int64 ``(images before,)``: each image's place in the new pool, -1 where it is not in it.
            images: Number of images in the new pool.
        """
        self._stages = [
            replace(stage, places=moved if stage.places is None else _moved(stage.places, moved))
            for stage in self._stages
        ]
        self._images = images

    def buy(self, iteration: int, labelled: Sequence[int]) -> None:
        """Take note of a purchase.

        Args:
            iteration: Steps taken before it.
            labelled: Indices of all images with bought labels, this purchase included, in pool order.

        Raises:
            ValueError: If an earlier purchase was made later.
        """
        first = iteration * self._step_images
        if first < self._stages[-1].first:
            raise ValueError(f"A purchase at iteration {iteration} comes after a later one.")
        last, number = self._stages[-1], len(self._stages)
        stage = _Stage(first, last.uniform, last.base)
        if last.places is not None:
            stage = _Stage(first, ShuffledOrder(self._images, "target", "grown", self._seed, number), first)
        if self._share is not None and len(labelled) not in (0, self._images):
            order = ShuffledOrder(len(labelled), "target", "labelled", self._seed, number)
            stage = replace(stage, labelled=tuple(labelled), order=order)
        self._stages.append(stage)

    def image(self, draw: int) -> int:
        """Return the index of the image of the ``draw``-th draw of the run, from 0.

        Of a draw before the pool became another one, its index today, -1 where it is in the pool no more.
        """
        stage = self._stages[bisect_right(self._stages, draw, key=lambda stage: stage.first) - 1]
        index = self._image_of(stage, draw)
        return index if stage.places is None else int(stage.places[index])

    def _image_of(self, stage: _Stage, draw: int) -> int:
        """Return the index of the image of a draw in the pool of its stage."""
        if stage.order is None or self._share is None:
            return stage.uniform.image(draw - stage.base)
        before = int(stage.first * self._share)
        labelled = int(draw * self._share) - before
        if int((draw + 1) * self._share) - before > labelled:
            return stage.labelled[stage.order.image(labelled)]
        return stage.uniform.image(draw - labelled - stage.base)

    def drawn(self, iteration: int, purchases: Iterable[tuple[int, NDArray[np.int64]]]) -> tuple[int, int]:
        """Return how many bought pixels, and images, training has drawn since they were bought.

        Void pixels count as well: they are part of what was paid for.

        Args:
            iteration: Steps taken; later draws do not count.
            purchases: Steps taken before each purchase, and the pixels that it bought of each image, int64
                ``(images,)``.
        """
        last = self.last_draws(iteration)
        pixels, images = 0, np.zeros(self._images, np.bool_)
        for made, bought in purchases:
            seen = (last >= made) & (bought > 0)
            pixels += int(bought[seen].sum())
            images |= seen
        return pixels, int(images.sum())

    def last_draws(self, iteration: int) -> NDArray[np.int64]:
        """Return the step in which each image was last drawn, int64 ``(images,)``, -1 for never.

        Args:
            iteration: Steps taken; later ones do not count.
        """
        last = np.full(self._images, -1, np.int64)
        for draw in range(iteration * self._step_images):
            index = self.image(draw)
            if index >= 0:
                last[index] = draw // self._step_images
        return last


def _moved(places: NDArray[np.int64], moved: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the places of images after a second change of the pool, int64, -1 where there is none."""
    found: NDArray[np.int64] = np.where(places >= 0, moved[places], -1)
    return found
