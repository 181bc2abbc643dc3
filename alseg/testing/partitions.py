"""Does a partition keep the contract?"""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from alseg.contracts import AdaptivePartition, Partition, PartitionSpec, Size
from alseg.testing.adapted_regions import check_adapted, check_ids
from alseg.testing.aspects import DepartureError, require
from alseg.testing.made_images import seed_globally

PARTITION_SIZES: tuple[Size, ...] = ((1, 1), (1, 40), (7, 9), (64, 96))
"""Heights and widths of the images that `check_partition` has cut."""


def partition_image_id(size: Size) -> str:
    """Return the id of the images of a size, such as ``64x96``."""
    return f"{size[0]}x{size[1]}"


def check_partition(spec: PartitionSpec, **params: Any) -> None:
    """Check a partition against `alseg.contracts.Partition`, and `AdaptivePartition` if it is one.

    It is built and cuts images of 1 x 1, 1 x 40, 7 x 9 and 64 x 96 pixels (height, width): noise, one colour
    and two. Checked are dtype, shape, that ids go from 0 on without a gap, that images are not changed, that
    all randomness comes from the generator, that nothing depends on other images, that the partition can be
    pickled, and that a ``stamp`` is a text. ``adapt`` is checked with made-up predictions in two rounds: that
    it returns regions, the same for the same view, reads nothing but what the spec's ``needs`` name, and
    changes nothing that it is given.

    Args:
        spec: The spec that the plugin registers.
        params: Parameters for ``build``. A partition that reads files is given a folder with files for the
            image ids ``1x1``, ``1x40``, ``7x9`` and ``64x96``, at these sizes.

    Raises:
        AssertionError: Says what is not as it should be, and for which image.
    """
    partition = spec.build(**params)
    assert isinstance(partition, Partition), f"'{spec.name}' has no regions, as alseg.contracts.Partition"
    cut = [
        (f"'{spec.name}', {height} x {width} pixels, {what}", partition_image_id((height, width)), image)
        for height, width in PARTITION_SIZES
        for what, image in _images((height, width))
    ]
    kept = [_check_regions(partition, *case) for case in cut]
    try:
        copy = pickle.loads(pickle.dumps(partition))
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        message = f"'{spec.name}': the partition cannot be pickled: {error}"
        raise DepartureError("pickling", message) from error
    seed_globally(2)
    adapted: set[str] = set()
    for (where, image_id, image), regions in reversed(list(zip(cut, kept, strict=True))):
        again = copy.regions(image, image_id, torch.Generator().manual_seed(0))
        require(
            "independence",
            np.array_equal(again, regions),
            f"{where}: a pickled copy, which saw the images in another order, gives other regions",
        )
        if isinstance(partition, AdaptivePartition) and image_id not in adapted:
            adapted.add(image_id)
            check_adapted(partition, copy, spec, regions, where)


def _check_regions(
    partition: Partition, where: str, image_id: str, image: NDArray[np.uint8]
) -> NDArray[np.int32]:
    """Check the regions of one image, and return a copy of them."""
    shown = image.copy()
    seed_globally(0)
    regions = partition.regions(shown, image_id, torch.Generator().manual_seed(0))
    size = image.shape[:2]
    check_ids(where, regions, size)
    require("inputs", np.array_equal(shown, image), f"{where}: it changes the image")
    kept = regions.copy()
    seed_globally(1)
    again = partition.regions(image.copy(), image_id, torch.Generator().manual_seed(0))
    require(
        "determinism",
        np.array_equal(again, kept),
        f"{where}: the same image gives other regions; all randomness must come from the generator",
    )
    require("inputs", np.array_equal(regions, kept), f"{where}: regions change after they were given")
    stamp = getattr(partition, "stamp", None)
    if stamp is not None:
        text = stamp(image_id)
        assert isinstance(text, str), f"{where}: stamp must be a text, got {type(text).__name__}"
        assert stamp(image_id) == text, f"{where}: stamp is another text, though nothing has changed"
    return kept


def _images(size: Size) -> list[tuple[str, NDArray[np.uint8]]]:
    random = np.random.default_rng(0)
    plain = np.full((*size, 3), 90, np.uint8)
    halves = plain.copy()
    halves[:, size[1] // 2 :] = (200, 30, 30)
    return [
        ("noise", random.integers(0, 256, (*size, 3)).astype(np.uint8)),
        ("one colour", plain),
        ("two colours", halves),
    ]
