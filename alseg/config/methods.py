"""``methods`` of an experiment file: from plain values to `Method` records."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from alseg.config.annotator import read_annotator
from alseg.config.budget import Budget
from alseg.config.budget_text import parse_budget
from alseg.config.lookup import Found, Lookup
from alseg.config.schema import read_section
from alseg.config.sections import LabelsSection, MethodSection, RootSection
from alseg.config.seeds import check_seeds
from alseg.config.specs import Component, Method, slug
from alseg.config.target_labels import check_references, read_target_labels
from alseg.contracts import AcquisitionSpec, AnnotationModeSpec, Unit
from alseg.errors import AlsegError
from alseg.registry.problems import Path, Problems

_UNITS: Mapping[Unit, str] = {"part": "parts", "region": "regions", "image": "whole images"}
"""What questions are about, in words."""


class _Purchase(NamedTuple):
    """What a method that buys labels is made of, as far as it could be read."""

    acquisition: Component | None = None
    annotation: Component | None = None
    budget: Budget | None = None
    partition: Component | None = None
    annotator: Component | None = None


class MethodReader:
    """Reads the methods of one experiment file.

    Args:
        lookup: Finds what is installed.
        overridden: Paths that the command line has set.
        problems: Extended by all that is wrong.
    """

    def __init__(self, lookup: Lookup, overridden: Collection[Path], problems: Problems) -> None:
        self._lookup = lookup
        self._overridden = overridden
        self._problems = problems

    def read(
        self, section: RootSection, model: Found, rounds: tuple[int, ...] | None
    ) -> tuple[Method, ...] | None:
        """Return the methods that could be read; None where the file names none.

        ``recipe`` is read here too, because methods may change it.

        Args:
            section: The top level of the file.
            model: The network of all methods.
            rounds: Iterations after which labels are bought, as far as they could be read.
        """
        shared = self._lookup.component("recipes", section.recipe, ("recipe",), self._problems)
        if section.methods is None:
            return None
        if not section.methods:
            self._problems.report(("methods",), "no methods: one at least is needed")
        methods: list[Method] = []
        labels: dict[str, int] = {}
        for order, value in enumerate(section.methods):
            path = ("methods", order)
            own = read_section(MethodSection, value, path, self._problems)
            self._check_label(own.label, order, labels)
            recipe = self._changed("recipes", section.recipe, shared, own.recipe, (*path, "recipe"))
            network = self._changed("models", section.model, model, own.model, (*path, "model"))
            method = self._method(own, order, recipe, None if network == model.component else network)
            if method is not None:
                methods.append(method)
                self._check_last_round(rounds, method, own_recipe=own.recipe is not None)
        self._check_rounds_enough(rounds, methods)
        check_references(methods, self._problems)
        return _with_folder_numbers(methods)

    def _changed(self, kind: str, shared: Any, found: Found, own: Any, path: Path) -> Component | None:
        return self._lookup.changed(kind, shared, found, own, path, self._problems)

    def _method(
        self, section: MethodSection, order: int, recipe: Component | None, model: Component | None
    ) -> Method | None:
        """Return one method; None where anything is wrong with what it asks, spends or knows."""
        path = ("methods", order)
        with self._problems.scope() as problems:
            labels = read_target_labels(section.target_labels, (*path, "target_labels"), problems)
            bought = _Purchase()
            if section.acquisition is None:
                _check_without_acquisition(section, labels, path, problems)
            else:
                bought = self._purchase(section, labels, path, problems)
            if section.seeds is not None:
                check_seeds(section.seeds, (*path, "seeds"), problems)
            if section.label is None or recipe is None or problems:
                return None
        return Method(
            label=section.label,
            order=order,
            target_labels="acquired" if section.acquisition is not None else labels.labels or "none",
            acquisition=bought.acquisition,
            annotation=bought.annotation,
            budget=bought.budget,
            partition=bought.partition,
            annotator=bought.annotator,
            recipe=recipe,
            model=model,
            labels_since=labels.since,
            outline_tolerance=labels.tolerance,
            reference=section.reference,
            folder_number=1,
            seeds=section.seeds,
        )

    def _purchase(
        self, section: MethodSection, labels: LabelsSection, path: Path, problems: Problems
    ) -> _Purchase:
        """Return acquisition, annotation, budget, partition and annotator of a method that buys labels."""
        if labels.labels not in (None, "acquired"):
            problems.report(
                (*path, "target_labels"),
                f"{_name(section)} has an acquisition, so target_labels can only be 'acquired'; leave it out",
            )
        for key in ("annotation", "budget"):
            if getattr(section, key) is None:
                problems.report(path, f"{_name(section)} has an acquisition and needs '{key}' too")
        where = {key: (*path, key) for key in ("acquisition", "annotation", "budget", "partition")}
        acquisition = self._lookup.component(
            "acquisitions", section.acquisition, where["acquisition"], problems
        )
        mode = self._lookup.component("annotation_modes", section.annotation, where["annotation"], problems)
        _check_units(acquisition.spec, mode.spec, where["annotation"], problems)
        partition = None
        if section.partition is not None:
            partition = self._lookup.component(
                "partitions", section.partition, where["partition"], problems
            ).component
        else:
            _check_without_partition(acquisition.spec, mode.spec, path, _name(section), problems)
        budget = _budget(section.budget, mode.spec, where["budget"], problems)
        annotator = read_annotator(section.annotator, (*path, "annotator"), self._lookup, problems)
        return _Purchase(acquisition.component, mode.component, budget, partition, annotator)

    def _check_label(self, label: str | None, order: int, labels: dict[str, int]) -> None:
        """Check that no earlier method has a label, and note whose it is."""
        if label is None:
            return
        first = labels.setdefault(label, order)
        if first != order:
            message = f"label '{label}' is already that of method {first} (counted from 0)"
            self._problems.report(("methods", order, "label"), message)

    def _check_last_round(self, rounds: tuple[int, ...] | None, method: Method, *, own_recipe: bool) -> None:
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
        self._problems.report(path, message)

    def _check_rounds_enough(self, rounds: tuple[int, ...] | None, methods: list[Method]) -> None:
        """Check that there is a round where methods need one."""
        if rounds != ():
            return
        if any(method.acquisition for method in methods):
            self._problems.report(("rounds",), "no rounds: methods with an acquisition need one at least")
        if any(method.labels_since == "first-purchase" for method in methods):
            message = "no rounds: labels known since the first purchase need one at least"
            self._problems.report(("rounds",), message)


def _check_without_acquisition(
    section: MethodSection, labels: LabelsSection, path: Path, problems: Problems
) -> None:
    """Check that a method without acquisition buys nothing and says which labels it knows."""
    keys = ("annotation", "annotator", "budget", "partition")
    given = [key for key in keys if getattr(section, key) is not None]
    if given:
        problems.report((*path, given[0]), f"{_name(section)} has '{given[0]}' but no 'acquisition'")
    elif labels.labels not in ("none", "all"):
        problems.report(
            path,
            f"{_name(section)} has no acquisition; say target_labels: none (no labels), "
            "target_labels: all (fully supervised), or give acquisition, annotation and budget",
        )


def _check_units(
    acquisition: AcquisitionSpec | None, mode: AnnotationModeSpec | None, path: Path, problems: Problems
) -> None:
    """Check that an acquisition can decide on what the questions of a mode are about."""
    if acquisition is None or mode is None:
        return
    units: Collection[Unit] = ("image",) if acquisition.kind == "select" else acquisition.units
    if mode.unit not in units:
        wanted = " or ".join(_UNITS[unit] for unit in _UNITS if unit in units)
        message = (
            f"acquisition '{acquisition.name}' ranks {wanted}, but annotation mode '{mode.name}' asks about "
            f"{_UNITS[mode.unit]}; use a mode that labels {wanted}"
        )
        problems.report(path, message)


def _check_without_partition(
    acquisition: AcquisitionSpec | None,
    mode: AnnotationModeSpec | None,
    path: Path,
    name: str,
    problems: Problems,
) -> None:
    """Check that a method without a partition needs none."""
    if mode is not None and mode.unit == "region":
        problems.report(path, f"{name} asks about regions and needs 'partition' too, such as slic")
    elif acquisition is not None and "regions" in acquisition.needs:
        problems.report(path, f"acquisition '{acquisition.name}' needs 'partition' too, such as slic")


def _budget(value: object, mode: AnnotationModeSpec | None, path: Path, problems: Problems) -> Budget | None:
    """Return a budget, as far as the annotation mode is known."""
    if value is None or mode is None:
        return None
    try:
        return parse_budget(value, mode.unit)
    except AlsegError as error:
        problems.report(path, str(error))
        return None


def _with_folder_numbers(methods: list[Method]) -> tuple[Method, ...]:
    """Number methods that have the same short name and would compute the same."""
    seen: Counter[str] = Counter()
    numbered = []
    for method in methods:
        identity = [method.identity(), method.model and method.model.as_json()]
        folder = f"{slug(method.label)} {json.dumps(identity, sort_keys=True)}"
        seen[folder] += 1
        numbered.append(replace(method, folder_number=seen[folder]))
    return tuple(numbered)


def _name(section: MethodSection) -> str:
    """Return what messages call a method."""
    return f"method '{section.label}'" if section.label else "this method"
