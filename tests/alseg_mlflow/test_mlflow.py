from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

import alseg_mlflow
from alseg import AlsegError, hookimpl
from alseg.contracts import RoundReport
from alseg.testing import round_report
from alseg_mlflow.build import build_mlflow
from toys import run_folder, run_toy, toy_document

DOCUMENT = toy_document(
    methods=[toy_document()["methods"][1]],  # type: ignore[index]
    settings={"device": "cpu", "observers": ["mlflow"]},
)


@pytest.fixture
def mlflow() -> None:
    for package in ("mlflow", "sqlalchemy", "alembic"):
        pytest.importorskip(package, reason='needs pip install "alseg[mlflow]"')


class Store:
    """What is in a file, read by MLflow."""

    def __init__(self, file: Path) -> None:
        from mlflow import MlflowClient

        self.client = MlflowClient(tracking_uri=f"sqlite:///{file}")

    def runs(self, experiment: str) -> list[Any]:
        """Return all runs of an experiment, the oldest first."""
        found = self.client.get_experiment_by_name(experiment)
        return list(self.client.search_runs([found.experiment_id], order_by=["attributes.start_time"]))

    def history(self, run: Any, metric: str) -> list[tuple[int, float]]:
        """Return steps and values."""
        points = self.client.get_metric_history(run.info.run_id, metric)
        return [(point.step, point.value) for point in points]


class Dying:
    """Ends the process, as far as the run can see, between a round's commit and the observers."""

    @hookimpl
    def on_round_end(self, report: RoundReport) -> None:
        if report.round == 1:
            raise KeyboardInterrupt


@pytest.mark.usefixtures("mlflow")
def test_a_run_that_goes_on_is_one_mlflow_run_with_every_round_once(tmp_path: Path) -> None:
    run_toy(tmp_path, DOCUMENT, alseg_mlflow, Dying())
    written = tmp_path / "results" / "toy" / "mlflow" / "mlflow.db"
    store = Store(written)
    (stopped,) = store.runs("toy")
    assert (stopped.info.status, store.history(stopped, "round")) == ("KILLED", [(2, 0.0)])

    assert run_toy(tmp_path, DOCUMENT, alseg_mlflow).done == 1
    folder = run_folder(tmp_path, "entropy")
    (run,) = store.runs("toy")
    assert (run.info.run_id, run.info.status) == (stopped.info.run_id, "FINISHED")
    assert (run.info.run_name, run.data.tags["alseg.run"]) == (folder.name, folder.name)
    assert run.data.params["method.label"] == "Entropy"
    assert run.data.params["method.annotation.params.radius"] == "1"
    assert (run.data.params["seed"], run.data.params["rounds"]) == ("0", "[2, 4]")
    assert store.history(run, "round") == [(2, 0.0), (4, 1.0), (8, 2.0)]
    for path in sorted(folder.glob("rounds/*/metrics.json")):
        metrics = json.loads(path.read_text())
        step = metrics["iteration"]
        assert dict(store.history(run, "miou"))[step] == metrics["miou"]
        assert dict(store.history(run, "accuracy"))[step] == metrics["accuracy"]
        assert dict(store.history(run, "iou/green"))[step] == metrics["iou"]["green"]
        for currency, amount in metrics["cost"].items():
            assert dict(store.history(run, f"cost/{currency}"))[step] == amount
    # Nothing is written but the store.
    assert sorted(path.name for path in (tmp_path / "results" / "toy").iterdir()) == [
        ".lock",
        ".mlflow.lock",
        "experiment.yaml",
        "locking.json",
        "mlflow",
        "runs",
        "shared",
    ]
    assert list(written.parent.iterdir()) == [written]


@pytest.mark.usefixtures("mlflow")
def test_runs_of_one_store_are_told_apart(tmp_path: Path) -> None:
    # A run begun anew, one of the same name in another folder and unusual class names: a store costs seconds.
    file = tmp_path / "shared file.db"
    observer = build_mlflow(uri=f"sqlite:///{file}")
    for place, start in (("here", "09:00"), ("here", "10:00"), ("there", "09:30"), ("here", "10:00")):
        folder = tmp_path / place / "runs" / "random__s0__00000000"
        (folder / "attempts").mkdir(parents=True, exist_ok=True)
        (folder / "attempts" / "0.json").write_text(json.dumps({"start": start}))
        report = round_report(folder=str(folder), class_names=("a_b%&<", "lost"), run=folder.name)
        observer.on_round_end(report)
        observer.close()
    store = Store(file)
    runs = store.runs("made-up")
    assert [run.data.tags["alseg.begun"] for run in runs] == ["09:00", "10:00", "09:30"]
    assert sorted(name for name in runs[0].data.metrics if name.startswith("iou/")) == ["iou/a_b___"]
    assert store.history(runs[1], "miou") == [(200, 50.0)]
    assert not list(tmp_path.glob("*/mlflow"))


@pytest.mark.usefixtures("mlflow")
def test_a_round_without_evaluation_labels_has_metrics_of_answers_alone(tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "random__s0__00000000"
    (folder / "attempts").mkdir(parents=True)
    (folder / "attempts" / "0.json").write_text(json.dumps({"start": "09:00"}))
    unknown = float("nan")
    report = round_report(
        folder=str(folder),
        evaluated=False,
        iou=(unknown, unknown),
        miou=unknown,
        accuracy=unknown,
        of_answers={"estimate_from_held_out_answers/miou_of_answers": 41.5},
    )
    observer = build_mlflow(uri=f"sqlite:///{tmp_path / 'file.db'}")
    observer.on_round_end(report)
    observer.close()
    (run,) = Store(tmp_path / "file.db").runs("made-up")
    found = {name for name in run.data.metrics if not name.startswith("cost/")}
    assert found == {"round", "estimate_from_held_out_answers/miou_of_answers"}


def test_a_missing_package_is_named_with_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "alembic", None)
    with pytest.raises(AlsegError) as caught:
        build_mlflow()
    assert str(caught.value) == (
        "Observer 'mlflow' needs packages that are not installed (import of alembic halted; None in "
        'sys.modules): pip install "alseg[mlflow]"'
    )


def test_an_empty_uri_is_refused() -> None:
    with pytest.raises(AlsegError) as caught:
        build_mlflow(uri="")
    assert str(caught.value) == (
        "Observer 'mlflow': uri is empty. Leave it out to write to the experiment's folder."
    )


@pytest.mark.usefixtures("mlflow")
def test_mlflow_reports_its_use_to_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_DISABLE_TELEMETRY", raising=False)
    build_mlflow()
    assert os.environ["MLFLOW_DISABLE_TELEMETRY"] == "true"
