"""From the plain tree of an experiment file to its parts, collecting every mistake on the way."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple, TypeVar

from alseg.config.budget import Budget, parse_budget
from alseg.config.comparisons import entrants, expand
from alseg.config.document import Document
from alseg.config.schema import (
    EvaluationSection,
    MethodSection,
    RootSection,
    ScenarioSection,
    Section,
    SettingsSection,
    read_section,
)
from alseg.config.specs import Component, Evaluation, Method, Scenario, Settings, slug
from alseg.config.target_labels import check_references, read_known_labels
from alseg.contracts import AcquisitionSpec, AnnotationModeSpec, DatasetSpec
from alseg.errors import AlsegError, nearest
from alseg.registry.parameters import ParameterError, validate_parameters
from alseg.registry.problems import Path, Problem, show
from alseg.registry.registry import KINDS, Registry

T = TypeVar("T")


class Found(NamedTuple):
    """A component as far as it could be read.

    Attributes:
        spec: What is offered under its name; None where there is no such name.
        component: None where the name or a parameter was wrong.
    """

    spec: Any
    component: Component | None


NOT_FOUND = Found(None, None)


class ExperimentReader:
    """Reads one document; ``problems`` grows with every mistake."""

    def __init__(self, registry: Registry, document: Document) -> None:
        self.problems: list[Problem] = []
        self._registry = registry
        self._overridden = document.overridden
        self._section = read_section(RootSection, document.root, (), self.problems)

    def read(self) -> dict[str, Any] | None:
        """Return all fields of an `Experiment` but the document; None where ``problems`` says why not."""
        section = self._section
        rounds = self._rounds(section.rounds)
        model = self._component("models", section.model, ("model",))
        methods = self._methods(section, model, rounds)
        # Comparisons are read from the results folder by `alseg compare`; here they are only checked.
        expand(section.comparisons, entrants(methods or (), section.methods), ("comparisons",), self.problems)
        parts = {
            "name": section.name,
            "scenario": self._scenario(section.scenario),
            "model": model.component,
            "methods": methods,
            "rounds": rounds,
            "seeds": self._seeds(section.seeds),
            "evaluation": self._defaults(Evaluation, EvaluationSection, section.evaluation, "evaluation"),
            "settings": self._settings(section.settings),
        }
        return None if self.problems or None in parts.values() else parts

    def _report(self, path: Path, message: str, suggestion: str | None = None) -> None:
        """Note a mistake in a value."""
        self.problems.append(Problem(path, message, suggestion))

    def _rounds(self, rounds: list[int] | None) -> tuple[int, ...] | None:
        """Check that rounds increase."""
        for index, (earlier, later) in enumerate(
            zip(rounds or [], (rounds or [])[1:], strict=False), start=1
        ):
            if later <= earlier:
                self._report(("rounds", index), f"rounds must increase, but {later} comes after {earlier}")
        return None if rounds is None else tuple(rounds)

    def _seeds(self, seeds: list[int] | None) -> tuple[int, ...]:
        """Check that seeds differ; the default is one run with seed 0."""
        if seeds == []:
            self._report(("seeds",), "no seeds: one at least is needed, such as [0]")
        for index, seed in enumerate(seeds or []):
            if seed in (seeds or [])[:index]:
                self._report(("seeds", index), f"seed {seed} is given twice")
        return (0,) if seeds is None else tuple(seeds)

    def _defaults(self, kind: type[T], section_kind: type[Section], value: object, key: str) -> T:
        """Return a record of what the file gives and the record's own defaults."""
        section = read_section(section_kind, value, (key,), self.problems)
        return kind(**{name: given for name, given in section if given is not None})

    def _settings(self, value: object) -> Settings:
        """Read ``settings``, observers with their parameters."""
        section = read_section(SettingsSection, value, ("settings",), self.problems)
        given = {name: setting for name, setting in section if setting is not None}
        observers: list[Component] = []
        for index, item in enumerate(given.pop("observers", [])):
            path = ("settings", "observers", index)
            if item is None:
                self._report(path, "expected the name of an observer or a mapping with name, got nothing")
            found = self._component("observers", item, path)
            if found.component is None:
                continue
            if any(found.component.name == other.name for other in observers):
                self._report(path, f"observer '{found.component.name}' is named twice")
            observers.append(found.component)
        return Settings(**given, observers=tuple(observers))

    def _scenario(self, value: object) -> Scenario | None:
        """Read ``scenario``."""
        if value is None:
            return None
        section = read_section(ScenarioSection, value, ("scenario",), self.problems)
        source = self._component("datasets", section.source, ("scenario", "source"))
        target = self._component("datasets", section.target, ("scenario", "target"))
        splits = {
            "source_split": (section.source_split, source.spec),
            "target_split": (section.target_split, target.spec),
            "evaluation_split": (section.evaluation_split, target.spec),
        }
        chosen = {key: self._split(key, given, spec) for key, (given, spec) in splits.items()}
        self._check_root(section.root, source.spec, target.spec)
        label_space = self._label_space(section.label_space, target.spec)
        if source.component is None or target.component is None or label_space is None:
            return None
        return Scenario(source.component, target.component, label_space, section.root, **chosen)

    def _split(self, key: str, given: str | None, spec: DatasetSpec | None) -> str:
        """Check a split against those of its data set."""
        split = given or getattr(Scenario, key)
        if spec is not None and split not in spec.splits:
            message = f"data set '{spec.name}' has no split '{split}'; splits: {', '.join(spec.splits)}"
            self._report(("scenario", key), message)
        return str(split)

    def _check_root(self, root: str | None, *specs: DatasetSpec | None) -> None:
        """Check that a folder is given where files are read."""
        for spec in specs:
            if root is None and spec is not None and spec.needs_root:
                message = f"data set '{spec.name}' reads files: say in which folder it is with 'root'"
                self._report(("scenario",), message)
                return

    def _label_space(self, given: str | None, target: DatasetSpec | None) -> str | None:
        """Return the label space's name; the default is the target's own."""
        name = given or (target.label_space if target else None)
        if name is not None and name not in self._registry.label_spaces:
            self._unknown("label_spaces", name, ("scenario", "label_space" if given else "target"))
            return None
        return name

    def _methods(
        self, section: RootSection, model: Found, rounds: tuple[int, ...] | None
    ) -> tuple[Method, ...] | None:
        """Read ``methods``, and ``recipe`` with them, because methods may change it."""
        base = self._component("recipes", section.recipe, ("recipe",))
        if section.methods is None:
            return None
        if not section.methods:
            self._report(("methods",), "no methods: one at least is needed")
        methods: list[Method] = []
        places: dict[str, int] = {}
        twins: Counter[str] = Counter()
        for index, value in enumerate(section.methods):
            path = ("methods", index)
            method_section = read_section(MethodSection, value, path, self.problems)
            label = method_section.label
            if label is not None and label in places:
                message = f"label '{label}' is already that of method {places[label]} (counted from 0)"
                self._report((*path, "label"), message)
            elif label is not None:
                places[label] = index
            recipe = self._varied("recipes", section.recipe, base, method_section.recipe, (*path, "recipe"))
            own = self._varied("models", section.model, model, method_section.model, (*path, "model"))
            method = self._method(method_section, index, recipe)
            if method is not None:
                method = replace(method, model=None if own == model.component else own)
                identity = [method.identity(), method.model and method.model.as_json()]
                folder = f"{slug(method.label)} {json.dumps(identity, sort_keys=True)}"
                twins[folder] += 1
                methods.append(replace(method, twin=twins[folder]))
                self._check_rounds(rounds, method, own_recipe=method_section.recipe is not None)
        if rounds == () and any(method.acquisition for method in methods):
            self._report(("rounds",), "no rounds: methods with an acquisition need one at least")
        if rounds == () and any(method.labels_since == "first-purchase" for method in methods):
            self._report(("rounds",), "no rounds: labels known since the first purchase need one at least")
        check_references(methods, self.problems)
        return tuple(methods)

    def _method(self, section: MethodSection, index: int, recipe: Component | None) -> Method | None:
        """Read what a method asks and spends."""
        path = ("methods", index)
        known = len(self.problems)
        name = f"method '{section.label}'" if section.label else "this method"
        known_labels = (*path, "target_labels")
        labels, since, tolerance = read_known_labels(section.target_labels, known_labels, self.problems)
        if section.acquisition is None:
            given = [key for key in ("annotation", "budget") if getattr(section, key) is not None]
            if given:
                self._report((*path, given[0]), f"{name} has '{given[0]}' but no 'acquisition'")
            elif labels not in ("none", "all"):
                self._report(
                    path,
                    f"{name} has no acquisition; say target_labels: none (no labels), "
                    "target_labels: all (fully supervised), or give acquisition, annotation and budget",
                )
            if section.label is None or recipe is None or len(self.problems) > known:
                return None
            method = Method(section.label, index, labels or "none", None, None, None, recipe)
            return replace(
                method, labels_since=since, outline_tolerance=tolerance, reference=section.reference
            )
        if labels not in (None, "acquired"):
            message = f"{name} has an acquisition, so target_labels can only be 'acquired'; leave it out"
            self._report(known_labels, message)
        for key in ("annotation", "budget"):
            if getattr(section, key) is None:
                self._report(path, f"{name} has an acquisition and needs '{key}' too")
        acquisition = self._component("acquisitions", section.acquisition, (*path, "acquisition"))
        mode = self._component("annotation_modes", section.annotation, (*path, "annotation"))
        self._check_kinds(acquisition.spec, mode.spec, (*path, "annotation"))
        budget = self._budget(section.budget, mode.spec, (*path, "budget"))
        if section.label is None or recipe is None or len(self.problems) > known:
            return None
        parts = acquisition.component, mode.component, budget
        return Method(section.label, index, "acquired", *parts, recipe, reference=section.reference)

    def _check_kinds(
        self, acquisition: AcquisitionSpec | None, mode: AnnotationModeSpec | None, path: Path
    ) -> None:
        """Check that an acquisition that ranks images has a mode that asks for images."""
        if acquisition and mode and acquisition.kind == "select" and mode.unit != "image":
            message = (
                f"acquisition '{acquisition.name}' ranks whole images, but annotation mode '{mode.name}' "
                "asks about parts; use a mode that labels whole images"
            )
            self._report(path, message)

    def _budget(self, value: object, mode: AnnotationModeSpec | None, path: Path) -> Budget | None:
        """Read a budget, as far as the annotation mode is known."""
        if value is None or mode is None:
            return None
        try:
            return parse_budget(value, mode.unit)
        except AlsegError as error:
            self._report(path, str(error))
            return None

    def _varied(
        self, kind: str, base: object, base_found: Found, own: object, path: Path
    ) -> Component | None:
        """Return a method's recipe or network: the experiment's with the method's own keys over it.

        A method that names another one starts from the defaults of that one.
        """
        if own is None:
            return base_found.component
        below, above = _long_form(base), _long_form(own)
        if not isinstance(below, dict) or not isinstance(above, dict):
            return self._component(kind, own, path).component
        if above.get("name", below.get("name")) != below.get("name"):
            below = {}
        known = len(self.problems)
        found = self._component(kind, {**below, **above}, path)
        # What is wrong in the experiment's own section has been reported there.
        inherited = set(below) - set(above)
        self.problems[known:] = [
            problem
            for problem in self.problems[known:]
            if len(problem.path) < 4 or problem.path[3] not in inherited
        ]
        return found.component

    def _check_rounds(self, rounds: tuple[int, ...] | None, method: Method, *, own_recipe: bool) -> None:
        """Check that training goes on after the last round."""
        iterations = method.recipe.params.get("iterations")
        if not rounds or not isinstance(iterations, int) or rounds[-1] < iterations:
            return
        path: Path = ("rounds", len(rounds) - 1)
        if own_recipe:
            path = ("methods", method.order, "recipe", "iterations")
        elif ("recipe", "iterations") in self._overridden and ("rounds",) not in self._overridden:
            path = ("recipe", "iterations")
        message = (
            f"a round after the last iteration: labels are bought at iteration {rounds[-1]}, "
            f"but recipe '{method.recipe.name}' ends at iteration {iterations}"
        )
        self._report(path, message)

    def _component(self, kind: str, value: object, path: Path) -> Found:
        """Read a name, or a mapping with a name and parameters; None is reported by the section it is in."""
        word, _ = KINDS[kind]
        if value is None:
            return NOT_FOUND
        given = _long_form(value)
        if not isinstance(given, dict):
            self._report(
                path, f"expected the name of {_article(word)} or a mapping with name, got {show(value)}"
            )
            return NOT_FOUND
        name = given.get("name")
        if not isinstance(name, str):
            problem = "missing key 'name'" if name is None else f"expected text as 'name', got {show(name)}"
            self._report(path if name is None else (*path, "name"), f"{problem} of {_article(word)}")
            return NOT_FOUND
        offers: Mapping[str, Any] = getattr(self._registry, kind)
        if name not in offers:
            self._unknown(kind, name, (*path, "name"))
            return NOT_FOUND
        spec = offers[name].spec
        try:
            params = validate_parameters(spec, {key: given[key] for key in given if key != "name"})
        except ParameterError as error:
            self.problems += [problem.below(path) for problem in error.problems]
            return Found(spec, None)
        return Found(spec, Component(name, params))

    def _unknown(self, kind: str, name: str, path: Path) -> None:
        """Report a name that nothing installed has."""
        word, _ = KINDS[kind]
        offers: Mapping[str, Any] = getattr(self._registry, kind)
        guess = nearest(name, offers)
        available = "" if guess else f"; available: {', '.join(offers) or 'none'}"
        self._report(path, f"unknown {word} '{name}'{available}", guess)


def _long_form(value: object) -> object:
    """Return a component's mapping where only its name is given."""
    return {"name": value} if isinstance(value, str) else value


def _article(word: str) -> str:
    """Return a word with its indefinite article."""
    return f"{'an' if word[0] in 'aeiou' else 'a'} {word}"
