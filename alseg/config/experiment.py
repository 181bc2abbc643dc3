"""Experiment files: YAML to a validated `Experiment`, and an experiment to its runs.

Every mistake in a file is found in one reading and reported with its line and column, so that nobody mends a
file one error at a time and nothing wrong is found out mid-run.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alseg.config.filters import parse_only
from alseg.config.specs import Component, Method, RoundSchedule, RoundStart, RunSpec, Scenario
from alseg.errors import AlsegError
from alseg.registry.registry import Registry

if TYPE_CHECKING:
    from alseg.config.sections import Evaluation, Settings

__all__ = [
    "Component",
    "Experiment",
    "ExperimentError",
    "Method",
    "RunSpec",
    "Scenario",
    "parse_only",
    "read_experiment",
]


class ExperimentError(AlsegError):
    """An experiment that cannot be run as written: one line per mistake, each with its place."""


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """A scenario, a network, methods, rounds and seeds: a table of results to be.

    Attributes:
        name: Name of its results folder.
        scenario: Data.
        model: Network of the methods that name none of their own.
        methods: In file order.
        rounds: Iterations after which labels are bought, increasing.
        round_start: With which weights training goes on after a purchase.
        round_schedule: Over what the learning rate runs its course.
        seeds: Of the methods that name none of their own, all different.
        evaluation: How images are evaluated.
        settings: How the work is done.
        document: The file's content with overrides applied; reading it again gives the same experiment.
    """

    name: str
    scenario: Scenario
    model: Component
    methods: tuple[Method, ...]
    rounds: tuple[int, ...]
    round_start: RoundStart
    round_schedule: RoundSchedule
    seeds: tuple[int, ...]
    evaluation: Evaluation
    settings: Settings
    document: dict[str, Any]

    def runs(self, only: Sequence[str] = ()) -> list[RunSpec]:
        """Return the runs in the order in which they are done, which `settings.order` chooses.

        By seeds: all methods with the first seed, then with the second, and so on. By methods: all seeds of
        the first method, then of the second. Seeds that only methods of their own have come last.

        Args:
            only: Filters such as ``method=RIPU*`` and ``seed=0``; see `parse_only`.

        Raises:
            AlsegError: If a filter is malformed or matches nothing, or all together match no run.
        """
        selection = parse_only(only)
        seeds = dict.fromkeys(chain(self.seeds, *map(self.seeds_of, self.methods)))
        selection.check(self.methods, [*seeds])
        runs = [
            RunSpec(
                experiment=self.name,
                scenario=self.scenario,
                model=method.model or self.model,
                method=method,
                rounds=self.rounds,
                round_start=self.round_start,
                round_schedule=self.round_schedule,
                seed=seed,
                evaluation=self.evaluation,
                precision=self.settings.precision,
                channels_last=self.settings.channels_last,
                compile=self.settings.compile,
            )
            for seed, method in self._ordered(seeds)
            if seed in self.seeds_of(method) and selection.takes_method(method) and selection.takes_seed(seed)
        ]
        if not runs:
            listing = "; ".join(
                f"{method.label}: {', '.join(map(str, self.seeds_of(method)))}"
                for method in self.methods
                if selection.takes_method(method)
            )
            raise AlsegError(f"No run matches: no method that is taken has such a seed. Seeds: {listing}.")
        return runs

    def _ordered(self, seeds: Iterable[int]) -> Iterable[tuple[int, Method]]:
        """Return seeds with methods in the order in which they are done."""
        if self.settings.order == "seeds":
            return product(seeds, self.methods)
        return ((seed, method) for method, seed in product(self.methods, seeds))

    def seeds_of(self, method: Method) -> tuple[int, ...]:
        """Return the seeds of a method: its own, else those of the experiment."""
        return method.seeds or self.seeds


def read_experiment(path: Path, overrides: Sequence[str] = (), *, registry: Registry) -> Experiment:
    """Read and validate an experiment file.

    Args:
        path: The YAML file.
        overrides: Changes such as ``recipe.iterations=100``, applied in order.
        registry: What is installed.

    Raises:
        ExperimentError: If anything is wrong; its text has a line for every mistake, such as
            ``experiments/gta2city.yaml:5:1: unknown key 'recipie', did you mean 'recipe'?``.
    """
    # Reading needs pydantic and YAML; those who only use the records do not.
    from alseg.config.document import YamlError, read_document
    from alseg.config.overrides import apply_overrides
    from alseg.config.reader import ExperimentReader

    try:
        document = read_document(Path(path))
    except YamlError as error:
        raise ExperimentError(str(error)) from None
    problems = apply_overrides(document, overrides)
    reader = ExperimentReader(registry, document)
    parts = reader.read()
    problems += reader.problems
    if problems or parts is None:
        located = sorted({document.locate(problem) for problem in problems})
        raise ExperimentError("\n".join(line for _, line in located))
    return Experiment(**parts, document=document.root)
