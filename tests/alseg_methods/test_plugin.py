from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from typing import cast

import pytest
import torch

import alseg_methods
from alseg.contracts import (
    IGNORE_INDEX,
    AcquisitionSpec,
    PreparingAcquisition,
    RankingAcquisition,
    ScoreAcquisition,
    TargetView,
    Unit,
)
from alseg.registry.registry import registry_of
from alseg.testing import check_acquisition
from alseg.toolkit.passes import moments_of
from observed import observe, parts_view

SPECS = alseg_methods.register_acquisitions()
SCORES = [spec for spec in SPECS if spec.kind == "score"]
POOLS = [spec for spec in SPECS if spec.kind == "pool" and spec.observes == ("target",)]
KNOWN = {"logits", "probs", "features", "image", "bought"}
SIZE = (64, 128)
CLASSES = 19


def _views(unit: Unit, seed: int = 0) -> list[TargetView]:
    """Three images of a pool with all that can be needed; some pixels are certain, some wholly uncertain."""
    random = torch.Generator().manual_seed(seed)
    grid = torch.arange(SIZE[0])[:, None] // 16 * 8 + torch.arange(SIZE[1]) // 16
    views = []
    for index in range(3):
        coarse = torch.randn((1, CLASSES, 8, 16), generator=random) * 4
        logits = torch.nn.functional.interpolate(coarse, SIZE, mode="bilinear")[0]
        logits[:, :4] = 0
        logits[3, 4:8] = 500
        stack = logits + torch.randn((4, CLASSES, *SIZE), generator=random)
        stack[:, :, :8] = logits[:, :8]
        views.append(
            TargetView(
                image_id=f"{index:016x}",
                logits=logits,
                generator=torch.Generator().manual_seed(index),
                features=torch.randn((5, 16, 32), generator=random),
                outputs={"embedding": torch.rand((4, 16, 32), generator=random) / 2},
                moments=moments_of(stack),
                regions=grid.int(),
                unit=unit,
                round=2,
                rounds=5,
                image=torch.randint(0, 256, (3, *SIZE), generator=random, dtype=torch.uint8),
                bought=torch.zeros(SIZE, dtype=torch.bool),
                revealed=torch.full(SIZE, IGNORE_INDEX, dtype=torch.uint8),
                previous=logits.flip(0),
            )
        )
    return views


@pytest.mark.parametrize("unit", ["part", "region", "image"])
@pytest.mark.parametrize("spec", SCORES, ids=lambda spec: spec.name)
def test_a_score_is_a_map_without_nan_that_the_view_decides(spec: AcquisitionSpec, unit: Unit) -> None:
    if unit not in spec.units:
        pytest.skip("not a unit of this one")
    acquisition = cast(ScoreAcquisition, spec.build())
    for view, again in zip(_views(unit), _views(unit), strict=True):
        moments = view.moments
        assert moments is not None
        if spec.name == "equal":
            view, again = (replace(one, moments=replace(moments, count=2)) for one in (view, again))
        score = acquisition.score(view)
        assert score.shape == SIZE
        assert score.is_floating_point()
        assert not score.isnan().any()
        assert score.unique().numel() > 1 or unit == "image"
        torch.manual_seed(1)
        assert torch.equal(acquisition.score(again), score)


@pytest.mark.parametrize("unit", ["part", "region", "image"])
@pytest.mark.parametrize("spec", POOLS, ids=lambda spec: spec.name)
def test_a_pool_method_ranks_parts_or_scores_images(spec: AcquisitionSpec, unit: Unit) -> None:
    if unit not in spec.units:
        pytest.skip("not a unit of this one")
    acquisition = spec.build()
    results = []
    for _ in range(2):
        views = _views(unit)
        torch.manual_seed(1)
        assert isinstance(acquisition, PreparingAcquisition | RankingAcquisition)
        kept = observe(acquisition, views)
        pool = parts_view(views, bought=[1], count=5)
        if isinstance(acquisition, RankingAcquisition):
            ranked = torch.as_tensor(acquisition.rank(kept, pool))
            assert len(ranked.unique()) == len(ranked) >= min(5, len(pool.images) - 1)
            assert 1 not in ranked
            assert ((ranked >= 0) & (ranked < len(pool.images))).all()
        else:
            statistics = acquisition.prepare(kept, pool)
            maps = [acquisition.score(replace(view, statistics=statistics)) for view in views]
            assert all(one.shape == SIZE and not one.isnan().any() for one in maps)
            ranked = torch.stack(maps)
        results.append(ranked)
    assert torch.equal(*results)


@pytest.mark.parametrize(
    "spec", [spec for spec in SCORES if {*spec.needs} <= KNOWN], ids=lambda spec: spec.name
)
def test_a_score_keeps_the_contract(spec: AcquisitionSpec) -> None:
    check_acquisition(spec)


def test_the_registry_accepts_every_method() -> None:
    assert {spec.name for spec in SPECS} <= {*registry_of(alseg_methods).acquisitions}


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_only_methods_with_passes_need_moments(spec: AcquisitionSpec) -> None:
    assert hasattr(spec.build(), "passes") == ("moments" in spec.needs)


def test_offering_the_methods_does_not_import_torch() -> None:
    script = (
        "import alseg_methods, sys; alseg_methods.register_acquisitions(); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
