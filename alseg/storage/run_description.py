"""``run.json``: what a run was asked for, and the formats of it that this version reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, TypeAdapter

from alseg.contracts.labels import ClassInfo, LabelSpace
from alseg.contracts.types import WINDOW_OVERLAP, Precision
from alseg.errors import AlsegError, DamageError
from alseg.files import read_json, refuse_unknown_keys
from alseg.storage.layout import RUN_NAME
from alseg.storage.records import Count, Method, Name, ResultClasses, Text
from alseg.storage.validation import keys_of, validated
from alseg.toolkit import metrics
from alseg.toolkit.labels import check_label_space

RUN_FORMATS = (1, 2, 3)
"""The run-folder formats this version reads. In 1, an answer cost a constant number of clicks; since 2, they
are counted from answers. Until 2, clicks were called ``questions``."""
FORMAT = RUN_FORMATS[-1]
"""The format of new run folders."""
_FORMATS_IN_WORDS = f"{', '.join(map(str, RUN_FORMATS[:-1]))} and {RUN_FORMATS[-1]}"

_Channel = Annotated[int, Field(ge=0, le=255, strict=True)]

_WindowSide = Annotated[int, Field(ge=16, le=65_536)]


class FormatError(AlsegError):
    """A run folder of a format that this version does not read; it is not damaged."""


@dataclass(frozen=True)
class Space(ResultClasses):
    """The label space as ``run.json`` has it.

    Attributes:
        colors: RGB 0-255 of each class in table order; empty where the file has none.
    """

    colors: Annotated[tuple[tuple[_Channel, _Channel, _Channel], ...], Field(max_length=255)] = ()


@dataclass(frozen=True)
class Part:
    """A component that a run was asked for.

    Attributes:
        name: Name of the component.
        params: Its parameters; whoever builds it checks them.
    """

    name: Name
    params: Mapping[str, Any]


@dataclass(frozen=True)
class ClassAsked:
    """A class of a label space that no plugin registers."""

    name: Name
    color: tuple[_Channel, _Channel, _Channel]
    includes: Annotated[tuple[Name, ...], Field(max_length=65_536)] = ()


@dataclass(frozen=True)
class SpaceAsked:
    """A label space that no plugin registers: one of an experiment file or of a data set's parameters."""

    name: Name
    classes: Annotated[tuple[ClassAsked, ...], Field(min_length=1, max_length=254)]
    subsets: Mapping[Name, Annotated[tuple[Name, ...], Field(max_length=254)]] = field(default_factory=dict)


@dataclass(frozen=True)
class ScenarioAsked:
    """The data that a run was asked for, as ``spec`` in ``run.json`` has it."""

    source: Part
    target: Part
    label_space: Name | SpaceAsked
    root: Text | None = None
    source_split: Name = "train"
    target_split: Name = "train"
    evaluation_split: Name = "val"
    source_root: Text | None = None
    target_root: Text | None = None
    pool: Name = "fixed"

    @property
    def folder_of_target(self) -> str | None:
        """The folder of the target's data set."""
        return self.root if self.target_root is None else self.target_root

    @property
    def results_in(self) -> str | LabelSpace:
        """The label space of the results: a name, or what no plugin registers."""
        if isinstance(self.label_space, str):
            return self.label_space
        return LabelSpace(
            name=self.label_space.name,
            summary="Classes of a run.",
            source=RUN_NAME,
            classes=tuple(
                ClassInfo(info.name, info.color, info.includes) for info in self.label_space.classes
            ),
            subsets=self.label_space.subsets,
        )


@dataclass(frozen=True)
class ErrorsAsked:
    """The errors of the simulated annotator that a run was asked for."""

    confusion: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False, strict=True)]
    boundary: Annotated[int, Field(ge=0, le=64, strict=True)]


@dataclass(frozen=True)
class BudgetAsked:
    """The budget of a method that a run was asked for."""

    text: Text
    unit: Name
    amount: Annotated[str, Field(max_length=200, pattern=r"^[0-9]+(/[0-9]+)?$")]
    scope: Name


@dataclass(frozen=True)
class MethodAsked:
    """The method that a run was asked for, as far as somebody reads it."""

    label: Text
    target_labels: Name
    recipe: Part
    acquisition: Part | None = None
    annotation: Part | None = None
    partition: Part | None = None
    annotator: Part | None = None


@dataclass(frozen=True)
class EvaluationAsked:
    """How a run was to evaluate images."""

    flip: bool
    size: tuple[Count, Count] | None
    window: tuple[_WindowSide, _WindowSide] | None = None
    overlap: Annotated[float, Field(ge=0, le=0.9)] = WINDOW_OVERLAP
    held_out: Annotated[float, Field(gt=0, lt=1)] | None = None


@dataclass(frozen=True)
class Asked:
    """The specification of a run, as far as data and network are made from it again."""

    scenario: ScenarioAsked
    model: Part
    method: MethodAsked
    evaluation: EvaluationAsked
    precision: Precision


@dataclass(frozen=True)
class RunFile:
    """``run.json``; its keys are in docs/internals.md."""

    format: Annotated[int, Field(strict=True)]
    experiment: Name
    run: Name
    fingerprint: Name
    method: Method
    seed: Annotated[int, Field(ge=0)]
    rounds: Annotated[tuple[Count, ...], Field(max_length=9999)]
    iterations: Count
    label_space: Space
    scenario: Text
    scorer: Name | Annotated[int, Field(ge=0)]
    spec: Mapping[str, Any]
    plugins: tuple[Mapping[str, Text], ...] = ()
    made_with: Mapping[str, Text] = field(default_factory=dict)
    evaluated: bool = True

    @property
    def pool_grows(self) -> bool:
        """Whether images may join the pool from round to round, so that each round keeps its listing."""
        scenario = self.spec.get("scenario")
        return isinstance(scenario, Mapping) and scenario.get("pool") == "growing"

    @property
    def held_out(self) -> float | None:
        """Share of the pool's images whose answers are held out of training; None for none."""
        evaluation = self.spec.get("evaluation")
        share = evaluation.get("held_out") if isinstance(evaluation, Mapping) else None
        return share if isinstance(share, float) else None


_RUN = TypeAdapter(RunFile)
_ASKED = TypeAdapter(Asked)
_BUDGET = TypeAdapter(BudgetAsked)
_ERRORS = TypeAdapter(ErrorsAsked)

RUN_KEYS = keys_of(RunFile)
"""Keys of ``run.json``."""


def read_run_content(folder: Path) -> dict[str, Any]:
    """Read a run's ``run.json`` as it is written, checked.

    Raises:
        FormatError: If it is of a format that this version does not read.
        DamageError: If the file is missing or damaged; names it.
    """
    return _read_run(folder)[0]


def read_run_file(folder: Path) -> RunFile:
    """Read a run's ``run.json``.

    Raises:
        FormatError: If it is of a format that this version does not read.
        DamageError: If the file is missing or damaged; names it.
    """
    return _read_run(folder)[1]


def read_asked(folder: Path) -> Asked:
    """Read the specification in a run's ``run.json``, as far as data and network are made from it.

    Raises:
        DamageError: If the file is missing, damaged or of another format; names it.
    """
    path = folder / RUN_NAME
    asked = validated(path, _ASKED, read_run_file(folder).spec, "spec")
    space = asked.scenario.results_in
    if not isinstance(space, str):
        try:
            check_label_space(space)
        except ValueError as error:
            raise DamageError(f"{path} is damaged: spec.scenario.label_space: {error}.") from None
    annotator = asked.method.annotator
    if annotator is not None and annotator.name == "oracle":
        validated(path, _ERRORS, dict(annotator.params), "spec", "method", "annotator", "params")
    return asked


def read_budget(folder: Path) -> BudgetAsked:
    """Read the budget in a run's ``run.json``.

    Raises:
        DamageError: If the file is missing or damaged, or there is no budget; names it.
    """
    method = read_run_file(folder).spec.get("method")
    content = method.get("budget") if isinstance(method, Mapping) else None
    return validated(folder / RUN_NAME, _BUDGET, content, "spec", "method", "budget")


def _read_run(folder: Path) -> tuple[dict[str, Any], RunFile]:
    path = folder / RUN_NAME
    content = read_json(path)
    # First: a later format may have other keys.
    found = content.get("format")
    if isinstance(found, int) and not isinstance(found, bool) and found not in RUN_FORMATS:
        raise FormatError(
            f"{path} has format {found}, but this alseg reads formats {_FORMATS_IN_WORDS}. "
            "Read it with the version that wrote it."
        )
    refuse_unknown_keys(path, content, RUN_KEYS)
    file = validated(path, _RUN, content)
    if str(file.scorer) not in map(str, range(int(metrics.SCORER_VERSION) + 1)):
        raise FormatError(
            f"{path} has scorer version {str(file.scorer)!r}, but this alseg knows versions up to "
            f"{metrics.SCORER_VERSION}. Read it with the version that wrote it."
        )
    for problem in _problems_of(file):
        raise DamageError(f"{path} is damaged: {problem}.")
    return content, file


def _problems_of(file: RunFile) -> Iterator[str]:
    space = file.label_space
    if len(set(space.classes)) < len(space.classes):
        yield "label_space.classes: a class is there twice"
    if space.colors and len(space.colors) != len(space.classes):
        yield f"label_space.colors: {len(space.colors)} colours of {len(space.classes)} classes"
    for subset, names in space.subsets.items():
        unknown = sorted(set(names).difference(space.classes))
        if unknown:
            yield f"label_space.subsets.{subset}: there is no class {unknown[0]!r}"
    if list(file.rounds) != sorted(set(file.rounds)):
        yield "rounds: they do not increase"
