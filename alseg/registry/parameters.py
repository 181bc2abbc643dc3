"""The parameters that an experiment file gives to a component, validated by pydantic against their types."""

from __future__ import annotations

import functools
import json
import typing
from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args, get_origin

from alseg.contracts import Spec
from alseg.errors import AlsegError
from alseg.registry.bounds import with_default_bounds
from alseg.registry.problems import Path, Problem, unknown_key, wrong_value
from alseg.registry.signatures import REQUIRED, SCALARS, Parameter, parameters_of

if typing.TYPE_CHECKING:
    from pydantic import BaseModel

_SCALAR_ERRORS = frozenset(
    {"greater_than_equal", "greater_than", "less_than_equal", "less_than", "finite_number"}
)


class ParameterError(AlsegError):
    """Parameters that a component does not accept.

    Attributes:
        problems: Each with a path that starts with the parameter's name.
    """

    def __init__(self, owner: str, problems: Sequence[Problem]) -> None:
        super().__init__(
            "\n".join(f"{owner}{_parameter_of(problem)}: {problem.text}" for problem in problems)
        )
        self.problems = tuple(problems)


def _parameter_of(problem: Problem) -> str:
    """Return which parameter a problem is about, where its own text does not say so."""
    return f", parameter '{problem.path[0]}'" if problem.path and problem.about == "value" else ""


def check_parameters(spec: Spec) -> None:
    """Check that the signature of ``build`` can be used and that its defaults are of their types.

    Raises:
        TypeError: As `parameters_of`, and if a default is not of its parameter's type.
    """
    from pydantic import ValidationError

    parameters, model = _parameters_and_model(spec)
    try:
        model.model_validate({})
    except ValidationError as errors:
        # About a default, pydantic names the field; about what is missing, its alias.
        wrong = {error["loc"][0] for error in errors.errors(include_url=False) if error["type"] != "missing"}
        defaults = (each for index, each in enumerate(parameters) if f"value_{index}" in wrong)
        parameter = next(defaults, None)
        if parameter is None:
            return
        raise TypeError(
            f"default {parameter.default!r} of parameter '{parameter.name}' of '{spec.name}' "
            f"is not {parameter.type_text}"
        ) from None


def validate_parameters(spec: Spec, given: Mapping[str, object]) -> dict[str, Any]:
    """Check parameters against the signature of ``build`` and fill in defaults.

    Nothing is converted, except whole numbers to numbers and lists to tuples, which YAML cannot tell apart.

    Args:
        spec: The spec of the component.
        given: Plain values as read from YAML: bool, int, float, text, None, lists and mappings of them.

    Returns:
        A value for every parameter, in the order of the signature, ready for ``spec.build``. Parameters that
        were added later are left out at their default, see `alseg.contracts.AddedLater`.

    Raises:
        ParameterError: If a parameter is unknown, missing or of the wrong type; holds all of them.
    """
    from pydantic import ValidationError

    parameters, model = _parameters_and_model(spec)
    names = [parameter.name for parameter in parameters]
    problems = [
        unknown_key((key,), f"parameter of '{spec.name}'", names) for key in given if key not in names
    ]
    meant = {problem.suggestion for problem in problems}
    try:
        validated = model.model_validate_json(json.dumps({k: v for k, v in given.items() if k in names}))
    except ValidationError as errors:
        problems += _problems(spec, parameters, given, errors.errors(include_url=False), meant)
    if problems:
        raise ParameterError(f"'{spec.name}'", problems)
    values = {name: getattr(validated, f"value_{index}") for index, name in enumerate(names)}
    unsaid = {one.name for one in parameters if one.added_later and values[one.name] == one.default}
    return {name: value for name, value in values.items() if name not in unsaid}


def _parameters_and_model(spec: Spec) -> tuple[tuple[Parameter, ...], type[BaseModel]]:
    """Return what can be set, and its model; both are made once per spec, which takes most of a start."""
    try:
        hash(spec)
    except TypeError:
        return _read(spec)
    return _remembered(spec)


def _read(spec: Spec) -> tuple[tuple[Parameter, ...], type[BaseModel]]:
    parameters = parameters_of(spec)
    return parameters, _model(parameters)


_remembered = functools.lru_cache(maxsize=1024)(_read)


def _config() -> Any:
    """Return pydantic's settings: nothing is coerced, and defaults must be right too."""
    from pydantic import ConfigDict

    return ConfigDict(extra="forbid", strict=True, validate_default=True, allow_inf_nan=False)


def _field(parameter: Parameter, alias: str) -> Any:
    """Return a field definition for ``pydantic.create_model``."""
    from pydantic import Field

    default = ... if parameter.default is REQUIRED else parameter.default
    return (with_default_bounds(parameter.annotation), Field(default, alias=alias))


def _model(parameters: Sequence[Parameter]) -> type[BaseModel]:
    """Make a pydantic model; aliases keep parameters named like pydantic's own methods from clashing."""
    from pydantic import create_model

    fields = {
        f"value_{index}": _field(parameter, parameter.name) for index, parameter in enumerate(parameters)
    }
    model: type[BaseModel] = create_model("Parameters", __config__=_config(), **fields)
    return model


def _problems(
    spec: Spec,
    parameters: Sequence[Parameter],
    given: Mapping[str, object],
    errors: Sequence[Mapping[str, Any]],
    meant: set[str | None],
) -> list[Problem]:
    """Return one problem per parameter: a union or a list gives pydantic several errors about one value."""
    problems = []
    for parameter in parameters:
        own = [error for error in errors if error["loc"][0] == parameter.name]
        if not own:
            continue
        if own[0]["loc"] != (parameter.name,) or own[0]["type"] != "missing":
            problems.append(_wrong_parameter(parameter, given[parameter.name], own))
        elif parameter.name not in meant:
            needs = f"'{spec.name}' needs a parameter '{parameter.name}' ({parameter.type_text})"
            problems.append(Problem((), needs))
    return problems


def _wrong_parameter(parameter: Parameter, value: object, errors: Sequence[Mapping[str, Any]]) -> Problem:
    """Return what is wrong with one value."""
    for error in errors:
        if error["type"] in _SCALAR_ERRORS:  # the type was right, whatever else it might have been
            steps, inner = _within(value, error["loc"][1:])
            return wrong_value((parameter.name, *steps), error, inner)
    path, annotation = (parameter.name,), _without_metadata(parameter.annotation)
    if len(errors) == 1 and (annotation in SCALARS or get_origin(annotation) is Literal):
        return wrong_value(path, errors[0], value)
    return wrong_value(path, {"type": "other", "msg": f"expected {parameter.type_text}"}, value)


def _without_metadata(annotation: Any) -> Any:
    """Return a type without what ``Annotated`` adds."""
    return get_args(annotation)[0] if get_origin(annotation) is typing.Annotated else annotation


def _within(value: Any, place: Sequence[str | int]) -> tuple[Path, Any]:
    """Return the steps into lists and mappings that lead to a place, and what is there.

    Args:
        value: What was given.
        place: In pydantic's words, which name members of unions, too.
    """
    steps: list[str | int] = []
    for step in place:
        inside = (
            step in value if isinstance(value, dict) else isinstance(value, list) and isinstance(step, int)
        )
        if inside:
            steps.append(step)
            value = value[step]
    return tuple(steps), value
