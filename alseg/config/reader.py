"""From the plain tree of an experiment file to its parts, collecting every mistake on the way."""

from __future__ import annotations

from typing import Any

from alseg.config.comparisons import compared_methods, expand
from alseg.config.datasets import DatasetReader
from alseg.config.document import Document
from alseg.config.executor import read_executor
from alseg.config.label_spaces import read_label_space
from alseg.config.lookup import Lookup
from alseg.config.methods import MethodReader
from alseg.config.schema import read_section
from alseg.config.sections import Evaluation, RootSection, ScenarioSection, Settings, fraction
from alseg.config.seeds import check_seeds
from alseg.config.specs import NO_SPLIT, Component, Scenario
from alseg.contracts import LabelSpace
from alseg.registry.problems import Problems, show
from alseg.registry.registry import Registry


class ExperimentReader:
    """Reads one document; ``problems`` grows with every mistake."""

    def __init__(self, registry: Registry, document: Document) -> None:
        self.problems = Problems()
        self._lookup = Lookup(registry)
        self._upper_marks = {name for name, entry in registry.acquisitions.items() if entry.spec.sees_labels}
        self._methods = MethodReader(self._lookup, document.overridden, self.problems)
        self._section = read_section(RootSection, document.root, (), self.problems)

    def read(self) -> dict[str, Any] | None:
        """Return all fields of an `Experiment` but the document; None where ``problems`` says why not."""
        section = self._section
        rounds = self._rounds(section.rounds)
        model = self._lookup.component("models", section.model, ("model",), self.problems)
        methods = self._methods.read(section, model, rounds)
        # Comparisons are read from the results folder by `alseg compare`; here they are only checked.
        known = compared_methods(methods or (), section.methods, self._upper_marks)
        expand(section.comparisons, known, ("comparisons",), self.problems)
        parts = {
            "name": section.name,
            "scenario": self._scenario(section.scenario),
            "model": model.component,
            "methods": methods,
            "rounds": rounds,
            "round_start": section.round_start,
            "round_schedule": section.round_schedule,
            "seeds": check_seeds(section.seeds, ("seeds",), self.problems),
            "evaluation": self._evaluation(section.evaluation),
            "settings": self._settings(section.settings),
        }
        return None if self.problems or any(part is None for part in parts.values()) else parts

    def _evaluation(self, value: Any) -> Evaluation:
        found = read_section(Evaluation, value, ("evaluation",), self.problems)
        if "overlap" in found.model_fields_set and "window" not in value:
            self.problems.report(("evaluation", "overlap"), "'overlap' needs 'window': windows overlap")
        if found.held_out is None:
            return found
        share = fraction(found.held_out)
        if not 0 < share < 1:
            message = f"must be above 0% and below 100%, got {value['held_out']!r}"
            self.problems.report(("evaluation", "held_out"), message)
        return found.model_copy(update={"held_out": share})

    def _rounds(self, rounds: tuple[int, ...] | None) -> tuple[int, ...] | None:
        """Check that rounds increase."""
        pairs = zip(rounds or (), (rounds or ())[1:], strict=False)
        for index, (earlier, later) in enumerate(pairs, start=1):
            if later <= earlier:
                message = f"rounds must increase, but {later} comes after {earlier}"
                self.problems.report(("rounds", index), message)
        return rounds

    def _settings(self, value: object) -> Settings:
        """Read ``settings``, observers and executor with their parameters."""
        settings = read_section(Settings, value, ("settings",), self.problems)
        observers: list[Component] = []
        for index, item in enumerate(settings.observers):
            path = ("settings", "observers", index)
            if item is None:
                message = "expected the name of an observer or a mapping with name, got nothing"
                self.problems.report(path, message)
            component = self._lookup.component("observers", item, path, self.problems).component
            if component is None:
                continue
            if any(component.name == other.name for other in observers):
                self.problems.report(path, f"observer '{component.name}' is named twice")
            observers.append(component)
        executor = read_executor(settings.executor, ("settings", "executor"), self._lookup, self.problems)
        return settings.model_copy(update={"observers": tuple(observers), "executor": executor})

    def _scenario(self, value: object) -> Scenario | None:
        """Read ``scenario``."""
        if value is None:
            return None
        section = read_section(ScenarioSection, value, ("scenario",), self.problems)
        source, target = (
            DatasetReader(self._lookup, key, getattr(section, key), section.root, self.problems)
            for key in ("source", "target")
        )
        source.check_split("source_split", section.source_split)
        target.check_split("target_split", section.target_split)
        if section.evaluation_split != NO_SPLIT:
            target.check_split("evaluation_split", section.evaluation_split)
        if source.check_root():
            target.check_root()
        label_space = self._label_space(section.label_space, target)
        if source.component is None or target.component is None or label_space is None:
            return None
        return Scenario(
            source=source.component,
            target=target.component,
            label_space=label_space,
            root=section.root,
            source_split=section.source_split,
            target_split=section.target_split,
            evaluation_split=section.evaluation_split,
            pool=section.pool,
            title=section.title,
            source_root=source.own_root,
            target_root=target.own_root,
        )

    def _label_space(self, given: object, target: DatasetReader) -> str | LabelSpace | None:
        """Return the label space's name, or the label space itself; the default is the target's own."""
        if isinstance(given, dict):
            space = read_label_space(given, ("scenario", "label_space"), self.problems)
            if space is not None and space.name in self._lookup.registry.label_spaces:
                message = f"'{space.name}' is the label space of a plugin: choose another name"
                self.problems.report(("scenario", "label_space", "name"), message)
            return space
        if given is not None and not isinstance(given, str):
            message = f"expected the name of a label space or a mapping with classes, got {show(given)}"
            self.problems.report(("scenario", "label_space"), message)
            return None
        name = given or target.label_space()
        path = ("scenario", "label_space" if given else "target")
        if isinstance(name, str) and not self._lookup.knows("label_spaces", name, path, self.problems):
            return None
        return name
