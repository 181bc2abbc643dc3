"""What an acquisition may see: one image, or the whole pool.

Never a label that nobody has paid for, unless its spec declares that it sees them: then it is an upper mark.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol

from alseg.contracts.types import Size

if TYPE_CHECKING:
    import torch

Domain = Literal["target", "source"]
"""Where an image comes from."""

Unit = Literal["part", "region", "image"]
"""What a question is about: a pixel or square around one, a region of a partition, or a whole image."""


@dataclass(frozen=True)
class Passes:
    """Several predictions of one image, for acquisitions that need ``moments``.

    Attributes:
        source: What differs between them: units that ``dropout`` switches off, the image mirrored left to
            right (``flip``, two passes, the first as it is), or its brightness, contrast and saturation
            (``jitter``).
        count: Number of passes, at least 2; 2 for ``flip``.
    """

    source: Literal["dropout", "flip", "jitter"]
    count: int


@dataclass(frozen=True)
class Moments:
    """What several passes say of one image, gathered pass after pass, so that no stack of them is kept.

    Attributes:
        count: Passes, ``T``.
        mean: float32 ``(C, H, W)``, mean softmax over the passes.
        square: float32 ``(C, H, W)``, mean of the squared softmax.
        votes: float32 ``(C, H, W)``, share of the passes in which the class is the likeliest.
        entropy: float32 ``(H, W)``, mean entropy of the softmax, in nats.
    """

    count: int
    mean: torch.Tensor
    square: torch.Tensor
    votes: torch.Tensor
    entropy: torch.Tensor


@dataclass(frozen=True)
class View:
    """What an acquisition may know about one image.

    Attributes:
        image_id: An opaque token, 16 hexadecimal digits: the same in all rounds and runs, but not the
            data set's name for the image, see `alseg.seeding.image_token`.
        logits: float32 ``(C, H, W)`` at label size, on the device of the model. An acquisition that reads
            them, or ``probs``, needs ``logits`` or ``probs``: either gives both.
        generator: Seeded for this scenario, seed, round and image; on the CPU.
        image: uint8 RGB ``(3, H, W)`` at label size, on the CPU; None unless ``image`` is needed.
        features: float32 ``(D, h, w)`` of the model; None unless ``features`` are needed.
        outputs: Named further outputs of the model or the recipe, float32 ``(D, h, w)`` each; those that
            ``output:NAME`` in the needs names.
        moments: Of several passes; None unless ``moments`` are needed.
        regions: int32 ``(H, W)`` on the CPU, ids 0 to R - 1 of the method's partition, which cuts
            source images too. They come without being named in the needs wherever questions are about
            regions; None where the method has no partition.
        unit: What a question of the method's annotation mode is about.
        round: The purchase that is being decided on, from 1.
        rounds: How many purchases the run makes.
        statistics: What ``prepare`` returned; None before it.
    """

    domain: ClassVar[Domain]

    image_id: str
    logits: torch.Tensor
    generator: torch.Generator
    image: torch.Tensor | None = None
    features: torch.Tensor | None = None
    outputs: Mapping[str, torch.Tensor] = field(default_factory=dict, kw_only=True)
    moments: Moments | None = field(default=None, kw_only=True)
    regions: torch.Tensor | None = field(default=None, kw_only=True)
    unit: Unit = field(default="part", kw_only=True)
    round: int = field(default=1, kw_only=True)
    rounds: int = field(default=1, kw_only=True)
    statistics: Any = field(default=None, kw_only=True)

    @property
    def size(self) -> Size:
        """Height and width of the label map, in pixels."""
        return self.logits.shape[-2], self.logits.shape[-1]

    @cached_property
    def probs(self) -> torch.Tensor:
        """Softmax of the logits over classes, float32 ``(C, H, W)``; computed once."""
        return self.logits.softmax(0)


@dataclass(frozen=True)
class TargetView(View):
    """What an acquisition may know about one image of the pool.

    Attributes:
        bought: bool ``(H, W)`` on the CPU, pixels whose label has been bought; None unless ``bought`` is
            needed.
        revealed: uint8 ``(H, W)`` on the CPU, the labels bought so far, 255 for void and for all else; None
            unless ``revealed`` is needed.
        previous: float32 ``(C, H, W)``, logits of the network of the round before, at label size; None in the
            first round, and unless ``previous`` is needed.
        true_labels: uint8 ``(H, W)`` on the CPU, all labels of the image in the scenario's label space, 255
            for void; None unless ``true_labels`` are needed, which makes the acquisition an upper mark.
    """

    domain = "target"

    bought: torch.Tensor | None = field(default=None, kw_only=True)
    revealed: torch.Tensor | None = field(default=None, kw_only=True)
    previous: torch.Tensor | None = field(default=None, kw_only=True)
    true_labels: torch.Tensor | None = field(default=None, kw_only=True)


@dataclass(frozen=True)
class SourceView(View):
    """What an acquisition may know about one labelled image of the source.

    Only acquisitions whose spec observes ``source`` get one, in ``observe``. It has ``regions`` of the same
    partition as the images of the pool.

    Attributes:
        label: uint8 ``(H, W)`` on the CPU, in the scenario's label space, 255 for void.
    """

    domain = "source"

    label: torch.Tensor | None = field(default=None, kw_only=True)


class Observations(Protocol):
    """What ``observe`` returned for every image, in the order of the pool."""

    @property
    def source(self) -> Observations | None:
        """The same of the source images; None unless the acquisition observes them."""
        ...

    def __len__(self) -> int:
        """Return the number of images."""
        ...

    def __getitem__(self, image: int) -> Mapping[str, torch.Tensor]:
        """Return what was observed of one image.

        Args:
            image: Its index in the order of the pool.

        Returns:
            Name to tensor on the CPU, with the dtype and shape in which ``observe`` returned it.
        """
        ...

    def column(self, name: str) -> torch.Tensor:
        """Return one observation of all images, their rows one below the other, ``(n_1 + n_2 + ..., ...)``.

        A tensor without dimensions counts as one row.
        """
        ...

    def rows(self, name: str) -> torch.Tensor:
        """Return the image of every row of `column`, int64 ``(n_1 + n_2 + ...,)``."""
        ...


@dataclass(frozen=True, kw_only=True)
class PartsView:
    """All that a *pool* acquisition may know about the parts that it ranks. No labels.

    The *parts* of a pool are its images where the annotation mode asks for whole images, otherwise the
    regions of the method's partition, image after image, in the order of their ids. Their number is ``P``.

    Attributes:
        image_ids: Every image of the pool, in order, as opaque tokens as in `TargetView`; ``N`` of them.
        images: int64 ``(P,)``, the image of each part, an index into ``image_ids``; not decreasing.
        regions: int64 ``(P,)``, the id of each part in its image's partition; 0 for whole images.
        pixels: int64 ``(P,)``, size of each part.
        bought: bool ``(P,)``, parts that have been asked about; they are not asked about again.
        count: How many parts can be afforded in this round: of images the most, of regions of mean size
            about; of a budget in clicks as many as it pays for at one click each.
        budget: Pixels that can be afforded in this round; of a budget in clicks or regions the most.
        generator: Seeded for this scenario, seed and round; on the CPU.
        groups: int64 ``(N,)``, the group of each image, such as a city or a drive, numbered from 0 in the
            order in which they come; all 0 where the data set has no groups.
        num_classes: Of the label space, without void.
        round: The purchase that is being decided on, from 1.
        rounds: How many purchases the run makes.
    """

    image_ids: Sequence[str]
    images: torch.Tensor
    regions: torch.Tensor
    pixels: torch.Tensor
    bought: torch.Tensor
    count: int
    budget: int
    generator: torch.Generator
    groups: torch.Tensor
    num_classes: int
    round: int = 1
    rounds: int = 1


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


@dataclass(frozen=True)
class PixelRanking:
    """Single pixels of the pool, most wanted first: what ``rank`` may return instead of parts.

    Attributes:
        images: int64 ``(n,)``, indices into ``image_ids``.
        positions: int64 ``(n, 2)``, rows ``(y, x)``.
    """

    images: torch.Tensor
    positions: torch.Tensor
