"""The fixed keys of an experiment file as pydantic models, and reading them with every mistake reported.

Nothing given and ``null`` mean the default. Components, which plugins define, are left as they are here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, TypeVar

from annotated_types import Interval
from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from alseg.config.specs import DEVICE, MOST_PROCESSES, LabelsSince, Reference, TargetLabels
from alseg.contracts import Seed, Side, Tolerance
from alseg.contracts.types import Precision
from alseg.registry.problems import Path, Problem, show, unknown_key, wrong_value
from alseg.storage.examples import MOST_IMAGES

LONGEST_LABEL = 300
"""Characters of a method's label."""

Round = Annotated[int, Interval(ge=0, le=1_000_000_000)]
Images = Annotated[int, Interval(ge=1, le=65_536)]
Workers = Annotated[int, Interval(ge=0, le=MOST_PROCESSES)]
Processes = Annotated[int, Interval(ge=1, le=MOST_PROCESSES)]
Label = Annotated[
    str, StringConstraints(strip_whitespace=True, pattern=r"^\P{Cc}+$", max_length=LONGEST_LABEL)
]


class Section(BaseModel):
    """A mapping with fixed keys; a field is None where the key is absent or its value was reported."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    required: ClassVar[tuple[str, ...]] = ()
    explained: ClassVar[Mapping[str, str]] = {}
    """What a field must be, where pydantic's words would not help."""


class RootSection(Section):
    """The top level."""

    required = ("name", "scenario", "model", "recipe", "rounds", "methods")
    explained: ClassVar[Mapping[str, str]] = {
        "name": "letters, digits, dots, underscores and hyphens, at most 100, starting with a letter or digit"
    }

    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")] | None = None
    scenario: Any = None
    model: Any = None
    recipe: Any = None
    rounds: list[Round] | None = None
    methods: list[Any] | None = None
    seeds: list[Seed] | None = None
    evaluation: Any = None
    settings: Any = None
    comparisons: list[Any] | None = None


class ScenarioSection(Section):
    """``scenario``."""

    required = ("source", "target")

    source: Any = None
    target: Any = None
    label_space: str | None = None
    root: str | None = None
    source_split: str | None = None
    target_split: str | None = None
    evaluation_split: str | None = None


class MethodSection(Section):
    """An item of ``methods``."""

    required = ("label",)
    explained: ClassVar[Mapping[str, str]] = {"label": f"one line of 1 to {LONGEST_LABEL} characters"}

    label: Label | None = None
    acquisition: Any = None
    annotation: Any = None
    budget: Any = None
    model: Any = None
    recipe: Any = None
    target_labels: Any = None
    reference: Reference | None = None


class ShortLabelsSection(Section):
    """``target_labels`` of a method as one word."""

    target_labels: TargetLabels | None = None


class LabelsSection(Section):
    """``target_labels`` of a method as a mapping."""

    required = ("labels",)

    labels: TargetLabels | None = None
    since: LabelsSince | None = None
    tolerance: Tolerance | None = None


class ComparisonSection(Section):
    """An item of ``comparisons``."""

    required = ("baseline",)

    baseline: str | None = None
    methods: list[str] | None = None
    margin: Annotated[float, Interval(gt=0, le=100)] | None = None


class StoredSection(Section):
    """What comparing needs of an experiment file that was checked before it was stored."""

    methods: list[Any] | None = None
    comparisons: list[Any] | None = None


class EvaluationSection(Section):
    """``evaluation``."""

    explained: ClassVar[Mapping[str, str]] = {"size": "a size [height, width] in pixels, each 1 to 65536"}

    flip: bool | None = None
    size: tuple[Side, Side] | None = None


class SettingsSection(Section):
    """``settings``."""

    explained: ClassVar[Mapping[str, str]] = {"device": "auto, cpu, cuda, cuda:N or mps"}

    device: Annotated[str, StringConstraints(pattern=DEVICE)] | None = None
    precision: Precision | None = None
    channels_last: bool | None = None
    compile: bool | None = None
    workers: Workers | None = None
    pool_batch: Images | None = None
    evaluation_batch: Images | None = None
    checkpoint_minutes: Annotated[float, Interval(gt=0, le=1_000_000)] | None = None
    processes: Processes | None = None
    threads: Processes | None = None
    cache: str | None = None
    deterministic: bool | None = None
    call_timeout: Annotated[float, Interval(gt=0, le=1_000_000)] | None = None
    observers: list[Any] | None = None
    examples: Annotated[int, Interval(ge=0, le=MOST_IMAGES)] | None = None


S = TypeVar("S", bound=Section)


def read_section(kind: type[S], value: object, path: Path, problems: list[Problem]) -> S:
    """Read a mapping with fixed keys.

    Args:
        kind: Which section.
        value: What the file holds at ``path``; None is an empty section.
        path: Where the section stands.
        problems: Extended by all that is wrong.

    Returns:
        The section; what was wrong is None in it.
    """
    if value is not None and not isinstance(value, dict):
        problems.append(Problem(path, f"expected a mapping of keys to values, got {show(value)}"))
        return kind()
    given = {key: inner for key, inner in (value or {}).items() if inner is not None}
    known = list(kind.model_fields)
    unknown = [unknown_key((*path, key), "key", known) for key in value or {} if key not in known]
    meant = {problem.suggestion for problem in unknown}
    problems += unknown
    for key in kind.required:
        if key not in given and key not in meant:
            has_key = key in (value or {})
            where = (*path, key) if has_key else path
            problems.append(
                Problem(where, f"{'no value for' if has_key else 'missing'} key '{key}'", None, "key")
            )
    given = {key: inner for key, inner in given.items() if key in known}
    try:
        return kind.model_validate_json(json.dumps(given))
    except ValidationError as failed:
        errors = failed.errors(include_url=False)
    wrong = {str(error["loc"][0]) for error in errors}
    for key in kind.explained:
        if key in wrong:
            problems.append(Problem((*path, key), f"expected {kind.explained[key]}, got {show(given[key])}"))
    for error in errors:
        if error["loc"][0] not in kind.explained:
            problems.append(wrong_value((*path, *error["loc"]), error, _at(given, error["loc"])))
    return kind.model_validate_json(json.dumps({key: given[key] for key in given if key not in wrong}))


def _at(value: Any, path: Path) -> Any:
    """Return the part of a tree that a path leads to."""
    for step in path:
        value = value[step]
    return value
