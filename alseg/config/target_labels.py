"""``target_labels`` and ``reference`` of an experiment's methods: reading and checking them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import NamedTuple

from alseg.config.schema import LabelsSection, ShortLabelsSection, read_section
from alseg.config.specs import LabelsSince, Method, TargetLabels
from alseg.contracts import OUTLINE_TOLERANCE
from alseg.registry.problems import Path, Problem

_NEEDED = {"lower": "none", "upper": "all"}


class KnownLabels(NamedTuple):
    """Which target labels a method knows without asking.

    Attributes:
        labels: None where the file says nothing, or something wrong.
        since: From when on.
        tolerance: Pixels by which outlines may miss the label maps.
    """

    labels: TargetLabels | None
    since: LabelsSince = "start"
    tolerance: float = OUTLINE_TOLERANCE


def read_known_labels(value: object, path: Path, problems: list[Problem]) -> KnownLabels:
    """Read ``target_labels``: a word, or a mapping with ``labels``, ``since`` and ``tolerance``.

    Args:
        value: What the file holds at ``path``.
        path: Where it stands.
        problems: Extended by all that is wrong.
    """
    if not isinstance(value, dict):
        short = read_section(ShortLabelsSection, {path[-1]: value}, path[:-1], problems)
        return KnownLabels(short.target_labels)
    section = read_section(LabelsSection, value, path, problems)
    given = {key: getattr(section, key) for key in ("since", "tolerance")}
    given = {key: value for key, value in given.items() if value is not None}
    if section.labels in ("none", "acquired"):
        for key in given:
            message = f"'{key}' belongs to labels: all, not to labels: {section.labels}"
            problems.append(Problem((*path, key), message))
    return KnownLabels(section.labels, **given)


def check_references(methods: Sequence[Method], problems: list[Problem]) -> None:
    """Check that references can be ends of the gap, and that a network has one of each.

    Args:
        methods: In file order.
        problems: Extended by all that is wrong.
    """
    first: dict[str, Method] = {}
    for method in methods:
        if method.reference is None:
            continue
        path = ("methods", method.order, "reference")
        needed = _NEEDED[method.reference]
        if method.target_labels != needed:
            message = f"reference: {method.reference} needs target_labels: {needed}"
            problems.append(Problem(path, message))
            continue
        other = first.setdefault(
            json.dumps([method.reference, method.model and method.model.as_json()]), method
        )
        if other is not method:
            message = f"method '{other.label}' is reference: {method.reference} for this network already"
            problems.append(Problem(path, message))
