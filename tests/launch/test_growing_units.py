"""Units of runs whose pool may grow."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

import alseg.launch.work
from alseg.contracts import WorkUnit
from alseg.engine.purchase import QueryPlanner
from alseg.launch.admission import write_experiment
from alseg.launch.outcome import RunResult
from alseg.launch.units import plan_units
from alseg.launch.work import do_unit
from alseg.storage.pool_listing import PoolListing
from growing import METHOD, GrowingPlugin, growing_document, write_names
from stopping import StopAfter
from toys import Silent, prepared_toy, round_bytes, run_toy, toy_registry

PLUGIN = GrowingPlugin()
METHODS = [METHOD, {**METHOD, "label": "Margin", "acquisition": "margin"}]


@pytest.fixture(autouse=True)
def _toys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alseg.launch.work, "load_registry", lambda: toy_registry(PLUGIN))


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the methods that pass the pool for others, too, in order."""
    found: list[str] = []
    ask = QueryPlanner._ask_for_all

    def watched(planner: QueryPlanner, *given: Any) -> Any:
        found.append(planner.spec.method.label)
        return ask(planner, *given)

    monkeypatch.setattr(QueryPlanner, "_ask_for_all", watched)
    return found


def planned(folder: Path, document: dict[str, Any]) -> list[WorkUnit]:
    prepared = prepared_toy(folder, document, PLUGIN)
    root = folder / "results" / "toy"
    write_experiment(prepared.experiment, root)
    return plan_units(prepared, root)


def results_of(folder: Path) -> dict[str, bytes]:
    found = {}
    for run in sorted((folder / "results/toy/runs").iterdir()):
        files = {**round_bytes(run), "weights.pt": (run / "weights.pt").read_bytes()}
        found.update({f"{run.name}/{name}": content for name, content in files.items()})
    return found


def test_runs_with_a_pool_that_may_grow_take_over_what_their_shared_unit_has_done(
    tmp_path: Path, passes: list[str]
) -> None:
    write_names(tmp_path, 2, 3, 4, 5)
    document = growing_document(tmp_path, methods=METHODS)
    units = planned(tmp_path / "units", document)
    assert [unit.is_shared for unit in units] == [True, False, False]
    assert do_unit(units[0]).result is RunResult.DONE
    assert not (tmp_path / "units/results/toy/runs").exists()  # runs belong to their own units
    assert passes == ["Entropy"]
    reporter = Silent()
    for unit in units[1:]:
        assert do_unit(unit, reporter).result is RunResult.DONE
    assert passes == ["Entropy"]
    assert reporter.phases.count("train") == 2 * 2  # round 0 was taken over
    run_toy(tmp_path / "one", document, PLUGIN)
    assert results_of(tmp_path / "units") == results_of(tmp_path / "one")


def test_a_shared_unit_trains_with_the_pool_that_its_runs_began_with_and_asks_of_the_next_rounds(
    tmp_path: Path, passes: list[str]
) -> None:
    write_names(tmp_path, 2, 3, 4, 5)
    for method in METHODS:  # each run lists its pool, and is stopped at its second step
        stopping = StopAfter("train", 1, 2)
        run_toy(tmp_path / "units", growing_document(tmp_path, methods=[method]), PLUGIN, reporter=stopping)
    shutil.copytree(tmp_path / "units", tmp_path / "one")
    write_names(tmp_path, 1, 2, 3, 4, 5, 6)
    document = growing_document(tmp_path, methods=METHODS)
    units = planned(tmp_path / "units", document)
    assert [unit.is_shared for unit in units] == [True, False, False]
    for unit in units:
        assert do_unit(unit).result is RunResult.DONE
    assert passes == ["Entropy"]
    run_toy(tmp_path / "one", document, PLUGIN)
    assert results_of(tmp_path / "units") == results_of(tmp_path / "one")
    for run in (tmp_path / "units/results/toy/runs").iterdir():
        pools = [len(PoolListing.read(run / f"rounds/{number:02d}").images) for number in range(3)]
        assert pools == [4, 6, 6]


def test_a_shared_unit_whose_pool_has_grown_since_it_was_stopped_asks_of_the_images_of_today(
    tmp_path: Path, passes: list[str]
) -> None:
    write_names(tmp_path, 2, 3, 4, 5)
    document = growing_document(tmp_path, methods=METHODS)
    for method in METHODS:
        stopping = StopAfter("train", 1, 1)
        run_toy(tmp_path, growing_document(tmp_path, methods=[method]), PLUGIN, reporter=stopping)
    shared, *runs = planned(tmp_path, document)
    assert do_unit(shared).result is RunResult.DONE
    for picks in (tmp_path / "results/toy").glob("shared/*/picks/*"):
        picks.unlink()
    write_names(tmp_path, 1, 2, 3, 4, 5, 6)
    for unit in (shared, *runs):
        assert do_unit(unit).result is RunResult.DONE
    assert passes == ["Entropy"] * 2  # with the picks of four images, runs would have passed the pool again
