from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
import torch
from click.testing import CliRunner

from alseg.cli import main
from alseg.contracts import AcquisitionSpec
from alseg.perf import methods
from alseg.perf.candidates import Candidate
from alseg.perf.madeup import Image, filled_store, parts_view, wavy_regions
from alseg.perf.result import PoolCost
from alseg.registry.loading import load_registry

COST = PoolCost(
    images=12, fewer=1, seconds=1.0, observed_bytes=1, peak_bytes=1, by_images=1.1, by_regions=None
)


class Silent:
    """Says nothing of its time."""


class Honest:
    """Clusters. Time is O(n^2) for n
    images. That is all."""


def candidate(acquisition: Any) -> Candidate:
    spec = AcquisitionSpec(name="a", summary="", source="", build=lambda: acquisition, kind="pool")
    return Candidate.of(spec, Image.of((4, 8), 2))


def test_an_exponent_is_the_slope_of_logarithms() -> None:
    # 3 n^2; then n^1 between the first two and n^2 between the last two, whose mean is 3/2.
    assert methods.exponent([1, 2, 4], [3, 12, 48]) == pytest.approx(2)
    assert methods.exponent([1, 2, 4], [1, 2, 8]) == pytest.approx(1.5)


def test_wavy_regions_fill_the_image_with_every_id() -> None:
    regions = wavy_regions((64, 128), 40)
    assert regions.shape == (64, 128)
    sizes = torch.bincount(regions.flatten())
    # 8192 / 40 is 205 pixels.
    assert len(sizes) == 40
    assert 60 < int(sizes.min()) <= int(sizes.max()) < 500
    with pytest.raises(ValueError, match=r"^no room for 7 regions in \(4, 4\)$"):
        wavy_regions((4, 4), 7)


def test_a_pool_is_filled_with_rows_like_those_observed() -> None:
    observed = {
        "features": torch.ones((3, 5)),
        "class": torch.tensor([7, 7, 7]),
        "whole": torch.full((1, 2), 4.0),
        "pixels": torch.tensor(9),
    }
    store = filled_store(observed, images=6, regions=4)
    assert store.column("features").shape == (24, 5)
    assert 0.5 <= float(store.column("features").min()) < float(store.column("features").max()) <= 1.5
    assert store.column("class").tolist() == [7] * 24
    assert store.column("whole").shape == (6, 2)
    assert store.column("pixels").tolist() == [9] * 6


def test_a_round_affords_its_share_of_a_pool() -> None:
    pool = parts_view(100, 40, (64, 128))
    # 0.44% of 4,000 parts are 17.6, of 8192 // 40 = 204 pixels each; a sixteenth of them is 1.1.
    assert (pool.count, pool.budget, len(pool.pixels)) == (18, 18 * 204, 4_000)
    assert parts_view(100, 40, (64, 128), fewer=16).count == 1


def test_the_time_said_is_a_sentence_of_the_docstring() -> None:
    assert candidate(Honest()).time_said == "Time is O(n^2) for n images."
    assert candidate(Silent()).time_said == ""


def test_what_grows_faster_than_it_says_is_marked() -> None:
    fast = replace(COST, by_images=2.0)
    marked = ["GROWS FASTER than n log n, and its docstring does not say so"]
    assert methods._notes(candidate(Silent()), fast, methods.QUICK) == marked
    assert methods._notes(candidate(Silent()), COST, methods.QUICK) == []
    assert methods._notes(candidate(Honest()), fast, methods.QUICK) == ["Time is O(n^2) for n images."]


def test_what_needs_more_memory_than_the_limit_is_marked() -> None:
    large = replace(COST, peak_bytes=4 * 2**30 + 1)
    assert methods._notes(candidate(Silent()), large, methods.QUICK) == ["NEEDS MORE than 4 GiB"]


@pytest.mark.parametrize("name", sorted(load_registry().acquisitions))
def test_every_acquisition_works_on_the_made_up_image(name: str) -> None:
    spec = load_registry().acquisitions[name].spec
    image = Image.of((32, 64), 8)
    each = Candidate.of(spec, image)
    statistics = each.whole_pool(3, 8)() if each.of_pool else None
    each.work(statistics)()
    assert not each.of_pool or each.pool_bytes(3) > 0


@pytest.mark.slow
def test_every_acquisition_is_measured_and_those_of_a_pool_grow() -> None:
    ended = CliRunner().invoke(main, ["perf", "methods", "--quick", "--json"])
    assert ended.exit_code == 0, ended.output
    (measured,) = json.loads(ended.stdout)["benchmarks"]
    registered = load_registry().acquisitions
    lines = {line["work"].split(" ")[0]: line for line in measured["lines"]}
    assert set(lines) == set(registered)
    for name, line in lines.items():
        assert line["forward_units"]["median"] > 0
        assert (line["pool"] is None) == (registered[name].spec.kind == "score")
        # What a method keeps of 12 images of 8 regions, those of the source included.
        assert line["pool"] is None or 0 < line["pool"]["observed_bytes"] < 4 * 2**20
