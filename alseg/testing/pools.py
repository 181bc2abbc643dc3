"""Pools of made-up parts, for testing acquisitions that observe and rank."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch

from alseg.contracts import Observations, ObservingAcquisition, PartsView, SourceView, TargetView
from alseg.seeding import image_token


class ObservationList:
    """Observations in memory, see `observations_of`."""

    def __init__(self, observed: Sequence[Mapping[str, torch.Tensor]], source: Observations | None) -> None:
        """Take what was observed of each image."""
        self._observed = observed
        self._source = source

    @property
    def source(self) -> Observations | None:
        """The same of the source images; None where there are none."""
        return self._source

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self._observed)

    def __getitem__(self, image: int) -> Mapping[str, torch.Tensor]:
        """Return what was observed of one image; changes of it are not kept."""
        return {name: values.clone() for name, values in self._observed[image].items()}

    def column(self, name: str) -> torch.Tensor:
        """Return one observation of all images, their rows one below the other."""
        return torch.cat([_rows(seen[name]) for seen in self._observed])

    def rows(self, name: str) -> torch.Tensor:
        """Return the image of every row of `column`, int64."""
        lengths = torch.tensor([len(_rows(seen[name])) for seen in self._observed])
        return torch.arange(len(self._observed)).repeat_interleave(lengths)


def observations_of(
    observed: Sequence[Mapping[str, torch.Tensor]], source: Sequence[Mapping[str, torch.Tensor]] | None = None
) -> ObservationList:
    """Return the observations that ``rank`` and ``prepare`` would get.

    Args:
        observed: What ``observe`` returned for each image of the pool, in order.
        source: The same of each source image; None where the acquisition does not observe them.
    """
    return ObservationList(observed, None if source is None else ObservationList(source, None))


def observe(
    acquisition: ObservingAcquisition,
    views: Sequence[TargetView],
    source: Sequence[SourceView] | None = None,
) -> ObservationList:
    """Return what an acquisition observes of images, source images first, as ``rank`` and ``prepare`` get it.

    Args:
        acquisition: Observes them.
        views: Of the pool, in order.
        source: Of the source images; None where the acquisition does not observe them.
    """
    of_source = None if source is None else [_on_cpu(acquisition.observe(view)) for view in source]
    return observations_of([_on_cpu(acquisition.observe(view)) for view in views], of_source)


def parts_of_pool(
    pixels: Sequence[Sequence[int]],
    *,
    count: int,
    bought: Sequence[int] = (),
    budget: int | None = None,
    groups: Sequence[int] | None = None,
    num_classes: int = 19,
    seed: int = 0,
) -> PartsView:
    """Return the view of a pool that ``rank`` and ``prepare`` would get for the first purchase of one.

    Args:
        pixels: Of each image the size of each of its regions; of whole images one number each.
        count: Parts that can be afforded.
        bought: Indices of parts that have been asked about.
        budget: Pixels that can be afforded; ``count`` parts of mean size unless given.
        groups: Of each image; all 0 unless given.
        num_classes: Of the label space.
        seed: Of the generator.
    """
    sizes = torch.tensor([size for of_image in pixels for size in of_image])
    lengths = torch.tensor([len(of_image) for of_image in pixels])
    asked = torch.zeros(len(sizes), dtype=torch.bool)
    asked[list(bought)] = True
    return PartsView(
        image_ids=[image_token(f"image {image}") for image in range(len(pixels))],
        images=torch.arange(len(pixels)).repeat_interleave(lengths),
        regions=torch.cat([torch.arange(int(length)) for length in lengths]),
        pixels=sizes,
        bought=asked,
        count=count,
        budget=int(sizes.double().mean() * count) if budget is None else budget,
        generator=torch.Generator().manual_seed(seed),
        groups=torch.zeros(len(pixels), dtype=torch.int64) if groups is None else torch.tensor(groups),
        num_classes=num_classes,
    )


def parts_of_views(
    views: Sequence[TargetView],
    *,
    count: int,
    bought: Sequence[int] = (),
    budget: int | None = None,
    groups: Sequence[int] | None = None,
    seed: int = 0,
) -> PartsView:
    """Return the parts of a pool of these images: regions where their unit is ``region``, else the images.

    Args:
        views: Of the pool, in order, all of the same unit, round and rounds.
        count: Parts that can be afforded; pixels where the unit is ``part``.
        bought: Indices of parts that have been asked about.
        budget: Pixels that can be afforded; ``count`` parts of mean size unless given.
        groups: Of each image; all 0 unless given.
        seed: Of the generator.

    Raises:
        ValueError: If there is no view, or one lacks the regions that its unit asks for.
    """
    if not views:
        raise ValueError("a pool must have an image")
    first = views[0]
    pool = parts_of_pool(
        [_sizes(view) for view in views],
        count=count,
        bought=bought,
        budget=count if budget is None and first.unit == "part" else budget,
        groups=groups,
        num_classes=len(first.logits),
        seed=seed,
    )
    names = [view.image_id for view in views]
    return replace(pool, image_ids=names, round=first.round, rounds=first.rounds)


def _sizes(view: TargetView) -> list[int]:
    """Return the pixels of each part of an image."""
    if view.unit != "region":
        return [view.size[0] * view.size[1]]
    if view.regions is None:
        raise ValueError(f"the view of image {view.image_id} has no regions, but its unit is 'region'")
    sizes: list[int] = torch.bincount(view.regions.flatten()).tolist()
    return sizes


def _on_cpu(observed: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name: values.cpu() for name, values in observed.items()}


def _rows(values: torch.Tensor) -> torch.Tensor:
    """Return a tensor with rows: one without dimensions is one row."""
    return values[None] if values.ndim == 0 else values
