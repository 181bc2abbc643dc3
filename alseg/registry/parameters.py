"""The parameters of a component: read from the signature of ``build``, validated by pydantic."""

from __future__ import annotations

import dataclasses
import functools
import inspect
import json
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args, get_origin

from alseg.contracts import Spec
from alseg.errors import AlsegError
from alseg.registry.bounds import bounds_in, with_default_bounds
from alseg.registry.problems import Problem, unknown_key, wrong_value

if typing.TYPE_CHECKING:
    from pydantic import BaseModel


class _Required:
    """The type of `REQUIRED`."""

    def __repr__(self) -> str:
        return "required"


REQUIRED: Final = _Required()
"""The default of a parameter that has none."""

_SCALARS = (bool, int, float, str, type(None))
_SCALAR_ERRORS = frozenset(
    {"greater_than_equal", "greater_than", "less_than_equal", "less_than", "finite_number"}
)


@dataclass(frozen=True)
class Parameter:
    """One parameter of a component.

    Attributes:
        name: The YAML key.
        annotation: Its type, resolved.
        type_text: The type for people, such as ``tuple[int, int] | None``.
        default: The default value, or `REQUIRED`.
    """

    name: str
    annotation: Any
    type_text: str
    default: object


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


def parameters_of(spec: Spec) -> tuple[Parameter, ...]:
    """Return what can be set in the experiment file, in the order of the signature.

    Raises:
        TypeError: If the signature of ``spec.build`` cannot be used: a parameter without type or with one
            that YAML cannot give, ``*args`` or ``**kwargs``, or no parameter for what the core fills in.
    """
    core: tuple[str, ...] = spec.core_parameters
    signature = inspect.signature(spec.build)
    accepted = signature.parameters
    if absent := [name for name in core if name not in accepted]:
        raise TypeError(f"build of '{spec.name}' must take {' and '.join(absent)}")
    if "name" in accepted:
        raise TypeError(
            f"build of '{spec.name}' has a parameter 'name', which is the key of the component's own name"
        )
    hints = _resolved_hints(spec, [name for name in accepted if name not in core])
    return tuple(
        Parameter(
            name=name,
            annotation=annotation,
            type_text=text_of_type(annotation),
            default=REQUIRED if accepted[name].default is inspect.Parameter.empty else accepted[name].default,
        )
        for name, annotation in hints.items()
    )


def check_parameters(spec: Spec) -> None:
    """Check that the signature of ``build`` can be used and that its defaults are of their types.

    Raises:
        TypeError: As `parameters_of`, and if a default is not of its parameter's type.
    """
    from pydantic import ValidationError, create_model

    for parameter in parameters_of(spec):
        if parameter.default is REQUIRED:
            continue
        model: type[BaseModel] = create_model(
            "Default", __config__=_config(), value=_field(parameter, "value")
        )
        try:
            model()
        except ValidationError:
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
        A value for every parameter, in the order of the signature, ready for ``spec.build``.

    Raises:
        ParameterError: If a parameter is unknown, missing or of the wrong type; holds all of them.
    """
    from pydantic import ValidationError

    parameters = parameters_of(spec)
    names = [parameter.name for parameter in parameters]
    problems = [
        unknown_key((key,), f"parameter of '{spec.name}'", names) for key in given if key not in names
    ]
    meant = {problem.suggestion for problem in problems}
    model = _model(parameters)
    try:
        validated = model.model_validate_json(json.dumps({k: v for k, v in given.items() if k in names}))
    except ValidationError as errors:
        problems += _problems(spec, parameters, given, errors.errors(include_url=False), meant)
    if problems:
        raise ParameterError(f"'{spec.name}'", problems)
    return {name: getattr(validated, f"value_{index}") for index, name in enumerate(names)}


def text_of_type(annotation: Any) -> str:
    """Return a type as people write it, such as ``'shuffle' | 'class-balanced'`` or ``tuple[int, ...]``."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if annotation is type(None):
        return "None"
    if annotation is Ellipsis:
        return "..."
    if origin is typing.Annotated:
        words = bounds_in(arguments[1:]).text
        return text_of_type(arguments[0]) + (f" ({words})" if words else "")
    if origin is Literal:
        return " | ".join(map(repr, arguments))
    if origin in (typing.Union, types.UnionType):
        return " | ".join(map(text_of_type, arguments))
    if origin is not None:
        return f"{origin.__name__}[{', '.join(map(text_of_type, arguments))}]"
    return str(getattr(annotation, "__name__", annotation))


def _resolved_hints(spec: Spec, names: Sequence[str]) -> dict[str, Any]:
    """Return the types of the named parameters; strings are evaluated where ``build`` was defined."""
    accepted = inspect.signature(spec.build).parameters
    for name in names:
        parameter = accepted[name]
        if parameter.kind in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD):
            raise TypeError(
                f"build of '{spec.name}' takes {parameter}; name every parameter and give its type"
            )
        if parameter.kind is inspect.Parameter.POSITIONAL_ONLY:
            raise TypeError(f"parameter '{name}' of '{spec.name}' cannot be given by name")
        if parameter.annotation is inspect.Parameter.empty:
            raise TypeError(f"parameter '{name}' of '{spec.name}' has no type")
    try:
        if dataclasses.is_dataclass(spec.build):
            # Fields may come from base classes, whose modules have other names for their types.
            found = typing.get_type_hints(spec.build, include_extras=True)
            hints = {name: found[name] for name in names}
        else:
            # The return type and what the core fills in may exist for type checkers only, so not here.
            annotations = {name: accepted[name].annotation for name in names}
            annotated = types.SimpleNamespace(__annotations__=annotations)
            hints = typing.get_type_hints(annotated, _globals_of(spec.build), include_extras=True)
    except Exception as error:
        raise TypeError(f"a parameter type of '{spec.name}' cannot be resolved: {error}") from error
    for name, annotation in hints.items():
        if not _is_plain(annotation):
            raise TypeError(
                f"parameter '{name}' of '{spec.name}' has type {text_of_type(annotation)}, which YAML cannot "
                "give; use bool, int, float, str, None, Literal, and tuple, list or dict of them"
            )
    return hints


def _globals_of(build: Any) -> dict[str, Any]:
    """Return the namespace in which a builder's annotations were written."""
    while isinstance(build, functools.partial):
        build = build.func
    build = inspect.unwrap(build)
    if inspect.isclass(build):
        build = build.__init__
    elif not inspect.isroutine(build):
        build = type(build).__call__
    return dict(getattr(inspect.unwrap(build), "__globals__", {}))


def _is_plain(annotation: Any) -> bool:
    """Whether YAML can give every value of a type, and JSON can keep it."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is typing.Annotated:
        return _is_plain(arguments[0])
    if origin is Literal:
        return all(isinstance(argument, _SCALARS) for argument in arguments)
    if origin in (typing.Union, types.UnionType, tuple, list):
        return all(argument is Ellipsis or _is_plain(argument) for argument in arguments)
    if origin is dict:
        return arguments[0] is str and _is_plain(arguments[1])
    return annotation in _SCALARS


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
            steps = [step for step in error["loc"][1:] if isinstance(step, int)]
            return wrong_value((parameter.name, *steps), error, _at(value, steps))
    path, annotation = (parameter.name,), _without_metadata(parameter.annotation)
    if len(errors) == 1 and (annotation in _SCALARS or get_origin(annotation) is Literal):
        return wrong_value(path, errors[0], value)
    return wrong_value(path, {"type": "other", "msg": f"expected {parameter.type_text}"}, value)


def _without_metadata(annotation: Any) -> Any:
    """Return a type without what ``Annotated`` adds."""
    return get_args(annotation)[0] if get_origin(annotation) is typing.Annotated else annotation


def _at(value: Any, steps: Sequence[int]) -> Any:
    """Return an item of nested lists."""
    for step in steps:
        value = value[step]
    return value
