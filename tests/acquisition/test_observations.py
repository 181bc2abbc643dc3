"""Observations are kept in memory and on disk alike."""

from __future__ import annotations

import pytest
import torch

from alseg.acquisition.observations import ObservationStore


def filled(memory_limit: int) -> ObservationStore:
    store = ObservationStore(memory_limit=memory_limit)
    for image in range(3):
        rows = torch.arange(2 * (image + 1), dtype=torch.float32).reshape(image + 1, 2) + 10 * image
        store.add({"mean": rows, "size": torch.tensor(image), "known": torch.ones(image, dtype=torch.bool)})
    return store


@pytest.mark.parametrize("memory_limit", [0, 20, 10**6])
def test_rows_of_all_images_lie_one_below_the_other(memory_limit: int) -> None:
    store = filled(memory_limit)
    assert store.on_disk == (memory_limit < 10**6)
    assert store.column("mean").tolist() == [
        [0, 1],  # image 0
        *([10, 11], [12, 13]),
        *([20, 21], [22, 23], [24, 25]),
    ]
    assert store.rows("mean").tolist() == [0, 1, 1, 2, 2, 2]
    assert store.column("size").tolist() == [0, 1, 2]
    assert store.column("known").tolist() == [True, True, True]
    assert store.rows("known").tolist() == [1, 2, 2]
    assert len(store) == 3
    second = store[1]
    assert second["mean"].tolist() == [[10, 11], [12, 13]]
    assert second["size"].tolist() == 1
    with pytest.raises(IndexError, match="no image 3 among 3"):
        store[3]


@pytest.mark.parametrize("memory_limit", [0, 10**6])
def test_a_changed_column_does_not_change_what_is_kept(memory_limit: int) -> None:
    store = filled(memory_limit)
    store.column("mean").zero_()
    store[1]["mean"].zero_()
    assert store.column("mean")[3:].sum() == 20 + 21 + 22 + 23 + 24 + 25
    assert store[1]["mean"].sum() == 10 + 11 + 12 + 13


def test_an_observation_that_differs_from_the_first_is_refused() -> None:
    store = filled(10**6)
    good = store[1]
    with pytest.raises(ValueError, match=r"names are \['mean'\], those of the first image are"):
        store.add({"mean": good["mean"]})
    with pytest.raises(ValueError, match=r"'size' is torch.float32 \(\), .*rows of torch.int64 \(\)"):
        store.add({**good, "size": torch.tensor(1.0)})
    with pytest.raises(ValueError, match=r"'mean' is torch.float32 \(2, 3\), .*float32 \(2,\)"):
        store.add({**good, "mean": torch.zeros(2, 3)})
    assert len(store) == 3


def test_a_tensor_that_is_changed_after_it_was_given_is_kept_as_it_was() -> None:
    store, tensor = ObservationStore(), torch.zeros(2)
    store.add({"mean": tensor})
    tensor.fill_(1)
    assert store.column("mean").tolist() == [0, 0]
