"""Squares, superpixels and regions from files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from alseg import AlsegError, DataError
from alseg_partitions import register_partitions
from alseg_partitions.grid import Grid
from alseg_partitions.masks import Masks
from alseg_partitions.superpixels import Seeds, Slic


def photograph(height: int = 96, width: int = 160) -> NDArray[np.uint8]:
    """Two parts of different colour, with soft noise."""
    random = np.random.default_rng(0)
    image = np.full((height, width, 3), 60, np.uint8)
    image[:, 73:] = (200, 120, 40)
    noise = cv2.resize(random.integers(0, 20, (height // 8, width // 8, 3)).astype(np.uint8), (width, height))
    return image + noise


def regions_of(partition: Any, image: NDArray[np.uint8], image_id: str = "a") -> NDArray[np.int32]:
    regions: NDArray[np.int32] = partition.regions(image, image_id, torch.Generator())
    assert regions.dtype == np.int32
    assert regions.shape == image.shape[:2]
    assert np.array_equal(np.unique(regions), np.arange(regions.max() + 1))
    return regions


def test_a_grid_is_cut_at_the_right_and_at_the_bottom() -> None:
    regions = regions_of(Grid(side=2), np.zeros((3, 5, 3), np.uint8))
    assert regions.tolist() == [[0, 0, 1, 1, 2], [0, 0, 1, 1, 2], [3, 3, 4, 4, 5]]


@pytest.mark.parametrize("partition", [Slic(segments=24), Seeds(segments=24)])
def test_superpixels_follow_an_edge_and_are_the_same_each_time(partition: Any) -> None:
    image = photograph()
    regions = regions_of(partition, image)
    assert 6 <= regions.max() + 1 <= 48
    right = np.broadcast_to(np.arange(160) >= 73, regions.shape)
    sizes = np.bincount(regions.ravel())
    of_right = np.bincount(regions.ravel(), right.ravel())
    # Squares of 32 pixels would lie across the edge, 9 to 23 pixels to either side: 10% on the wrong one.
    on_the_wrong_side = np.minimum(of_right, sizes - of_right).sum() / regions.size
    assert on_the_wrong_side < 0.02
    cv2.setNumThreads(1)
    try:
        assert np.array_equal(regions_of(partition, image), regions)
    finally:
        cv2.setNumThreads(2)


@pytest.mark.parametrize("partition", [Slic(), Seeds(), Slic(segments=1), Seeds(segments=1)])
@pytest.mark.parametrize("size", [(1, 1), (1, 40), (7, 9), (20, 30)])
def test_small_images_are_cut_too(partition: Any, size: tuple[int, int]) -> None:
    regions_of(partition, photograph(64, 64)[: size[0], : size[1]])


def test_regions_are_read_from_files_of_8_and_16_bits(tmp_path: Path) -> None:
    ids = np.array([[7, 7, 300], [0, 0, 300]], np.uint16)
    Image.fromarray(ids).save(tmp_path / "frame 1.png")
    (tmp_path / "sub").mkdir()
    Image.fromarray(ids.astype(np.uint8)).save(tmp_path / "sub" / "b.png")
    image = np.zeros((2, 3, 3), np.uint8)
    assert regions_of(Masks(root=str(tmp_path)), image, "frame 1").tolist() == [[1, 1, 2], [0, 0, 2]]
    # 300 is 44 in 8 bits.
    assert regions_of(Masks(root=str(tmp_path)), image, "sub/b").tolist() == [[1, 1, 2], [0, 0, 2]]


def test_a_file_of_another_size_is_refused(tmp_path: Path) -> None:
    Image.fromarray(np.zeros((2, 3), np.uint8)).save(tmp_path / "a.png")
    masks = Masks(root=str(tmp_path))
    with pytest.raises(
        DataError, match=r"a\.png is 2 x 3 pixels \(height x width\), the image 4 x 5\. Save regions as PNG"
    ):
        masks.regions(np.zeros((4, 5, 3), np.uint8), "a", torch.Generator())
    before = masks.stamp("a")
    Image.fromarray(np.ones((20, 3), np.uint8)).save(tmp_path / "a.png")
    assert masks.stamp("a") != before


def test_a_missing_file_and_a_pattern_without_a_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"b\.png"):
        Masks(root=str(tmp_path)).regions(np.zeros((4, 5, 3), np.uint8), "b", torch.Generator())
    with pytest.raises(AlsegError, match="names one file for all images"):
        Masks(root=str(tmp_path), pattern="masks.png")


def test_every_partition_is_offered() -> None:
    names = [spec.name for spec in register_partitions()]
    assert names == ["grid", "slic", "seeds", "file", "amsl", "gao"]
