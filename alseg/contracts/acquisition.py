"""Acquisitions and annotation modes: what to ask, and what a question is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from alseg.contracts.types import Size

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray


@dataclass(frozen=True)
class TargetView:
    """All that an acquisition may know about one target image. No labels.

    Attributes:
        image_id: An opaque token, 16 hexadecimal digits: the same in all rounds and runs, but not the
            data set's name for the image, see `alseg.seeding.image_token`.
        logits: float32 ``(C, H, W)`` at label size, on the device of the model.
        generator: Seeded for this scenario, seed, round and image; on the CPU.
        image: uint8 RGB ``(3, H, W)`` at label size, on the CPU; None unless ``image`` is needed.
        features: float32 ``(D, h, w)`` of the model; None unless ``features`` are needed.
    """

    image_id: str
    logits: torch.Tensor
    generator: torch.Generator
    image: torch.Tensor | None = None
    features: torch.Tensor | None = None

    @property
    def size(self) -> Size:
        """Height and width of the label map, in pixels."""
        return self.logits.shape[-2], self.logits.shape[-1]

    @cached_property
    def probs(self) -> torch.Tensor:
        """Softmax of the logits over classes, float32 ``(C, H, W)``; computed once."""
        return self.logits.softmax(0)


@runtime_checkable
class ScoreAcquisition(Protocol):
    """Says for every pixel of one image how much a label there is wanted."""

    def score(self, view: TargetView) -> torch.Tensor:
        """Return float ``(H, W)``, higher is asked first; NaN is refused, -inf means never."""
        ...


@dataclass(frozen=True)
class PoolView:
    """All that a *select* acquisition may know about the pool. No labels.

    Attributes:
        image_ids: Every image of the pool, in order, as opaque tokens as in `TargetView`.
        features: float32 ``(N, D)`` on the CPU: the model's features averaged over each image.
        bought: bool ``(N,)``: images already labelled in full.
        count: How many images can be afforded in this round, at most.
        generator: Seeded for this scenario, seed and round; on the CPU.
    """

    image_ids: Sequence[str]
    features: torch.Tensor
    bought: torch.Tensor
    count: int
    generator: torch.Generator


@runtime_checkable
class SelectAcquisition(Protocol):
    """Ranks whole images with a look at all of the pool."""

    def select(self, pool: PoolView) -> Sequence[int]:
        """Return at most ``pool.count`` different indices of images not bought yet, most wanted first."""
        ...


@dataclass(frozen=True)
class Picks:
    """Questions about one image, in the order in which they are asked.

    Attributes:
        positions: int32 ``(n, 2)``, rows ``(y, x)``.
        scores: float32 ``(n,)``, what the acquisition gave each pick.
        pixels: int64 ``(n,)``, pixels each answer reveals that were not bought before.
    """

    positions: NDArray[np.int32]
    scores: NDArray[np.float32]
    pixels: NDArray[np.int64]

    def __len__(self) -> int:
        """Return the number of questions."""
        return len(self.positions)

    def first(self, count: int) -> Picks:
        """Return the first ``count`` questions."""
        return Picks(self.positions[:count], self.scores[:count], self.pixels[:count])


@dataclass(frozen=True)
class Answers:
    """What the questions of one round reveal of one image: pixels that were not bought before.

    Attributes:
        count: Number of questions, ``n``.
        size: Height and width of the label map.
        places: int64 ``(m,)``, the pixels revealed, row after row (``y * width + x``), increasing.
        questions: int64 ``(m,)``, which question reveals each, from 0 to ``n - 1`` in the order asked.
        classes: uint8 ``(m,)``, the class of each, 255 for void.
    """

    count: int
    size: Size
    places: NDArray[np.int64]
    questions: NDArray[np.int64]
    classes: NDArray[np.uint8]


@runtime_checkable
class AnnotationMode(Protocol):
    """What a question is, what its answer reveals and what it costs."""

    def clicks(self, answers: Answers) -> NDArray[np.int64]:
        """Return what each answer costs, int64 ``(n,)``, at least 1 click each.

        The price depends on the answer, as the work of an annotator does, so it is known afterwards.
        """
        ...

    def most_clicks(self, pixels: int, classes: int) -> int | None:
        """Return the most clicks one answer can cost, None where only the answer tells.

        Args:
            pixels: That the answer reveals.
            classes: Of the label space, without void.
        """
        ...

    def propose(self, score: torch.Tensor, asked: NDArray[np.int32], pixel_limit: int) -> Picks:
        """Return the best questions about one image that fit the limit.

        Args:
            score: float ``(H, W)``; higher is asked first, -inf never.
            asked: int32 ``(m, 2)``: positions asked about in earlier rounds.
            pixel_limit: Most pixels that all answers together may reveal.

        Returns:
            Picks with non-increasing scores; each reveals at least one pixel that no other one reveals.
        """
        ...

    def footprint(self, positions: NDArray[np.int32], size: Size) -> NDArray[np.int32]:
        """Return which question reveals each pixel.

        Args:
            positions: int32 ``(n, 2)``, in the order asked, those of all rounds together.
            size: Height and width of the label map.

        Returns:
            int32 ``(H, W)``: the row of ``positions``, -1 where none reveals the pixel. A pixel that two
            questions cover belongs to the earlier one.
        """
        ...

    def most_pixels(self, size: Size) -> int:
        """Return how many pixels of one image can be bought at most, given the mode's own spacing."""
        ...
