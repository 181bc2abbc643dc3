from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from alseg import AlsegError
from alseg.config.budget import Budget
from alseg.config.document import parse_value
from alseg.config.experiment import Component
from demofile import BASE, errors_of, read, replaced


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the working directory, so that messages name the file as ``demo.yaml``."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


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


def test_a_pattern_that_begins_with_a_star_needs_no_quotes_inside_quotes() -> None:
    assert parse_value("*.png", "images") == "*.png"
    assert parse_value(" **/*.jpg ", "images") == "**/*.jpg"
    assert parse_value("[&a 1, *a]", "seeds") == [1, 1]


@pytest.mark.parametrize(
    ("override", "problem"),
    [
        ("recipie.iterations=100", "unknown key 'recipie', did you mean 'recipe'?"),
        ("recipe.iteration=100", "unknown parameter 'iteration' of 'plain', did you mean 'iterations'?"),
        ("recipe.iterations=many", "expected a whole number, got 'many'"),
        ("recipe=rippu", "unknown recipe 'rippu'; available: other, plain"),
        (
            "methods.1.budget=5",
            "expected a budget such as 2.2%, 40 px/image, 5000 px, 13 images, 400 clicks, "
            "20 clicks/image, 60 regions or 6 regions/image, got 5",
        ),
        ("methods.4.budget=5%", "'methods' is a list with items 0 to 3, and has no '4'"),
        ("methods.x.budget=5%", "'methods' is a list with items 0 to 3, and has no 'x'"),
        ("methods.-1.budget=5%", "'methods' is a list with items 0 to 3, and has no '-1'"),
        (
            "methods.Images.budget=5%",
            "'methods' is a list with items 0 to 3, and has no 'Images'; 'Images' is methods.2",
        ),
        (
            "methods[1].budget=5%",
            "items of a list are numbered from 0 behind a dot, without brackets: methods.1.budget=5%",
        ),
        ("seeds[0]=", "items of a list are numbered from 0 behind a dot, without brackets: seeds.0="),
        (
            "evaluation.size.0=64",
            "expected a size [height, width] in pixels, each 1 to 65536, got a mapping; the file has no such "
            "list, so give all of it: evaluation.size=[...]",
        ),
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


def test_a_method_may_have_seeds_of_its_own_which_are_no_part_of_a_run(folder: Path) -> None:
    text = replaced("labels: none}", "labels: none, seeds: [1, 5]}")
    text = text.replace("budget: 2.2%}", "budget: 2.2%, seeds: [0]}")
    runs = read(text).runs()
    assert [(run.method.order, run.seed) for run in runs] == [
        *((1, 0), (2, 0), (3, 0)),
        *((0, 1), (2, 1), (3, 1)),
        (0, 5),
    ]
    plain = {(run.method.order, run.seed): run.fingerprint for run in read(BASE, "seeds=[0, 1, 5]").runs()}
    assert all(run.fingerprint == plain[run.method.order, run.seed] for run in runs)
    assert [run.method.order for run in read(text).runs(["seed=5"])] == [0]


def test_filters_that_match_no_run_together_are_a_mistake(folder: Path) -> None:
    text = replaced("labels: none}", "labels: none, seeds: [1, 5]}")
    with pytest.raises(AlsegError) as caught:
        read(text).runs(["seed=5", "method=I*", "method=RIPU*"])
    assert str(caught.value) == (
        "No run matches: no method that is taken has such a seed. Seeds: RIPU (RA): 0, 1; Images: 0, 1."
    )


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
