"""Annotation modes and partitions: what a question is, what it reveals and what it costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

from alseg.contracts.types import Size

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray

    from alseg.contracts.views import TargetView

AnswerKind = Literal["pixels", "dominant", "classes", "correction"]
"""What an annotator says of a question: the class of each of its pixels, the class of most of them, the set
of classes in it, or whether the class that the network proposes is that of most of them, else which is."""


@dataclass(frozen=True)
class Picks:
    """Questions about one image, in the order in which they are asked.

    Attributes:
        positions: int32 ``(n, 2)``, rows ``(y, x)``.
        scores: float32 ``(n,)``, what the acquisition gave each pick.
        pixels: int64 ``(n,)``, pixels each answer reveals that were not bought before.
        proposed: uint8 ``(n,)``, the class that the network proposes for each question, where answers are
            corrections. alseg fills it in; annotation modes leave it None.
    """

    positions: NDArray[np.int32]
    scores: NDArray[np.float32]
    pixels: NDArray[np.int64]
    proposed: NDArray[np.uint8] | None = None

    def __len__(self) -> int:
        """Return the number of questions."""
        return len(self.positions)

    def first(self, count: int) -> Picks:
        """Return the first ``count`` questions."""
        proposed = None if self.proposed is None else self.proposed[:count]
        return Picks(self.positions[:count], self.scores[:count], self.pixels[:count], proposed)


@dataclass(frozen=True)
class Answers:
    """What the questions of one round reveal of one image: pixels that were not bought before.

    Attributes:
        count: Number of questions, ``n``.
        size: Height and width of the label map.
        places: int64 ``(m,)``, the pixels revealed, row after row (``y * width + x``), increasing.
        questions: int64 ``(m,)``, which question reveals each, from 0 to ``n - 1`` in the order asked.
        classes: uint8 ``(m,)``, the class that the answer gives to each, 255 for void and where it leaves
            several classes possible.
        kind: What the annotator says of a question.
        sets: bool ``(n, C + 1)``, the classes that each answer names, void last, where they are sets
            (``classes``); else None.
        proposed: uint8 ``(n,)``, the class that was proposed for each question, where answers are
            corrections; else None.
    """

    count: int
    size: Size
    places: NDArray[np.int64]
    questions: NDArray[np.int64]
    classes: NDArray[np.uint8]
    kind: AnswerKind = "pixels"
    sets: NDArray[np.bool_] | None = None
    proposed: NDArray[np.uint8] | None = None


@runtime_checkable
class AnnotationMode(Protocol):
    """What a question is, what its answer reveals and what it costs.

    A mode may have an attribute ``answer``, an `AnswerKind`: what the annotator says of a question. Without
    it, that is the class of every pixel. It may have ``question_pixels(size) -> int``, the most pixels that
    one question about an image of that size reveals. Then no more questions are proposed than a budget in
    clicks pays for at one click each.
    """

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


@runtime_checkable
class RegionAnnotationMode(Protocol):
    """An annotation mode whose questions are about regions of a partition; its spec's ``unit`` is ``region``.

    As `AnnotationMode`, but it is told the partition. A region is named by its first pixel, row after row.
    """

    def clicks(self, answers: Answers) -> NDArray[np.int64]:
        """Return what each answer costs, see `AnnotationMode.clicks`."""
        ...

    def most_clicks(self, pixels: int, classes: int) -> int | None:
        """Return the most clicks one answer can cost, see `AnnotationMode.most_clicks`."""
        ...

    def propose(
        self, score: torch.Tensor, asked: NDArray[np.int32], pixel_limit: int, *, regions: NDArray[np.int32]
    ) -> Picks:
        """Return the best questions about one image that fit the limit, see `AnnotationMode.propose`.

        Args:
            score: float ``(H, W)``; higher is asked first, -inf never.
            asked: int32 ``(m, 2)``: positions asked about in earlier rounds.
            pixel_limit: Most pixels that all answers together may reveal.
            regions: int32 ``(H, W)``, ids 0 to R - 1.
        """
        ...

    def footprint(
        self, positions: NDArray[np.int32], size: Size, *, regions: NDArray[np.int32]
    ) -> NDArray[np.int32]:
        """Return which question reveals each pixel, see `AnnotationMode.footprint`."""
        ...

    def most_pixels(self, size: Size) -> int:
        """Return how many pixels of one image can be bought at most."""
        ...


@runtime_checkable
class Partition(Protocol):
    """Cuts images into regions."""

    def regions(
        self, image: NDArray[np.uint8], image_id: str, generator: torch.Generator
    ) -> NDArray[np.int32]:
        """Return the region of each pixel.

        The same image gives the same regions; they are computed once and kept on disk. A partition that reads
        files also has ``stamp(image_id) -> str``, another text whenever the regions may be others.

        Args:
            image: uint8 RGB ``(H, W, 3)`` at label size.
            image_id: The data set's name for the image, for regions that are read from files.
            generator: Seeded for the image; on the CPU.

        Returns:
            int32 ``(H, W)``, ids 0 to R - 1, each of them used, of no order.
        """
        ...


@runtime_checkable
class AdaptivePartition(Partition, Protocol):
    """A partition whose regions follow the network: each round changes those of `Partition.regions`.

    alseg calls it once a round for each image of the pool, and keeps the maps of images that were asked about
    in the run's folder. What an earlier question was about stays a region of its own; the others lose those
    pixels. Source images keep the regions of `regions`.
    """

    def adapt(self, regions: NDArray[np.int32], view: TargetView) -> NDArray[np.int32]:
        """Return the region of each pixel in this round.

        Args:
            regions: int32 ``(H, W)``, ids 0 to R - 1, as `Partition.regions` cuts the image; not to be
                changed.
            view: What the network says of the image, with what the spec's ``needs`` name. It holds the same
                regions; ``moments`` and ``statistics`` are never there.

        Returns:
            int32 ``(H, W)``, ids 0 to R - 1, each of them used, of no order. Regions need not be connected.
        """
        ...
