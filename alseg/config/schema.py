"""Sections of an experiment file as frozen pydantic models: how keys are declared, and how they are read.

The sections themselves are in `alseg.config.sections`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo

from alseg.registry.problems import Path, Problem, show, unknown_key, wrong_value


class Section(BaseModel):
    """A mapping with fixed keys. Nothing given and ``null`` mean the default; nothing is converted."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        allow_inf_nan=False,
        defer_build=True,  # most commands read no experiment file
    )

    @classmethod
    def required_keys(cls) -> list[str]:
        """Return the keys that must be given."""
        return [name for name, field in cls.model_fields.items() if declared(field)["required"]]


def key(
    description: str, default: Any = None, *, default_text: str | None = None, expected: str | None = None
) -> Any:
    """Declare a key that may be absent.

    Args:
        description: What it is, for the table of keys: Markdown without bounds, which the type states.
        default: The value where the key is absent or null.
        default_text: The default in words, where the value says too little.
        expected: What a value must be, for messages, where pydantic's words do not help.
    """
    extra: dict[str, Any] = {"required": False, "default_text": default_text, "expected": expected}
    return Field(default, description=description, json_schema_extra=extra)


def required_key(description: str, *, expected: str | None = None) -> Any:
    """Declare a key that must be given; the field is None where it is absent or its value was reported.

    Args:
        description: As for `key`.
        expected: As for `key`.
    """
    extra: dict[str, Any] = {"required": True, "default_text": "required", "expected": expected}
    return Field(None, description=description, json_schema_extra=extra)


def declared(field: FieldInfo) -> Mapping[str, Any]:
    """Return ``required``, ``default_text`` and ``expected`` of a key as `key` noted them."""
    extra = field.json_schema_extra
    return extra if isinstance(extra, dict) else {"required": False, "default_text": None, "expected": None}


S = TypeVar("S", bound=Section)


def read_section(kind: type[S], value: object, path: Path, problems: list[Problem]) -> S:
    """Read a mapping with fixed keys.

    Args:
        kind: Which section.
        value: What the file holds at ``path``; None is an empty section.
        path: Where the section stands.
        problems: Extended by all that is wrong.

    Returns:
        The section; a key with a wrong value has its default.
    """
    if value is not None and not isinstance(value, dict):
        problems.append(Problem(path, f"expected a mapping of keys to values, got {show(value)}"))
        return kind()
    given: dict[str, Any] = value or {}
    problems += _wrong_keys(kind, given, path)
    known = {name: inner for name, inner in given.items() if name in kind.model_fields and inner is not None}
    try:
        return kind.model_validate_json(json.dumps(known))
    except ValidationError as failed:
        errors = failed.errors(include_url=False)
    wrong = {str(error["loc"][0]) for error in errors}
    expected = {name: words for name in wrong if (words := declared(kind.model_fields[name])["expected"])}
    for name, words in expected.items():
        problems.append(Problem((*path, name), f"expected {words}, got {show(known[name])}"))
    for error in errors:
        if error["loc"][0] not in expected:
            problems.append(wrong_value((*path, *error["loc"]), error, _at(known, error["loc"])))
    return kind.model_validate_json(json.dumps({name: known[name] for name in known if name not in wrong}))


def _wrong_keys(kind: type[Section], given: Mapping[str, Any], path: Path) -> list[Problem]:
    """Return what is wrong with the keys: unknown ones, and required ones without a value."""
    known = list(kind.model_fields)
    problems = [unknown_key((*path, name), "key", known) for name in given if name not in known]
    meant = {problem.suggestion for problem in problems}
    for name in kind.required_keys():
        if name in given and given[name] is None:
            problems.append(Problem((*path, name), f"no value for key '{name}'", None, "key"))
        elif name not in given and name not in meant:
            problems.append(Problem(path, f"missing key '{name}'", None, "key"))
    return problems


def _at(value: Any, path: Path) -> Any:
    """Return the part of a tree that a path leads to."""
    for step in path:
        value = value[step]
    return value
