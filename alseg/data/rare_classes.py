"""Rare-class sampling: a class is drawn first, the rarer the more often, and then an image that shows it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alseg.errors import AlsegError
from alseg.seeding import derive


class RareClassDraw(NamedTuple):
    """One draw.

    Attributes:
        image: Index of the image.
        label: The class for which it was drawn.
    """

    image: int
    label: int


class RareClassOrder:
    """Draws a class with the probability ``softmax((1 - share) / temperature)``, then one of its images.

    Every draw has a random stream of its own, so that any draw is found without those before it.

    Args:
        class_pixels: int64 ``(images, classes)``: pixels of each class in each image.
        image_pixels: int64 ``(images,)``: pixels of each image.
        temperature: The lower, the more the rarest classes are preferred.
        least_share: An image shows a class that covers more than this share of it. A class that no image
            shows is never drawn.
        axes: What the draws depend on, such as the domain and the run's seed.

    Raises:
        AlsegError: If no image shows any class.

    Source:
        Hoyer et al., CVPR 2022, arXiv:2111.14887, section 3.3. A class's share is that of its pixels among
        the labelled pixels of all images. The released code asks for 3,000 pixels in label maps of
        1052 x 1914, a share of 0.0015, and stops where no image shows a class.
    """

    def __init__(
        self,
        class_pixels: NDArray[np.int64],
        image_pixels: NDArray[np.int64],
        temperature: float,
        least_share: float,
        *axes: int | str,
    ) -> None:
        shows: NDArray[np.bool_] = class_pixels > least_share * image_pixels[:, None]
        if not shows.any():
            raise AlsegError(
                f"No source image shows a class on more than {least_share:.2%} of its pixels, so that "
                "rare-class sampling has nothing to draw. Lower the recipe's rare_share."
            )
        self._axes = axes
        self._showing = [np.flatnonzero(column) for column in shows.T]
        present = np.array([len(images) > 0 for images in self._showing])
        self.probabilities = class_probabilities(class_pixels.sum(axis=0), present, temperature)
        self._edges = np.cumsum(self.probabilities)

    def drawn(self, draw: int) -> RareClassDraw:
        """Return image and class of the ``draw``-th draw, from 0."""
        random = np.random.default_rng(derive("rare-class-order", *self._axes, draw))
        label = int(np.searchsorted(self._edges, random.random() * self._edges[-1], side="right"))
        # A number of almost 1 may be rounded up to the last edge.
        label = min(label, int(np.flatnonzero(self.probabilities)[-1]))
        return RareClassDraw(int(random.choice(self._showing[label])), label)

    def image(self, draw: int) -> int:
        """Return the index of the image of the ``draw``-th draw, from 0."""
        return self.drawn(draw).image


def class_probabilities(
    pixels: NDArray[np.int64], present: NDArray[np.bool_], temperature: float
) -> NDArray[np.float64]:
    """Return how probably each class is drawn: ``softmax((1 - share) / temperature)`` over those present.

    Args:
        pixels: int64 ``(classes,)``: pixels of each class.
        present: bool ``(classes,)``: classes that can be drawn, at least one.
        temperature: Above 0.

    Returns:
        float64 ``(classes,)``, 0 where a class is not present.
    """
    scores = (1 - pixels / pixels.sum()) / temperature
    weights: NDArray[np.float64] = np.where(present, np.exp(scores - scores[present].max()), 0.0)
    total: float = weights.sum()
    return np.divide(weights, total)
