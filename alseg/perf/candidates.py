"""One acquisition on made-up images and pools: what it does for an image, and for all of them."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch

from alseg.contracts import AcquisitionSpec, PoolView, PreparingAcquisition, RankingAcquisition, Size, Unit
from alseg.perf.madeup import Image, filled_store, parts_view

SOURCE_PER_TARGET = 24_966 / 2_975
"""Images of GTAV for each of Cityscapes."""


@dataclass
class Candidate:
    """An acquisition with its default parameters.

    Attributes:
        spec: Of the acquisition.
        acquisition: What the spec builds.
        unit: What questions are about: of pool methods regions, or images where they rank nothing else.
    """

    spec: AcquisitionSpec
    acquisition: Any
    unit: Unit

    @classmethod
    def of(cls, spec: AcquisitionSpec) -> Candidate:
        """Build it."""
        if spec.kind == "score":
            unit: Unit = "part" if "part" in spec.units else spec.units[0]
        else:
            unit = "region" if spec.kind == "pool" and "region" in spec.units else "image"
        return cls(spec, spec.build(), unit)

    @property
    def of_pool(self) -> bool:
        """Whether it looks at the whole pool."""
        return self.spec.kind != "score"

    @property
    def time_said(self) -> str:
        """What its docstring says of its time; empty where it says nothing: then it should be n log n."""
        text = " ".join((inspect.getdoc(type(self.acquisition)) or "").split())
        return " ".join(re.findall(r"Time is [^.]*\.", text))

    def observed(self, image: Image) -> Mapping[str, torch.Tensor]:
        """Return what it keeps of an image; of *select* acquisitions the core keeps mean features."""
        if self.spec.kind == "select":
            return {"features": image.features.mean(dim=(1, 2))[None]}
        found: Mapping[str, torch.Tensor] = self.acquisition.observe(image.target(self.unit))
        return found

    def work(self, image: Image, statistics: object) -> Callable[[], object]:
        """Return what is done for each image of the pool."""
        if self.spec.kind == "score":
            return lambda: self.acquisition.score(image.target(self.unit))
        if not isinstance(self.acquisition, PreparingAcquisition):
            return lambda: self.observed(image)
        scores = self.acquisition.score

        def both() -> object:
            self.observed(image)
            return scores(image.target(self.unit, statistics))

        return both

    def whole_pool(
        self, image: Image, images: int, regions: int, size: Size, fewer: int = 1
    ) -> Callable[[], object]:
        """Return what is done once for a made-up pool, which is filled here.

        Args:
            image: An image of it.
            images: Of the pool.
            regions: Of an image, where parts are regions.
            size: Of an image.
            fewer: Divides the parts that can be afforded.
        """
        per_image = regions if self.unit == "region" else 1
        pool = parts_view(images, per_image, size, fewer)
        source = None
        if "source" in self.spec.observes:
            seen = self.acquisition.observe(image.source(self.unit))
            source = filled_store(seen, round(images * SOURCE_PER_TARGET), regions)
        store = filled_store(self.observed(image), images, regions, source)
        if isinstance(self.acquisition, PreparingAcquisition):
            prepare = self.acquisition.prepare
            return lambda: prepare(store, pool)
        if isinstance(self.acquisition, RankingAcquisition):
            rank = self.acquisition.rank
            return lambda: rank(store, pool)
        view = PoolView(pool.image_ids, store.column("features"), pool.bought, pool.count, pool.generator)
        return lambda: self.acquisition.select(view)

    def pool_bytes(self, image: Image, images: int) -> int:
        """Return the bytes of all observations of a pool, the source's included."""

        def size(observed: Mapping[str, torch.Tensor]) -> int:
            return sum(tensor.nbytes for tensor in observed.values())

        total = images * size(self.observed(image))
        if "source" in self.spec.observes:
            seen = self.acquisition.observe(image.source(self.unit))
            total += round(images * SOURCE_PER_TARGET) * size(seen)
        return total
