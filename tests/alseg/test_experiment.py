from __future__ import annotations

import copy
import json
import pickle
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml

from alseg import AlsegError
from alseg.budget import Budget
from alseg.experiment import Component, Evaluation, Experiment, ExperimentError, read_experiment
from alseg.runspec import slug
from fakecatalog import fake_catalog

BASE = """\
name: demo
scenario: {source: scenes, target: {name: scenes, size: [8, 16]}}
model: {name: tiny, width: 8}
recipe: {name: plain, iterations: 100}
rounds: [20, 40]
methods:
  - {label: Source only, target_labels: none}
  - {label: RIPU (RA), acquisition: {name: ripu, radius: 2}, annotation: region, budget: 2.2%}
  - label: Images
    acquisition: core-set
    annotation: image
    budget: 13 images
  - {label: Fully supervised, target_labels: all}
seeds: [0, 1]
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the working directory, so that messages name the file as ``demo.yaml``."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def read(text: str | bytes, *overrides: str) -> Experiment:
    file = Path("demo.yaml")
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_experiment(file, overrides, catalog=fake_catalog())


def errors_of(text: str | bytes, *overrides: str) -> list[str]:
    with pytest.raises(ExperimentError) as caught:
        read(text, *overrides)
    return str(caught.value).splitlines()


def replaced(old: str, new: str) -> str:
    assert BASE.count(old) == 1
    return BASE.replace(old, new)


# ----------------------------------------------------------------------------------------------------
# What a file means


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


def test_methods_that_differ_in_the_network_alone_are_different_runs(folder: Path) -> None:
    wider = "  - {label: Source only, target_labels: none, model: {width: 9}}\n"
    text = replaced("  - label: Images", f"{wider.replace('only', 'ONLY')}  - label: Images")
    runs = read(text, "seeds=[0]").runs()
    assert runs[0].method.identity() == runs[2].method.identity()
    assert runs[0].fingerprint != runs[2].fingerprint
    assert runs[2].folder == f"source-only__s0__{runs[2].fingerprint[:8]}"
    assert runs[2].as_json()["model"] == {"name": "tiny", "params": {"width": 9, "weights": "none"}}
    assert "model" not in runs[2].as_json()["method"]


def test_a_mistake_in_a_methods_network_has_its_place(folder: Path) -> None:
    text = replaced("target_labels: none}", "target_labels: none, model: {widht: 9}}")
    assert errors_of(text) == ["demo.yaml:7:55: unknown parameter 'widht' of 'tiny', did you mean 'width'?"]


def test_evaluation_and_settings_are_read(folder: Path) -> None:
    experiment = read(
        BASE + "evaluation: {flip: true, size: [64, 128]}\n"
        "settings: {device: 'cuda:1', precision: bf16-mixed, workers: 2, checkpoint_minutes: 1, threads: 1}\n"
    )
    assert experiment.evaluation == Evaluation(flip=True, size=(64, 128))
    assert (experiment.settings.device, experiment.settings.checkpoint_minutes) == ("cuda:1", 1.0)
    assert experiment.runs()[0].precision == "bf16-mixed"


def test_the_document_read_again_is_the_same_experiment(folder: Path) -> None:
    experiment = read(BASE, "recipe.iterations=77", "scenario.source.size=[4, 4]")
    again = read(yaml.safe_dump(experiment.document, sort_keys=False, allow_unicode=True))
    assert again == experiment
    assert again.methods[0].recipe.params["iterations"] == 77


def test_a_run_specification_is_plain_json_and_can_be_sent_to_a_worker(folder: Path) -> None:
    for run in read(BASE).runs():
        assert json.loads(json.dumps(run.as_json())) == run.as_json()
        assert pickle.loads(pickle.dumps(run)) == run
    budget = read(BASE).runs()[1].as_json()["method"]["budget"]
    assert budget == {"text": "2.2%", "unit": "share", "amount": "11/500", "scope": "image"}


# ----------------------------------------------------------------------------------------------------
# Identity of runs


def fingerprint(text: str, *overrides: str, index: int = 1) -> str:
    return read(text, *overrides).runs()[index].fingerprint


@pytest.mark.parametrize(
    "override",
    [
        "name=elsewhere",
        "scenario.root=data",
        "scenario.label_space=two-classes",
        "settings.device=cpu",
        "settings.workers=3",
        "settings.threads=1",
        "methods.1.label=Other",
        "methods.1.budget=2.20%",
        "model.weights=none",
        "methods.0.recipe.iterations=60",
    ],
)
def test_what_cannot_change_a_result_is_not_in_the_fingerprint(folder: Path, override: str) -> None:
    assert fingerprint(BASE, override) == fingerprint(BASE)


@pytest.mark.parametrize(
    "override",
    [
        "scenario.target.size=[8, 8]",
        "scenario.source=photos",
        "scenario.label_space=same-two",
        "scenario.evaluation_split=train",
        "model.width=9",
        "recipe.iterations=101",
        "methods.1.recipe.schedule=constant",
        "rounds=[20, 41]",
        "seeds=[5]",
        "methods.1.budget=2.3%",
        "methods.1.budget.scope=pool",
        "methods.1.acquisition.radius=3",
        "methods.1.annotation.radius=3",
        "evaluation.flip=true",
        "settings.precision=16-mixed",
    ],
)
def test_what_can_change_a_result_is_in_the_fingerprint(folder: Path, override: str) -> None:
    assert fingerprint(BASE, override, "scenario.root=data") != fingerprint(BASE)


def test_a_folder_has_a_label_for_people_and_a_hash_for_identity(folder: Path) -> None:
    run = read(BASE).runs()[1]
    assert len(run.fingerprint) == 64
    assert run.folder == f"ripu-ra__s0__{run.fingerprint[:8]}"


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("RIPU (RA), 2.2%", "ripu-ra-2-2"),
        ("Größe ↑", "groe"),
        ("主动学习", "method"),
        ("../../etc", "etc"),
        ("a" * 300, "a" * 40),
        ("a" * 39 + " b", "a" * 39),
    ],
)
def test_a_slug_is_short_lower_case_ascii(label: str, expected: str) -> None:
    # NFKD splits "ö" into o and dots; "ß" has no ASCII form.
    assert slug(label) == expected


def test_methods_that_differ_in_nothing_but_case_have_folders_of_their_own(folder: Path) -> None:
    text = replaced("  - label: Images", "  - {label: SOURCE only, target_labels: none}\n  - label: Images")
    runs = read(text, "seeds=[0]").runs()
    assert runs[0].fingerprint == runs[2].fingerprint
    assert runs[2].folder == f"source-only-2__s0__{runs[0].fingerprint[:8]}"
    assert len({run.folder for run in runs}) == 5


# ----------------------------------------------------------------------------------------------------
# Mistakes in the file


def test_all_errors_are_found_at_once_in_file_order(folder: Path) -> None:
    text = """\
name: demo
scenario: {source: scene, target: scenes, sources: 1}
model: {name: tiny, widht: 8}
recipie: {name: plain}
rounds: [20, 10]
methods:
  - {label: A, acquisition: rippu, annotation: region, budget: 200%}
  - {label: A, target_labels: nothing}
  - {label: B}
seeds: [0, 0]
"""
    assert errors_of(text) == [
        "demo.yaml:2:20: unknown dataset 'scene', did you mean 'scenes'?",
        "demo.yaml:2:43: unknown key 'sources', did you mean 'source'?",
        "demo.yaml:3:21: unknown parameter 'widht' of 'tiny', did you mean 'width'?",
        "demo.yaml:4:1: unknown key 'recipie', did you mean 'recipe'?",
        "demo.yaml:5:14: rounds must increase, but 10 comes after 20",
        "demo.yaml:7:29: unknown acquisition 'rippu', did you mean 'ripu'?",
        "demo.yaml:7:64: a budget of 200% is more than the whole pool; the most is 100%",
        "demo.yaml:8:5: method 'A' has no acquisition; say target_labels: none (source only), "
        "target_labels: all (fully supervised), or give acquisition, annotation and budget",
        "demo.yaml:8:13: label 'A' is already that of method 0 (counted from 0)",
        "demo.yaml:8:31: expected 'none', 'acquired' or 'all', got 'nothing'",
        "demo.yaml:9:5: method 'B' has no acquisition; say target_labels: none (source only), "
        "target_labels: all (fully supervised), or give acquisition, annotation and budget",
        "demo.yaml:10:12: seed 0 is given twice",
    ]


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ("seeds: [0, 1]", "seeds: [0, -1]", "14:12: must be at least 0, got -1"),
        ("seeds: [0, 1]", "seeds: []", "14:8: no seeds: one at least is needed, such as [0]"),
        ("seeds: [0, 1]", "seeds: 3", "14:8: expected a list, got 3"),
        ("seeds: [0, 1]", "seeds: [zero]", "14:9: expected a whole number, got 'zero'"),
        ("seeds: [0, 1]", "seeds: [true]", "14:9: expected a whole number, got true"),
        ("rounds: [20, 40]", "rounds: []", "5:9: no rounds: methods with an acquisition need one at least"),
        ("rounds: [20, 40]", "rounds:", "5:1: no value for key 'rounds'"),
        ("rounds: [20, 40]\n", "", "1:1: missing key 'rounds'"),
        (
            "rounds: [20, 40]",
            "rounds: [20, 100]",
            "5:14: a round after the last iteration: labels are bought at iteration 100, "
            "but recipe 'plain' ends at iteration 100",
        ),
        (
            "target_labels: none}",
            "target_labels: none, recipe: {iterations: 30}}",
            "7:68: a round after the last iteration: labels are bought at iteration 40, "
            "but recipe 'plain' ends at iteration 30",
        ),
        (
            "name: demo",
            "name: a/b",
            NAME := "1:7: expected letters, digits, dots, underscores and hyphens, "
            "at most 100, starting with a letter or digit, got 'a/b'",
        ),
        ("name: demo", "name: ..", NAME.replace("a/b", "..")),
        ("name: demo", "name: 2024", NAME.replace("'a/b'", "2024")),
        ("{name: tiny, width: 8}", "{width: 8}", "3:8: missing key 'name' of a model"),
        (
            "{name: tiny, width: 8}",
            "[tiny]",
            "3:8: expected the name of a model or a mapping with name, got ['tiny']",
        ),
        ("{name: tiny, width: 8}", "zzz", "3:8: unknown model 'zzz'; available: tiny"),
        ("{name: ripu, radius: 2}", "windowed", "8:37: 'windowed' needs a parameter 'radius' (int)"),
        (
            "source: scenes",
            "source: photos",
            "2:11: data set 'photos' reads files: say in which folder it is with 'root'",
        ),
        (
            "source: scenes",
            "source: scenes, source_split: test",
            "2:42: data set 'scenes' has no split 'test'; splits: train, val",
        ),
        (
            "source: scenes",
            "source: scenes, label_space: two-class",
            "2:41: unknown label space 'two-class', did you mean 'two-classes'?",
        ),
        ("annotation: region, ", "", "8:5: method 'RIPU (RA)' has an acquisition and needs 'annotation' too"),
        (", budget: 2.2%", "", "8:5: method 'RIPU (RA)' has an acquisition and needs 'budget' too"),
        (
            "target_labels: none",
            "target_labels: none, budget: 1%",
            "7:55: method 'Source only' has 'budget' but no 'acquisition'",
        ),
        (
            "budget: 2.2%",
            "budget: 2.2%, target_labels: all",
            "8:111: method 'RIPU (RA)' has an acquisition, "
            "so target_labels can only be 'acquired'; leave it out",
        ),
        (
            "annotation: image",
            "annotation: region",
            "11:17: acquisition 'core-set' ranks whole images, but annotation "
            "mode 'region' asks about parts; use a mode that labels whole images",
        ),
        ("label: Images", "label: ''", "9:12: expected one line of 1 to 300 characters, got ''"),
        ("label: Images", 'label: "a\\nb"', "9:12: expected one line of 1 to 300 characters, got 'a\\nb'"),
        (
            "seeds: [0, 1]",
            "seeds: [0]\nevaluation: {size: [4]}",
            "15:20: expected a size [height, width] in pixels, each at least 1, got [4]",
        ),
        (
            "seeds: [0, 1]",
            "seeds: [0]\nsettings: {device: gpu}",
            "15:20: expected auto, cpu, cuda, cuda:N or mps, got 'gpu'",
        ),
        (
            "seeds: [0, 1]",
            "seeds: [0]\nsettings: {precision: 32}",
            "15:23: expected '32-true', '16-mixed', 'bf16-mixed', "
            "'16-true', 'bf16-true' or '64-true', got 32",
        ),
        (
            "seeds: [0, 1]",
            "seeds: [0]\nsettings: {workers: many}",
            "15:21: expected a whole number, got 'many'",
        ),
        ("seeds: [0, 1]", "seeds: [0]\nsettings: 3", "15:11: expected a mapping of keys to values, got 3"),
    ],
)
def test_a_mistake_is_one_line_with_its_place(folder: Path, old: str, new: str, error: str) -> None:
    lines = errors_of(replaced(old, new))
    assert f"demo.yaml:{error}" in lines
    # A budget in images does not fit a mode for parts, so that one mistake is two.
    assert len(lines) == (2 if new == "annotation: region" else 1)


def test_a_mistake_in_the_shared_recipe_is_reported_once(folder: Path) -> None:
    text = replaced("iterations: 100}", "iterations: many}").replace(
        "target_labels: none}", "target_labels: none, recipe: {schedule: constant, learning: 1}}"
    )
    assert errors_of(text) == [
        "demo.yaml:4:35: expected a whole number, got 'many'",
        "demo.yaml:7:76: unknown parameter 'learning' of 'plain', did you mean 'learning_rate'?",
    ]


# ----------------------------------------------------------------------------------------------------
# YAML


def test_a_missing_file_is_named(folder: Path) -> None:
    with pytest.raises(ExperimentError) as caught:
        read_experiment(Path("nowhere.yaml"), catalog=fake_catalog())
    assert str(caught.value) == "nowhere.yaml: no such file"
    with pytest.raises(ExperimentError) as caught:
        read_experiment(folder, catalog=fake_catalog())
    assert str(caught.value) == f"{folder}: this is a folder; name an experiment file in it"


BOMB = "a: &a [1, 2, 3, 4, 5, 6, 7, 8, 9]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefg", "bcdefgh", strict=True)
)


@pytest.mark.parametrize(
    ("content", "error"),
    [
        ("", ": the file is empty"),
        ("# nothing\n", ": the file is empty"),
        ("- a\n", ":1:1: expected keys such as 'name: my-experiment', got ['a']"),
        ("just text\n", ":1:1: expected keys such as 'name: my-experiment', got 'just text'"),
        ("name: demo\n\tmodel: tiny\n", ":2:1: a tab cannot indent YAML; use spaces"),
        (
            "name: [demo\n",
            ":2:1: not valid YAML: expected ',' or ']', but got '<stream end>' "
            "(while parsing a flow sequence)",
        ),
        ("name: a\nname: b\n", ":2:1: key 'name' is already given in line 1"),
        (
            "name: a\n---\nname: b\n",
            ":2:1: a second document ('---') starts here; one file is one experiment",
        ),
        (
            "name: !!python/object/apply:os.getcwd []\n",
            ":1:7: tag 'tag:yaml.org,2002:python/object/apply:os.getcwd' is not allowed",
        ),
        ("1: a\n", ":1:1: expected a key that is text, got '1'"),
        ("? [a]\n: b\n", ":1:3: expected a key that is text, got a list or mapping"),
        ("name: &a [*a]\n", ":1:7: an alias inside the value it stands for"),
        ("name: *a\n", ":1:7: not valid YAML: found undefined alias 'a'"),
        (b"name: caf\xe9\n", ":1:10: not UTF-8 text; save the file as UTF-8"),
        ("name: a\x00\n", ":1:8: character U+0000 is not allowed"),
        ('name: "\\ud800"\n', ":1:7: '\\ud800' cannot be read as str"),
        ("name: !!int abc\n", ":1:7: 'abc' cannot be read as int"),
        ("a: " + "[" * 60 + "]" * 60, ":1:53: nested more than 50 levels deep"),
        ("a: " + "[" * 5000 + "]" * 5000, ": nested too deeply"),
        ("a: " + "b" * 1_000_000, ": larger than 1,000,000 bytes; this is not an experiment file"),
        (BOMB, ":1:33: more than 50,000 values after aliases are expanded"),
    ],
)
def test_what_is_no_experiment_file_is_refused(folder: Path, content: str | bytes, error: str) -> None:
    (line,) = errors_of(content)
    if "values after aliases" in error:
        assert line.endswith(error.partition(": ")[2])
    else:
        assert line == f"demo.yaml{error}"


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


# ----------------------------------------------------------------------------------------------------
# Overrides


def test_overrides_change_single_values_and_the_last_one_wins(folder: Path) -> None:
    experiment = read(
        BASE,
        "recipe.iterations=300",
        "methods.1.budget=5%",
        "seeds=[7]",
        "seeds=[8, 9]",
        "settings.device=cpu",
        "methods.2.acquisition.name=random",
    )
    assert experiment.methods[0].recipe.params["iterations"] == 300
    assert experiment.methods[1].budget == Budget("5%", "share", Fraction(1, 20), "image")
    assert (experiment.seeds, experiment.settings.device) == ((8, 9), "cpu")
    assert experiment.methods[2].acquisition == Component("random", {})
    assert experiment.document["methods"][1]["budget"] == "5%"


def test_an_override_reaches_into_a_component_given_by_name_only(folder: Path) -> None:
    experiment = read(BASE, "methods.1.annotation.radius=4", "methods.1.budget.scope=pool")
    assert experiment.methods[1].annotation == Component("region", {"radius": 4})
    assert experiment.methods[1].budget == Budget("2.2%", "share", Fraction(11, 500), "pool")


@pytest.mark.parametrize(
    ("override", "problem"),
    [
        ("recipie.iterations=100", "unknown key 'recipie', did you mean 'recipe'?"),
        ("recipe.iteration=100", "unknown parameter 'iteration' of 'plain', did you mean 'iterations'?"),
        ("recipe.iterations=many", "expected a whole number, got 'many'"),
        ("recipe=rippu", "unknown recipe 'rippu'; available: other, plain"),
        ("methods.1.budget=5", "expected a budget such as 2.2%, 40 px/image or 13 images, got 5"),
        ("methods.4.budget=5%", "'methods' is a list with items 0 to 3, and has no '4'"),
        ("methods.x.budget=5%", "'methods' is a list with items 0 to 3, and has no 'x'"),
        ("methods.-1.budget=5%", "'methods' is a list with items 0 to 3, and has no '-1'"),
        ("name.first=a", "'name' is a single value and has no 'first'"),
        ("seeds", "expected key=value, such as recipe.iterations=100"),
        ("=1", "expected key=value, such as recipe.iterations=100"),
        ("recipe..iterations=1", "expected key=value, such as recipe.iterations=100"),
        (
            "seeds=[0",
            "not valid YAML: expected ',' or ']', but got '<stream end>' (while parsing a flow sequence)",
        ),
        ("recipe={name: plain, name: other}", "key 'name' is already given in line 1"),
        ("methods=[]", "no methods: one at least is needed"),
        ("model=", "no value for key 'model'"),
    ],
)
def test_a_mistake_in_an_override_names_the_override(folder: Path, override: str, problem: str) -> None:
    assert errors_of(BASE, override) == [f"override '{override}': {problem}"]


def test_mistakes_in_file_and_overrides_are_reported_together(folder: Path) -> None:
    assert errors_of(replaced("rounds:", "round:"), "seed=[1]", "model=tinny") == [
        "demo.yaml:5:1: unknown key 'round', did you mean 'rounds'?",
        "override 'seed=[1]': unknown key 'seed', did you mean 'seeds'?",
        "override 'model=tinny': unknown model 'tinny', did you mean 'tiny'?",
    ]


def test_a_recipe_made_too_short_by_an_override_is_said_to_be_so(folder: Path) -> None:
    assert errors_of(BASE, "recipe.iterations=30") == [
        "override 'recipe.iterations=30': a round after the last iteration: labels are bought "
        "at iteration 40, but recipe 'plain' ends at iteration 30"
    ]


# ----------------------------------------------------------------------------------------------------
# Filters


@pytest.mark.parametrize(
    ("only", "expected"),
    [
        (["method=RIPU*"], [(1, 0), (1, 1)]),
        (["method=ripu-ra", "seed=1"], [(1, 1)]),
        (["method=RIPU (RA)", "method=I*", "seed=0"], [(1, 0), (2, 0)]),
        (["seed=1"], [(0, 1), (1, 1), (2, 1), (3, 1)]),
    ],
)
def test_filters_take_a_part_of_the_runs(
    folder: Path, only: list[str], expected: list[tuple[int, int]]
) -> None:
    assert [(run.method.order, run.seed) for run in read(BASE).runs(only)] == expected


@pytest.mark.parametrize(
    ("only", "message"),
    [
        (
            "method=RIPX*",
            "No method matches 'RIPX*'. Methods: Source only, RIPU (RA), Images, Fully supervised.",
        ),
        ("seed=7", "No seed matches '7'. Seeds: 0, 1."),
        (
            "metod=a",
            "Filter 'metod=a' selects by 'metod'. Did you mean 'method'? Use method=PATTERN or seed=NUMBER.",
        ),
        ("RIPU", "Filter 'RIPU' is not of the form method=PATTERN or seed=NUMBER."),
    ],
)
def test_a_filter_that_matches_nothing_is_a_mistake(folder: Path, only: str, message: str) -> None:
    with pytest.raises(AlsegError) as caught:
        read(BASE).runs([only])
    assert str(caught.value) == message


def test_reading_changes_nothing_in_the_catalogue_or_the_document(folder: Path) -> None:
    experiment = read(BASE)
    before: dict[str, Any] = copy.deepcopy(experiment.document)
    experiment.runs()
    assert experiment.document == before == yaml.safe_load(BASE)
