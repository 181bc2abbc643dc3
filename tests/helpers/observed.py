"""Pools of a few images in memory, for tests of acquisitions that observe before they rank or score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch

from alseg.contracts import Observations, ObservingAcquisition, PartsView, TargetView
from alseg.toolkit.regions import parts_of, region_sizes


@dataclass(frozen=True)
class Kept:
    """`alseg.contracts.Observations` in a list."""

    items: Sequence[Mapping[str, torch.Tensor]]
    source: Observations | None = None

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, image: int) -> Mapping[str, torch.Tensor]:
        return self.items[image]

    def _rows(self, name: str) -> list[torch.Tensor]:
        return [torch.atleast_1d(item[name]) for item in self.items]

    def column(self, name: str) -> torch.Tensor:
        return torch.cat(self._rows(name))

    def rows(self, name: str) -> torch.Tensor:
        counts = torch.tensor([len(rows) for rows in self._rows(name)])
        return torch.arange(len(counts)).repeat_interleave(counts)


def observe(acquisition: ObservingAcquisition, views: Sequence[TargetView]) -> Kept:
    """Return what an acquisition observes of these images, as the core keeps it."""
    items = [acquisition.observe(view) for view in views]
    assert all(
        values.device.type == "cpu" or not values.is_meta for item in items for values in item.values()
    )
    return Kept([{name: values.cpu() for name, values in item.items()} for item in items])


def parts_view(
    views: Sequence[TargetView], *, bought: Sequence[int] = (), count: int = 10, seed: int = 0
) -> PartsView:
    """Return the parts of these images: regions where their unit is ``region``, else the images.

    Args:
        views: Of the pool.
        bought: Indices of parts.
        count: Parts that can be afforded.
        seed: Of the generator.
    """
    sizes = [region_sizes(parts_of(view)) if view.unit == "region" else _pixels(view) for view in views]
    pixels = torch.cat(sizes)
    asked = torch.zeros(len(pixels), dtype=torch.bool)
    asked[list(bought)] = True
    return PartsView(
        image_ids=[view.image_id for view in views],
        images=torch.arange(len(views)).repeat_interleave(torch.tensor([len(one) for one in sizes])),
        regions=torch.cat([torch.arange(len(one)) for one in sizes]),
        pixels=pixels,
        bought=asked,
        count=count,
        budget=int(pixels.double().mean() * count),
        generator=torch.Generator().manual_seed(seed),
        groups=torch.zeros(len(views), dtype=torch.int64),
        num_classes=len(views[0].logits),
        round=views[0].round,
        rounds=views[0].rounds,
    )


def _pixels(view: TargetView) -> torch.Tensor:
    return torch.tensor([view.size[0] * view.size[1]])
