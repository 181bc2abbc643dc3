"""Core-set: on images the picks of the plain algorithm over mean features, which tests alone still have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

import alseg_methods
from alseg import AcquisitionSpec, hookimpl
from alseg.contracts import PoolView
from alseg.storage.ledger import Purchase
from alseg.testing import observations_of, parts_of_pool, view_of
from alseg_methods.acquisitions.core_set import CoreSet
from toys import run_folder, run_toy, toy_document


class PlainCoreSet:
    """Sener and Savarese, algorithm 1, as it is written down; each distance from the features themselves."""

    def select(self, pool: PoolView) -> Sequence[int]:
        features = pool.features
        if pool.count < 1:
            return []
        chosen: list[int] = []
        if bool(pool.bought.any()):
            distance = torch.cdist(features, features[pool.bought]).amin(dim=1)
        else:
            first = int((features - features.mean(dim=0)).norm(dim=1).argmin())
            chosen.append(first)
            distance = (features - features[first]).norm(dim=1)
        taken = pool.bought.clone()
        taken[chosen] = True
        while len(chosen) < pool.count:
            farthest = int(distance.masked_fill(taken, -1.0).argmax())
            chosen.append(farthest)
            taken[farthest] = True
            distance = torch.minimum(distance, (features - features[farthest]).norm(dim=1))
        return chosen


class PlainPlugin:
    @hookimpl
    def register_acquisitions(self) -> list[AcquisitionSpec]:
        return [
            AcquisitionSpec(
                name="plain-core-set",
                summary="Test.",
                source="Test.",
                build=PlainCoreSet,
                kind="select",
                needs=("features",),
            )
        ]


@pytest.mark.parametrize("bought", [[], [3, 8]])
def test_its_ranking_of_images_is_that_of_the_plain_algorithm(bought: list[int]) -> None:
    features = torch.randn((40, 6), generator=torch.Generator().manual_seed(3))
    pool = parts_of_pool([[10]] * 40, count=7, bought=bought)
    images = PoolView(pool.image_ids, features, pool.bought, pool.count, pool.generator)
    observations = observations_of([{"features": row[None]} for row in features])
    assert list(CoreSet().rank(observations, pool)) == list(PlainCoreSet().select(images))


def core_set_of(bought: list[int], count: int) -> list[int]:
    features = torch.tensor([[0.0], [1.0], [5.0], [6.0], [10.0]])
    pool = parts_of_pool([[10]] * 5, count=count, bought=bought)
    return list(CoreSet().rank(observations_of([{"features": row[None]} for row in features]), pool))


def test_it_takes_what_is_farthest_from_all_it_has() -> None:
    # With 0 bought: 10 is farthest, then 5 (5 from both ends).
    assert core_set_of([0], 2) == [4, 2]


def test_it_starts_in_the_middle_where_nothing_is_bought() -> None:
    # The mean is 4.4: 5 is nearest; then 10 and 0 are both 5 away, the first of them is taken.
    assert core_set_of([], 2) == [2, 0]


def test_it_takes_no_more_than_it_may() -> None:
    assert core_set_of([], 0) == []
    assert sorted(core_set_of([], 5)) == [0, 1, 2, 3, 4]


def test_features_of_regions_are_reduced_and_those_of_images_kept() -> None:
    features = torch.randn((12, 8, 16), generator=torch.Generator().manual_seed(0))
    view = replace(view_of(torch.full((2, 16, 32), 0.5)), features=features)
    of_image = CoreSet(dimensions=5).observe(replace(view, unit="image"))["features"]
    torch.testing.assert_close(of_image, features.mean(dim=(1, 2))[None])
    regions = torch.zeros((16, 32), dtype=torch.int32)
    of_regions = CoreSet(dimensions=5).observe(replace(view, unit="region", regions=regions))
    assert of_regions["features"].shape == (1, 5)


@pytest.mark.parametrize("budget", ["5 images", "70%", "120 clicks"])
def test_its_purchases_of_images_are_those_of_the_plain_algorithm(tmp_path: Path, budget: str) -> None:
    asked: dict[str, Any] = {"annotation": {"name": "image", "tolerance": 1}, "budget": budget}
    methods = [
        {"label": "ours", "acquisition": "core-set", **asked},
        {"label": "plain", "acquisition": "plain-core-set", **asked},
    ]
    document = toy_document(
        methods=methods,
        scenario={"source": "stripes", "target": {"name": "stripes", "count": 9}},
        seeds=[0, 1],
    )
    assert run_toy(tmp_path, document, alseg_methods, PlainPlugin()).done == 4
    for seed in (0, 1):
        folders = [run_folder(tmp_path, label, seed) for label in ("ours", "plain")]
        for number in (1, 2):
            ours, plain = (Purchase.read(folder / "rounds" / f"{number:02d}") for folder in folders)
            assert len(ours.spans) > 1
            assert _by_image(ours) == _by_image(plain)


def _by_image(purchase: Purchase) -> dict[str, list[Any]]:
    """Return rows by image: a score is minus the rank."""
    return {image_id: purchase.of_image(image_id).tolist() for image_id in purchase.spans}
