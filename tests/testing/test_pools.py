from __future__ import annotations

import pytest
import torch

from alseg.contracts import PartsView, SourceView, View
from alseg.testing import observations_of, observe, parts_of_pool, parts_of_views, view_of


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


WIDE = view_of(
    torch.full((2, 2, 5), 0.5),
    regions=torch.tensor([[0, 0, 1, 1, 2]] * 2, dtype=torch.int32),
    unit="region",
    round=2,
    rounds=3,
)
SMALL = view_of(
    torch.full((2, 2, 1), 0.5),
    regions=torch.zeros((2, 1), dtype=torch.int32),
    unit="region",
    round=2,
    rounds=3,
)


def _as_images() -> PartsView:
    views = [view_of(torch.full((2, 2, width), 0.5), unit="image") for width in (5, 1)]
    return parts_of_views(views, count=1, groups=[0, 1])


def test_parts_of_views_are_their_regions_or_the_images() -> None:
    pool = parts_of_views([WIDE, SMALL], count=2, bought=[1])
    assert pool.images.tolist() == [0, 0, 0, 1]
    assert pool.regions.tolist() == [0, 1, 2, 0]
    assert pool.pixels.tolist() == [4, 4, 2, 2]
    assert pool.bought.tolist() == [False, True, False, False]
    # Two of four parts with 12 pixels.
    assert (pool.count, pool.budget) == (2, 6)
    assert (pool.round, pool.rounds, pool.num_classes) == (2, 3, 2)
    assert list(pool.image_ids) == [WIDE.image_id, SMALL.image_id]
    images = _as_images()
    assert images.pixels.tolist() == [10, 2]
    assert images.groups.tolist() == [0, 1]


def test_where_questions_are_about_pixels_the_count_is_of_pixels() -> None:
    pool = parts_of_views([view_of(torch.full((2, 2, 5), 0.5))], count=3)
    assert (pool.pixels.tolist(), pool.count, pool.budget) == ([10], 3, 3)


def test_parts_of_nothing_or_of_missing_regions_are_refused() -> None:
    with pytest.raises(ValueError, match=r"^a pool must have an image$"):
        parts_of_views([], count=1)
    view = view_of(torch.full((2, 2, 5), 0.5), unit="region")
    with pytest.raises(
        ValueError, match=r"^the view of image \w{16} has no regions, but its unit is 'region'$"
    ):
        parts_of_views([view], count=1)


def test_the_source_is_observed_before_the_pool() -> None:
    seen: list[str] = []

    class Observes:
        def observe(self, view: View) -> dict[str, torch.Tensor]:
            seen.append(view.domain)
            return {"pixels": torch.tensor(view.size[0] * view.size[1])}

    source = SourceView("source", torch.zeros((2, 3, 3)), torch.Generator())
    observations = observe(Observes(), [WIDE, SMALL], [source])
    assert seen == ["source", "target", "target"]
    assert observations.column("pixels").tolist() == [10, 2]
    assert observations.source is not None
    assert observations.source.column("pixels").tolist() == [9]
    assert observe(Observes(), [WIDE]).source is None


def test_changes_of_what_was_observed_of_an_image_are_not_kept() -> None:
    observations = observations_of([{"a": torch.tensor([1])}])
    observations[0]["a"].zero_()
    assert observations[0]["a"].tolist() == [1]
