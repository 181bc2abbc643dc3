"""Made-up images, predictions and pools, as acquisitions see them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch

from alseg.acquisition.observations import ObservationStore
from alseg.contracts import Moments, PartsView, Size, SourceView, TargetView, Unit
from alseg.inference.passes import MomentsBuilder
from alseg.perf.inputs import NUM_CLASSES, smooth_logits

CHANNELS = 256
"""Of features; those of an ``embedding`` have a quarter."""

_STRIDE = 8
_SHARE = 0.022 / 5
"""Of the pixels of the pool, bought in each round."""

_WAVE = 0.2


def wavy_regions(size: Size, count: int) -> torch.Tensor:
    """Return regions with wavy borders of about the same size, int32 ``(H, W)``, ids 0 to ``count - 1``.

    Raises:
        ValueError: If there is no room for so many.
    """
    height, width = size
    rows = max(row for row in range(1, math.isqrt(count) + 1) if count % row == 0)
    columns = count // rows
    if rows > height or columns > width:
        raise ValueError(f"no room for {count} regions in {size}")
    y = torch.arange(height)[:, None] / height * rows
    x = torch.arange(width)[None] / width * columns
    row = (y + _WAVE * torch.sin(7 * x)).floor().clamp(0, rows - 1)
    column = (x + _WAVE * torch.sin(7 * y)).floor().clamp(0, columns - 1)
    return (row * columns + column).int()


@dataclass(frozen=True)
class Image:
    """All that any acquisition may need of one image.

    Attributes:
        logits: float32 ``(C, H, W)``.
        features: float32 ``(256, h, w)`` at an eighth of the resolution.
        outputs: Named ones, float32 ``(D, h, w)``: an ``embedding`` of 64 channels with norms less than 1,
            the logits of a ``second`` classifier, and one channel of the ``domain``.
        moments: Of two passes that differ.
        regions: int32 ``(H, W)``.
    """

    logits: torch.Tensor
    features: torch.Tensor
    outputs: Mapping[str, torch.Tensor]
    moments: Moments
    regions: torch.Tensor

    @classmethod
    def of(cls, size: Size, regions: int) -> Image:
        """Make up an image of a size with so many regions."""
        logits = smooth_logits(size)
        generator = torch.Generator().manual_seed(0)
        coarse = [max(2, side // _STRIDE) for side in size]
        builder = MomentsBuilder(2)
        builder.add(logits)
        builder.add(smooth_logits(size, seed=1))
        embedding = torch.randn(CHANNELS // 4, *coarse, generator=generator)
        return cls(
            logits=logits,
            features=torch.randn(CHANNELS, *coarse, generator=generator).abs(),
            outputs={
                "embedding": embedding / (1 + embedding.norm(dim=0)),
                "second": torch.randn(len(logits), *coarse, generator=generator),
                "domain": torch.randn(1, *coarse, generator=generator),
            },
            moments=builder.moments(),
            regions=wavy_regions(size, regions),
        )

    def target(self, unit: Unit, statistics: object = None) -> TargetView:
        """Return what an acquisition sees of it as the first image of the pool, see `parts_view`."""
        size = self.logits.shape[1:]
        return TargetView(
            _token(0),
            self.logits,
            torch.Generator().manual_seed(0),
            image=torch.zeros((3, *size), dtype=torch.uint8),
            features=self.features,
            outputs=self.outputs,
            moments=self.moments,
            regions=self.regions if unit == "region" else None,
            unit=unit,
            statistics=statistics,
            bought=torch.zeros(size, dtype=torch.bool),
            revealed=torch.full(size, 255, dtype=torch.uint8),
            previous=self.logits,
            true_labels=self.logits.argmax(0).byte().cpu(),
        )

    def source(self, unit: Unit) -> SourceView:
        """Return what an acquisition sees of it as an image of the source."""
        return SourceView(
            "image",
            self.logits,
            torch.Generator().manual_seed(0),
            features=self.features,
            outputs=self.outputs,
            moments=self.moments,
            regions=self.regions if unit == "region" else None,
            unit=unit,
            label=self.logits.argmax(0).byte(),
        )


def filled_store(
    observed: Mapping[str, torch.Tensor], images: int, regions: int, source: ObservationStore | None = None
) -> ObservationStore:
    """Return random observations of a pool.

    Args:
        observed: Of one image. Each row of the pool is one of its rows, floats times uniform random numbers
            from 0.5 to 1.5; what has several rows there has ``regions`` rows an image.
        images: Of the pool.
        regions: Of an image.
        source: The same of the source images.
    """
    store, generator = ObservationStore(source), torch.Generator().manual_seed(0)

    def rows(tensor: torch.Tensor) -> torch.Tensor:
        if tensor.ndim and len(tensor) > 1:
            tensor = tensor[torch.randint(len(tensor), (regions,), generator=generator)]
        if not tensor.is_floating_point():
            return tensor
        return tensor * (0.5 + torch.rand(tensor.shape, generator=generator, dtype=tensor.dtype))

    for _ in range(images):
        store.add({name: rows(tensor) for name, tensor in observed.items()})
    return store


def _token(index: int) -> str:
    """Return the id under which an acquisition sees an image of the pool."""
    return f"{index:016x}"


def parts_view(images: int, regions: int, size: Size, fewer: int = 1) -> PartsView:
    """Return a pool of equally large parts, 2.2% of which are bought; a fifth of that can be afforded.

    Args:
        images: Of the pool.
        regions: Of an image; 1 where parts are whole images.
        size: Of an image.
        fewer: Divides the parts that can be afforded, and those bought.
    """
    count = images * regions
    pixels = size[0] * size[1] // regions
    generator = torch.Generator().manual_seed(0)
    afforded = max(1, round(_SHARE * count / fewer))
    return PartsView(
        image_ids=[_token(index) for index in range(images)],
        images=torch.arange(images).repeat_interleave(regions),
        regions=torch.arange(regions).repeat(images),
        pixels=torch.full((count,), pixels),
        bought=torch.rand(count, generator=generator) < 5 * _SHARE / fewer,
        count=afforded,
        budget=afforded * pixels,
        generator=generator,
        groups=torch.arange(images) % 18,
        num_classes=NUM_CLASSES,
        round=2,
        rounds=5,
    )
