from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from alseg.testing import observations_of, parts_of_pool, view_of
from alseg.toolkit import embeddings
from alseg.toolkit.embeddings import (
    part_features,
    part_means,
    part_probs,
    projected,
    resized_means,
    rows_of_parts,
)
from alseg.toolkit.regions import region_means


def stripes(height: int, width: int, count: int) -> torch.Tensor:
    return (torch.arange(width) * count // width).repeat(height, 1).int()


@pytest.mark.parametrize("size", [(3, 5), (13, 20), (1, 1), (26, 41)])
def test_means_over_parts_are_those_of_resized_features(size: tuple[int, int]) -> None:
    features = torch.randn((4, *size), generator=torch.Generator().manual_seed(2))
    parts = torch.randint(0, 6, (13, 20), generator=torch.Generator().manual_seed(3))
    resized = torch.nn.functional.interpolate(
        features[None].double(), size=(13, 20), mode="bilinear", align_corners=True
    )
    torch.testing.assert_close(resized_means(features, parts), region_means(resized[0], parts))


def test_many_parts_have_the_same_means_as_few(monkeypatch: pytest.MonkeyPatch) -> None:
    features = torch.randn((4, 3, 5), generator=torch.Generator().manual_seed(2))
    parts = torch.arange(13 * 20).reshape(13, 20) // 7
    at_once = resized_means(features, parts)
    monkeypatch.setattr(embeddings, "_MOST_WEIGHTS", 3)
    torch.testing.assert_close(resized_means(features, parts), at_once)


def test_pixels_below_0_belong_to_no_part() -> None:
    features = torch.tensor([[[1.0, 2.0, 4.0]]])
    means = resized_means(features, torch.tensor([[-1, 2, 2]]), 4)
    assert means.flatten().tolist() == [0, 0, 3, 0]


def test_a_whole_image_has_the_mean_of_its_feature_map() -> None:
    features = torch.arange(8.0).reshape(2, 2, 2)
    view = replace(view_of(torch.full((2, 4, 6), 0.5), features=features), unit="image")
    assert part_features(view, 8).tolist() == [[1.5, 5.5]]
    assert part_probs(view).tolist() == [[0.5, 0.5]]
    assert part_means(torch.ones((4, 6)), view).tolist() == [1.0]


def test_regions_have_their_own_means() -> None:
    probs = torch.full((2, 4, 6), 0.5)
    probs[:, :, :2] = torch.tensor([0.75, 0.25])[:, None, None]
    view = replace(view_of(probs), unit="region", regions=stripes(4, 6, 3))
    torch.testing.assert_close(part_probs(view), torch.tensor([[0.75, 0.25], [0.5, 0.5], [0.5, 0.5]]))
    assert part_means(stripes(4, 6, 2).float(), view).tolist() == [0, 0.5, 1]


def test_features_that_were_not_asked_for_are_an_error() -> None:
    with pytest.raises(ValueError, match="the view has no features: the acquisition's spec must name them"):
        part_features(view_of(torch.full((2, 4, 6), 0.5)), 8)


def test_a_projection_keeps_short_vectors_and_about_keeps_distances() -> None:
    vectors = torch.randn((30, 2000), generator=torch.Generator().manual_seed(1))
    assert projected(vectors, 2000) is vectors
    reduced = projected(vectors, 500)
    ratio = torch.nn.functional.pdist(reduced) / torch.nn.functional.pdist(vectors)
    assert reduced.shape == (30, 500)
    # The deviation of a squared ratio is sqrt(2 / 500) = 0.06.
    assert 0.8 < float(ratio.min()) < float(ratio.max()) < 1.2
    torch.testing.assert_close(projected(vectors[:3], 500), reduced[:3])


def test_observations_need_a_row_for_every_part() -> None:
    observations = observations_of([{"entropy": torch.tensor([1.0, 2.0])}, {"entropy": torch.tensor([3.0])}])
    pool = parts_of_pool([[5, 5], [5]], count=1)
    assert rows_of_parts(observations, "entropy", pool).tolist() == [1, 2, 3]
    with pytest.raises(ValueError, match="observation 'entropy' has 3 rows, but the pool 2 parts"):
        rows_of_parts(observations, "entropy", parts_of_pool([[5], [5]], count=1))
