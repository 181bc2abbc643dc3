"""What runs of one experiment share: source training, and the first pass over the pool."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from alseg.engine.purchase import QueryPlanner, RoundQueries
from alseg.inference.predict import predict
from toys import Silent, metrics_of, round_bytes, run_folder, run_toy, toy_document


def test_methods_share_source_training(tmp_path: Path) -> None:
    reporter = Silent()
    run_toy(tmp_path, reporter=reporter)
    # Source only trains rounds 0, 1, 2; entropy takes round 0 over; full supervision shares nothing.
    assert reporter.phases.count("train") == 3 + 2 + 3
    first, second = (metrics_of(run_folder(tmp_path, method), 0) for method in ("source-only", "entropy"))
    assert first["miou"] == second["miou"]


def test_a_method_gives_the_same_result_alone_as_among_others(tmp_path: Path) -> None:
    document = toy_document()
    run_toy(tmp_path / "all", document)
    alone = [method for method in document["methods"] if method["label"] == "Entropy"]  # type: ignore[attr-defined]
    run_toy(tmp_path / "alone", {**document, "methods": alone})
    first, second = (round_bytes(run_folder(tmp_path / name, "entropy")) for name in ("all", "alone"))
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
        assert round_bytes(folder) == round_bytes(run_folder(tmp_path / "together", label.lower()))


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
