from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from alseg.data.cache import CachedDataset, Stamped
from alseg.data.growing import GrowingPool
from alseg.errors import DataError
from growing import Listed, write_names
from toys import Stripes


def listed(folder: Path, *numbers: int) -> Listed:
    write_names(folder, *numbers)
    return Listed(folder / "data", "")


IMAGES = {"train-05": (12, 24), "train-03": (9, 9), "train-04": (12, 24)}


def test_a_pool_has_its_own_order_and_the_data_sets_images(tmp_path: Path) -> None:
    dataset = listed(tmp_path, 3, 4, 5)
    pool = GrowingPool(dataset, IMAGES)
    assert [pool.image_id(index) for index in range(len(pool))] == list(IMAGES)
    assert pool.size(1) == (12, 24)  # as the data set has it now
    for index, place in enumerate((2, 0, 1)):
        np.testing.assert_array_equal(pool.image(index), dataset.image(place))
        np.testing.assert_array_equal(pool.label(index), dataset.label(place))
        assert pool.group(index) == dataset.group(place)
        assert pool.stamp(index) == dataset.stamp(place)
    assert pool.labelled and not pool.gone


def test_an_image_that_is_gone_keeps_its_place_and_cannot_be_read(tmp_path: Path) -> None:
    pool = GrowingPool(listed(tmp_path, 4, 5), IMAGES)
    assert pool.gone == {"train-03"}
    assert (len(pool), pool.image_id(1), pool.size(1), pool.group(1)) == (3, "train-03", (9, 9), "train-03")
    for read in (pool.image, pool.label, pool.stamp):
        with pytest.raises(DataError, match="Image train-03 is gone from the target's split"):
            read(1)
    pool.show(listed(tmp_path, 3, 4, 5, 6), {**IMAGES, "train-06": (12, 24)})
    assert (len(pool), pool.gone) == (4, frozenset())


def test_a_pool_has_stamps_and_groups_only_where_the_data_set_has(tmp_path: Path) -> None:
    plain = GrowingPool(Stripes("train", 2, (12, 24)), {"train-1": (12, 24)})
    assert not isinstance(plain, Stamped) and not hasattr(plain, "group")
    stamped = GrowingPool(listed(tmp_path, 3, 4, 5), IMAGES)
    assert isinstance(stamped, Stamped)
    cached = pickle.loads(
        pickle.dumps(CachedDataset(stamped, tmp_path / "cache"))
    )  # as loader workers get it
    assert (cached.image_id(0), cached.stamp(0), cached.group(0)) == ("train-05", "train-05", "group 1")
