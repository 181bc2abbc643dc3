"""The JSON files of a run folder: one record each, with the bounds of every value. No torch.

Checksums say that a file is what was written, not that it makes sense: folders may come from others. Whoever
reads one of these files reads it here, so that what is absurd is named before anything is computed with it.
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import Field, TypeAdapter, ValidationError

from alseg.contracts.types import Precision
from alseg.errors import AlsegError
from alseg.files import LARGEST_RECORD, read_json, refuse_unknown_keys
from alseg.storage.records import Count, Method, Name, ResultClasses, RoundResult, State, Text
from alseg.toolkit import metrics

RUN_NAME = "run.json"
STATUS_NAME = "status.json"
METRICS_NAME = "metrics.json"
TIMING_NAME = "timing.json"

RUN_FORMATS = (1, 2, 3)
"""The run-folder formats this version reads. In 1, an answer cost a constant number of clicks.
Until 2, clicks were called ``questions``."""
_FORMATS_IN_WORDS = f"{', '.join(map(str, RUN_FORMATS[:-1]))} and {RUN_FORMATS[-1]}"

_LONGEST_SECONDS = 1e10
"""More than three hundred years."""

_ROUND_FOLDER = re.compile(r"[0-9]{2,4}", re.ASCII)
_ATTEMPT_FILE = re.compile(r"(0|[1-9][0-9]{0,5})\.json", re.ASCII)

_Record = TypeVar("_Record")
_Channel = Annotated[int, Field(ge=0, le=255, strict=True)]


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
class ScenarioAsked:
    """The data that a run was asked for, as ``spec`` in ``run.json`` has it."""

    source: Part
    target: Part
    label_space: Name
    root: Text | None = None
    source_split: Name = "train"
    target_split: Name = "train"
    evaluation_split: Name = "val"


@dataclass(frozen=True)
class MethodAsked:
    """The method that a run was asked for, as far as somebody reads it."""

    label: Text
    target_labels: Name
    recipe: Part
    acquisition: Part | None = None
    annotation: Part | None = None


@dataclass(frozen=True)
class EvaluationAsked:
    """How a run was to evaluate images."""

    flip: bool
    size: tuple[Count, Count] | None


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


@dataclass(frozen=True)
class StatusFile:
    """``status.json``."""

    state: State
    round: Count | None = None
    error: str | None = None
    reason: str | None = None


_RUN = TypeAdapter(RunFile)
_ASKED = TypeAdapter(Asked)
_STATUS = TypeAdapter(StatusFile)
_ROUND = TypeAdapter(RoundResult)


def _keys(record: type) -> frozenset[str]:
    return frozenset(each.name for each in fields(record))


RUN_KEYS = _keys(RunFile)
"""Keys of ``run.json``."""
_STATUS_KEYS = _keys(StatusFile)
_ROUND_KEYS = _keys(RoundResult)

# ----------------------------------------------------------------------------------------------------
# Where the files lie


def round_folders(folder: Path) -> dict[int, Path]:
    """Return the folders of a run's rounds by number, in order; what has another name is no round.

    Args:
        folder: The run's folder.
    """
    found = {}
    for path in folder.glob("rounds/*"):
        if _ROUND_FOLDER.fullmatch(path.name) and path.name == f"{int(path.name):02d}" and path.is_dir():
            found[int(path.name)] = path
    return dict(sorted(found.items()))


def attempt_files(folder: Path) -> dict[int, Path]:
    """Return the files of a run's attempts by number, in order; what has another name is none.

    Args:
        folder: The run's folder.
    """
    found = {int(path.stem): path for path in folder.glob("attempts/*") if _ATTEMPT_FILE.fullmatch(path.name)}
    return dict(sorted(found.items()))


# ----------------------------------------------------------------------------------------------------
# Reading


def read_run_content(folder: Path) -> dict[str, Any]:
    """Read a run's ``run.json`` as it is written, checked.

    Raises:
        FormatError: If it is of a format that this version does not read.
        AlsegError: If the file is missing or damaged; names it.
    """
    return _read_run(folder)[0]


def read_run_file(folder: Path) -> RunFile:
    """Read a run's ``run.json``.

    Raises:
        FormatError: If it is of a format that this version does not read.
        AlsegError: If the file is missing or damaged; names it.
    """
    return _read_run(folder)[1]


def read_asked(folder: Path) -> Asked:
    """Read the specification in a run's ``run.json``, as far as data and network are made from it.

    Raises:
        AlsegError: If the file is missing, damaged or of another format; names it.
    """
    return _valid(folder / RUN_NAME, _ASKED, read_run_file(folder).spec, "spec")


def read_status(folder: Path) -> StatusFile:
    """Read a run's ``status.json``.

    Raises:
        AlsegError: If the file is missing or damaged; names it.
    """
    path = folder / STATUS_NAME
    return _valid(path, _STATUS, _known(path, _STATUS_KEYS))


def read_round_content(path: Path) -> tuple[dict[str, Any], RoundResult]:
    """Read a round's ``metrics.json``: as it is written, and as a record.

    Args:
        path: The file.

    Raises:
        AlsegError: If the file is missing or damaged; names it.
    """
    content = _with_clicks(_known(path, _ROUND_KEYS))
    result = _valid(path, _ROUND, content)
    cost, pool = result.cost, result.pool
    if cost.valid_pixels > cost.pixels or cost.pixels > pool.pixels or cost.images > pool.images:
        raise AlsegError(f"{path} is damaged: more is bought than there is.")
    return content, result


def _with_clicks(content: dict[str, Any]) -> dict[str, Any]:
    """Return metrics with the name that clicks have since format 3."""
    cost = content.get("cost")
    if not isinstance(cost, dict) or "questions" not in cost or "clicks" in cost:
        return content
    renamed = dict(cost)
    renamed["clicks"] = renamed.pop("questions")
    return {**content, "cost": renamed}


def read_round(folder: Path, run: RunFile) -> RoundResult:
    """Read a round's ``metrics.json`` and compare it with the run that it is of.

    Args:
        folder: The round's folder.
        run: The run.

    Raises:
        AlsegError: If the file is missing or damaged, or does not fit the run; names it.
    """
    path, space = folder / METRICS_NAME, run.label_space
    _, result = read_round_content(path)
    if folder.name != f"{result.round:02d}":
        raise AlsegError(f"{path} is damaged: it says that it is of round {result.round}.")
    if result.round > len(run.rounds):
        raise AlsegError(f"{path} is damaged: the run has no round {result.round}.")
    if set(result.iou) != set(space.classes):
        raise AlsegError(f"{path} is damaged: its classes are not those of the run's label space.")
    if not set(space.subsets).issuperset(result.subsets):
        raise AlsegError(f"{path} is damaged: its subsets are not those of the run's label space.")
    if not set(space.classes).issuperset(result.bought or ()):
        raise AlsegError(f"{path} is damaged: it has bought classes that the run's label space has not.")
    return result


def read_attempt(path: Path) -> dict[str, Any]:
    """Read one attempt: what it ran on, its start, its end and how it ended.

    Raises:
        AlsegError: If the file is missing or damaged; names it.
    """
    content = read_json(path)
    for key in ("start", "end"):
        text = content.get(key)
        if text is not None and not _is_time(text):
            raise AlsegError(f"{path} is damaged: {key} is no time of day.")
    return content


def read_timing(folder: Path) -> dict[str, float]:
    """Read how long a round's phases took.

    Args:
        folder: A round's folder.

    Returns:
        Phase to seconds, at least 0.

    Raises:
        AlsegError: If the file is missing or damaged; names it.
    """
    path = folder / TIMING_NAME
    content = read_json(path)
    for phase, seconds in content.items():
        is_number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
        if not is_number or not math.isfinite(seconds) or not 0 <= seconds <= _LONGEST_SECONDS:
            raise AlsegError(f"{path} is damaged: {phase!r} is {seconds!r}, not a time in seconds.")
    return {phase: float(seconds) for phase, seconds in content.items()}


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
    file = _valid(path, _RUN, content)
    if str(file.scorer) not in map(str, range(int(metrics.SCORER_VERSION) + 1)):
        raise FormatError(
            f"{path} has scorer version {str(file.scorer)!r}, but this alseg knows versions up to "
            f"{metrics.SCORER_VERSION}. Read it with the version that wrote it."
        )
    for problem in _problems_of(file):
        raise AlsegError(f"{path} is damaged: {problem}.")
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


def _is_time(text: object) -> bool:
    """Whether a value is a time of day as `alseg.storage.run_folder` writes it, in an era of computers."""
    try:
        time = datetime.datetime.fromisoformat(text)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return False
    return time.tzinfo is not None and 1970 < time.year < 3000


def _known(path: Path, keys: frozenset[str]) -> dict[str, Any]:
    content = read_json(path, LARGEST_RECORD)
    refuse_unknown_keys(path, content, keys)
    return content


def _valid(path: Path, schema: TypeAdapter[_Record], content: object, *start: str) -> _Record:
    try:
        return schema.validate_python(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = _short(".".join(str(part) for part in (*start, *first["loc"])))
        raise AlsegError(f"{path} is damaged: {where}: {_short(first['msg'])}.") from error


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 200 else f"{line[:200]}..."


def devices_of(attempts: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return what attempts ran on, in order, each once."""
    return tuple(dict.fromkeys(str(each["device"]) for each in attempts if each.get("device")))
