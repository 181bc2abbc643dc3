"""Made-up pools of images, of which some parts are bought."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import torch

from alseg.contracts import AcquisitionSpec, PartsView, Passes, SourceView, TargetView, Unit
from alseg.testing.made_images import MadeImage, Showing, certain_logits, random_logits
from alseg.testing.pools import parts_of_views

_EVERYTHING = 10_000
"""More parts and pixels than a pool has."""

Bought = Literal["nothing", "some", "all but one", "everything"]
"""Parts of a pool that are bought."""


@dataclass(frozen=True)
class MadePool:
    """A pool of made-up images in one round.

    Attributes:
        what: Name of the case.
        images: Of the target.
        source_images: Of the source.
        showing: What an acquisition gets to see of them.
        bought: Parts that are bought; single pixels where questions are about them.
        afforded: Most parts that a purchase pays for; pixels where questions are about them.
    """

    what: str
    images: tuple[MadeImage, ...]
    source_images: tuple[MadeImage, ...]
    showing: Showing
    bought: Bought
    afforded: int = 3

    @property
    def unit(self) -> Unit:
        """What a question is about."""
        return self.showing.unit

    def target(self) -> list[TargetView]:
        """Return the views of the images, made anew at every call."""
        masks = self._masks()
        return [self.showing.target(image, mask) for image, mask in zip(self.images, masks, strict=True)]

    def source(self) -> list[SourceView] | None:
        """Return the views of the source images; None where the acquisition does not observe them."""
        if "source" not in self.showing.spec.observes:
            return None
        return [self.showing.source(image) for image in self.source_images]

    def parts(self) -> PartsView:
        """Return the parts of the pool, made anew at every call."""
        bought = self._bought_parts()
        left = sum(map(self._count, self.images)) - len(bought)
        return parts_of_views(
            self.target(),
            count=self._left_pixels() if self.unit == "part" else min(left, self.afforded),
            bought=bought,
            groups=[index // 2 for index in range(len(self.images))],
        )

    def _left_pixels(self) -> int:
        return min(self.afforded, sum(int((~mask).sum()) for mask in self._masks()))

    def _count(self, image: MadeImage) -> int:
        """Return the parts of an image."""
        return int(image.regions().max()) + 1 if self.unit == "region" else 1

    def _bought_parts(self) -> list[int]:
        if self.unit == "part":
            return []
        return self._some_of(sum(map(self._count, self.images)))

    def _some_of(self, count: int) -> list[int]:
        """Return the indices that are bought of so many parts or pixels."""
        if self.bought == "some":
            return list(range(1, count, 3))
        if self.bought == "all but one":
            return [index for index in range(count) if index != count // 2]
        return list(range(count)) if self.bought == "everything" else []

    def _masks(self) -> Iterator[torch.Tensor]:
        """Yield the bought pixels of each image, bool ``(H, W)``."""
        maps = [self._places(image) for image in self.images]
        counts = [int(places.max()) + 1 for places in maps]
        bought = torch.zeros(sum(counts), dtype=torch.bool)
        bought[self._some_of(len(bought))] = True
        for places, of_image in zip(maps, torch.split(bought, counts), strict=True):
            yield of_image[places]

    def _places(self, image: MadeImage) -> torch.Tensor:
        """Return what is bought with each pixel, int64 ``(H, W)``: its region, the image or itself."""
        height, width = image.size
        if self.unit == "region":
            return image.regions().long()
        pixels = torch.arange(height * width).reshape(height, width)
        return pixels if self.unit == "part" else torch.zeros_like(pixels)


def made_pools(spec: AcquisitionSpec, unit: Unit, passes: Passes | None, num_classes: int) -> list[MadePool]:
    """Return the pools on which an acquisition is checked.

    Args:
        spec: Its spec.
        unit: What a question is about.
        passes: That it makes where it needs ``moments``.
        num_classes: Of the predictions.
    """
    several = (
        MadeImage("doubtful", random_logits((13, 21), num_classes, 0), 0),
        MadeImage("certain", certain_logits((9, 12), num_classes), 1),
        MadeImage("undecided", torch.zeros((num_classes, 6, 4)), 2),
        MadeImage("other", 3 * random_logits((12, 8), num_classes, 3), 3),
    )
    source = (
        MadeImage("source-0", random_logits((10, 14), num_classes, 4), 4),
        MadeImage("source-1", certain_logits((8, 12), num_classes), 5),
    )
    alike = tuple(
        MadeImage(f"alike-{index}", torch.zeros((num_classes, 8, 8)), 6, plain=True) for index in range(3)
    )

    def pool(
        what: str, images: tuple[MadeImage, ...], bought: Bought = "nothing", round_: int = 1
    ) -> MadePool:
        showing = Showing(spec, unit, passes, round_)
        return MadePool(what, images, alike[:2] if images is alike else source, showing, bought)

    return [
        pool("four images", several),
        replace(pool("four images, all affordable", several), afforded=_EVERYTHING),
        pool("the last of three rounds, some parts bought", several, "some", 3),
        pool("all parts but one bought", several, "all but one", 2),
        pool("everything bought", several, "everything", 3),
        pool("images all alike", alike),
        pool("a single image", several[:1]),
    ]
