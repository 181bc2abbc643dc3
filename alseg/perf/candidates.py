"""One acquisition on made-up images and pools: what it does for an image, and for all of them."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch

from alseg.acquisition.selected_images import SelectedImages
from alseg.contracts import AcquisitionSpec, PreparingAcquisition, SelectAcquisition, Unit
from alseg.perf.madeup import Image, filled_store, parts_view

SOURCE_PER_TARGET = 24_966 / 2_975
"""Images of GTAV for each of Cityscapes."""


@dataclass
class Candidate:
    """An acquisition with its default parameters, on images of one kind.

    Attributes:
        image: Of the pool, and of the source.
        spec: Of the acquisition.
        acquisition: What the spec builds; one that selects images as one that ranks them.
        unit: What questions are about: of pool methods regions, or images where they rank nothing else.
    """

    image: Image
    spec: AcquisitionSpec
    acquisition: Any
    unit: Unit

    @classmethod
    def of(cls, spec: AcquisitionSpec, image: Image) -> Candidate:
        """Build it."""
        if spec.kind == "score":
            unit: Unit = "part" if "part" in spec.units else spec.units[0]
        else:
            unit = "region" if spec.kind == "pool" and "region" in spec.units else "image"
        acquisition = spec.build()
        if isinstance(acquisition, SelectAcquisition):
            acquisition = SelectedImages(acquisition, spec.name)
        return cls(image, spec, acquisition, unit)

    @property
    def of_pool(self) -> bool:
        """Whether it looks at the whole pool."""
        return self.spec.kind != "score"

    @property
    def time_said(self) -> str:
        """What its docstring says of its time; empty where it says nothing: then it should be n log n."""
        text = " ".join((inspect.getdoc(type(self.acquisition)) or "").split())
        return " ".join(re.findall(r"Time is [^.]*\.", text))

    def observe(self) -> Mapping[str, torch.Tensor]:
        """Return what it keeps of an image."""
        found: Mapping[str, torch.Tensor] = self.acquisition.observe(self.image.target(self.unit))
        return found

    @cached_property
    def observed(self) -> Mapping[str, torch.Tensor]:
        """What it keeps of an image of the pool."""
        return self.observe()

    @cached_property
    def observed_source(self) -> Mapping[str, torch.Tensor]:
        """What it keeps of a source image; nothing where it does not look at the source."""
        if "source" not in self.spec.observes:
            return {}
        found: Mapping[str, torch.Tensor] = self.acquisition.observe(self.image.source(self.unit))
        return found

    def work(self, statistics: object) -> Callable[[], object]:
        """Return what is done for each image of the pool."""
        if self.spec.kind == "score":
            return lambda: self.acquisition.score(self.image.target(self.unit))
        if not isinstance(self.acquisition, PreparingAcquisition):
            return self.observe
        scores = self.acquisition.score

        def both() -> object:
            self.observe()
            return scores(self.image.target(self.unit, statistics))

        return both

    def whole_pool(self, images: int, regions: int, fewer: int = 1) -> Callable[[], object]:
        """Return what is done once for a made-up pool, which is filled here.

        Args:
            images: Of the pool.
            regions: Of an image, where parts are regions.
            fewer: Divides the parts that can be afforded, and those bought.
        """
        per_image = regions if self.unit == "region" else 1
        height, width = self.image.regions.shape
        pool = parts_view(images, per_image, (height, width), fewer)
        source = None
        if self.observed_source:
            source = filled_store(self.observed_source, round(images * SOURCE_PER_TARGET), regions)
        store = filled_store(self.observed, images, regions, source)
        if isinstance(self.acquisition, PreparingAcquisition):
            prepare = self.acquisition.prepare
            return lambda: prepare(store, pool)
        return lambda: self.acquisition.rank(store, pool)

    def pool_bytes(self, images: int) -> int:
        """Return the bytes of all observations of a pool, the source's included."""

        def size(observed: Mapping[str, torch.Tensor]) -> int:
            return sum(tensor.nbytes for tensor in observed.values())

        return images * size(self.observed) + round(images * SOURCE_PER_TARGET) * size(self.observed_source)
