from __future__ import annotations

import numpy as np
import pytest
import torch
from alseg.contracts import PartitionSpec
from alseg.testing import check_partition, check_spec
from numpy.typing import NDArray

from alseg_newname import register_partitions
from alseg_newname.partition import NewnamePartition


@pytest.mark.parametrize("spec", register_partitions(), ids=lambda spec: spec.name)
def test_the_partition_keeps_its_contract(spec: PartitionSpec) -> None:
    check_spec(spec)
    check_partition(spec)


def regions(cells: int, seed: int = 0) -> NDArray[np.int32]:
    """Cut an image of 6 x 8 pixels."""
    image = np.zeros((6, 8, 3), np.uint8)
    generator = torch.Generator().manual_seed(seed)
    found: NDArray[np.int32] = NewnamePartition(cells).regions(image, "image", generator)
    return found


def test_there_are_as_many_regions_as_cells() -> None:
    assert np.unique(regions(cells=5)).tolist() == [0, 1, 2, 3, 4]


def test_a_small_image_has_a_region_for_each_pixel() -> None:
    assert len(np.unique(regions(cells=100))) == 6 * 8


def test_another_seed_gives_other_regions() -> None:
    assert not np.array_equal(regions(cells=5), regions(cells=5, seed=1))
