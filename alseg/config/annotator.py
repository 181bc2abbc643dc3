"""``annotator`` of a method: who answers, with which errors, and what is done with answers of people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from alseg.config.lookup import Lookup, long_form
from alseg.config.schema import read_section
from alseg.config.sections import AnnotatorSection, Conflict, Partial, PeopleSection, fraction
from alseg.config.specs import Component
from alseg.contracts import AnnotatorSpec
from alseg.registry.problems import Path, Problems
from alseg.registry.validation import PEOPLE_KEYS

ORACLE = "oracle"
"""The annotator of methods that name none."""


@dataclass(frozen=True)
class People:
    """An annotator that is people, as far as alseg itself must know it.

    Attributes:
        tool: Name and parameters of what takes questions to them.
        partial: What becomes of a round that is partly answered.
        conflict: Whose answer counts where people say different things.
    """

    tool: Component
    partial: Partial
    conflict: Conflict

    @classmethod
    def of(cls, annotator: Component) -> People | None:
        """Return what a method's annotator says of people; None where nobody is to be waited for.

        Args:
            annotator: As `read_annotator` returns it.
        """
        if not set(PEOPLE_KEYS) <= annotator.params.keys():
            return None
        own = {key: value for key, value in annotator.params.items() if key not in PEOPLE_KEYS}
        rules = {key: annotator.params[key] for key in PEOPLE_KEYS}
        return cls(Component(annotator.name, own), **rules)


def read_annotator(value: object, path: Path, lookup: Lookup, problems: Problems) -> Component | None:
    """Return the annotator of a method; None for the oracle without errors, as without the key.

    Args:
        value: What the file holds at ``path``: a name, or a mapping with ``name`` and parameters.
        path: Where it stands.
        lookup: Finds what is installed.
        problems: Extended by all that is wrong.
    """
    given = long_form(value)
    name = given.get("name", ORACLE) if isinstance(given, dict) else ORACLE
    if isinstance(given, dict) and isinstance(name, str) and name != ORACLE:
        return _read_installed(given, path, lookup, problems)
    section = read_section(AnnotatorSection, given, path, problems)
    confusion = fraction(section.confusion)
    if not confusion and not section.boundary:
        return None
    return Component(section.name, {"confusion": confusion, "boundary": section.boundary})


def _read_installed(
    given: dict[str, Any], path: Path, lookup: Lookup, problems: Problems
) -> Component | None:
    """Return an annotator that a plugin brings; the keys of all that are people are among its parameters."""
    name = given["name"]
    if not lookup.knows("annotators", name, (*path, "name"), problems):
        return None
    spec = lookup.spec("annotators", name)
    if not (isinstance(spec, AnnotatorSpec) and spec.people):
        return lookup.component("annotators", given, path, problems).component
    own = {key: inner for key, inner in given.items() if key not in PEOPLE_KEYS}
    common = {key: inner for key, inner in given.items() if key in PEOPLE_KEYS}
    section = read_section(PeopleSection, common, path, problems)
    found = lookup.component("annotators", own, path, problems).component
    if found is None:
        return None
    return Component(name, {**found.params, "partial": section.partial, "conflict": section.conflict})
