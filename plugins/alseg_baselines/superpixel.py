"""The annotation mode whose questions are about regions of a partition."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import numpy as np
from numpy.typing import NDArray

from alseg.contracts import ADDED_LATER, AnswerKind, Answers, Picks, Size
from alseg.toolkit.clicks import clicks_per_class
from alseg_baselines.prices import most_classes_said

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Superpixel:
    """A question reveals a region of the method's partition; its score is the mean of the map over it.

    Attributes:
        answer: What the annotator says of a region.
    """

    answer: Annotated[AnswerKind, ADDED_LATER] = "pixels"

    def clicks(self, answers: Answers) -> NDArray[np.int64]:
        """Return one click for each class that the annotator says, void being one."""
        return clicks_per_class(answers)

    def most_clicks(self, pixels: int, classes: int) -> int:
        """Return what a region costs in which everything is there, or every pixel another class."""
        return most_classes_said(self.answer, pixels, classes)

    def propose(
        self, score: torch.Tensor, asked: NDArray[np.int32], pixel_limit: int, *, regions: NDArray[np.int32]
    ) -> Picks:
        """Return the regions of the highest mean score; they end before the first that does not fit.

        Pixels of -inf are left out of a mean, and a region of nothing else is never asked about. Of equal
        scores the region whose first pixel comes first, row after row, is asked first.
        """
        ids = regions.ravel()
        sizes = np.bincount(ids)
        first = np.full(len(sizes), ids.size, np.int64)
        np.minimum.at(first, ids, np.arange(ids.size))
        values = score.detach().cpu().double().numpy().ravel()
        wanted = values > -np.inf
        counts = np.bincount(ids[wanted], minlength=len(sizes))
        sums = np.bincount(ids[wanted], values[wanted], minlength=len(sizes))
        means = np.full(len(sizes), -np.inf)
        np.divide(sums, counts, out=means, where=counts > 0)
        means[regions[asked[:, 0], asked[:, 1]]] = -np.inf
        order = np.lexsort((first, -means))
        order = order[means[order] > -np.inf]
        order = order[: int(np.searchsorted(np.cumsum(sizes[order]), pixel_limit, side="right"))]
        positions = np.stack(np.divmod(first[order], regions.shape[1]), axis=1).astype(np.int32)
        return Picks(positions, means[order].astype(np.float32), sizes[order].astype(np.int64))

    def footprint(
        self, positions: NDArray[np.int32], size: Size, *, regions: NDArray[np.int32]
    ) -> NDArray[np.int32]:
        """Return which question reveals each pixel, int32 ``(H, W)``, -1 for none."""
        question = np.full(int(regions.max()) + 1, -1, np.int32)
        asked = regions[positions[:, 0], positions[:, 1]]
        question[asked[::-1]] = np.arange(len(positions), dtype=np.int32)[::-1]  # of two the earlier
        return question[regions]

    def most_pixels(self, size: Size) -> int:
        """Return the image's pixels: each belongs to a region."""
        return size[0] * size[1]
