from __future__ import annotations

import itertools
import json
import re
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from alseg import AcquisitionSpec, hookimpl
from alseg.contracts import RoundReport, TargetView
from alseg.engine.purchase import QueryPlanner, RoundQueries
from alseg.errors import AlsegError
from alseg.inference.predict import predict
from alseg.seeding import image_token
from alseg.storage.ledger import Purchase
from alseg.system.signals import Interrupted, StopRequest
from alseg.training import checkpoint
from toys import Silent, run_folder, run_toy, toy_document


def _bytes_of(folder: Path, *, but: tuple[str, ...] = ()) -> dict[str, bytes]:
    """Return the content of every result file; times are not results."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.glob("rounds/*/*"))
        if path.name != "timing.json" and path.name not in but
    }


def _metrics(folder: Path, round_number: int) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(
        (folder / "rounds" / f"{round_number:02d}" / "metrics.json").read_text()
    )
    return content


def test_a_run_goes_through_all_rounds_and_spends_within_its_budget(tmp_path: Path) -> None:
    outcome = run_toy(tmp_path)
    assert (outcome.done, outcome.failed, outcome.skipped) == (3, [], [])
    folder = run_folder(tmp_path, "entropy")
    rounds = [_metrics(folder, number) for number in range(3)]
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
        first, second = (_bytes_of(run_folder(tmp_path / name, method)) for name in ("none", "two"))
        assert first == second and first


def test_another_seed_gives_other_results(tmp_path: Path) -> None:
    run_toy(tmp_path, toy_document(seeds=[0, 1]))
    first, second = (_metrics(run_folder(tmp_path, "entropy", seed), 2)["miou"] for seed in (0, 1))
    assert first != second


def test_methods_share_source_training(tmp_path: Path) -> None:
    reporter = Silent()
    run_toy(tmp_path, reporter=reporter)
    # Source only trains rounds 0, 1, 2; entropy takes round 0 over; full supervision shares nothing.
    assert reporter.phases.count("train") == 3 + 2 + 3
    first, second = (_metrics(run_folder(tmp_path, method), 0) for method in ("source-only", "entropy"))
    assert first["miou"] == second["miou"]


def test_a_method_gives_the_same_result_alone_as_among_others(tmp_path: Path) -> None:
    document = toy_document()
    run_toy(tmp_path / "all", document)
    alone = [method for method in document["methods"] if method["label"] == "Entropy"]  # type: ignore[attr-defined]
    run_toy(tmp_path / "alone", {**document, "methods": alone})
    first, second = (_bytes_of(run_folder(tmp_path / name, "entropy")) for name in ("all", "alone"))
    assert first == second


def _asking_methods() -> list[dict[str, object]]:
    region = {"name": "region", "radius": 1}
    return [
        {"label": "Entropy", "acquisition": "entropy", "annotation": region, "budget": "20%"},
        {"label": "Whole", "acquisition": "entropy", "annotation": "image", "budget": "2 images"},
        {"label": "Margin", "acquisition": "margin", "annotation": "pixel", "budget": "6 px/image"},
        {"label": "Random", "acquisition": "random", "annotation": region, "budget": "20%"},
    ]


def test_the_pool_is_predicted_once_before_the_first_purchase_of_methods_with_the_same_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    passes: list[int] = []

    def counting(model: object, dataset: Any, options: object, previous: object) -> Any:
        passes.append(len(dataset))
        return predict(model, dataset, options, previous)  # type: ignore[arg-type]

    monkeypatch.setattr("alseg.acquisition.acquire.predict", counting)
    document = toy_document(methods=_asking_methods())
    run_toy(tmp_path / "together", document)
    # Two rounds of three methods: one pass for all, then one each. Random needs none.
    assert len(passes) == 1 + 3
    assert not list((tmp_path / "together").glob("results/toy/shared*/*/picks/*"))
    for method in _asking_methods():
        label = str(method["label"])
        run_toy(tmp_path / label, {**document, "methods": [method]})
        folder = run_folder(tmp_path / label, label.lower())
        assert _bytes_of(folder) == _bytes_of(run_folder(tmp_path / "together", label.lower()))


class _Ticking:
    """A clock that moves on by a second whenever it is read."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        self.now += 1
        return self.now


def test_runs_that_ask_together_are_billed_equal_shares_of_the_time_it_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    billed: list[float] = []
    decide = QueryPlanner.decide

    def watched(planner: QueryPlanner, *given: Any) -> RoundQueries:
        found = decide(planner, *given)
        billed.append(found.seconds)
        return found

    monkeypatch.setattr(QueryPlanner, "decide", watched)
    monkeypatch.setattr("alseg.engine.purchase.time", _Ticking())
    run_toy(tmp_path, toy_document(methods=_asking_methods()[:3]))
    # Deciding takes a second. The first run's common pass takes one more between two readings, and one after
    # it: 3 seconds, one of them in the pass, of which each of three runs is billed a third.
    alone, share = 1.0, 1 / 3
    assert billed == pytest.approx([3 - 1 + share, alone, alone + share, alone, alone + share, alone])
    timing = json.loads((run_folder(tmp_path, "margin") / "rounds/01/timing.json").read_text())
    assert timing["acquire"] == pytest.approx(alone + share, abs=0.001)


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


class _StopAfter(Silent):
    """Asks the run to stop in a given phase, as a signal would."""

    def __init__(self, phase: str, occurrence: int, steps: int) -> None:
        super().__init__()
        self.where, self.steps_left = (phase, occurrence), steps

    def advance(self, detail: str = "") -> None:
        if self.phases and (self.phases[-1], self.phases.count(self.phases[-1])) == self.where:
            self.steps_left -= 1
            if self.steps_left == 0:
                raise Interrupted


@pytest.mark.parametrize(
    ("phase", "occurrence", "steps"),
    [
        ("train", 1, 1),
        ("evaluate", 1, 3),
        ("acquire", 1, 2),
        ("train", 2, 1),
        ("evaluate", 2, 1),
        ("acquire", 2, 6),
    ],
)
def test_an_interrupted_run_goes_on_to_the_same_bytes(
    tmp_path: Path, phase: str, occurrence: int, steps: int
) -> None:
    methods = [toy_document()["methods"][1]]  # type: ignore[index]
    document = toy_document(methods=methods)
    run_toy(tmp_path / "through", document)
    reporter = _StopAfter(phase, occurrence, steps)
    assert run_toy(tmp_path / "stopped", document, reporter=reporter).signal is not None
    assert reporter.states == ["interrupted"]
    assert run_toy(tmp_path / "stopped", document).done == 1
    first, second = (_bytes_of(run_folder(tmp_path / name, "entropy")) for name in ("through", "stopped"))
    assert first == second


class _CountsSteps(Silent):
    """Counts training steps."""

    steps = 0

    def advance(self, detail: str = "") -> None:
        self.steps += self.phases[-1] == "train"


@pytest.mark.parametrize("number", range(1, 13))
def test_a_signal_that_comes_just_before_it_is_looked_for_loses_no_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    calls, original = itertools.count(1), StopRequest.check

    def check(request: StopRequest) -> None:
        if next(calls) == number:
            request.signal = signal.SIGTERM
        original(request)

    monkeypatch.setattr(StopRequest, "check", check)
    reporter = _CountsSteps()
    methods = [toy_document()["methods"][1]]  # type: ignore[index]
    assert run_toy(tmp_path, toy_document(methods=methods), reporter=reporter).signal == signal.SIGTERM
    path = run_folder(tmp_path, "entropy") / "checkpoint.pt"
    saved = torch.load(path, weights_only=True)["iteration"] if path.exists() else 0
    assert saved == reporter.steps


@pytest.mark.parametrize(("phase", "occurrence", "steps"), [("train", 2, 1), ("train", 3, 2)])
def test_a_run_that_draws_labelled_images_more_often_goes_on_to_the_same_bytes(
    tmp_path: Path, phase: str, occurrence: int, steps: int
) -> None:
    document = _whole_images("labelled")
    run_toy(tmp_path / "through", document)
    assert run_toy(tmp_path / "stopped", document, reporter=_StopAfter(phase, occurrence, steps)).signal
    assert run_toy(tmp_path / "stopped", document).done == 1
    first, second = (_bytes_of(run_folder(tmp_path / name, "whole")) for name in ("through", "stopped"))
    assert first == second


def test_labelled_sampling_changes_training_after_the_first_purchase_of_some_images(tmp_path: Path) -> None:
    for sampling in ("uniform", "labelled"):
        run_toy(tmp_path / sampling, _whole_images(sampling))
    uniform, labelled = (run_folder(tmp_path / name, "whole") for name in ("uniform", "labelled"))
    assert _metrics(uniform, 0) == _metrics(labelled, 0)
    assert _metrics(uniform, 2)["iou"] != _metrics(labelled, 2)["iou"]


def test_labelled_sampling_changes_nothing_where_every_image_has_labels(tmp_path: Path) -> None:
    for sampling in ("uniform", "labelled"):
        recipe = {"name": "toy", "iterations": 8, "target_sampling": sampling}
        run_toy(tmp_path / sampling, toy_document(recipe=recipe))
    for method in ("entropy", "fully-supervised"):
        first, second = (_bytes_of(run_folder(tmp_path / name, method)) for name in ("uniform", "labelled"))
        assert first == second and first


def _whole_images(sampling: str) -> dict[str, object]:
    method = {"label": "Whole", "acquisition": "entropy", "annotation": "image", "budget": "2 images"}
    recipe = {"name": "toy", "iterations": 8, "target_sampling": sampling}
    return toy_document(methods=[method], recipe=recipe)


def test_a_damaged_checkpoint_costs_training_but_no_label(tmp_path: Path) -> None:
    document = toy_document(methods=[toy_document()["methods"][1]])  # type: ignore[index]
    run_toy(tmp_path / "through", document)
    run_toy(tmp_path / "stopped", document, reporter=_StopAfter("evaluate", 2, 1))
    folder = run_folder(tmp_path / "stopped", "entropy")
    bought = (folder / "rounds" / "01" / "ledger.npy").read_bytes()
    (folder / "checkpoint.pt").write_bytes(b"half a file")
    reporter = Silent()
    run_toy(tmp_path / "stopped", document, reporter=reporter)
    assert (folder / "rounds" / "01" / "ledger.npy").read_bytes() == bought
    assert _bytes_of(folder) == _bytes_of(run_folder(tmp_path / "through", "entropy"))
    assert "is damaged" in reporter.notes[0]


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


def test_finished_runs_are_not_done_again(tmp_path: Path) -> None:
    run_toy(tmp_path)
    reporter = Silent()
    assert run_toy(tmp_path, reporter=reporter).done == 3
    assert reporter.phases == []


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


def test_a_checkpoint_of_another_model_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.pt"
    checkpoint.save(path, iteration=3, model=torch.nn.Linear(2, 2), optimizer=None)
    with pytest.raises(AlsegError) as caught:
        checkpoint.load(path, model=torch.nn.Linear(2, 3), optimizer=None)
    assert str(caught.value) == (
        f"Checkpoint {path} is of another model: size mismatch for weight: copying a param with shape "
        "torch.Size([2, 2]) from checkpoint, the shape in current model is torch.Size([3, 2])."
    )
