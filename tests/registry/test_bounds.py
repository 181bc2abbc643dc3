"""Every number that a user can give has bounds, and what is outside is refused in one line."""

from __future__ import annotations

import json
import math
import re
import types
import typing
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast, get_args, get_origin

import click
import pytest
import yaml
from click.testing import CliRunner, Result

from alseg.cli import COMMANDS, main
from alseg.config import sections
from alseg.config.schema import Section, read_section
from alseg.contracts import AcquisitionSpec, Spec
from alseg.registry.bounds import Bounds, numbers_in
from alseg.registry.loading import load_registry
from alseg.registry.parameters import ParameterError, validate_parameters
from alseg.registry.problems import Problem
from alseg.registry.registry import KINDS
from alseg.registry.signatures import parameters_of

Make = Callable[[type, Bounds], Any]


def below(kind: type, bounds: Bounds) -> Any:
    """Return the greatest number that is too small."""
    if kind is int:
        return bounds.ge - 1 if bounds.gt is None else bounds.gt
    return float(bounds.gt) if bounds.gt is not None else math.nextafter(bounds.ge, -math.inf)


def above(kind: type, bounds: Bounds) -> Any:
    """Return the smallest number that is too large."""
    if kind is int:
        return bounds.le + 1 if bounds.lt is None else bounds.lt
    return float(bounds.lt) if bounds.lt is not None else math.nextafter(bounds.le, math.inf)


def lowest(kind: type, bounds: Bounds) -> Any:
    """Return the smallest number that is allowed."""
    return bounds.ge if bounds.ge is not None else math.nextafter(bounds.gt, math.inf)


def highest(kind: type, bounds: Bounds) -> Any:
    """Return the greatest number that is allowed."""
    return bounds.le if bounds.le is not None else math.nextafter(bounds.lt, -math.inf)


OUTSIDE: dict[str, Make] = {
    "just below": below,
    "just above": above,
    "inf": lambda kind, bounds: math.inf,
    "nan": lambda kind, bounds: math.nan,
    "10**400": lambda kind, bounds: 10**400,
    "-10**400": lambda kind, bounds: -(10**400),
    "true": lambda kind, bounds: True,
    "text": lambda kind, bounds: "1e3",
}


def valued(annotation: Any, make: Make) -> Any:
    """Return a value of a type in which every number is what ``make`` makes of it."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    composed = origin is typing.Annotated and get_origin(arguments[0]) is not None
    if composed:
        return valued(arguments[0], make)
    if origin in (typing.Union, types.UnionType):
        return valued(next(each for each in arguments if list(numbers_in(each))), make)
    if origin is dict:
        return {"one": valued(arguments[1], make)}
    if origin in (tuple, list):
        return [valued(argument, make) for argument in arguments if argument is not Ellipsis]
    ((kind, bounds),) = numbers_in(annotation)
    return make(kind, bounds)


def numeric(spec: Spec) -> dict[str, Any]:
    """Return the types of the parameters that are numbers or made of them."""
    return {each.name: each.annotation for each in parameters_of(spec) if list(numbers_in(each.annotation))}


def specs(kind: str) -> dict[str, Spec]:
    return {name: entry.spec for name, entry in getattr(load_registry(), kind).items()}


EVERYTHING = [
    pytest.param(spec, id=f"{kind}-{name}")
    for kind in KINDS
    if kind != "label_spaces"
    for name, spec in specs(kind).items()
    if numeric(spec)
]
FIELDS = [
    pytest.param(section, name, id=f"{section.__name__}-{name}")
    for section in vars(sections).values()
    if isinstance(section, type) and issubclass(section, Section)
    for name, field in section.model_fields.items()
    if list(numbers_in(field.rebuild_annotation()))
]


APART = [
    each
    for each in EVERYTHING
    if str(each.id).startswith(("annotators-", "datasets-", "executors-")) and each.id != "datasets-streets"
]
"""What one experiment file cannot name all at once."""


def given(spec: Spec, make: Make) -> dict[str, Any]:
    values = {name: valued(annotation, make) for name, annotation in numeric(spec).items()}
    return {"name": spec.name, **values}


def everything_at(make: Make) -> dict[str, Any]:
    """Return an experiment with every recipe, acquisition and annotation mode, all their numbers made."""
    streets, smp, modes = specs("datasets")["streets"], specs("models")["smp"], specs("annotation_modes")
    partitions = specs("partitions")
    regions = {"annotation": "superpixel", "partition": "grid"}
    fitting: dict[str, dict[str, Any]] = {
        "image": {"annotation": "image"},
        "region": regions,
        "part": {"annotation": "region"},
    }
    buying = [
        {
            "label": f"acquisition {name}",
            "acquisition": given(spec, make),
            **next(how for unit, how in fitting.items() if unit in cast(AcquisitionSpec, spec).units),
        }
        for name, spec in specs("acquisitions").items()
    ]
    buying += [
        {
            "label": f"mode {name}",
            "acquisition": "random",
            **(regions if name == "superpixel" else {}),
            "annotation": given(spec, make),
        }
        for name, spec in modes.items()
    ]
    buying += [
        {"label": f"partition {name}", "acquisition": "random", **regions, "partition": given(spec, make)}
        for name, spec in partitions.items()
        if numeric(spec)
    ]
    recipes = [
        {"label": f"recipe {name}", "target_labels": "none", "recipe": given(spec, make)}
        for name, spec in specs("recipes").items()
    ]
    models = [
        {"label": f"model {name}", "target_labels": "none", "model": given(spec, make)}
        for name, spec in specs("models").items()
        if numeric(spec) and name != "smp"
    ]
    return {
        "name": "bounds",
        "scenario": {"source": given(streets, make), "target": "streets"},
        "model": given(smp, make),
        "recipe": "plain",
        "rounds": [1],
        "methods": [{**method, "budget": "10%"} for method in buying] + recipes + models,
    }


def dry_run(folder: Path, document: dict[str, Any], *overrides: str) -> Result:
    file = folder / "bounds.yaml"
    text = yaml.safe_dump(document, sort_keys=False).replace("1e3", "'1e3'")  # text to PyYAML, not to alseg
    file.write_text(text)
    return CliRunner().invoke(
        main, ["run", str(file), *overrides, "--dry-run", "--results", str(folder / "results")]
    )


def test_every_number_of_every_plugin_states_both_bounds() -> None:
    unbounded = [
        f"{spec.values[0].name}.{name}"
        for spec in EVERYTHING
        for name, annotation in numeric(spec.values[0]).items()  # type: ignore[arg-type, union-attr]
        for _, bounds in numbers_in(annotation)
        if not (bounds.has_low and bounds.has_high)
    ]
    assert unbounded == []
    assert len(EVERYTHING) >= 9  # streets, smp, two recipes, two acquisitions, three modes


@pytest.mark.parametrize("make", OUTSIDE.values(), ids=OUTSIDE)
def test_a_dry_run_refuses_every_number_that_is_outside_in_one_line_each(tmp_path: Path, make: Make) -> None:
    document = everything_at(make)
    result = dry_run(tmp_path, document)
    lines = result.output.removeprefix("Error: ").splitlines()
    # Those of the data set are given once, as everything else.
    numbers = sum(len(numeric(spec.values[0])) for spec in EVERYTHING if spec not in APART)  # type: ignore[arg-type]
    assert result.exit_code == 2
    assert len(lines) == numbers, result.output
    place = re.escape(str(tmp_path / "bounds.yaml"))
    for line in lines:
        assert re.match(rf"{place}:\d+:\d+: (must be|expected) ", line), line


@pytest.mark.parametrize("make", OUTSIDE.values(), ids=OUTSIDE)
@pytest.mark.parametrize("spec", APART)
def test_a_number_of_a_data_set_annotator_or_executor_that_is_outside_is_one_problem(
    spec: Spec, make: Make
) -> None:
    values = given(spec, make)
    del values["name"]
    with pytest.raises(ParameterError) as refused:
        validate_parameters(spec, values)
    # Void may be named by its class, and GPUs by their type, in text.
    texts = ("void", "gpus_per_node") if make is OUTSIDE["text"] else ()
    wrong = [name for name in values if name not in texts]
    assert sorted(str(each.path[0]) for each in refused.value.problems) == sorted(wrong)


@pytest.mark.parametrize("make", [lowest, highest])
@pytest.mark.parametrize("spec", EVERYTHING)
def test_a_number_at_its_bound_is_accepted(spec: Spec, make: Make) -> None:
    values = given(spec, make)
    del values["name"]
    # Parameters that were added later are left out at their default.
    accepted = {one.name: one.default for one in parameters_of(spec)} | validate_parameters(spec, values)
    # Lists may have become tuples, which JSON does not tell apart.
    assert json.loads(json.dumps({name: accepted[name] for name in values})) == values


@pytest.mark.parametrize("make", OUTSIDE.values(), ids=OUTSIDE)
@pytest.mark.parametrize(("section", "name"), FIELDS)
def test_a_number_of_a_section_that_is_outside_is_one_problem(
    section: type[Section], name: str, make: Make
) -> None:
    annotation = section.model_fields[name].rebuild_annotation()
    problems: list[Problem] = []
    needed = [
        Problem((), f"missing key '{key}'", None, "key") for key in section.required_keys() if key != name
    ]
    read_section(section, {name: valued(annotation, make)}, (), problems)
    (problem,) = [each for each in problems if each not in needed]
    assert problem.path[0] == name
    assert re.match("must be|expected", problem.message)


@pytest.mark.parametrize("make", [lowest, highest])
@pytest.mark.parametrize(("section", "name"), FIELDS)
def test_a_number_of_a_section_at_its_bound_is_accepted(
    section: type[Section], name: str, make: Make
) -> None:
    annotation = section.model_fields[name].rebuild_annotation()
    assert all(bounds.has_low and bounds.has_high for _, bounds in numbers_in(annotation))
    value = valued(annotation, make)
    read = getattr(read_section(section, {name: value}, (), []), name)
    assert (list(read) if isinstance(value, list) else read) == value


DOCUMENT: dict[str, Any] = {
    "name": "bounds",
    "scenario": {"source": "streets", "target": "streets"},
    "model": "smp",
    "recipe": "plain",
    "rounds": [1],
    "methods": [
        {
            "label": "RIPU",
            "acquisition": {"name": "ripu", "radius": 1},
            "annotation": {"name": "region", "radius": 1},
            "budget": "10%",
        }
    ],
}


@pytest.mark.parametrize(
    ("override", "problem"),
    [
        ("methods.0.acquisition.radius=3000000000", "must be at most 4096, got 3000000000"),
        ("methods.0.annotation.radius=-1", "must be at least 0, got -1"),
        ("settings.threads=1000000000", "must be at most 1024, got 1000000000"),
        ("settings.workers=-1", "must be at least 0, got -1"),
        (f"recipe.iterations={10**30}", f"must be at most 1000000000, got {10**30}"),
        ("recipe.target_batch=-1", "must be at least 0, got -1"),
        ("settings.pool_batch=0", "must be at least 1, got 0"),
        ("recipe.learning_rate=.inf", "expected a finite number, got inf"),
        ("recipe.learning_rate=.nan", "expected a finite number, got nan"),
        ("recipe.learning_rate=1e400", "expected a finite number, got inf"),
        ("recipe.target_size=[0, 8]", "must be at least 1, got 0"),
        (f"recipe.target_size=[8, {10**9}]", f"must be at most 65536, got {10**9}"),
        (f"seeds=[{2**70}]", f"must be at most {2**63 - 1}, got {2**70}"),
        ("seeds=[-1]", "must be at least 0, got -1"),
        (f"rounds=[{10**12}]", f"must be at most 1000000000, got {10**12}"),
        (f"scenario.target.count={10**12}", f"must be at most 1000000, got {10**12}"),
        (
            "evaluation.size=[8, 1000000000]",
            "expected a size [height, width] in pixels, each 1 to 65536, got [8, 1000000000]",
        ),
    ],
)
def test_an_override_that_is_outside_is_refused_in_one_line(
    tmp_path: Path, override: str, problem: str
) -> None:
    result = dry_run(tmp_path, DOCUMENT, override)
    assert (result.exit_code, result.output) == (2, f"Error: override '{override}': {problem}\n")


def options(command: click.Command) -> Iterator[click.Option]:
    if isinstance(command, click.Group):
        for inner in command.commands.values():
            yield from options(inner)
    yield from (each for each in command.params if isinstance(each, click.Option))


def commands() -> dict[str, click.Command]:
    context = click.Context(main)
    found = {name: main.get_command(context, name) for name in COMMANDS}
    return {name: command for name, command in found.items() if command is not None}


NUMBERS = [
    pytest.param(option, id=f"{name}-{option.name}")
    for name, command in commands().items()
    for option in options(command)
    if isinstance(option.type, click.types.IntParamType | click.types.FloatParamType)
]


@pytest.mark.parametrize("option", NUMBERS)
def test_a_number_of_the_command_line_has_both_bounds_and_refuses_what_is_outside(
    option: click.Option,
) -> None:
    kind = option.type
    assert isinstance(kind, click.IntRange | click.FloatRange)
    assert kind.min is not None
    assert kind.max is not None
    step = 1 if isinstance(kind, click.IntRange) else 1e-6
    too_small = kind.min if kind.min_open else kind.min - step
    for text in (str(too_small), str(kind.max + step), "inf", "-inf", "nan", str(10**400), "true"):
        with pytest.raises(click.BadParameter):
            kind.convert(text, option, None)
    assert kind.convert(str(kind.max), option, None) == kind.max


def test_there_are_as_many_numbers_on_the_command_line_as_expected() -> None:
    # check 1, perf 2, compare 2, data 3, eval 3, export 1, plan 3, predict 1, report 1, show 1, work 1
    assert len(NUMBERS) == 19


def test_a_parameter_on_the_command_line_that_is_outside_is_named() -> None:
    result = CliRunner().invoke(main, ["data", "check", "streets", "height=1000000000", "seed=.nan"])
    assert (result.exit_code, result.output) == (
        2,
        "Error: 'streets', parameter 'height': must be at most 4096, got 1000000000\n"
        "'streets', parameter 'seed': expected a whole number, got nan\n",
    )


def test_a_size_of_the_command_line_has_bounds() -> None:
    result = CliRunner().invoke(main, ["perf", "--size", "65537x65536"])
    assert result.exit_code == 2
    assert "'65537x65536' is too large; height and width can be at most 65536 pixels." in result.output
