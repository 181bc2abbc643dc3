from __future__ import annotations

import copy
import json
import pickle
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml

from alseg.config.budget import Budget
from alseg.config.experiment import Component
from alseg.config.sections import Evaluation
from alseg.config.yaml_text import as_yaml
from demofile import BASE, read, replaced


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the working directory, so that messages name the file as ``demo.yaml``."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_file_becomes_an_experiment_with_all_defaults_filled_in(folder: Path) -> None:
    experiment = read(BASE)
    assert experiment.name == "demo"
    assert experiment.scenario.source == Component("scenes", {"size": (16, 32)})
    assert experiment.scenario.target == Component("scenes", {"size": (8, 16)})
    assert (experiment.scenario.label_space, experiment.scenario.root) == ("two-classes", None)
    assert experiment.model == Component("tiny", {"width": 8, "weights": "none"})
    assert (experiment.rounds, experiment.seeds) == ((20, 40), (0, 1))
    assert experiment.evaluation == Evaluation(flip=False, size=None)
    assert experiment.settings.precision == "32-true"
    assert [method.label for method in experiment.methods] == [
        "Source only",
        "RIPU (RA)",
        "Images",
        "Fully supervised",
    ]
    method = experiment.methods[1]
    assert (method.order, method.target_labels) == (1, "acquired")
    assert method.acquisition == Component("ripu", {"radius": 2})
    assert method.annotation == Component("region", {"radius": 1})
    assert method.budget == Budget("2.2%", "share", Fraction(11, 500), "image")
    assert method.recipe.params == {
        "iterations": 100,
        "learning_rate": 0.01,
        "size": None,
        "schedule": "poly",
    }
    assert experiment.methods[3].target_labels == "all"
    assert experiment.methods[3].acquisition is None


def test_runs_are_all_methods_with_the_first_seed_first(folder: Path) -> None:
    runs = read(BASE).runs()
    assert [(run.seed, run.method.order) for run in runs] == [(s, m) for s in (0, 1) for m in (0, 1, 2, 3)]
    assert {run.precision for run in runs} == {"32-true"}


def test_runs_are_all_seeds_of_the_first_method_first_where_methods_come_first(folder: Path) -> None:
    text = replaced("target_labels: none}", "target_labels: none, seeds: [7, 1]}")
    runs = read(text, "settings.order=methods").runs()
    first = [(1, 0), (7, 0)]
    assert [(run.seed, run.method.order) for run in runs] == [
        *first,
        *((s, m) for m in (1, 2, 3) for s in (0, 1)),
    ]


def test_seeds_may_be_left_out(folder: Path) -> None:
    assert read(replaced("seeds: [0, 1]\n", "")).seeds == (0,)


def test_a_method_changes_single_keys_of_the_recipe(folder: Path) -> None:
    text = replaced("target_labels: none}", "target_labels: none, recipe: {learning_rate: 1e-4}}")
    params = read(text).methods[0].recipe.params
    assert (params["iterations"], params["learning_rate"]) == (100, 0.0001)


def test_a_method_with_another_recipe_starts_from_that_recipes_defaults(folder: Path) -> None:
    text = replaced("target_labels: none}", "target_labels: none, recipe: {name: other, momentum: 0.5}}")
    recipe = read(text).methods[0].recipe
    assert recipe == Component("other", {"iterations": 50, "momentum": 0.5})


def test_a_method_changes_single_keys_of_the_network_or_takes_another(folder: Path) -> None:
    text = replaced("target_labels: none}", "target_labels: none, model: {weights: here.pt}}").replace(
        "target_labels: all}", "target_labels: all, model: {name: tiny}}"
    )
    runs = read(text, "seeds=[0]", "model.width=8").runs()
    assert runs[0].model == Component("tiny", {"width": 8, "weights": "here.pt"})
    # The last method repeats the name, so it keeps the experiment's parameters and with them the network.
    assert [run.model.params["weights"] for run in runs] == ["here.pt", "none", "none", "none"]
    assert runs[3].method.model is None


def test_a_scenario_may_have_a_title_which_is_no_part_of_a_run(folder: Path) -> None:
    titled, plain = read(replaced("{source: scenes,", "{title: 'Day, dusk', source: scenes,")), read(BASE)
    assert (titled.scenario.text, plain.scenario.text) == ("Day, dusk", "scenes -> scenes")
    assert [run.fingerprint for run in titled.runs()] == [run.fingerprint for run in plain.runs()]
    assert titled.runs()[0].as_json() == plain.runs()[0].as_json()


def test_methods_that_differ_in_the_network_alone_are_different_runs(folder: Path) -> None:
    wider = "  - {label: Source only, target_labels: none, model: {width: 9}}\n"
    text = replaced("  - label: Images", f"{wider.replace('only', 'ONLY')}  - label: Images")
    runs = read(text, "seeds=[0]").runs()
    assert runs[0].method.identity() == runs[2].method.identity()
    assert runs[0].fingerprint != runs[2].fingerprint
    assert runs[2].folder == f"source-only__s0__{runs[2].fingerprint[:8]}"
    assert runs[2].as_json()["model"] == {"name": "tiny", "params": {"width": 9, "weights": "none"}}
    assert "model" not in runs[2].as_json()["method"]


def test_evaluation_and_settings_are_read(folder: Path) -> None:
    experiment = read(
        BASE + "evaluation: {flip: true, size: [64, 128]}\n"
        "settings: {device: 'cuda:1', precision: bf16-mixed, workers: 2, checkpoint_minutes: 1, threads: 1}\n"
    )
    assert experiment.evaluation == Evaluation(flip=True, size=(64, 128))
    assert (experiment.settings.device, experiment.settings.checkpoint_minutes) == ("cuda:1", 1.0)
    assert experiment.runs()[0].precision == "bf16-mixed"


def test_the_document_read_again_is_the_same_experiment(folder: Path) -> None:
    text = replaced("label: Source only", "label: '1e3'")  # without quotes it would be a number
    experiment = read(text, "recipe.iterations=77", "scenario.source.size=[4, 4]")
    again = read(as_yaml(experiment.document))
    assert again == experiment
    assert again.methods[0].recipe.params["iterations"] == 77


def test_a_run_specification_is_plain_json_and_can_be_sent_to_a_worker(folder: Path) -> None:
    for run in read(BASE).runs():
        assert json.loads(json.dumps(run.as_json())) == run.as_json()
        assert pickle.loads(pickle.dumps(run)) == run
    budget = read(BASE).runs()[1].as_json()["method"]["budget"]
    assert budget == {"text": "2.2%", "unit": "share", "amount": "11/500", "scope": "image"}


def test_numbers_and_words_follow_yaml_1_2(folder: Path) -> None:
    text = replaced("iterations: 100}", "iterations: 1_000, learning_rate: 1e-3}").replace(
        "Source only", "off"
    )
    experiment = read(text)
    assert experiment.methods[0].label == "off"
    assert experiment.methods[0].recipe.params["iterations"] == 1000
    assert experiment.methods[0].recipe.params["learning_rate"] == 0.001


def test_aliases_repeat_a_value(folder: Path) -> None:
    text = replaced("acquisition: {name: ripu, radius: 2}", "acquisition: &ripu {name: ripu, radius: 2}")
    text = text.replace("acquisition: core-set", "acquisition: *ripu")
    assert read(text).methods[2].acquisition == Component("ripu", {"radius": 2})


def test_a_byte_order_mark_and_windows_line_ends_are_no_mistake(folder: Path) -> None:
    assert read(b"\xef\xbb\xbf" + BASE.replace("\n", "\r\n").encode()).name == "demo"


def test_reading_changes_nothing_in_the_registry_or_the_document(folder: Path) -> None:
    experiment = read(BASE)
    before: dict[str, Any] = copy.deepcopy(experiment.document)
    experiment.runs()
    assert experiment.document == before == yaml.safe_load(BASE)
