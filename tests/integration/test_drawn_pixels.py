"""Labels that were paid for and never shown to the network are counted."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from alseg.annotation.oracle import Oracle
from alseg.annotation.revealed import RevealedLabels
from alseg.cli import main
from alseg.contracts import DataPlan, Picks
from alseg.data.loading import TrainingSamples
from alseg.data.sampling import Draw
from alseg.data.target_order import TargetOrder
from alseg.storage.ledger import Purchase
from alseg.training import trainer
from alseg_baselines.modes import Window
from comparing import compared
from fakeruns import write_run
from toys import Stripes, run_folder, run_toy, toy_document


def _costs(folder: Path) -> list[dict[str, Any]]:
    paths = sorted(folder.glob("rounds/*/metrics.json"))
    return [json.loads(path.read_text())["cost"] for path in paths]


def _bought(*pixels: int) -> Picks:
    positions = [(2 * place, 2) for place in range(len(pixels))]
    return Picks(np.array(positions, np.int32), np.ones(len(pixels), np.float32), np.array(pixels))


def test_labels_count_as_drawn_where_their_image_was_drawn_after_their_purchase(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    labels = RevealedLabels(
        Stripes("train", 3, (6, 12)), np.arange(256, dtype=np.uint8), mode=Window(radius=0, spacing=0)
    )
    oracle = Oracle(labels)
    oracle.answer({"train-0": _bought(1, 1), "train-1": _bought(1)})
    oracle.answer({"train-0": Picks(np.array([[5, 5]], np.int32), np.ones(1, np.float32), np.array([1]))})
    # Purchases after 10 and 20 steps. Image 0 was last drawn in step 20, the first after the second purchase.
    monkeypatch.setattr(TargetOrder, "last_draws", lambda order, iteration: np.array(last[iteration]))
    order = TargetOrder(3, DataPlan(batch_size=1, size=None), 0)
    purchases = list(zip([10, 20], labels.pixels_by_purchase(), strict=True))
    last = {1: [20, 9, 30], 2: [19, 10, 30], 3: [9, 9, 9]}
    assert order.drawn(1, purchases) == (3, 1)
    # Now before it, so that only its first two pixels have been seen; image 1 just after its purchase.
    assert order.drawn(2, purchases) == (3, 2)
    assert order.drawn(3, purchases) == (0, 0)


@pytest.mark.parametrize("sampling", ["uniform", "labelled"])
def test_a_run_counts_what_its_loader_has_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sampling: str
) -> None:
    drawn: list[tuple[int, int]] = []

    class Watched(TrainingSamples):
        def __getitem__(self, draw: Draw) -> tuple[torch.Tensor, torch.Tensor]:
            if self._axes[0] == "target":
                drawn.append((draw[0] // 2, draw[1]))  # two images a step
            return super().__getitem__(draw)

    monkeypatch.setattr(trainer, "TrainingSamples", Watched)
    method = {"label": "Whole", "acquisition": "random", "annotation": "image", "budget": "4 images"}
    recipe = {"name": "toy", "iterations": 6, "target_sampling": sampling}
    document = toy_document(methods=[method], recipe=recipe, rounds=[2, 5])
    document["scenario"] = {"source": "stripes", "target": {"name": "stripes", "count": 30}}
    run_toy(tmp_path, document)
    folder = run_folder(tmp_path, "whole")
    # Two images of 12 x 24 are bought after step 2, two more after step 5, with one step to go.
    purchases = {
        iteration: [int(name[6:]) for name in Purchase.read(folder / f"rounds/{number:02d}").spans]
        for number, iteration in ((1, 2), (2, 5))
    }
    costs = _costs(folder)
    for number, stop in ((1, 5), (2, 6)):
        seen = [
            image
            for iteration, images in purchases.items()
            if iteration < stop
            for image in images
            if any(index == image and iteration <= step < stop for step, index in drawn)
        ]
        assert (costs[number]["drawn_pixels"], costs[number]["drawn_images"]) == (288 * len(seen), len(seen))
    assert (costs[0]["drawn_pixels"], costs[0]["drawn_images"]) == (0, 0)
    # One draw of a labelled image in the last step: of four images three at most, all of them by no chance.
    assert costs[2]["drawn_pixels"] < costs[2]["pixels"] == 4 * 288
    if sampling == "labelled":
        assert costs[1]["drawn_pixels"] == costs[1]["pixels"] == 2 * 288


def test_full_supervision_draws_labels_as_it_draws_images(tmp_path: Path) -> None:
    methods = [
        {"label": "Full", "target_labels": "all"},
        {"label": "Later", "target_labels": {"labels": "all", "since": "first-purchase"}},
    ]
    run_toy(tmp_path, toy_document(methods=methods))
    full, later = (_costs(run_folder(tmp_path, name)) for name in ("full", "later"))
    # 2 images a step of 6: 4 draws until step 2, one epoch until step 3. Rounds end after 2, 4 and 8 steps.
    assert [cost["drawn_pixels"] for cost in full] == [4 * 288, 6 * 288, 6 * 288]
    assert [cost["drawn_images"] for cost in later] == [0, later[1]["drawn_images"], 6]
    # From step 2 on there are the last 2 images of the first epoch and 2 of the second.
    assert 2 <= later[1]["drawn_images"] <= 4


def test_labels_that_nobody_has_drawn_are_named_in_a_comparison(tmp_path: Path) -> None:
    results = tmp_path / "demo"
    two = [[50.0] * 3] * 2
    write_run(results, "Random", order=0, acquisition="random", iou=two, drawn_pixels=100)
    write_run(results, "Entropy", order=1, iou=two, drawn_pixels=93)
    write_run(results, "Image-based", order=2, iou=two, drawn_pixels=0)
    write_run(results, "Old", order=3, iou=two)
    assert (
        "Bought, but in images that no training step has drawn since: Entropy 7.0%, Image-based 100.0% of "
        "the pixels. Train longer after the last purchase, or draw labelled images more often "
        "(target_sampling)."
    ) in compared(results).notes
    outcome = CliRunner().invoke(main, ["compare", str(results), "--format=csv"])
    rows = {row["label"]: row for row in csv.DictReader(io.StringIO(outcome.stdout))}
    shown = {label: (row["drawn_pixels"], row["drawn_percent"]) for label, row in rows.items()}
    assert shown == {
        "Random": ("100.0", "100.0"),
        "Entropy": ("93.0", "93.0"),
        "Image-based": ("0.0", "0.0"),
        "Old": ("", ""),
    }
