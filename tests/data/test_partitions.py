"""Regions are computed once and kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from alseg.data.partitions import RegionMaps
from alseg.guard.answers import AnswerError


class Images:
    """Three images of 4 x 6 pixels."""

    stamped = "1"

    def __len__(self) -> int:
        return 3

    def image_id(self, index: int) -> str:
        return f"image {index}"

    def size(self, index: int) -> tuple[int, int]:
        return 4, 6

    def image(self, index: int) -> NDArray[np.uint8]:
        return np.full((4, 6, 3), index, np.uint8)

    def label(self, index: int) -> NDArray[np.uint8]:
        raise AssertionError("no partition reads labels")

    def stamp(self, index: int) -> str:
        return self.stamped


class Halves:
    """Two regions, drawn at random."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def regions(
        self, image: NDArray[np.uint8], image_id: str, generator: torch.Generator
    ) -> NDArray[np.int32]:
        self.calls.append(image_id)
        regions = torch.randint(0, 2, image.shape[:2], generator=generator, dtype=torch.int32)
        regions[0, :2] = torch.tensor([0, 1])
        return regions.numpy()


def test_regions_are_computed_once_and_read_by_the_next(tmp_path: Path) -> None:
    first, second = Halves(), Halves()
    maps = RegionMaps(Images(), first, "halves", tmp_path)
    regions = [maps.regions(index).copy() for index in (0, 1, 0)]
    assert first.calls == ["image 0", "image 1"]
    again = RegionMaps(Images(), second, "halves", tmp_path)
    assert np.array_equal(again.regions(0), regions[0])
    assert np.array_equal(again.regions(1), regions[1])
    assert again.regions(0).dtype == np.int32
    assert second.calls == []
    assert not np.array_equal(regions[0], regions[1])


def test_the_same_image_gives_the_same_regions_when_they_are_lost(tmp_path: Path) -> None:
    regions = RegionMaps(Images(), Halves(), "halves", tmp_path / "a").regions(2)
    assert np.array_equal(RegionMaps(Images(), Halves(), "halves", tmp_path / "b").regions(2), regions)


@pytest.mark.parametrize("damage", [b"", b"not an archive", None])
def test_a_damaged_map_is_computed_again(tmp_path: Path, damage: bytes | None) -> None:
    regions = RegionMaps(Images(), Halves(), "halves", tmp_path).regions(0)
    [file] = tmp_path.rglob("*.npz")
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 255
    file.write_bytes(bytes(content) if damage is None else damage)
    partition = Halves()
    assert np.array_equal(RegionMaps(Images(), partition, "halves", tmp_path).regions(0), regions)
    assert partition.calls == ["image 0"]


def test_a_changed_image_or_another_partition_is_cut_anew(tmp_path: Path) -> None:
    RegionMaps(Images(), Halves(), "halves", tmp_path).regions(0)
    changed = Images()
    changed.stamped = "2"
    for dataset, identity in ((changed, "halves"), (Images(), "thirds")):
        partition = Halves()
        RegionMaps(dataset, partition, identity, tmp_path).regions(0)
        assert partition.calls == ["image 0"]


@pytest.mark.parametrize(
    ("regions", "told"),
    [
        (np.zeros((6, 4), np.int32), r"regions must return int32 \(4, 6\), but returned int32 \(6, 4\)"),
        (np.zeros((4, 6), np.float32), r"regions must return int32 \(4, 6\), but returned float32 \(4, 6\)"),
        (
            np.full((4, 6), -1, np.int32),
            "ids 0 to R - 1, each of them used, but returned 1 ids from -1 to -1",
        ),
        (np.full((4, 6), 3, np.int64), "ids 0 to R - 1, each of them used, but returned 1 ids from 3 to 3"),
    ],
)
def test_regions_of_another_kind_are_refused(tmp_path: Path, regions: NDArray[np.int32], told: str) -> None:
    class Wrong:
        def regions(self, *_: object) -> NDArray[np.int32]:
            return regions

    with pytest.raises(AnswerError, match=told):
        RegionMaps(Images(), Wrong(), "wrong", tmp_path).regions(0)  # type: ignore[arg-type]
    assert not list(tmp_path.rglob("*.npz"))
