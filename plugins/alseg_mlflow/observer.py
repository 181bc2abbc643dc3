"""One MLflow run for each run of alseg, found again when that one goes on."""

from __future__ import annotations

import json
import logging
import math
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from filelock import FileLock
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunStatus
from sqlalchemy import URL

from alseg.contracts import RoundReport

FOLDER = "mlflow"
"""Beside the experiment's ``runs``, where no other store is asked for."""

LOCK, PATIENCE_SECONDS = ".mlflow.lock", 60
"""Held while one process writes: two that make the tables of a store at once spoil it."""

RUN_TAG, BEGUN_TAG = "alseg.run", "alseg.begun"
"""Name of the run's folder, and when its first attempt started: one begun anew is another run."""

_MOST_PARAMS = 100
"""Parameters that MLflow takes at once."""


class MLflow:
    """Writes settings and the numbers of every round; the step is the training iteration.

    Args:
        uri: MLflow's tracking URI, or None for a file in the experiment's folder.
    """

    def __init__(self, uri: str | None) -> None:
        self._uri = uri
        self._client: Any = None
        self._run: str | None = None
        self._run_id = ""
        self._written: set[int] = set()
        self._finished = False
        logging.getLogger("mlflow").setLevel(logging.WARNING)  # it reports each table that it makes

    def on_round_end(self, report: RoundReport) -> None:
        """Write a round, unless an earlier process has."""
        lock = _experiment_folder(report) / LOCK
        with FileLock(lock, timeout=PATIENCE_SECONDS, fallback_to_soft=False):
            if self._run != report.run:
                self.close()
                self._begin(report)
            if report.iteration not in self._written:
                self._client.log_batch(self._run_id, metrics=list(_metrics(report)))
                self._written.add(report.iteration)
            if report.round == len(report.spec["rounds"]):
                self._client.set_terminated(self._run_id, RunStatus.to_string(RunStatus.FINISHED))
                self._finished = True

    def close(self) -> None:
        """Mark the run that is being written as stopped, if it has not come to its end."""
        if self._run is not None and not self._finished:
            self._client.set_terminated(self._run_id, RunStatus.to_string(RunStatus.KILLED))
        self._run = None

    def _begin(self, report: RoundReport) -> None:
        """Go on with the run's MLflow run, or make one."""
        folder = _experiment_folder(report) / FOLDER
        if self._client is None:
            self._client = MlflowClient(tracking_uri=self._uri or _file_in(folder))
        artifacts = None if self._uri else (folder / "artifacts").as_uri()
        experiment = self._experiment(report.experiment, artifacts)
        tags = {RUN_TAG: report.run, BEGUN_TAG: _begun(Path(report.folder))}
        wanted = " and ".join(f"tags.`{tag}` = '{value}'" for tag, value in tags.items())
        found = self._client.search_runs([experiment], filter_string=wanted, max_results=1)
        run = found[0] if found else self._client.create_run(experiment, run_name=report.run, tags=tags)
        self._run_id = run.info.run_id
        self._client.update_run(self._run_id, status=RunStatus.to_string(RunStatus.RUNNING))
        if not run.data.params:
            params = list(_params(report.spec))
            for start in range(0, len(params), _MOST_PARAMS):
                self._client.log_batch(self._run_id, params=params[start : start + _MOST_PARAMS])
        self._written = {metric.step for metric in self._client.get_metric_history(self._run_id, "round")}
        self._run, self._finished = report.run, False

    def _experiment(self, name: str, artifacts: str | None) -> str:
        """Return the id of the MLflow experiment of this name, making it where there is none."""
        found = self._client.get_experiment_by_name(name)
        if found is not None:
            return str(found.experiment_id)
        return str(self._client.create_experiment(name, artifact_location=artifacts))


def _experiment_folder(report: RoundReport) -> Path:
    return Path(report.folder).parents[1]


def _file_in(folder: Path) -> str:
    """Return the URI of the store in a folder, which is made."""
    folder.mkdir(exist_ok=True)
    return URL.create("sqlite", database=str(folder / "mlflow.db")).render_as_string()


def _begun(folder: Path) -> str:
    """Return when the first attempt of a run started, as its folder has it."""
    first = min(folder.glob("attempts/[0-9]*.json"), key=lambda path: int(path.stem))
    return str(json.loads(first.read_text(encoding="utf-8"))["start"])


def _metrics(report: RoundReport) -> Iterator[Metric]:
    """Yield the numbers of a round, all with the same time."""
    now = round(1000 * time.time())
    numbers = {
        "round": report.round,
        "miou": report.miou,
        "accuracy": report.accuracy,
        **{f"iou/{name}": value for name, value in zip(report.class_names, report.iou, strict=True)},
        **report.of_answers,
        **{
            f"cost/{currency}": amount
            for currency, amount in asdict(report.cost).items()
            if amount is not None
        },
    }
    for name, value in numbers.items():
        if not math.isnan(value):
            yield Metric(_key(name), float(value), now, report.iteration)


def _params(spec: Mapping[str, Any], prefix: str = "") -> Iterator[Param]:
    """Yield what a run was asked for, names joined by dots."""
    for name, value in spec.items():
        if isinstance(value, Mapping):
            yield from _params(value, f"{prefix}{name}.")
        else:
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            yield Param(_key(prefix + name), text)


def _key(name: str) -> str:
    """Return a name with an underscore for everything that MLflow does not take."""
    return re.sub(r"[^\w\-. /]", "_", name)
