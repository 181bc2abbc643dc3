"""Runs whose budget is in clicks or regions: spent but never exceeded, the same however they are done."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import alseg_methods
import alseg_partitions
from alseg.storage.ledger import Purchase
from alseg.toolkit.clicks import clicks_per_outline
from stopping import StopAfter
from toys import Stripes, metrics_of, round_bytes, run_folder, run_toy, toy_document

REGION = {"annotation": {"name": "region", "radius": 1}}
SUPERPIXEL = {"annotation": "superpixel", "partition": {"name": "grid", "side": 4}}
PER_IMAGE = {"amount": "3 regions/image", "scope": "image"}
METHODS: dict[str, dict[str, Any]] = {
    "pool": {"acquisition": "entropy", **REGION, "budget": "31 clicks"},
    "every-image": {"acquisition": "entropy", **REGION, "budget": "7 clicks/image"},
    "superpixels": {"acquisition": "margin", **SUPERPIXEL, "budget": "30 clicks"},
    "ranked": {"acquisition": "clasp-pe", **SUPERPIXEL, "budget": "30 clicks"},
    "images": {"acquisition": "entropy", "annotation": {"name": "image"}, "budget": "75 clicks"},
    "regions": {"acquisition": "entropy", **SUPERPIXEL, "budget": "9 regions"},
    "regions-of-images": {"acquisition": "entropy", **SUPERPIXEL, "budget": PER_IMAGE},
}
PLUGINS = (alseg_methods, alseg_partitions)


def document(*names: str) -> dict[str, Any]:
    return toy_document(methods=[{"label": name, **METHODS[name]} for name in names])


def purchases_of(folder: Path) -> list[Purchase]:
    return [Purchase.read(folder / "rounds" / f"{number:02d}") for number in (1, 2)]


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("together")
    assert run_toy(folder, document(*METHODS), *PLUGINS).done == len(METHODS)
    return folder


@pytest.mark.parametrize(("name", "allowed"), [("pool", (15, 31)), ("superpixels", (15, 30))])
def test_clicks_of_the_pool_are_spent_to_the_last_answer_that_fits(
    together: Path, name: str, allowed: tuple[int, int]
) -> None:
    folder = run_folder(together, name)
    spent = np.cumsum([purchase.clicks for purchase in purchases_of(folder)])
    # A part of these sizes shows three classes and void at most: the next answer costs 4 clicks or fewer.
    assert all(0 <= most - paid < 4 for most, paid in zip(allowed, spent, strict=True))
    for number, (most, paid) in enumerate(zip(allowed, spent, strict=True), start=1):
        metrics = metrics_of(folder, number)
        assert metrics["spending"] == {"currency": "clicks", "spent": paid, "allowed": most}
        assert metrics["cost"]["clicks"] == paid
        assert metrics["allowance_pixels"] is None


def test_clicks_of_every_image_are_spent_there(together: Path) -> None:
    first, second = purchases_of(run_folder(together, "every-image"))
    for image in range(6):
        spent = first.clicks_of(f"train-{image}"), second.clicks_of(f"train-{image}")
        assert 0 <= 3 - spent[0] < 4
        assert 0 <= 7 - sum(spent) < 4


def test_regions_are_counted_in_regions(together: Path) -> None:
    # Half of 9 is 4, and half of 3 in each image is 1.
    of_pool = purchases_of(run_folder(together, "regions"))
    assert [len(purchase.rows) for purchase in of_pool] == [4, 5]
    for purchase, count in zip(purchases_of(run_folder(together, "regions-of-images")), (1, 2), strict=True):
        assert {stop - start for start, stop in purchase.spans.values()} == {count}
        assert len(purchase.spans) == 6
    spending = metrics_of(run_folder(together, "regions-of-images"), 2)["spending"]
    assert spending == {"currency": "regions", "spent": 18, "allowed": 18}


def test_whole_images_are_paid_by_their_outlines(together: Path) -> None:
    folder, pool = run_folder(together, "images"), Stripes("train", 6, (12, 24))
    prices = {pool.image_id(index): clicks_per_outline(pool.label(index), 2) for index in range(6)}
    spent = 0
    for purchase, allowed in zip(purchases_of(folder), (37, 75), strict=True):
        spent += sum(prices[image_id] for image_id in purchase.spans)
        assert 0 <= allowed - spent < max(prices.values())
    assert metrics_of(folder, 2)["spending"]["spent"] == spent


def test_runs_that_ask_together_buy_what_each_buys_alone(together: Path, tmp_path: Path) -> None:
    for name in METHODS:
        run_toy(tmp_path / name, document(name), *PLUGINS)
        alone, among = run_folder(tmp_path / name, name), run_folder(together, name)
        assert round_bytes(alone) == round_bytes(among), name


@pytest.mark.parametrize(
    ("phase", "occurrence"), [("acquire", 1), ("train", 2), ("acquire", 2), ("evaluate", 3)]
)
def test_an_interrupted_run_buys_the_same(
    together: Path, tmp_path: Path, phase: str, occurrence: int
) -> None:
    reporter = StopAfter(phase, occurrence, 1)
    assert run_toy(tmp_path, document("pool"), *PLUGINS, reporter=reporter).signal is not None
    assert run_toy(tmp_path, document("pool"), *PLUGINS).done == 1
    assert round_bytes(run_folder(tmp_path, "pool")) == round_bytes(run_folder(together, "pool"))


def test_a_budget_in_pixels_leaves_the_metrics_as_they_are(tmp_path: Path) -> None:
    run_toy(
        tmp_path,
        toy_document(methods=[{"label": "px", "acquisition": "entropy", **REGION, "budget": "400 px"}]),
    )
    metrics = metrics_of(run_folder(tmp_path, "px"), 2)
    assert "spending" not in metrics
    assert metrics["allowance_pixels"] == 400
    assert 400 - 9 < metrics["cost"]["pixels"] <= 400
