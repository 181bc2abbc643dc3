"""Acquisitions that observe every image, then rank the parts of the pool."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
import torch

import alseg_methods
from alseg.contracts import AcquisitionSpec, Domain, PartsView, SourceView, View
from alseg.testing import observations_of, parts_of_pool, view_of
from alseg_methods.acquisitions.badge import Badge
from alseg_methods.acquisitions.cdal import Cdal, class_contexts, context_distances
from alseg_methods.acquisitions.clue import Clue, cluster_examples
from alseg_methods.acquisitions.core_set import CoreSet
from alseg_methods.acquisitions.d2ada import D2ada, class_weight, components_for, mixture_log_densities
from alseg_methods.acquisitions.mada import Mada, class_vectors, least_mean_squared_error
from alseg_methods.acquisitions.max_herding import MaxHerding, median_distance
from alseg_methods.acquisitions.redal import Redal, importance_reweighted
from alseg_methods.acquisitions.strata import Strata

NAMES = (
    "badge",
    "cdal",
    "clue",
    "core-set",
    "d2ada",
    "mada",
    "max-herding",
    "redal",
    "strata",
)
SPECS = {spec.name: spec for spec in alseg_methods.register_acquisitions() if spec.name in NAMES}
CASES = [(name, unit) for name in NAMES for unit in SPECS[name].units]

IMAGES, REGIONS = 6, 8


def random_view(seed: int, unit: Any, domain: Domain = "target", constant: bool = False) -> View:
    """Return a view of 19 classes at 64 x 128 with features of 8 x 16 and 8 regions."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.zeros((1, 19, 4, 8)) if constant else 4 * torch.randn((1, 19, 4, 8), generator=generator)
    logits = torch.nn.functional.interpolate(coarse, size=(64, 128), mode="bilinear")[0]
    features = torch.ones((12, 8, 16)) if constant else torch.randn((12, 8, 16), generator=generator)
    regions = (torch.arange(128) * REGIONS // 128).repeat(64, 1).int()
    if domain == "source":
        view: View = SourceView(f"{seed:016x}", logits, generator, label=logits.argmax(0).to(torch.uint8))
    else:
        view = replace(view_of(logits.softmax(0)), logits=logits)
    return replace(view, features=features, regions=regions if unit == "region" else None, unit=unit)


def ranked(spec: AcquisitionSpec, unit: Any, pool: PartsView, constant: bool = False) -> list[int]:
    acquisition = spec.build()
    observed = [acquisition.observe(random_view(seed, unit, constant=constant)) for seed in range(IMAGES)]
    source = None
    if "source" in spec.observes:
        source = [
            acquisition.observe(random_view(seed, unit, "source", constant))
            for seed in range(10, 10 + IMAGES)
        ]
    for seen in (*observed, *(source or ())):
        assert all(values.device.type == "cpu" for values in seen.values())
        assert all(not values.is_floating_point() or values.isfinite().all() for values in seen.values())
    return [int(part) for part in acquisition.rank(observations_of(observed, source), pool)]


def pool_of(unit: Any, bought: Sequence[int] = (), count: int = 3) -> PartsView:
    pixels = [[64 * 128]] * IMAGES if unit == "image" else [[64 * 128 // REGIONS] * REGIONS] * IMAGES
    return parts_of_pool(pixels, count=count, bought=bought)


@pytest.mark.parametrize(("name", "unit"), CASES)
def test_a_ranking_is_of_different_parts_nobody_bought_and_always_the_same(name: str, unit: str) -> None:
    parts = ranked(SPECS[name], unit, pool_of(unit, bought=[1, 4]))
    assert len(parts) >= 3
    assert len(set(parts)) == len(parts)
    assert not {1, 4} & set(parts)
    assert max(parts) < IMAGES * (1 if unit == "image" else REGIONS)
    assert ranked(SPECS[name], unit, pool_of(unit, bought=[1, 4])) == parts


@pytest.mark.parametrize(("name", "unit"), CASES)
def test_images_that_are_all_alike_can_be_ranked(name: str, unit: str) -> None:
    parts = ranked(SPECS[name], unit, pool_of(unit), constant=True)
    assert len(set(parts)) == len(parts) >= 3


@pytest.mark.parametrize(("name", "unit"), CASES)
def test_where_all_is_bought_nothing_is_left(name: str, unit: str) -> None:
    everything = range(IMAGES * (1 if unit == "image" else REGIONS))
    assert ranked(SPECS[name], unit, pool_of(unit, bought=everything)) == []


@pytest.mark.parametrize("name", [name for name in NAMES if "image" in SPECS[name].units])
def test_the_last_image_can_be_bought(name: str) -> None:
    assert ranked(SPECS[name], "image", pool_of("image", bought=[0, 1, 2, 4, 5], count=4)) == [3]


@pytest.mark.parametrize("name", ["badge", "clue", "core-set", "d2ada", "max-herding", "redal"])
def test_long_features_are_reduced(name: str) -> None:
    view = random_view(0, "region")
    seen = SPECS[name].build(dimensions=5).observe(view)
    assert seen["features"].shape == (REGIONS, 5)
    assert seen["features"].dtype == torch.float32


def test_core_set_goes_on_with_smaller_regions_until_the_budget_is_spent() -> None:
    pool = parts_of_pool([[1, 1, 1, 97]], count=1, budget=3, bought=[3])
    features = torch.tensor([[1.0], [2.0], [3.0], [0.0]])
    assert CoreSet().rank(observations_of([{"features": features}]), pool) == [2, 0, 1]


def test_badge_begins_with_the_longest_gradient_or_residual() -> None:
    probs = torch.tensor([[0.5, 0.5], [0.6, 0.4], [0.9, 0.1]])
    features = torch.tensor([[1.0], [2.0], [3.0]])
    observations = observations_of([{"probs": probs, "features": features}])
    pool = parts_of_pool([[1, 1, 1]], count=1)
    # Squared residuals 0.5, 0.32, 0.02; times squared features 0.5, 1.28, 0.18.
    assert Badge().rank(observations, pool) == [1]
    assert Badge(first="residual", trials="log").rank(observations, pool) == [0]


def test_clue_takes_the_heaviest_cluster_first_and_its_uncertain_part() -> None:
    features = torch.tensor([[0.0], [1.0], [10.0], [11.0]])
    # The centres are (0.1 * 0 + 0.9 * 1) / 1 = 0.9 and (2 * 10 + 1 * 11) / 3 = 10.3.
    # Then come those that are second nearest.
    assert list(cluster_examples(features, torch.tensor([0.1, 0.9, 2.0, 1.0]), 2, 0)) == [2, 1, 3, 0]


def test_clue_divides_logits_by_the_temperature() -> None:
    view = random_view(0, "region")
    warm = replace(view, logits=view.logits / 0.5)
    torch.testing.assert_close(Clue(temperature=0.5).observe(view), Clue().observe(warm))


def test_redal_lowers_each_further_region_of_a_cluster() -> None:
    scores = torch.tensor([0.9, 0.8, 0.7, 0.6])
    lowered = importance_reweighted(scores, torch.tensor([1, 1, 0, 1]), 0.5)
    expected = torch.tensor([0.9, 0.4, 0.7, 0.15], dtype=torch.float64)
    torch.testing.assert_close(lowered, expected)


def test_redal_prefers_another_cluster_to_a_slightly_higher_entropy() -> None:
    seen = {
        "entropy": torch.tensor([0.7, 0.9, 0.8]),
        "features": torch.tensor([[0.0], [9.0], [9.1]]),
    }
    pool = parts_of_pool([[1, 1, 1]], count=3)
    # 0.8 * 0.8 = 0.64 is less than 0.7.
    assert Redal(clusters=2, decay=0.8).rank(observations_of([seen]), pool) == [1, 0, 2]
    assert Redal(clusters=2, decay=0.95).rank(observations_of([seen]), pool) == [1, 2, 0]


def test_max_herding_takes_few_regions_of_each_image_into_the_second_stage() -> None:
    features = torch.tensor([[0.0], [0.1], [0.2], [5.0]])
    observations = observations_of([{"features": features}, {"features": features + 20}])
    pool = parts_of_pool([[1] * 4, [1] * 4], count=8)
    # The middle of three regions covers its image best, then the one apart.
    ranked = MaxHerding(bandwidth=1.0, candidates=2).rank(observations, pool)
    assert sorted(ranked[:4]) == [1, 3, 5, 7]
    assert len(MaxHerding(bandwidth=1.0, candidates=4).rank(observations, pool)) == 8


def test_max_herding_leaves_alone_what_a_bought_region_covers() -> None:
    features = torch.tensor([[0.0], [0.0], [0.0], [9.0], [0.0]])
    pool = parts_of_pool([[1] * 5], count=1, bought=[4])
    assert MaxHerding(bandwidth=1.0).rank(observations_of([{"features": features}]), pool) == [3]


def test_the_bandwidth_is_the_median_distance() -> None:
    generator = torch.Generator().manual_seed(0)
    # Distances 1, 2 and 3.
    assert median_distance(torch.tensor([[0.0], [1.0], [3.0]]), generator) == 2
    assert median_distance(torch.zeros((4, 1)), generator) == 1
    assert median_distance(torch.zeros((1, 1)), generator) == 1


def test_strata_share_the_images_between_groups() -> None:
    entropy = [0.9, 0.8, 0.7, 0.6, 0.2, 0.1]
    observations = observations_of([{"entropy": torch.tensor([value])} for value in entropy])
    pool = parts_of_pool([[10]] * 6, count=3, groups=[0, 0, 0, 0, 1, 1])
    # Two of four images of the first group, one of two of the second, then the others.
    assert Strata().rank(observations, pool) == [0, 1, 4, 2, 3, 5]
    without = dataclasses.replace(pool, groups=torch.zeros(6, dtype=torch.int64))
    assert Strata().rank(observations, without) == [0, 1, 2, 3, 4, 5]


def test_strata_measure_entropy_from_0_to_1() -> None:
    view = replace(view_of(torch.full((4, 3, 5), 0.25)), unit="image")
    torch.testing.assert_close(Strata().observe(view)["entropy"], torch.tensor([1.0]))


def test_a_context_is_the_weighted_mean_of_the_pixels_of_a_class() -> None:
    probs = torch.tensor([[[0.9, 0.7, 0.2]], [[0.1, 0.3, 0.8]]])
    contexts = class_contexts(probs, torch.tensor([[0, 0, 1]]), torch.tensor([[1.0, 3.0, 1.0]]))
    # Part 0 has class 0 only, (0.9 + 3 * 0.7) / 4 = 0.75; part 1 has class 1 only.
    expected = torch.tensor([[[0.75, 0.25], [0, 0]], [[0, 0], [0.2, 0.8]]])
    torch.testing.assert_close(contexts, expected)


def test_contexts_differ_by_the_symmetric_divergence_of_shared_classes() -> None:
    first = torch.tensor([[0.75, 0.25], [0.0, 0.0]])
    second = torch.tensor([[0.5, 0.5], [0.2, 0.8]])
    third = torch.tensor([[0.0, 0.0], [0.2, 0.8]])
    distances = context_distances(torch.stack([first, second, third]))(torch.tensor([0, 1]))
    # Half of 0.25 * log(1.5) - 0.25 * log(0.5); the third shares no class with the first, and an equal one
    # with the second.
    half = 0.125 * (torch.tensor(1.5).log() - torch.tensor(0.5).log()).double()
    expected = torch.stack([half * 0, half, half, half * 0, half * 0, half * 0]).reshape(3, 2)
    torch.testing.assert_close(distances, expected, rtol=1e-6, atol=1e-6)


def test_cdal_begins_with_the_part_of_most_classes() -> None:
    probs = torch.tensor([[[0.9, 0.9, 0.2]], [[0.1, 0.1, 0.8]]])
    view = replace(view_of(probs), unit="region", regions=torch.tensor([[0, 1, 1]], dtype=torch.int32))
    acquisition = Cdal()
    pool = parts_of_pool([[1, 2]], count=2, budget=3)
    assert acquisition.rank(observations_of([acquisition.observe(view)]), pool) == [1, 0]


def test_class_vectors_are_means_of_the_pixels_of_a_class() -> None:
    features = torch.tensor([[[1.0, 3.0, 5.0, 7.0]]])
    classes = torch.tensor([[0, 0, 1, 255]], dtype=torch.uint8)
    assert class_vectors(features, classes, 3, least=1).tolist() == [[2], [5], [0]]
    assert class_vectors(features, classes, 3, least=2).tolist() == [[2], [0], [0]]


def test_a_class_is_present_by_cells_of_the_feature_map() -> None:
    classes = torch.zeros((4, 8), dtype=torch.uint8)
    # 32 pixels are 8 cells.
    assert bool(class_vectors(torch.ones((1, 2, 4)), classes, 1, least=8))
    assert not bool(class_vectors(torch.ones((1, 2, 4)), classes, 1, least=9))


def test_the_error_is_that_of_the_nearest_anchor() -> None:
    anchors = torch.tensor([[0.0, 0.0], [4.0, 4.0]])
    # (1 + 4) / 2 and (1 + 0) / 2
    errors = least_mean_squared_error(torch.tensor([[1.0, 2.0], [3.0, 4.0]]), anchors)
    assert errors.tolist() == [2.5, 0.5]


def test_mada_counts_only_source_pixels_that_are_predicted_right() -> None:
    features = torch.tensor([[[1.0, 9.0]]])
    logits = torch.tensor([[[2.0, 2.0]], [[0.0, 0.0]]])
    label = torch.tensor([[0, 1]], dtype=torch.uint8)
    view = SourceView("0" * 16, logits, torch.Generator(), features=features, label=label, unit="image")
    assert Mada(least=1).observe(view)["vectors"].tolist() == [[1, 0]]


def test_mada_takes_the_image_farthest_from_the_source() -> None:
    target = [{"vectors": torch.tensor([[value]])} for value in (1.0, 5.0, 9.5)]
    source = [{"vectors": torch.tensor([[value]])} for value in (0.0, 10.0)]
    pool = parts_of_pool([[1]] * 3, count=1)
    assert Mada(anchors=2).rank(observations_of(target, source), pool) == [1, 0, 2]


def d2ada_observations(seed: int = 0) -> Any:
    """Return 60 target and 60 source regions of a class; the source has nothing like the last 20 targets."""
    generator = torch.Generator().manual_seed(seed)
    known, source = torch.randn((2, 60, 2), generator=generator)
    known[40:] += 8
    zeros = torch.zeros(60, dtype=torch.int64)
    target = {"features": known, "class": zeros, "entropy": torch.linspace(1, 0, 60)}
    return observations_of([target], [{"features": source, "class": zeros}])


def test_d2ada_spends_the_first_budget_on_what_the_source_lacks() -> None:
    pool = parts_of_pool([[1] * 60], count=20, num_classes=1, bought=[59])
    ranking = D2ada().rank(d2ada_observations(), pool)
    assert set(ranking[:19]) == set(range(40, 59))
    assert sorted(ranking) == list(range(59))


def test_the_share_by_density_halves_with_each_purchase() -> None:
    pool = replace(parts_of_pool([[1] * 60], count=20, num_classes=1), round=3, rounds=5)
    ranking = D2ada().rank(d2ada_observations(), pool)
    # A quarter of 20; the entropy of the first regions is highest.
    assert set(ranking[:5]) <= set(range(40, 60))
    assert ranking[5:20] == list(range(15))
    assert list(D2ada(alpha=0).rank(d2ada_observations(), pool)) == list(range(60))


def test_d2ada_buys_a_class_that_the_source_lacks_by_entropy() -> None:
    target = {
        "features": torch.zeros((3, 2)),
        "class": torch.tensor([1, 1, 1]),
        "entropy": torch.tensor([0.1, 0.3, 0.2]),
    }
    source = {"features": torch.zeros((1, 2)), "class": torch.tensor([0])}
    pool = parts_of_pool([[1] * 3], count=2, num_classes=2)
    assert D2ada().rank(observations_of([target], [source]), pool) == [1, 2, 0]


@pytest.mark.parametrize(("regions", "components"), [(2, 1), (199, 1), (200, 2), (5000, 10)])
def test_a_component_stands_for_a_hundred_regions(regions: int, components: int) -> None:
    assert components_for(regions) == components


@pytest.mark.parametrize(("mean", "weight"), [(1234.5, 3), (-150.0, 2), (9.0, 1), (0.001, 1), (0.0, 1)])
def test_a_class_takes_a_region_at_least_in_its_turn(mean: float, weight: int) -> None:
    assert class_weight(torch.tensor([mean - 0.5, mean + 0.5]) if mean else torch.zeros(2)) == weight


def test_a_mixture_of_one_component_is_the_normal_density() -> None:
    fitted = torch.tensor([[-1.0], [1.0]], dtype=torch.float64)
    density = mixture_log_densities(fitted, torch.zeros((1, 1), dtype=torch.float64), 1, 0)
    # Variance 1 + 1e-6: log(1 / sqrt(2 pi)).
    assert float(density) == pytest.approx(-0.9189385, abs=1e-6)


def test_a_mixture_can_be_fitted_to_copies_of_one_point() -> None:
    points = torch.full((30, 40), 1e4, dtype=torch.float64)
    assert mixture_log_densities(points, points, 3, 0).isfinite().all()


def test_herding_goes_on_with_other_candidates_until_the_budget_is_spent() -> None:
    """Two images of three parts, one candidate each."""
    points = torch.tensor([[0.0], [0.1], [5.0], [9.0], [9.1], [20.0]])
    observations = observations_of([{"features": points[:3]}, {"features": points[3:]}])
    acquisition = MaxHerding(candidates=1, bandwidth=1.0)
    pool = parts_of_pool([[10, 10, 10]] * 2, count=5)
    ranked = list(acquisition.rank(observations, pool))
    assert len(set(ranked)) == 5
    # Each choice of candidates has a part of either image.
    assert [part // 3 for part in sorted(ranked[:2])] == [0, 1]
    assert [part // 3 for part in sorted(ranked[2:4])] == [0, 1]
    # What is bought is left out of every choice.
    left = parts_of_pool([[10, 10, 10]] * 2, count=4, bought=ranked[:2])
    assert sorted(acquisition.rank(observations, left)) == sorted({*range(6)} - {*ranked[:2]})
