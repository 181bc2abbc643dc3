"""Overrides from the command line: ``key=value`` with dotted keys, such as ``recipe.iterations=100``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from alseg.config.document import Document, YamlError, parse_value
from alseg.registry.problems import Path, Problem

_LONG_FORM = {
    "model": "name",
    "recipe": "name",
    "source": "name",
    "target": "name",
    "acquisition": "name",
    "annotation": "name",
    "annotator": "name",
    "budget": "amount",
}
"""Keys whose value may be one word, and what that word is called in the long form."""


_BRACKETS = re.compile(r"\[\d+\](\.|\[|\s*$)")
"""An item of a list as programs write it, such as ``methods[0]``."""


def apply_overrides(document: Document, overrides: Sequence[str]) -> list[Problem]:
    """Change a document in place, the later override winning.

    Args:
        document: The experiment file.
        overrides: Each ``key=value``; keys are dotted paths, list items are numbered from 0, values are YAML.

    Returns:
        What is wrong with overrides that could not be applied; those are left out.
    """
    problems = []
    for override in overrides:
        try:
            _apply(document, override)
        except YamlError as error:
            # A path that no document has makes the document attribute the problem to this override.
            origin: Path = (-1, override)
            document.overridden[origin] = override
            problems.append(Problem(origin, str(error)))
    return problems


def _apply(document: Document, override: str) -> None:
    """Set one value.

    Raises:
        YamlError: If the override is malformed or its key leads nowhere; the message is without the place.
    """
    dotted, equals, text = override.partition("=")
    keys = dotted.strip().split(".")
    if not equals or not all(keys):
        raise YamlError("expected key=value, such as recipe.iterations=100")
    if _BRACKETS.search(dotted):
        # No key of an experiment file ends in brackets.
        plain = ".".join(filter(None, re.split(r"[.\[\]]", dotted.strip())))
        raise YamlError(f"items of a list are numbered from 0 behind a dot, without brackets: {plain}={text}")
    value = _parse(text)
    container: Any = document.root
    path: Path = ()
    for depth, key in enumerate(keys):
        step = _step(container, key, ".".join(keys[:depth]))
        path = (*path, step)
        if depth == len(keys) - 1:
            document.forget(path)
            document.overridden[path] = override
            container[step] = value
        else:
            container = _descend(document, container, step, path, override)


def _parse(text: str) -> Any:
    """Parse the right side of an override."""
    try:
        return parse_value(text, "value")
    except YamlError as error:
        raise YamlError(str(error).removeprefix("value: ")) from None


def _step(container: Any, key: str, parent: str) -> str | int:
    """Return the key or index by which ``key`` selects from a container."""
    if isinstance(container, dict):
        return key
    if not isinstance(container, list):
        raise YamlError(f"'{parent}' is a single value and has no '{key}'")
    if not container:
        raise YamlError(f"'{parent}' is an empty list")
    if not (key.isascii() and key.isdigit()) or len(key) > 9 or int(key) >= len(container):
        labels = [item.get("label") if isinstance(item, dict) else None for item in container]
        hint = f"; '{key}' is {parent}.{labels.index(key)}" if key in labels else ""
        raise YamlError(
            f"'{parent}' is a list with items 0 to {len(container) - 1}, and has no '{key}'{hint}"
        )
    return int(key)


def _descend(document: Document, container: Any, step: str | int, path: Path, override: str) -> Any:
    """Return the mapping or list at ``step``, making one where there is none or where a short form stands."""
    inside = container.get(step) if isinstance(container, dict) else container[step]
    if inside is None:
        document.overridden[path] = override
        container[step] = {}
    elif not isinstance(inside, dict | list) and step in _LONG_FORM:
        word = _LONG_FORM[str(step)]
        container[step] = {word: inside}
        if path in document.values:
            document.values[(*path, word)] = document.values[path]
        if path in document.overridden:
            document.overridden[(*path, word)] = document.overridden.pop(path)
    return container[step]
