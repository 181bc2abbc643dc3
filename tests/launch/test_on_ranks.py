"""One run by two processes together, by the command line: the same as by one, whatever happens to a rank."""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import alseg.launch.on_ranks
import alseg.launch.work
from alseg.launch.admission import write_experiment
from alseg.launch.on_ranks import unit_on_ranks
from alseg.launch.outcome import RunResult
from alseg.launch.rank_task import RankReport, RankTask, ToldEnding
from alseg.launch.units import plan_units
from alseg.launch.work import do_unit
from alseg.system.rank_processes import RankEnding
from alseg.system.signals import StopRequest
from rankedtoys import FAULT_VARIABLE, PLUGINS, RANK_COMMAND, environment, full_registry, run_ranked
from toys import prepared_toy, run_toy, toy_document

STRIPES = {"name": "stripes", "count": 11}
LARGE = {**STRIPES, "height": 24, "width": 36}
REGION = {"name": "region", "radius": 1}
NATIVE = {"source_size": None, "target_size": None, "source_batch": 2, "target_batch": 2}
TEACHER = {"name": "mean-teacher", "iterations": 8, "crop": None, **NATIVE}
SLIC = {"name": "slic", "segments": 8}
TWO = "settings.devices=2"

METHODS: list[dict[str, Any]] = [
    {"label": "Random", "acquisition": "random", "annotation": REGION, "budget": "20%"},
    {"label": "Entropy", "acquisition": "entropy", "annotation": REGION, "budget": "20%"},
    {
        "label": "Pool",
        "acquisition": "margin",
        "annotation": REGION,
        "budget": {"amount": "20%", "scope": "pool"},
    },
    {"label": "Core-set", "acquisition": "core-set", "annotation": "image", "budget": "4 images"},
    {"label": "RIPU", "acquisition": {"name": "ripu", "radius": 1}, "annotation": REGION, "budget": "20%"},
    {"label": "Pixel", "acquisition": "margin", "annotation": "pixel", "budget": "6 px/image"},
    {
        "label": "Superpixel",
        "acquisition": "entropy",
        "partition": SLIC,
        "annotation": "superpixel",
        "budget": "20%",
    },
    {
        "label": "Teacher",
        "acquisition": "least-confidence",
        "annotation": "image",
        "budget": "4 images",
        "recipe": TEACHER,
    },
]
"""A budget of each scope, questions of each unit, rankings of the whole pool, and a recipe with state."""

FURTHER: list[dict[str, Any]] = [
    {"label": "BADGE", "acquisition": "badge", "annotation": "image", "budget": "4 images"},
    {
        "label": "BALD",
        "acquisition": {"name": "bald", "source": "jitter"},
        "annotation": REGION,
        "budget": "20%",
    },
    {
        "label": "D2ADA",
        "acquisition": "d2ada",
        "partition": SLIC,
        "annotation": "superpixel",
        "budget": "20%",
    },
    {
        "label": "AMSL",
        "acquisition": {"name": "class-balanced", "shares": "pixels"},
        "partition": {"name": "amsl", "base": "slic", "segments": 8},
        "annotation": {"name": "superpixel", "answer": "dominant"},
        "recipe": {"name": "sieve", "iterations": 8, "least_pixels": 4, **NATIVE},
        "budget": "20 clicks",
    },
    {
        "label": "Gao",
        "acquisition": "gao",
        "partition": {"name": "gao", "segments": 8},
        "annotation": {"name": "superpixel", "answer": "dominant"},
        "budget": {"amount": "4 clicks/image", "scope": "image"},
    },
    {
        "label": "Correction",
        "acquisition": "random",
        "partition": SLIC,
        "annotation": {"name": "superpixel", "answer": "correction"},
        "budget": "20 clicks",
    },
    {"label": "Fully supervised", "target_labels": "all"},
]
"""The source observed, regions that follow the network, derived labels, moments, proposals."""


def document(methods: Sequence[dict[str, Any]] = METHODS, **settings: Any) -> dict[str, Any]:
    size = STRIPES if methods is METHODS else LARGE
    return toy_document(
        scenario={"source": size, "target": size},
        methods=list(methods),
        settings={
            "device": "cpu",
            "threads": 1,
            "precision": "64-true",
            "pool_batch": 2,
            "evaluation_batch": 2,
            **settings,
        },
    )


def by_one(folder: Path, content: dict[str, Any]) -> None:
    """Do an experiment in this process."""
    outcome = run_toy(folder, content, *PLUGINS)
    assert outcome.failed == [] and outcome.signal is None


def files(folder: Path, name: str) -> dict[str, Path]:
    runs = folder / "results/toy/runs"
    return {str(path.relative_to(runs)): path for path in sorted(runs.rglob(name))}


def assert_same(folder: Path, other: Path) -> None:
    """Ledgers are the same bytes, counts and metrics equal, weights but for rounding in 64 bits."""
    for name in ("ledger.npy", "ledger.json", "metrics.json"):
        found, expected = files(folder, name), files(other, name)
        assert list(found) == list(expected)
        assert found
        assert [each for each in found if found[each].read_bytes() != expected[each].read_bytes()] == []
    for name, path in files(folder, "confusion.npz").items():
        with np.load(path) as counts, np.load(files(other, "confusion.npz")[name]) as expected_counts:
            for key in counts.files:
                np.testing.assert_array_equal(counts[key], expected_counts[key], err_msg=name)
    weights, other_weights = files(folder, "weights.pt"), files(other, "weights.pt")
    assert list(weights) == list(other_weights)
    for name, path in weights.items():
        values, expected_values = torch.load(path)["model"], torch.load(other_weights[name])["model"]
        torch.testing.assert_close(values, expected_values, rtol=0, atol=1e-12)


def status_of(folder: Path) -> dict[str, Any]:
    (path,) = files(folder, "status.json").values()
    content: dict[str, Any] = json.loads(path.read_text())
    return content


@pytest.mark.slow
def test_two_processes_do_what_one_does(tmp_path: Path) -> None:
    done = run_ranked(tmp_path / "two", document(), TWO)
    assert done.returncode == 0, done.stderr
    assert "[8/8] Teacher, seed 0" in done.stderr
    assert done.stderr.count("done after") == 8  # the second process shows nothing
    by_one(tmp_path / "one", document())
    assert_same(tmp_path / "two", tmp_path / "one")
    for path in files(tmp_path / "two", "attempts/0.json").values():
        attempt = json.loads(path.read_text())
        assert (attempt["devices"], attempt["backend"], len(attempt["hosts"])) == (2, "gloo", 2)
    leftovers = [path for path in (tmp_path / "two").rglob("*") if "rank" in path.name]
    assert leftovers == []


@pytest.mark.nightly
def test_two_processes_do_what_one_does_with_further_methods(tmp_path: Path) -> None:
    done = run_ranked(tmp_path / "two", document(FURTHER), TWO)
    assert done.returncode == 0, done.stderr
    by_one(tmp_path / "one", document(FURTHER))
    assert_same(tmp_path / "two", tmp_path / "one")


FAULTS = {
    "term": (143, r"Stopped by SIGTERM, all is saved\.", "interrupted", None, 3),
    "kill": (
        1,
        r"failed: entropy\S+: rank 1 ended with SIGKILL; the same command goes on from the last checkpoint",
        "interrupted",
        "another process of the run has ended without a word",
        2,
    ),
    "raise": (1, r"failed: entropy\S+: rank 1 on \S+: ValueError: image 7 cannot be read", "failed", None, 2),
}
"""What happens on rank 1 after step 3, to the exit code, what is said, the status and where it goes on."""


@pytest.mark.slow
@pytest.mark.parametrize("what", FAULTS)
def test_what_happens_to_one_process_happens_to_the_run(tmp_path: Path, what: str) -> None:
    code, said, state, error, goes_on = FAULTS[what]
    content = document(METHODS[1:2], checkpoint_minutes=1e-9)
    faulty = run_ranked(tmp_path / "faulty", content, TWO, **{FAULT_VARIABLE: f"1:3:{what}"})
    assert faulty.returncode == code, faulty.stderr
    assert re.search(said, faulty.stderr), faulty.stderr
    status = status_of(tmp_path / "faulty")
    assert status["state"] == state
    assert error is None or status["error"] == error
    (log,) = files(tmp_path / "faulty", "log.txt").values()
    if what == "raise":
        assert re.fullmatch(r"rank 1 on \S+: ValueError: image 7 cannot be read", status["error"])
        assert 'raise ValueError("image 7 cannot be read")' in log.read_text()
    # One device goes on where two have stopped.
    by_one(tmp_path / "faulty", content)
    assert f"resumed at iteration {goes_on}" in log.read_text()
    by_one(tmp_path / "one", content)
    assert_same(tmp_path / "faulty", tmp_path / "one")


@pytest.mark.parametrize(
    ("result", "code", "stopped"),
    [
        # One was sent SIGTERM by somebody, and told the first.
        (RunResult.INTERRUPTED, 1, signal.SIGTERM),
        # One has raised, or was killed: we sent SIGTERM, which may come before the first misses the other.
        (RunResult.FAILED, 1, None),
        (RunResult.INTERRUPTED, -signal.SIGKILL, None),
    ],
)
def test_our_own_request_to_stop_is_not_taken_for_somebody_elses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, result: RunResult, code: int, stopped: int | None
) -> None:
    def ranks(command: object, count: int, request: bytes, folder: Path, *rest: object) -> RankEnding:
        (name, *_) = RankTask.of_line(request).runs
        ending = ToldEnding(name=name, result=result, reason="rank 1 on host: ValueError: no")
        RankReport(endings=(ending,), signal=signal.SIGTERM).write(folder)
        return RankEnding("rank 1", code)

    monkeypatch.setattr(alseg.launch.on_ranks, "run_ranks", ranks)
    prepared = prepared_toy(tmp_path / "toy", document(METHODS[:1], devices=2), *PLUGINS)
    root = tmp_path / "toy/results/toy"
    write_experiment(prepared.experiment, root)
    stop = StopRequest()
    units = plan_units(prepared, root)
    outcome = unit_on_ranks(units[-1], prepared.experiment, stop, quiet=True)
    assert (outcome.result, outcome.signal) == (result, stopped)


@pytest.mark.nightly
@pytest.mark.parametrize("what", FAULTS)
def test_two_processes_go_on_where_two_were_ended(tmp_path: Path, what: str) -> None:
    content = document(METHODS[1:3], checkpoint_minutes=1e-9)
    run_ranked(tmp_path / "faulty", content, TWO, **{FAULT_VARIABLE: f"0:3:{what}"})
    again = run_ranked(tmp_path / "faulty", content, TWO)
    assert again.returncode == 0, again.stderr
    assert run_ranked(tmp_path / "two", content, TWO).returncode == 0
    assert_same(tmp_path / "faulty", tmp_path / "two")
    for name, path in files(tmp_path / "faulty", "weights.pt").items():
        assert path.read_bytes() == files(tmp_path / "two", "weights.pt")[name].read_bytes()


@pytest.mark.nightly
def test_units_are_done_by_two_processes_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(alseg.launch.on_ranks, "COMMAND", RANK_COMMAND)
    monkeypatch.setattr(alseg.launch.work, "load_registry", full_registry)
    content = document(METHODS[1:3], devices=2)
    prepared = prepared_toy(tmp_path / "units", content, *PLUGINS)
    root = tmp_path / "units/results/toy"
    write_experiment(prepared.experiment, root)
    units = plan_units(prepared, root)
    assert [unit.is_shared for unit in units] == [True, False, False]
    for unit in units:
        assert do_unit(unit).result is RunResult.DONE
    (attempt,) = root.glob("shared/*/unit/attempts/0.json")
    assert json.loads(attempt.read_text())["devices"] == 2
    by_one(tmp_path / "one", document(METHODS[1:3]))
    assert_same(tmp_path / "units", tmp_path / "one")
