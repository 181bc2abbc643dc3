"""The parts of a pool, which acquisitions rank: its images, or the regions of a partition."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from alseg.acquisition.image_picks import question_pixels
from alseg.acquisition.job import Pool, QueryJob
from alseg.contracts import PartsView
from alseg.seeding import derive, image_token


class PoolParts:
    """Gathers the parts of the images of a pool, one image after the other.

    Args:
        job: The method whose questions are about them.
        pool: The pool.
    """

    def __init__(self, job: QueryJob, pool: Pool) -> None:
        self._job, self._pool = job, pool
        self._sizes: list[NDArray[np.int64]] = []
        self._bought: list[NDArray[np.bool_]] = []

    def add(self, index: int) -> None:
        """Add the parts of the next image."""
        dataset = self._pool.dataset
        asked = self._job.asked(dataset.image_id(index))
        if self._job.unit == "region" and self._job.regions is not None:
            regions = self._job.regions(index)
            sizes = np.bincount(regions.ravel()).astype(np.int64)
            bought = np.zeros(len(sizes), np.bool_)
            bought[regions[asked[:, 0], asked[:, 1]]] = True
        else:
            height, width = dataset.size(index)
            sizes = np.array([height * width], np.int64)
            bought = np.array([self._job.unit == "image" and len(asked) > 0])
        self._sizes.append(sizes)
        self._bought.append(bought)

    def __getitem__(self, place: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Return size in pixels and whether it is bought of each part of an image, both ``(parts,)``."""
        return self._sizes[place], self._bought[place]

    def add_known(self, sizes: NDArray[np.int64], bought: NDArray[np.bool_]) -> None:
        """Add the parts of the next image, as another process has them."""
        self._sizes.append(sizes)
        self._bought.append(bought)

    def view(self) -> PartsView:
        """Return what an acquisition sees of the parts."""
        pool = self._pool
        counts = torch.tensor([len(sizes) for sizes in self._sizes])
        images = torch.repeat_interleave(torch.arange(len(counts)), counts)
        starts = counts.cumsum(0) - counts
        pixels = torch.from_numpy(np.concatenate(self._sizes))
        bought = torch.from_numpy(np.concatenate(self._bought))
        budget = self._budget()
        image_ids = [pool.dataset.image_id(index) for index in range(len(counts))]
        return PartsView(
            image_ids=tuple(map(image_token, image_ids)),
            images=images,
            regions=torch.arange(len(images)) - starts[images],
            pixels=pixels,
            bought=bought,
            count=self._count(pixels, bought, budget),
            budget=budget,
            generator=torch.Generator().manual_seed(derive("acquire", *pool.seed_axes)),
            groups=torch.tensor(self._groups(len(counts))),
            num_classes=pool.num_classes,
            round=pool.round,
            rounds=pool.rounds,
        )

    def _budget(self) -> int:
        """Return the pixels that can be afforded; of clicks and regions the most, at one click each."""
        limits, images = self._job.limits, len(self._sizes)
        if limits.currency == "pixels":
            return limits.pool if limits.per_image is None else sum(limits.per_image)
        left = [sizes[~bought] for sizes, bought in zip(self._sizes, self._bought, strict=True)]
        if limits.per_image is None:
            return self._largest(np.concatenate(left), limits.pool)
        return sum(self._largest(left[index], limits.of_image(index)) for index in range(images))

    def _largest(self, sizes: NDArray[np.int64], questions: int) -> int:
        """Return the most pixels that so many questions about parts of these sizes can reveal."""
        if self._job.unit != "part":
            return int(np.sort(sizes)[::-1][: max(0, questions)].sum())
        of_question = question_pixels(self._job.mode, self._pool.dataset.size(0)) or 1
        return min(int(sizes.sum()), questions * of_question)

    def _count(self, pixels: torch.Tensor, bought: torch.Tensor, budget: int) -> int:
        """Return how many parts can be afforded: of images the most, of regions of mean size about."""
        left = pixels[~bought]
        if not len(left):
            return 0
        limits = self._job.limits
        if limits.currency != "pixels":
            questions = sum(limits.per_image) if limits.per_image is not None else limits.pool
            return min(len(left) if self._job.unit != "part" else budget, questions)
        if self._job.unit == "part":
            return budget
        if self._job.unit == "region":
            return min(len(left), -(-budget * len(left) // int(left.sum())))
        return min(len(left), budget // int(left.min()))

    def _groups(self, images: int) -> list[int]:
        """Return the group of each image, numbered in the order in which they come."""
        group = getattr(self._pool.dataset, "group", None)
        if group is None:
            return [0] * images
        numbers: dict[str, int] = {}
        return [numbers.setdefault(str(group(index)), len(numbers)) for index in range(images)]
