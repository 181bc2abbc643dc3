"""Region maps of a round: kept as they are, in little room."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from alseg.errors import DamageError
from alseg.storage.asked_regions import AskedRegions
from alseg.storage.ledger import Purchase


def squares(height: int, width: int, side: int) -> NDArray[np.int32]:
    rows, columns = np.indices((height, width)) // side
    return (rows * -(-width // side) + columns).astype(np.int32)


@pytest.mark.parametrize("side", [1, 3, 64, 1000])
def test_maps_are_as_they_were_written(tmp_path: Path, side: int) -> None:
    first, second = squares(300, 257, side), squares(1, 1, side)
    AskedRegions.write(tmp_path, [("a", first), ("b", second)])
    maps = AskedRegions.read(tmp_path)
    for name, expected in (("a", first), ("b", second)):
        found = maps.of_image(name)
        assert found is not None and found.dtype == np.int32 and np.array_equal(found, expected)
    assert maps.of_image("c") is None


def test_maps_take_little_room(tmp_path: Path) -> None:
    AskedRegions.write(tmp_path, [("a", squares(512, 1024, 16))])
    # 2 MiB of ids: 2,048 squares, and rows between their borders are equal.
    assert (tmp_path / "regions.bin").stat().st_size < 2**15


@pytest.mark.parametrize("ids", [[[0, 2]], [[1, 2]], [[0, -1]], [[0, 2**31 - 1]]])
def test_what_are_no_ids_is_damage(tmp_path: Path, ids: list[list[int]]) -> None:
    AskedRegions.write(tmp_path, [("a", np.array(ids, np.int32))])
    with pytest.raises(DamageError, match=r"regions\.bin is damaged: a map in it cannot be unfolded\."):
        AskedRegions.read(tmp_path).of_image("a")


def test_a_purchase_without_a_map_of_its_image_is_damaged(tmp_path: Path) -> None:
    maps = AskedRegions.write(tmp_path, [("a", squares(2, 2, 1))])
    rows = np.zeros(
        1,
        [(name, "<u2") for name in ("y", "x")]
        + [("score", "<f4")]
        + [(name, "u1") for name in ("pixels", "void", "clicks")],
    )
    Purchase(rows, {"a": (0, 1)}, regions=maps).write(tmp_path)
    assert Purchase.read(tmp_path).regions == maps
    Purchase(rows, {"b": (0, 1)}, regions=maps).write(tmp_path)
    with pytest.raises(DamageError, match=r"regions\.bin is damaged: it does not fit ledger\.json\."):
        Purchase.read(tmp_path)
