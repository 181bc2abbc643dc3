"""What a pack leaves out of records: paths, hosts and executors of the machine that they come from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PureWindowsPath
from typing import Any

ROOT = "data"
"""Stands for folders of data sets, which are no part of a run's identity."""

WITHHELD = "not packed"
"""Stands for messages of runs whose images have no names."""

_ROOTS = ("root", "source_root", "target_root")
_WEIGHTS = "weights "
"""How keys in ``made_with`` begin that name a file of weights."""

_ABSOLUTE = re.compile(r"~|/|\\\\|[A-Za-z]:[\\/]")
_PATH_IN_TEXT = re.compile(
    r"(?<![\w.:/\\*~-])(?:~?/(?=[\w.])|[A-Za-z]:[\\/])(?:[^\s'\"(),;:<>|/\\]*[/\\])*([^\s'\"(),;:<>|/\\]*)"
)


def public_run(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the content of ``run.json`` without paths of a machine.

    Args:
        content: As it is written, without its checksum.
    """
    public = {**content, "spec": _without_paths(content.get("spec"))}
    scenario = public["spec"].get("scenario") if isinstance(public["spec"], dict) else None
    if isinstance(scenario, dict):
        _replace_roots(scenario)
    if isinstance(content.get("made_with"), Mapping):
        public["made_with"] = {_public_key(key): value for key, value in content["made_with"].items()}
    return public


def public_experiment(content: Any) -> Any:
    """Return an experiment file without paths of a machine and without its executor.

    Args:
        content: As YAML has it.
    """
    public = _without_paths(content)
    if isinstance(public, dict):
        if isinstance(public.get("scenario"), dict):
            _replace_roots(public["scenario"])
        if isinstance(public.get("settings"), dict):
            public["settings"].pop("executor", None)
    return public


def public_attempt(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the record of an attempt without names of hosts and paths of a machine."""
    public: dict[str, Any] = _without_paths_in_texts(
        {key: value for key, value in content.items() if key != "hosts"}
    )
    return public


def public_status(content: Mapping[str, Any], *, withhold: bool = False) -> dict[str, Any]:
    """Return the content of ``status.json`` without paths of a machine.

    Args:
        content: As it is written, without its checksum.
        withhold: Whether to leave out all texts: they may name images.
    """
    public: dict[str, Any] = _without_paths_in_texts(dict(content))
    if withhold:
        public |= {key: WITHHELD for key in ("error", "reason") if public.get(key) is not None}
    return public


def _replace_roots(scenario: dict[str, Any]) -> None:
    scenario |= {key: ROOT for key in _ROOTS if scenario.get(key) is not None}


def _public_key(key: str) -> str:
    return _WEIGHTS + _name_of(key.removeprefix(_WEIGHTS)) if key.startswith(_WEIGHTS) else key


def _without_paths(value: Any) -> Any:
    """Return a value in which texts that are absolute paths are their last part; patterns stay."""
    if isinstance(value, Mapping):
        return {key: _without_paths(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_without_paths(inner) for inner in value]
    return _name_of(value) if isinstance(value, str) and _ABSOLUTE.match(value) else value


def _without_paths_in_texts(value: Any) -> Any:
    """Return a value in which absolute paths, within texts too, are their last part."""
    if isinstance(value, Mapping):
        return {key: _without_paths_in_texts(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_without_paths_in_texts(inner) for inner in value]
    return _PATH_IN_TEXT.sub(r"\1", value) if isinstance(value, str) else value


def _name_of(path: str) -> str:
    return PureWindowsPath(path).name or ROOT if _ABSOLUTE.match(path) else path
