"""Questions about the squares of a grid. The toolkit loads torch when it is used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import numpy as np
from alseg import toolkit
from alseg.contracts import Answers, Interval, Picks, Size
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class NewnameMode:
    """A question reveals a square of a fixed grid, cut at the border; its score is the mean of the map.

    A question is named by the upper left pixel of its square.

    Attributes:
        side: Of a square, in pixels.
    """

    side: Annotated[int, Interval(ge=1, le=4096)] = 8

    def propose(self, score: torch.Tensor, asked: NDArray[np.int32], pixel_limit: int) -> Picks:
        """Return the squares of the highest mean score; they end before the first that does not fit.

        Pixels that score -inf are left out of a mean. A square of nothing else is never asked about.

        Args:
            score: float ``(H, W)``; higher is asked first.
            asked: int32 ``(m, 2)``: rows ``(y, x)`` of earlier questions.
            pixel_limit: Most pixels that all answers together may reveal.
        """
        values = score.detach().double().cpu().numpy()
        squares = self._squares((values.shape[0], values.shape[1]))
        wanted = values > -np.inf
        count = int(squares.max()) + 1
        sums = np.bincount(squares[wanted], values[wanted], minlength=count)
        counts = np.bincount(squares[wanted], minlength=count)
        means = np.full(count, -np.inf)
        np.divide(sums, counts, out=means, where=counts > 0)
        means[squares[asked[:, 0], asked[:, 1]]] = -np.inf
        order = np.argsort(-means, kind="stable")
        order = order[means[order] > -np.inf]
        pixels = np.bincount(squares.ravel())[order].astype(np.int64)
        fitting = int(np.searchsorted(pixels.cumsum(), pixel_limit, side="right"))
        rows, columns = np.divmod(order[:fitting], -(-values.shape[1] // self.side))
        positions = np.stack([rows, columns], axis=1).astype(np.int32) * np.int32(self.side)
        return Picks(positions, means[order[:fitting]].astype(np.float32), pixels[:fitting])

    def footprint(self, positions: NDArray[np.int32], size: Size) -> NDArray[np.int32]:
        """Return which question reveals each pixel.

        Args:
            positions: int32 ``(n, 2)``, in the order asked, those of all rounds together.
            size: Height and width of the label map.

        Returns:
            int32 ``(H, W)``: the row of ``positions``, -1 where none reveals the pixel.
        """
        squares = self._squares(size)
        question = np.full(int(squares.max()) + 1, -1, np.int32)
        question[squares[positions[:, 0], positions[:, 1]]] = np.arange(len(positions), dtype=np.int32)
        return question[squares]

    def most_pixels(self, size: Size) -> int:
        """Return the pixels of the image: each belongs to a square."""
        return size[0] * size[1]

    def question_pixels(self, size: Size) -> int:
        """Return the pixels of a square that the border does not cut."""
        return min(self.side, size[0]) * min(self.side, size[1])

    def clicks(self, answers: Answers) -> NDArray[np.int64]:
        """Return a click for each class in a square, void being one; int64 ``(n,)``."""
        return toolkit.clicks.clicks_per_class(answers)

    def most_clicks(self, pixels: int, classes: int) -> int:
        """Return what a square costs that holds every class and void, or as many as it has pixels."""
        return min(pixels, classes + 1)

    def _squares(self, size: Size) -> NDArray[np.int64]:
        """Return the number of each pixel's square, int64 ``(H, W)``, row after row."""
        rows, columns = (np.arange(side) // self.side for side in size)
        squares: NDArray[np.int64] = rows[:, None] * (columns[-1] + 1) + columns
        return squares
