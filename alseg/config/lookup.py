"""Looking up what an experiment file names among what is installed, with its parameters."""

from __future__ import annotations

from typing import Any, NamedTuple

from alseg.config.specs import Component
from alseg.errors import nearest
from alseg.registry.parameters import ParameterError, validate_parameters
from alseg.registry.problems import Path, Problems, show
from alseg.registry.registry import KINDS, Registry


class Found(NamedTuple):
    """A component as far as it could be read.

    Attributes:
        spec: What a plugin registers under its name; None where there is no such name.
        component: None where the name or a parameter was wrong.
    """

    spec: Any
    component: Component | None


NOT_FOUND = Found(None, None)


class Lookup:
    """Looks up names of an experiment file.

    Args:
        registry: What is installed.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    @property
    def registry(self) -> Registry:
        """What is installed."""
        return self._registry

    def component(self, kind: str, value: object, path: Path, problems: Problems) -> Found:
        """Return the component that a name, or a mapping with a name and parameters, stands for.

        Args:
            kind: A key of `alseg.registry.registry.KINDS`.
            value: What the file holds at ``path``; None, which the section around it reports, finds nothing.
            path: Where it stands.
            problems: Extended by all that is wrong.
        """
        word = _with_article(KINDS[kind][0])
        if value is None:
            return NOT_FOUND
        given = long_form(value)
        if not isinstance(given, dict):
            problems.report(path, f"expected the name of {word} or a mapping with name, got {show(value)}")
            return NOT_FOUND
        name = given.get("name")
        if name is None:
            problems.report(path, f"missing key 'name' of {word}")
            return NOT_FOUND
        if not isinstance(name, str):
            problems.report((*path, "name"), f"expected text as 'name', got {show(name)} of {word}")
            return NOT_FOUND
        if not self.knows(kind, name, (*path, "name"), problems):
            return NOT_FOUND
        spec = self._registry.entries(kind)[name].spec
        try:
            params = validate_parameters(spec, {key: given[key] for key in given if key != "name"})
        except ParameterError as error:
            problems += [problem.below(path) for problem in error.problems]
            return Found(spec, None)
        return Found(spec, Component(name, params))

    def spec(self, kind: str, name: str) -> Any:
        """Return what a plugin registers under a name that is known, see `knows`."""
        return self._registry.entries(kind)[name].spec

    def changed(
        self, kind: str, shared: object, found: Found, own: object, path: Path, problems: Problems
    ) -> Component | None:
        """Return a method's recipe or network: the experiment's with the method's own keys over it.

        A method that names another one starts from the defaults of that one.

        Args:
            kind: A key of `alseg.registry.registry.KINDS`.
            shared: What the file holds for all methods.
            found: What that stands for.
            own: What the file holds at ``path``, or None.
            path: Where the method's own stands: ``methods``, its number and the key.
            problems: Extended by what is wrong with the method's own keys; what is wrong with the others has
                been reported where they stand.
        """
        if own is None:
            return found.component
        below, above = long_form(shared), long_form(own)
        if not isinstance(below, dict) or not isinstance(above, dict):
            return self.component(kind, own, path, problems).component
        if above.get("name", below.get("name")) != below.get("name"):
            below = {}
        inherited = set(below) - set(above)
        with problems.scope() as local:
            component = self.component(kind, {**below, **above}, path, local).component
            step = len(path)
            local[:] = [each for each in local if len(each.path) <= step or each.path[step] not in inherited]
        return component

    def knows(self, kind: str, name: str, path: Path, problems: Problems) -> bool:
        """Return whether something installed has a name; report it where nothing has."""
        entries = self._registry.entries(kind)
        if name in entries:
            return True
        guess = nearest(name, entries)
        available = "" if guess else f"; available: {', '.join(entries) or 'none'}"
        problems.report(path, f"unknown {KINDS[kind][0]} '{name}'{available}", guess)
        return False


def long_form(value: object) -> object:
    """Return a component's mapping where only its name is given."""
    return {"name": value} if isinstance(value, str) else value


def _with_article(word: str) -> str:
    """Return a word with its indefinite article."""
    return f"{'an' if word[0] in 'aeiou' else 'a'} {word}"
