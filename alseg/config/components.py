"""Components of a single command, with parameters given as ``KEY=VALUE``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from alseg.config.document import parse_value
from alseg.config.specs import Component
from alseg.errors import AlsegError
from alseg.registry.parameters import validate_parameters
from alseg.registry.registry import Registry


def read_component(
    registry: Registry,
    kind: str,
    name: str,
    assignments: Iterable[str],
    defaults: Mapping[str, Any] | None = None,
) -> Component:
    """Return a component whose parameters are given as ``KEY=VALUE``.

    Args:
        registry: Where the name is looked up.
        kind: Such as ``models``.
        name: Its name.
        assignments: Each ``KEY=VALUE``, the value in YAML; the later one wins.
        defaults: Values for parameters that are not assigned.

    Raises:
        AlsegError: If name, a parameter or a value is wrong.
    """
    spec = registry.get(kind, name).spec
    params = dict(defaults or {})
    for assignment in assignments:
        key, equals, text = assignment.partition("=")
        if not equals or not key:
            raise AlsegError(f"'{assignment}' is no parameter of '{name}'; write KEY=VALUE.")
        params[key] = parse_value(text, key)
    return Component(name, validate_parameters(spec, params))
