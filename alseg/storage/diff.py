"""What differs between two runs: settings, plugins and environment, key by key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from alseg.errors import AlsegError
from alseg.storage.attempts import read_attempt
from alseg.storage.layout import attempt_files
from alseg.storage.run_description import read_run_content, read_run_file

SECTIONS = ("settings", "results", "plugins", "environment")
"""In the order shown: what was asked for, in which classes it is given, with what it was made, where."""

MISSING = "(absent)"
"""Stands for a key that one of the runs does not have."""

_TIMES = ("start", "end", "ended")


class Difference(NamedTuple):
    """One key that two runs do not share.

    Attributes:
        section: One of `SECTIONS`.
        key: Such as ``method.acquisition.name``.
        first: The first run's value as text; `MISSING` where it has none.
        second: The second run's.
    """

    section: str
    key: str
    first: str
    second: str


def run_differences(first: Path, second: Path) -> list[Difference]:
    """Return everything recorded about two runs that is not the same, times of day aside.

    Args:
        first: A run's folder.
        second: Another run's folder.

    Raises:
        AlsegError: If a folder is no run, or its ``run.json`` is damaged.
    """
    ours, theirs = _described(first), _described(second)
    return [
        Difference(section, key, ours[section].get(key, MISSING), theirs[section].get(key, MISSING))
        for section in SECTIONS
        for key in dict.fromkeys([*ours[section], *theirs[section]])
        if ours[section].get(key, MISSING) != theirs[section].get(key, MISSING)
    ]


def _described(folder: Path) -> dict[str, dict[str, str]]:
    """Return each section of a run as flat keys and texts."""
    if not (folder / "run.json").is_file():
        raise AlsegError(
            f"{folder} is no run folder: it has no run.json. "
            "Name one such as results/quickstart/runs/ripu-ra__s0__3f9c1a7e."
        )
    content, file = read_run_content(folder), read_run_file(folder)
    plugins = {
        str(each.get("plugin")): f"{each.get('distribution')} {each.get('version')}" for each in file.plugins
    }
    return {
        "settings": dict(_flat(file.spec)),
        "results": dict(
            _flat(
                {
                    "scorer": file.scorer,
                    "label_space": content["label_space"],
                    "evaluated": file.evaluated,
                }
            )
        ),
        "plugins": {**plugins, **file.made_with},
        "environment": dict(_flat(_last_attempt(folder))),
    }


def _last_attempt(folder: Path) -> dict[str, Any]:
    attempts = list(attempt_files(folder).values())
    content = read_attempt(attempts[-1]) if attempts else {}
    return {key: value for key, value in content.items() if key not in _TIMES}


def _flat(value: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield dotted keys and texts; a list is one value, so that its length may change."""
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _flat(inner, f"{prefix}.{key}" if prefix else str(key))
    else:
        yield prefix, "null" if value is None else str(value)
