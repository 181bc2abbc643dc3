"""Units of the toy experiment, each done in this process."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import alseg
import alseg.launch.work
from alseg.contracts import WorkUnit
from alseg.engine.purchase import QueryPlanner
from alseg.errors import AlsegError
from alseg.launch import network_input, preflight_data
from alseg.launch.admission import write_experiment
from alseg.launch.kept_preparation import KeptPreparation
from alseg.launch.outcome import RunResult
from alseg.launch.units import plan_units
from alseg.launch.work import do_unit
from alseg.storage.unit_files import read_ending
from alseg.system.signals import StopRequest
from toys import Silent, prepared_toy, round_bytes, run_toy, toy_document, toy_registry

REGION = {"name": "region", "radius": 1}
METHODS = [
    {"label": "Source only", "target_labels": "none"},
    {"label": "Random", "acquisition": "random", "annotation": REGION, "budget": "20%"},
    {"label": "Entropy", "acquisition": "entropy", "annotation": REGION, "budget": "20%"},
    {"label": "Margin", "acquisition": "margin", "annotation": "pixel", "budget": "6 px/image"},
    {"label": "Whole", "acquisition": "least-confidence", "annotation": "image", "budget": "2 images"},
    {"label": "Fully supervised", "target_labels": "all"},
]


@pytest.fixture(autouse=True)
def _toys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alseg.launch.work, "load_registry", toy_registry)


def planned(folder: Path, document: dict[str, Any] | None = None) -> list[WorkUnit]:
    prepared = prepared_toy(folder, document or toy_document(methods=METHODS, seeds=[0, 1]))
    root = folder / "results" / "toy"
    write_experiment(prepared.experiment, root)
    return plan_units(prepared, root)


def results_of(folder: Path) -> dict[str, bytes]:
    """Return the result files of all runs; the network's weights are among them."""
    found = {}
    for run in sorted((folder / "results/toy/runs").iterdir()):
        files = {**round_bytes(run), "weights.pt": (run / "weights.pt").read_bytes()}
        found.update({f"{run.name}/{name}": content for name, content in files.items()})
    return found


def test_runs_that_share_source_training_have_a_unit_before_them(tmp_path: Path) -> None:
    units = planned(tmp_path)
    shared = [unit for unit in units if unit.is_shared]
    runs = [unit for unit in units if not unit.is_shared]
    # Of two seeds with six methods each, all but full supervision share with those of their seed.
    assert [unit.key for unit in units[:2]] == [unit.key for unit in shared]
    assert [len(unit.runs) for unit in shared] == [5, 5]
    assert len(runs) == 12
    assert [unit.after for unit in runs] == [
        *[(shared[0].key,)] * 5,
        (),
        *[(shared[1].key,)] * 5,
        (),
    ]
    assert all(unit.runs == (unit.key,) for unit in runs)
    assert {unit.experiment for unit in units} == {str(tmp_path / "results/toy/experiment.yaml")}


def test_units_one_by_one_give_the_bytes_of_one_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for unit in planned(tmp_path / "units"):
        assert do_unit(unit).result is RunResult.DONE, unit.key
    run_toy(tmp_path / "one", toy_document(methods=METHODS, seeds=[0, 1]))
    found, expected = results_of(tmp_path / "units"), results_of(tmp_path / "one")
    assert list(found) == list(expected)
    assert [name for name, content in expected.items() if found[name] != content] == []
    # Each of 12 runs has weights, and metrics of 3 rounds.
    assert len([name for name in found if name.endswith(("weights.pt", "metrics.json"))]) == 12 * 4
    assert not list((tmp_path / "units").glob("results/toy/shared/*/picks/*"))


def test_runs_take_over_training_and_picks_of_their_shared_unit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    units = planned(tmp_path, toy_document(methods=METHODS[:4]))
    assert do_unit(units[0]).exit_code == 0
    picks = {path.stem for path in (tmp_path / "results/toy").glob("shared/*/picks/*")}
    # Source only buys nothing, and random needs nothing of the network.
    assert {name.split("__")[0] for name in picks} == {"entropy", "margin"}
    rounds = []
    ask = QueryPlanner._ask_for_all

    def watched(planner: QueryPlanner, *given: Any) -> Any:
        rounds.append(planner.spec.method.label)
        return ask(planner, *given)

    monkeypatch.setattr(QueryPlanner, "_ask_for_all", watched)
    reporter = Silent()
    for unit in units[1:]:
        do_unit(unit, reporter)
    assert rounds == []
    # Each of four runs trains rounds 1 and 2 only.
    assert reporter.phases.count("train") == 4 * 2


def test_a_shared_unit_that_is_stopped_goes_on_from_its_checkpoint(tmp_path: Path) -> None:
    class Stopping(Silent):
        def advance(self, detail: str = "") -> None:
            self.steps = getattr(self, "steps", 0) + 1
            if self.phases[-1] == "train" and self.steps == 3:
                stop.signal = 15

    methods, rounds = METHODS[:4], [6, 7]
    document = toy_document(methods=methods, rounds=rounds)
    units, stop = planned(tmp_path / "stopped", document), StopRequest()
    outcome = do_unit(units[0], Stopping(), stop)
    assert (outcome.result, outcome.exit_code) == (RunResult.INTERRUPTED, 143)
    root = tmp_path / "stopped/results/toy"
    ending = read_ending(root, units[0].key)
    assert ending is not None and ending.state == "interrupted" and not ending.settled
    (folder,) = root.glob("shared/*")
    assert (folder / "unit/checkpoint.pt").exists() and not (folder / "checkpoint.pt").exists()
    for unit in units:
        assert do_unit(unit).result is RunResult.DONE
    assert "resumed at iteration 3" in (folder / "unit/log.txt").read_text()
    assert not (folder / "unit/checkpoint.pt").exists()
    run_toy(tmp_path / "one", document)
    assert results_of(tmp_path / "stopped") == results_of(tmp_path / "one")


def test_runs_do_what_a_failed_shared_unit_has_not_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = toy_document(methods=METHODS[:4])
    units = planned(tmp_path / "failed", document)

    def fail(*_: object) -> None:
        raise OSError("no such luck")

    with monkeypatch.context() as patched:
        patched.setattr("alseg.launch.shared_attempt.train_and_ask", fail)
        outcome = do_unit(units[0])
    assert (outcome.result, outcome.reason, outcome.exit_code) == (
        RunResult.FAILED,
        "OSError: no such luck",
        1,
    )
    for unit in units[1:]:
        assert do_unit(unit).result is RunResult.DONE
    run_toy(tmp_path / "one", document)
    assert results_of(tmp_path / "failed") == results_of(tmp_path / "one")


def test_what_is_done_needs_no_shared_unit_any_more(tmp_path: Path) -> None:
    document = toy_document(methods=METHODS[:4])
    run_toy(tmp_path, document)
    assert [unit.is_shared for unit in planned(tmp_path, document)] == [False] * 4


def test_a_unit_is_harmless_twice(tmp_path: Path) -> None:
    units = planned(tmp_path, toy_document(methods=METHODS[:3]))
    for unit in units:
        do_unit(unit)
    before = results_of(tmp_path)
    for unit in reversed(units):
        assert do_unit(unit).result is RunResult.DONE
    assert results_of(tmp_path) == before


def test_alseg_work_reads_a_unit_and_ends_like_alseg_run(tmp_path: Path) -> None:
    from click.testing import CliRunner

    from alseg.cli import main

    unit = planned(tmp_path, toy_document(methods=METHODS[:1]))[0]
    file = tmp_path / "unit.json"
    file.write_text(json.dumps(unit.as_json()))
    result = CliRunner().invoke(main, ["work", str(file)])
    assert result.exit_code == 0, result.stderr
    ending = read_ending(tmp_path / "results/toy", unit.key)
    assert ending is not None and ending.state == "done" and ending.settled
    assert "[1/1] Source only, seed 0" in result.stderr
    file.write_text('{"key": "a"}')
    refused = CliRunner().invoke(main, ["work", str(file)])
    assert refused.exit_code == 2
    assert refused.stderr == (
        f"Error: {file} holds no unit: 'experiment' is None, expected text. Units are written by "
        "`alseg run FILE --on EXECUTOR`.\n"
    )


def test_alseg_work_in_python_returns_the_exit_code(tmp_path: Path) -> None:
    (unit,) = planned(tmp_path, toy_document(methods=METHODS[:1]))
    assert alseg.work(unit) == 0


def test_a_run_that_the_experiment_does_not_have_is_refused_and_settled(tmp_path: Path) -> None:
    unit = planned(tmp_path, toy_document(methods=METHODS[:1]))[0]
    stranger = WorkUnit(key="else__s0", experiment=unit.experiment, runs=("else__s0",))
    with pytest.raises(AlsegError) as caught:
        do_unit(stranger)
    message = (
        f"{unit.experiment} has no run else__s0: other values or another version name runs differently. "
        "Give `alseg run` again."
    )
    assert str(caught.value) == message
    ending = read_ending(tmp_path / "results/toy", "else__s0")
    assert ending is not None and (ending.state, ending.reason) == ("failed", message)


def test_a_run_that_waits_for_people_has_ended_with_exit_code_3(tmp_path: Path) -> None:
    people = {**METHODS[2], "annotator": "files"}
    shared, alone, waiting = planned(tmp_path, toy_document(methods=[METHODS[0], people]))
    assert shared.runs == (alone.key, waiting.key)
    assert do_unit(shared).exit_code == 0
    outcome = do_unit(waiting)
    assert (outcome.result, outcome.exit_code) == (RunResult.WAITING, 3)
    ending = read_ending(tmp_path / "results/toy", waiting.key)
    assert ending is not None and ending.state == "waiting" and ending.settled
    # It has asked what the shared unit has decided.
    assert not list((tmp_path / "results/toy").glob("shared/*/picks/*"))


def _counted(calls: list[str], name: str, function: Any, *given: Any) -> Any:
    calls.append(name)
    return function(*given)


def test_units_in_turn_read_and_check_the_data_once_and_give_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[str] = []
    for module, name in ((preflight_data, "_check_domain"), (network_input, "_check_model")):
        counted = partial(_counted, checked, name, getattr(module, name))
        monkeypatch.setattr(module, name, counted)
    document = toy_document(methods=METHODS[:3])
    units = planned(tmp_path / "units", document)
    checked.clear()
    kept = KeptPreparation()
    for unit in units:
        assert do_unit(unit, kept=kept).result is RunResult.DONE
    # The pool, which is the source as well, the images of the evaluation, and the one network.
    assert checked == ["_check_domain"] * 2 + ["_check_model"]
    run_toy(tmp_path / "one", document)
    assert results_of(tmp_path / "units") == results_of(tmp_path / "one")


def test_an_experiment_that_has_changed_is_prepared_anew(tmp_path: Path) -> None:
    kept, root = KeptPreparation(), tmp_path / "results/toy"
    units = planned(tmp_path, toy_document(methods=METHODS[:1]))
    file, registry = Path(units[0].experiment), toy_registry()
    first = kept.experiment(file, registry)
    objects = kept.objects(root, registry)
    assert kept.experiment(file, registry) is first and kept.objects(root, registry) is objects
    planned(tmp_path, toy_document(methods=METHODS[:2]))
    assert [method.label for method in kept.experiment(file, registry).methods] == ["Source only", "Random"]
    assert kept.objects(root, registry) is not objects
