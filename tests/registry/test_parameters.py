from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Literal

import pytest
from annotated_types import Ge, Interval

from alseg import AcquisitionSpec, DatasetSpec, RecipeSpec
from alseg.contracts import ADDED_LATER
from alseg.registry.parameters import ParameterError, validate_parameters
from alseg.registry.signatures import REQUIRED, offered_to, parameters_of

if TYPE_CHECKING:
    from nowhere import Nothing  # type: ignore[import-not-found]

TEXTS = {"name": "mine", "summary": "One line.", "source": "made up"}


def build(
    radius: int,
    weight: float = 1,
    size: tuple[int, int] | None = None,
    schedule: Literal["poly", "constant"] = "poly",
    flip: bool = False,
    names: list[str] = ["a"],  # noqa: B006 - a default that could be shared by mistake
    least: Annotated[int, Ge(1)] = 1,
    sides: tuple[Annotated[int, Interval(ge=1, le=9)], Annotated[int, Interval(ge=1, le=9)]] | None = None,
    share: Annotated[float, Interval(gt=0, lt=1)] | None = None,
) -> Nothing:
    return None


SPEC = AcquisitionSpec(build=build, **TEXTS)


def problems_of(**given: Any) -> list[tuple[tuple[str | int, ...], str]]:
    with pytest.raises(ParameterError) as caught:
        validate_parameters(SPEC, given)
    return [(problem.path, problem.text) for problem in caught.value.problems]


def spec_of(builder: Any) -> AcquisitionSpec:
    return AcquisitionSpec(build=builder, **TEXTS)


def test_parameters_have_the_types_and_defaults_of_the_signature() -> None:
    found = {parameter.name: (parameter.type_text, parameter.default) for parameter in parameters_of(SPEC)}
    assert found == {
        "radius": ("int", REQUIRED),
        "weight": ("float", 1),
        "size": ("tuple[int, int] | None", None),
        "schedule": ("'poly' | 'constant'", "poly"),
        "flip": ("bool", False),
        "names": ("list[str]", ["a"]),
        "least": ("int (at least 1)", 1),
        "sides": ("tuple[int (1 to 9), int (1 to 9)] | None", None),
        "share": ("float (above 0, below 1) | None", None),
    }


def test_what_the_core_fills_in_is_no_parameter_and_needs_no_type() -> None:
    def build_dataset(*, root: Nothing, split: Nothing, size: int = 3) -> Nothing:
        return None

    spec = DatasetSpec(build=build_dataset, label_space="any", **TEXTS)
    assert [parameter.name for parameter in parameters_of(spec)] == ["size"]


def test_what_the_core_offers_is_no_parameter_either_and_needs_a_default() -> None:
    def told(iterations: int = 3, class_names: Nothing = ()) -> Nothing:
        return None

    def without_default(*, class_names: tuple[str, ...]) -> Nothing:
        return None

    spec = RecipeSpec(build=told, **TEXTS)
    assert [parameter.name for parameter in parameters_of(spec)] == ["iterations"]
    assert offered_to(spec) == ("class_names",)
    assert offered_to(RecipeSpec(build=type("Empty", (), {}), **TEXTS)) == ()
    with pytest.raises(TypeError) as caught:
        parameters_of(RecipeSpec(build=without_default, **TEXTS))
    assert str(caught.value) == (
        "parameter 'class_names' of 'mine' has no default; alseg cannot always fill it in"
    )


def test_classes_and_partial_functions_are_builders_too() -> None:
    class Built:
        def __init__(self, radius: int = 2) -> None:
            self.radius = radius

    assert [parameter.name for parameter in parameters_of(spec_of(Built))] == ["radius"]
    fixed = parameters_of(spec_of(partial(build, flip=True)))
    assert [parameter.default for parameter in fixed if parameter.name == "flip"] == [True]
    assert parameters_of(spec_of(type("Empty", (), {}))) == ()


def test_defaults_are_filled_in_and_given_values_win() -> None:
    assert validate_parameters(SPEC, {"radius": 3, "schedule": "constant"}) == {
        "radius": 3,
        "weight": 1.0,
        "size": None,
        "schedule": "constant",
        "flip": False,
        "names": ["a"],
        "least": 1,
        "sides": None,
        "share": None,
    }


def test_a_parameter_that_was_added_later_is_left_out_at_its_default() -> None:
    def later(radius: int = 1, steps: Annotated[int, Interval(ge=0, le=9), ADDED_LATER] = 0) -> Nothing:
        return None

    assert [parameter.type_text for parameter in parameters_of(spec_of(later))] == ["int", "int (0 to 9)"]
    assert validate_parameters(spec_of(later), {}) == {"radius": 1}
    assert validate_parameters(spec_of(later), {"steps": 0}) == {"radius": 1}
    assert validate_parameters(spec_of(later), {"steps": 4}) == {"radius": 1, "steps": 4}
    with pytest.raises(ParameterError, match="must be at most 9, got 10"):
        validate_parameters(spec_of(later), {"steps": 10})


def test_a_default_is_not_shared_between_runs() -> None:
    validate_parameters(SPEC, {"radius": 3})["names"].append("b")
    assert validate_parameters(SPEC, {"radius": 3})["names"] == ["a"]


def test_whole_numbers_become_numbers_and_lists_become_tuples() -> None:
    valid = validate_parameters(SPEC, {"radius": 3, "weight": 2, "size": [4, 8]})
    assert (valid["weight"], type(valid["weight"])) == (2.0, float)
    assert valid["size"] == (4, 8)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("radius", "3", "expected a whole number, got '3'"),
        ("radius", True, "expected a whole number, got true"),
        ("radius", 3.0, "expected a whole number, got 3.0"),
        ("radius", None, "expected a whole number, got nothing"),
        ("weight", "1", "expected a number, got '1'"),
        ("weight", False, "expected a number, got false"),
        ("weight", float("nan"), "expected a finite number, got nan"),
        ("weight", float("inf"), "expected a finite number, got inf"),
        ("flip", 1, "expected true or false, got 1"),
        ("size", [1, "a"], "expected tuple[int, int] | None, got [1, 'a']"),
        ("size", [1], "expected tuple[int, int] | None, got [1]"),
        ("schedule", "pily", "expected 'poly' or 'constant', got 'pily', did you mean 'poly'?"),
        ("schedule", {"a": 1}, "expected 'poly' or 'constant', got a mapping"),
        ("names", "a", "expected list[str], got 'a'"),
        ("least", 0, "must be at least 1, got 0"),
        ("least", "1", "expected a whole number, got '1'"),
        ("share", 1, "must be less than 1.0, got 1"),
        ("share", "1", "expected float (above 0, below 1) | None, got '1'"),
        ("sides", [1], "expected tuple[int (1 to 9), int (1 to 9)] | None, got [1]"),
        # 64 bits and finite, where nothing is stated.
        ("radius", 2**63, f"must be at most {2**63 - 1}, got {2**63}"),
        ("radius", -(2**63) - 1, f"must be at least {-(2**63)}, got {-(2**63) - 1}"),
        ("least", 2**63, f"must be at most {2**63 - 1}, got {2**63}"),
        ("weight", 10**400, f"expected a finite number, got 1{'0' * 56}..."),
    ],
)
def test_a_wrong_value_is_said_in_words(key: str, value: object, message: str) -> None:
    assert problems_of(**{"radius": 1, key: value}) == [((key,), message)]


def test_an_item_of_a_list_that_is_outside_has_its_place() -> None:
    assert problems_of(radius=1, sides=[9, 0]) == [(("sides", 1), "must be at least 1, got 0")]
    assert problems_of(radius=1, size=[2**63, 1]) == [
        (("size", 0), f"must be at most {2**63 - 1}, got {2**63}")
    ]


def test_whole_numbers_of_64_bits_are_accepted() -> None:
    valid = validate_parameters(SPEC, {"radius": -(2**63), "least": 2**63 - 1})
    assert (valid["radius"], valid["least"]) == (-(2**63), 2**63 - 1)


def test_all_problems_are_found_at_once() -> None:
    assert problems_of(weight="x", colour=1) == [
        (
            ("colour",),
            "unknown parameter 'colour' of 'mine'; "
            "parameters here: radius, weight, size, schedule, flip, names, least, sides, share",
        ),
        ((), "'mine' needs a parameter 'radius' (int)"),
        (("weight",), "expected a number, got 'x'"),
    ]


def test_a_misspelt_parameter_is_one_problem_and_not_also_a_missing_one() -> None:
    message = "unknown parameter 'radus' of 'mine', did you mean 'radius'?"
    assert problems_of(radus=1) == [(("radus",), message)]


def test_a_component_without_parameters_says_so() -> None:
    with pytest.raises(ParameterError) as caught:
        validate_parameters(spec_of(lambda: None), {"radius": 1})
    assert str(caught.value) == "'mine': unknown parameter 'radius' of 'mine'; it has none"


def test_parameters_may_be_named_like_the_methods_of_a_model() -> None:
    def build_odd(model_dump: int = 1, copy: int = 2, json: int = 3) -> None:
        return None

    assert validate_parameters(spec_of(build_odd), {"copy": 5}) == {"model_dump": 1, "copy": 5, "json": 3}


def test_a_type_that_yaml_cannot_give_is_a_bug_of_the_plugin() -> None:
    def build_odd(when: complex = 1j) -> None:
        return None

    with pytest.raises(TypeError) as caught:
        parameters_of(spec_of(build_odd))
    assert str(caught.value) == (
        "parameter 'when' of 'mine' has type complex, which YAML cannot give; "
        "use bool, int, float, str, None, Literal, and tuple, list or dict of them"
    )


def test_a_type_that_cannot_be_resolved_is_a_bug_of_the_plugin() -> None:
    def build_odd(what: Nothing) -> None:
        return None

    with pytest.raises(TypeError) as caught:
        parameters_of(spec_of(build_odd))
    assert str(caught.value) == "a parameter type of 'mine' cannot be resolved: name 'Nothing' is not defined"


def test_a_parameter_called_name_could_never_be_given() -> None:
    def build_odd(name: str = "a") -> None:
        return None

    with pytest.raises(
        TypeError, match="has a parameter 'name', which is the key of the component's own name"
    ):
        parameters_of(spec_of(build_odd))
