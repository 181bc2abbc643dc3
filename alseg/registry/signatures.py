"""The parameters of a component as data: names, types and defaults, read from the signature of ``build``."""

from __future__ import annotations

import dataclasses
import functools
import inspect
import types
import typing
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args, get_origin

from alseg.contracts import AddedLater, Spec
from alseg.registry.bounds import bounds_in


class _Required:
    """The type of `REQUIRED`."""

    def __repr__(self) -> str:
        return "required"


REQUIRED: Final = _Required()
"""The default of a parameter that has none."""

SCALARS = (bool, int, float, str, type(None))
"""Types of single values that YAML can give."""


@dataclass(frozen=True)
class Parameter:
    """One parameter of a component.

    Attributes:
        name: The YAML key.
        annotation: Its type, resolved.
        type_text: The type for people, such as ``tuple[int, int] | None``.
        default: The default value, or `REQUIRED`.
        added_later: Whether it is no part of a run's identity at its default, see `AddedLater`.
    """

    name: str
    annotation: Any
    type_text: str
    default: object
    added_later: bool


def parameters_of(spec: Spec) -> tuple[Parameter, ...]:
    """Return what can be set in the experiment file, in the order of the signature.

    Raises:
        TypeError: If the signature of ``spec.build`` cannot be used: a parameter without type or with one
            that YAML cannot give, ``*args`` or ``**kwargs``, or no parameter for what the core fills in.
    """
    core: tuple[str, ...] = spec.core_parameters
    offered = offered_to(spec)
    signature = inspect.signature(spec.build)
    accepted = signature.parameters
    if absent := [name for name in core if name not in accepted]:
        raise TypeError(f"build of '{spec.name}' must take {' and '.join(absent)}")
    if "name" in accepted:
        raise TypeError(
            f"build of '{spec.name}' has a parameter 'name', which is the key of the component's own name"
        )
    for name in offered:
        if accepted[name].default is inspect.Parameter.empty:
            raise TypeError(
                f"parameter '{name}' of '{spec.name}' has no default; alseg cannot always fill it in"
            )
    hints = _resolved_hints(spec, [name for name in accepted if name not in (*core, *offered)])
    return tuple(
        Parameter(
            name=name,
            annotation=annotation,
            type_text=text_of_type(annotation),
            default=REQUIRED if accepted[name].default is inspect.Parameter.empty else accepted[name].default,
            added_later=_is_added_later(annotation),
        )
        for name, annotation in hints.items()
    )


def offered_to(spec: Spec) -> tuple[str, ...]:
    """Return the names of parameters that ``spec.build`` need not have, has, and is given by the core."""
    accepted = inspect.signature(spec.build).parameters
    return tuple(name for name in spec.offered_parameters if name in accepted)


def _is_added_later(annotation: Any) -> bool:
    marks = get_args(annotation)[1:] if get_origin(annotation) is typing.Annotated else ()
    return any(isinstance(mark, AddedLater) for mark in marks)


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
        return all(isinstance(argument, SCALARS) for argument in arguments)
    if origin in (typing.Union, types.UnionType, tuple, list):
        return all(argument is Ellipsis or _is_plain(argument) for argument in arguments)
    if origin is dict:
        return arguments[0] is str and _is_plain(arguments[1])
    return annotation in SCALARS
