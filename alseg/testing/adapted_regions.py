"""Does a partition whose regions follow the network keep the contract?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from alseg.contracts import AcquisitionSpec, AdaptivePartition, PartitionSpec, TargetView
from alseg.testing.aspects import require
from alseg.testing.made_images import (
    MadeImage,
    Showing,
    attempt,
    certain_logits,
    check_untouched,
    described,
    random_logits,
    seed_globally,
)

_CLASSES = (2, 5)


def check_adapted(
    partition: AdaptivePartition,
    copy: AdaptivePartition,
    spec: PartitionSpec,
    base: NDArray[np.int32],
    where: str,
) -> None:
    """Check what ``adapt`` makes of the regions of an image, in the first and in a later round.

    Args:
        partition: The partition.
        copy: A pickled copy, which must do the same.
        spec: Of the partition; views hold what its ``needs`` name.
        base: int32 ``(H, W)``, ids 0 to R - 1.
        where: Names partition and image, for messages.

    Raises:
        AssertionError: Says what is not as it should be.
    """
    for what, image in _images((base.shape[0], base.shape[1])):
        for number in (1, 2):
            _check(partition, copy, spec, base, image, number, f"{where}, {what}, round {number}")


def check_ids(where: str, regions: Any, size: tuple[int, ...]) -> None:
    """Check dtype, shape and ids of a region map.

    Raises:
        AssertionError: If it is no int32 map with ids from 0 on without a gap.
    """
    assert isinstance(regions, np.ndarray) and regions.dtype == np.int32 and regions.shape == size, (
        f"{where}: regions must be int32 {size}, got {described(regions)}"
    )
    ids = np.unique(regions)
    assert np.array_equal(ids, np.arange(len(ids))), (
        f"{where}: ids must go from 0 on without a gap, got {len(ids)} ids from {ids[0]} to {ids[-1]}"
    )


def _check(
    partition: AdaptivePartition,
    copy: AdaptivePartition,
    spec: PartitionSpec,
    base: NDArray[np.int32],
    image: MadeImage,
    number: int,
    where: str,
) -> None:
    given, view = base.copy(), _view(spec, base, image, number)
    seed_globally(0)
    adapted = attempt(where, view, lambda: partition.adapt(given, view))
    check_ids(f"{where}: adapt", adapted, base.shape)
    require("inputs", np.array_equal(given, base), f"{where}: it changes the regions that it is given")
    check_untouched(where, view, _view(spec, base, image, number))
    kept = adapted.copy()
    for which, other in (("", partition), (" of a pickled copy", copy)):
        seed_globally(1)
        again = other.adapt(base.copy(), _view(spec, base, image, number))
        require(
            "determinism",
            np.array_equal(again, kept),
            f"{where}: adapt{which} gives other regions for the same view; all randomness must come from the "
            "view's generator",
        )
    require("inputs", np.array_equal(adapted, kept), f"{where}: regions change after they were given")


def _view(spec: PartitionSpec, base: NDArray[np.int32], image: MadeImage, number: int) -> TargetView:
    """Return what a partition sees of an image, in tensors of its own."""
    seen = AcquisitionSpec(
        name=spec.name, summary=spec.summary, source=spec.source, build=spec.build, needs=spec.needs
    )
    bought = torch.from_numpy(base == 0) if number > 1 else torch.zeros(base.shape, dtype=torch.bool)
    view = Showing(seen, "region", None, round=number).target(image, bought)
    return replace(view, regions=torch.from_numpy(base.copy()))


def _images(size: tuple[int, int]) -> Iterator[tuple[str, MadeImage]]:
    for classes in _CLASSES:
        yield f"{classes} classes", MadeImage("noise", random_logits(size, classes, classes), seed=classes)
    yield "without doubt", MadeImage("certain", certain_logits(size, 2), seed=0, plain=True)
