"""``target_labels`` and ``reference`` of an experiment's methods: reading and checking them."""

from __future__ import annotations

import json
from collections.abc import Sequence

from alseg.config.schema import read_section
from alseg.config.sections import LabelsSection, ShortLabelsSection
from alseg.config.specs import Method
from alseg.registry.problems import Path, Problems

_NEEDED = {"lower": "none", "upper": "all"}


def read_target_labels(value: object, path: Path, problems: Problems) -> LabelsSection:
    """Return which target labels a method knows; ``labels`` is None where the file says nothing.

    Args:
        value: What the file holds at ``path``: a word, or a mapping with ``labels``, ``since`` and
            ``tolerance``.
        path: Where it stands.
        problems: Extended by all that is wrong.
    """
    if not isinstance(value, dict):
        short = read_section(ShortLabelsSection, {path[-1]: value}, path[:-1], problems)
        return LabelsSection(labels=short.target_labels)
    section = read_section(LabelsSection, value, path, problems)
    if section.labels in ("none", "acquired"):
        for key in ("since", "tolerance"):
            if key in section.model_fields_set:
                message = f"'{key}' belongs to labels: all, not to labels: {section.labels}"
                problems.report((*path, key), message)
    return section


def check_references(methods: Sequence[Method], problems: Problems) -> None:
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
            problems.report(path, message)
            continue
        end = json.dumps([method.reference, method.model and method.model.as_json()])
        other = first.setdefault(end, method)
        if other is not method:
            message = f"method '{other.label}' is reference: {method.reference} for this network already"
            problems.report(path, message)
