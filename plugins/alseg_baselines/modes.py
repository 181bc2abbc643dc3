"""Annotation modes: square windows (single pixels among them) and whole images.

torch is imported where picks are chosen: whoever only draws what was bought need not wait for it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from alseg import toolkit
from alseg.contracts import AnswerKind, Answers, Picks, Size
from alseg_baselines.prices import most_classes_said

if TYPE_CHECKING:
    import torch

_NOTHING = Picks(np.zeros((0, 2), np.int32), np.zeros(0, np.float32), np.zeros(0, np.int64))


@dataclass(frozen=True)
class Window:
    """A question reveals the square around a pixel, cut at the image border.

    Attributes:
        radius: Reach of the square to each side; 0 for the pixel alone.
        spacing: Chebyshev distance to every pick that is kept free; at least ``2 * radius``.
        answer: What the annotator says of a window.
    """

    radius: int
    spacing: int
    answer: AnswerKind = "pixels"

    def clicks(self, answers: Answers) -> NDArray[np.int64]:
        """Return one click for each class that the annotator says, void being one."""
        return toolkit.clicks.clicks_per_class(answers)

    def most_clicks(self, pixels: int, classes: int) -> int:
        """Return what a window costs in which everything is there, or every pixel another class."""
        return most_classes_said(self.answer, pixels, classes)

    def propose(self, score: torch.Tensor, asked: NDArray[np.int32], pixel_limit: int) -> Picks:
        """Return greedy picks by score; they end before the first whose window does not fit the limit."""
        import torch

        size = (int(score.shape[0]), int(score.shape[1]))
        if pixel_limit < 1:
            return _NOTHING
        available = torch.from_numpy(self._free(asked, size))
        # Windows cut at the border cost less, so more may fit than whole windows would.
        count = pixel_limit // (2 * self.radius + 1) ** 2 + 1
        while True:
            picked = toolkit.selection.greedy_select(score, count, self.spacing, available)
            positions = picked.numpy().astype(np.int32)
            pixels = self._pixels(positions, size)
            fitting = int(np.searchsorted(np.cumsum(pixels), pixel_limit, side="right"))
            if fitting < len(positions) or len(positions) < count:
                break
            count += max(8, count // 16)
        positions = positions[:fitting]
        place = torch.from_numpy(positions.astype(np.int64)).to(score.device)
        scores = score[place[:, 0], place[:, 1]].float().cpu().numpy()
        return Picks(positions, scores, pixels[:fitting])

    def footprint(self, positions: NDArray[np.int32], size: Size) -> NDArray[np.int32]:
        """Return which window covers each pixel, int32 ``(H, W)``, -1 for none."""
        owner = np.full(size, -1, np.int32)
        if len(positions) < (2 * self.radius + 1) ** 2:
            for number, (y, x) in reversed(list(enumerate(positions.tolist()))):
                top, left = max(0, y - self.radius), max(0, x - self.radius)
                owner[top : y + self.radius + 1, left : x + self.radius + 1] = number
            return owner
        rows, columns = positions[:, 0], positions[:, 1]
        numbers = np.arange(len(positions), dtype=np.int32)
        for dy in range(-self.radius, self.radius + 1):
            for dx in range(-self.radius, self.radius + 1):
                y, x = rows + dy, columns + dx
                inside = (y >= 0) & (y < size[0]) & (x >= 0) & (x < size[1])
                owner[y[inside], x[inside]] = numbers[inside]
        return owner

    def most_pixels(self, size: Size) -> int:
        """Return an upper bound of what a tight grid of windows covers in one image."""
        pitch = self.spacing + 1
        windows = -(-size[0] // pitch) * -(-size[1] // pitch)
        return min(size[0] * size[1], windows * (2 * self.radius + 1) ** 2)

    def question_pixels(self, size: Size) -> int:
        """Return the pixels of a window that the border does not cut."""
        side = 2 * self.radius + 1
        return min(side, size[0]) * min(side, size[1])

    def _free(self, asked: NDArray[np.int32], size: Size) -> NDArray[np.bool_]:
        free = np.ones(size, np.bool_)
        for y, x in asked.tolist():
            top, left = max(0, y - self.spacing), max(0, x - self.spacing)
            free[top : y + self.spacing + 1, left : x + self.spacing + 1] = False
        return free

    def _pixels(self, positions: NDArray[np.int32], size: Size) -> NDArray[np.int64]:
        low = np.maximum(positions - self.radius, 0)
        high = np.minimum(positions + self.radius + 1, np.array(size))
        area: NDArray[np.int64] = np.prod((high - low).astype(np.int64), axis=1)
        return area


@dataclass(frozen=True)
class WholeImage:
    """A question reveals all of an image; its score is the mean of the map.

    Attributes:
        tolerance: Pixels by which the outlines may miss the label map.
        answer: What the annotator says of an image.
    """

    tolerance: float
    answer: AnswerKind = "pixels"

    def clicks(self, answers: Answers) -> NDArray[np.int64]:
        """Return the corners of the outlines of everything in the image, or the classes said."""
        if answers.kind != "pixels":
            return toolkit.clicks.clicks_per_class(answers)
        label = answers.classes.reshape(answers.size)
        return np.array([toolkit.clicks.clicks_per_outline(label, self.tolerance)], np.int64)

    def most_clicks(self, pixels: int, classes: int) -> int | None:
        """Return None for outlines: how many corners there are is known with the label map."""
        return None if self.answer == "pixels" else most_classes_said(self.answer, pixels, classes)

    def propose(self, score: torch.Tensor, asked: NDArray[np.int32], pixel_limit: int) -> Picks:
        """Return the image as one pick at (0, 0), unless it is bought, too dear or -inf all over."""
        wanted = score[score > -math.inf]
        if len(asked) or score.numel() > pixel_limit or not wanted.numel():
            return _NOTHING
        return Picks(
            np.zeros((1, 2), np.int32),
            wanted.double().mean().float().cpu().numpy().reshape(1),
            np.array([score.numel()], np.int64),
        )

    def footprint(self, positions: NDArray[np.int32], size: Size) -> NDArray[np.int32]:
        """Return int32 ``(H, W)``: 0 all over where the image is bought, -1 where not."""
        return np.full(size, 0 if len(positions) else -1, np.int32)

    def most_pixels(self, size: Size) -> int:
        """Return the image's pixels."""
        return size[0] * size[1]
