"""The loop of one run."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch

from alseg import AcquisitionSpec, hookimpl
from alseg.contracts import RoundReport, TargetView
from alseg.seeding import image_token
from alseg.storage.ledger import Purchase
from toys import Silent, metrics_of, round_bytes, run_folder, run_toy, toy_document


def test_a_run_goes_through_all_rounds_and_spends_within_its_budget(tmp_path: Path) -> None:
    outcome = run_toy(tmp_path)
    assert (outcome.done, outcome.failed, outcome.skipped) == (3, [], [])
    folder = run_folder(tmp_path, "entropy")
    rounds = [metrics_of(folder, number) for number in range(3)]
    assert [metrics["iteration"] for metrics in rounds] == [2, 4, 8]
    # 20% of 12 x 24 pixels is 57 per image, half of it after the first round: 28. Six images.
    assert [metrics["allowance_pixels"] for metrics in rounds] == [0, 168, 342]
    spent = [metrics["cost"]["pixels"] for metrics in rounds]
    assert spent[0] == 0
    assert all(cost <= most for cost, most in zip(spent, [0, 168, 342], strict=True))
    # Windows of at most 9 pixels: less than 9 pixels are left of each image's 57.
    assert spent[2] > 342 - 6 * 9
    assert not (folder / "checkpoint.pt").exists()


def test_no_image_is_charged_more_than_its_share_over_all_rounds(tmp_path: Path) -> None:
    run_toy(tmp_path)
    folder = run_folder(tmp_path, "entropy")
    purchases = [Purchase.read(folder / "rounds" / f"{number:02d}") for number in (1, 2)]
    for image_id in purchases[0].spans:
        bought = [int(purchase.of_image(image_id)["pixels"].sum()) for purchase in purchases]
        assert bought[0] <= 28 and sum(bought) <= 57


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bytes_for_any_number_of_workers(tmp_path: Path) -> None:
    document = toy_document(recipe={"name": "toy", "iterations": 8, "flip": True})
    run_toy(tmp_path / "none", document)
    run_toy(tmp_path / "two", {**document, "settings": {"device": "cpu", "workers": 2}})
    for method in ("source-only", "entropy", "fully-supervised"):
        first, second = (round_bytes(run_folder(tmp_path / name, method)) for name in ("none", "two"))
        assert first == second and first


def test_another_seed_gives_other_results(tmp_path: Path) -> None:
    run_toy(tmp_path, toy_document(seeds=[0, 1]))
    first, second = (metrics_of(run_folder(tmp_path, "entropy", seed), 2)["miou"] for seed in (0, 1))
    assert first != second


class _Spy:
    """An acquisition that keeps every score it gives."""

    def __init__(self) -> None:
        self.scores: list[torch.Tensor] = []

    def score(self, view: TargetView) -> torch.Tensor:
        self.scores.append(view.probs.amax(0))
        return self.scores[-1]


class _SpyPlugin:
    def __init__(self) -> None:
        self.spy = _Spy()

    @hookimpl
    def register_acquisitions(self) -> list[AcquisitionSpec]:
        return [AcquisitionSpec(name="spy", summary="Test.", source="Test.", build=lambda: self.spy)]


def test_swapping_the_target_labels_moves_no_score_before_they_are_bought(tmp_path: Path) -> None:
    scores = []
    for swapped in (False, True):
        plugin = _SpyPlugin()
        methods = [{"label": "Spy", "acquisition": "spy", "annotation": "image", "budget": "100%"}]
        scenario = {"source": "stripes", "target": {"name": "stripes", "swapped": swapped}}
        settings = {"device": "cpu", "examples": 0}  # which would ask for some scores once more
        document = toy_document(methods=methods, scenario=scenario, settings=settings)
        run_toy(tmp_path / str(swapped), document, plugin)
        scores.append(plugin.spy.scores)
    # Two rounds over six images. The first asks before any label is bought; the second after training on
    # labels that differ, which shows that the swap reaches the oracle.
    first, second = scores
    assert len(first) == len(second) == 12
    assert all(torch.equal(a, b) for a, b in zip(first[:6], second[:6], strict=True))
    assert not all(torch.equal(a, b) for a, b in zip(first[6:], second[6:], strict=True))


class _Curious:
    """Writes down everything about a view that is no tensor."""

    def __init__(self) -> None:
        self.seen: list[dict[str, object]] = []

    def score(self, view: TargetView) -> torch.Tensor:
        known = {name: value for name, value in vars(view).items() if not isinstance(value, torch.Tensor)}
        self.seen.append({**known, "generator": view.generator.initial_seed()})
        return view.probs.amax(0)


def test_acquisitions_know_images_by_the_same_opaque_token_in_all_rounds_and_runs(tmp_path: Path) -> None:
    curious = _Curious()
    spec = AcquisitionSpec(name="curious", summary="Test.", source="Test.", build=lambda: curious)

    class Plugin:
        @hookimpl
        def register_acquisitions(self) -> list[AcquisitionSpec]:
            return [spec]

    method = {"label": "Curious", "acquisition": "curious", "annotation": "image", "budget": "100%"}
    run_toy(tmp_path, toy_document(methods=[method], seeds=[0, 1]), Plugin())
    # Six images, named train-0 to train-5, in two rounds of two seeds and once more each for pictures.
    tokens = [view["image_id"] for view in curious.seen]
    assert len(tokens) >= 24
    assert set(tokens) == {image_token(f"train-{index}") for index in range(6)}
    assert all(re.fullmatch("[0-9a-f]{16}", str(token)) for token in tokens)
    assert "train-" not in repr(curious.seen)
    # The ledger names the images themselves.
    assert {name for run in tmp_path.glob("results/toy/runs/*") for name in _bought(run)} == {
        f"train-{index}" for index in range(6)
    }


def _bought(run: Path) -> set[str]:
    return {name for folder in run.glob("rounds/0[1-9]") for name in Purchase.read(folder).spans}


class _Failing:
    @hookimpl
    def register_acquisitions(self) -> list[AcquisitionSpec]:
        def build() -> object:
            class Raising:
                def score(self, view: TargetView) -> torch.Tensor:
                    raise RuntimeError("no idea")

            return Raising()

        return [AcquisitionSpec(name="failing", summary="Test.", source="Test.", build=build)]


def test_one_failing_run_does_not_stop_the_others(tmp_path: Path) -> None:
    methods = [
        {"label": "Failing", "acquisition": "failing", "annotation": "region", "budget": "20%"},
        {"label": "Source only", "target_labels": "none"},
    ]
    outcome = run_toy(tmp_path, toy_document(methods=methods), _Failing())
    assert outcome.done == 1
    folder = run_folder(tmp_path, "failing")
    assert outcome.failed == [(folder.name, "RuntimeError: no idea")]
    status = json.loads((folder / "status.json").read_text())
    assert (status["state"], status["error"], status["round"]) == ("failed", "RuntimeError: no idea", 0)
    assert 'raise RuntimeError("no idea")' in (folder / "log.txt").read_text()


class _Observer:
    def __init__(self) -> None:
        self.reports: list[RoundReport] = []

    @hookimpl
    def on_round_end(self, report: RoundReport) -> None:
        self.reports.append(report)
        raise ValueError("observers may fail")


def test_observers_hear_of_every_round_and_cannot_stop_the_run(tmp_path: Path) -> None:
    observer, reporter = _Observer(), Silent()
    document = toy_document(methods=[toy_document()["methods"][1]])  # type: ignore[index]
    assert run_toy(tmp_path, document, observer, reporter=reporter).done == 1
    assert [report.round for report in observer.reports] == [0, 1, 2]
    assert observer.reports[2].method == "Entropy"
    assert reporter.notes == [
        "plugin _Observer (unpackaged 0) failed at on_round_end: ValueError: observers may fail"
    ]


def test_a_diverged_loss_stops_the_run_and_names_the_step(tmp_path: Path) -> None:
    document = toy_document(recipe={"name": "toy", "iterations": 8, "learning_rate": 1e30})
    outcome = run_toy(tmp_path, document)
    assert len(outcome.failed) == 3
    assert outcome.failed[0][1].startswith("DivergedError: The loss is not finite at iteration ")


def test_confusion_counts_are_kept_per_image(tmp_path: Path) -> None:
    run_toy(tmp_path)
    with np.load(run_folder(tmp_path, "entropy") / "rounds" / "02" / "confusion.npz") as content:
        assert content["counts"].shape == (6, 3, 3)
        # 12 x 24 pixels less the void column.
        assert content["counts"].sum(axis=(1, 2)).tolist() == [276] * 6
        assert content["image_ids"].tolist() == [f"val-{index}" for index in range(6)]
        # The data set names no groups: each image is its own.
        assert content["groups"].tolist() == content["image_ids"].tolist()
