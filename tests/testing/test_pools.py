from __future__ import annotations

import torch

from alseg.testing import observations_of, parts_of_pool


def test_observations_are_put_together_row_by_row() -> None:
    observations = observations_of(
        [
            {"a": torch.tensor([[1], [2]]), "b": torch.tensor(0.5)},
            {"a": torch.tensor([[3]]), "b": torch.tensor(2.0)},
        ],
        source=[{"a": torch.tensor([[7]])}],
    )
    assert len(observations) == 2
    assert observations[1]["a"].tolist() == [[3]]
    assert observations.column("a").tolist() == [[1], [2], [3]]
    assert observations.rows("a").tolist() == [0, 0, 1]
    assert observations.column("b").tolist() == [0.5, 2.0]
    assert observations.source is not None
    assert observations.source.column("a").tolist() == [[7]]
    assert observations.source.source is None
    assert observations_of([]).source is None


def test_parts_are_regions_image_after_image() -> None:
    pool = parts_of_pool([[10, 20], [30]], count=2, bought=[1], groups=[0, 1])
    assert len(set(pool.image_ids)) == 2
    assert pool.images.tolist() == [0, 0, 1]
    assert pool.regions.tolist() == [0, 1, 0]
    assert pool.pixels.tolist() == [10, 20, 30]
    assert pool.bought.tolist() == [False, True, False]
    assert pool.groups.tolist() == [0, 1]
    # Two parts of 20 pixels.
    assert pool.budget == 40
