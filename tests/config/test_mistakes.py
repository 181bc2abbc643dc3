from __future__ import annotations

from pathlib import Path

import pytest

from alseg.config.experiment import ExperimentError, read_experiment
from demofile import errors_of, replaced
from fakeregistry import fake_registry


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the working directory, so that messages name the file as ``demo.yaml``."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_mistake_in_a_methods_network_has_its_place(folder: Path) -> None:
    text = replaced("target_labels: none}", "target_labels: none, model: {widht: 9}}")
    assert errors_of(text) == ["demo.yaml:7:55: unknown parameter 'widht' of 'tiny', did you mean 'width'?"]


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
        "demo.yaml:8:5: method 'A' has no acquisition; say target_labels: none (no labels), "
        "target_labels: all (fully supervised), or give acquisition, annotation and budget",
        "demo.yaml:8:13: label 'A' is already that of method 0 (counted from 0)",
        "demo.yaml:8:31: expected 'none', 'acquired' or 'all', got 'nothing'",
        "demo.yaml:9:5: method 'B' has no acquisition; say target_labels: none (no labels), "
        "target_labels: all (fully supervised), or give acquisition, annotation and budget",
        "demo.yaml:10:12: seed 0 is given twice",
    ]


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ("seeds: [0, 1]", "seeds: [0, -1]", "14:12: must be at least 0, got -1"),
        ("seeds: [0, 1]", "seeds: []", "14:8: no seeds: one at least is needed, such as [0]"),
        (
            "{label: Source only,",
            "{label: Source only, seeds: [],",
            "7:33: no seeds: one at least is needed, such as [0]",
        ),
        (
            "{label: Source only,",
            "{label: Source only, seeds: [4, 4],",
            "7:37: seed 4 is given twice",
        ),
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
            "15:20: expected a size [height, width] in pixels, each 1 to 65536, got [4]",
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


def test_a_missing_file_is_named(folder: Path) -> None:
    with pytest.raises(ExperimentError) as caught:
        read_experiment(Path("nowhere.yaml"), registry=fake_registry())
    assert str(caught.value) == "nowhere.yaml: no such file"
    with pytest.raises(ExperimentError) as caught:
        read_experiment(folder, registry=fake_registry())
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
        ("1.5: a\n", ":1:1: expected a key that is text, got '1.5'"),
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
