"""How long the phases of runs took that were done before, by their ``timing.json``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from alseg.config.specs import Component, RunSpec
from alseg.errors import AlsegError
from alseg.planning.seconds import Seconds
from alseg.storage.attempts import read_attempt
from alseg.storage.durations import attempt_seconds
from alseg.storage.layout import attempt_files
from alseg.storage.reader import read_run, run_folders
from alseg.storage.records import Run
from alseg.storage.round_metrics import read_timing
from alseg.storage.unit_files import read_ending

Kind = Literal["step", "evaluation", "first asking", "asking", "derivation", "rest"]
"""What a time is of: a step, all evaluation images, what is asked in a round, derived labels of a round, and
the rest of a run."""

_PHASES: Mapping[str, Kind] = {"evaluate": "evaluation", "derive": "derivation"}


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A time of one run, its mean over rounds.

    Attributes:
        kind: What it is of.
        seconds: The time.
        run: The run's folder.
        label: Of its method.
        model: Its network, name and parameters.
        recipe: Its recipe, the name under ``recipe``.
        acquisition: Name of its acquisition; None without.
        devices: What it ran on.
    """

    kind: Kind
    seconds: float
    run: Path
    label: str
    model: Mapping[str, Any]
    recipe: Mapping[str, Any]
    acquisition: str | None
    devices: tuple[str, ...]

    def is_of(self, spec: RunSpec) -> bool:
        """Whether it is of the same method and network."""
        return self.label == spec.method.label and self.has_network_of(spec)

    def trains_as(self, spec: RunSpec) -> bool:
        """Whether network and recipe are the same."""
        recipe = spec.method.recipe
        same = dict(self.recipe) == {"recipe": recipe.name, **recipe.as_json()["params"]}
        return same and self.has_network_of(spec)

    def trains_like(self, spec: RunSpec) -> bool:
        """Whether the network is the same, and the recipe has the same name."""
        return self.recipe.get("recipe") == spec.method.recipe.name and self.has_network_of(spec)

    def asks_like(self, spec: RunSpec) -> bool:
        """Whether network and acquisition are those of another method."""
        acquisition = spec.method.acquisition
        return self.acquisition == (acquisition.name if acquisition else None) and self.has_network_of(spec)

    def has_network_of(self, spec: RunSpec) -> bool:
        """Whether the network is that of a run."""
        return dict(self.model) == spec.model.as_json()


@dataclass(frozen=True, kw_only=True)
class Timing:
    """What samples say of a run.

    Attributes:
        seconds: Bounds are those of the runs.
        runs: Folders of the runs.
    """

    seconds: Seconds
    runs: frozenset[Path]


class Samples:
    """Times of runs in results folders.

    Args:
        samples: The times.
        left_out: Folders of runs that were interrupted, so that their times are not whole.
    """

    def __init__(self, samples: Sequence[Sample], left_out: Sequence[Path]) -> None:
        self._samples = samples
        self.left_out = tuple(left_out)

    @property
    def runs(self) -> int:
        """How many runs have been measured."""
        return len({each.run for each in self._samples})

    @property
    def devices(self) -> tuple[str, ...]:
        """What they ran on."""
        return tuple(dict.fromkeys(device for each in self._samples for device in each.devices))

    def of(self, kind: Kind, spec: RunSpec) -> Timing | None:
        """Return a time of runs that did the same, else of runs that did something like it.

        Args:
            kind: What the time is of.
            spec: The run.
        """
        likeness: tuple[Callable[[Sample, RunSpec], bool], ...] = {
            "step": (Sample.trains_as, Sample.is_of, Sample.trains_like),
            "evaluation": (Sample.has_network_of,),
            "derivation": (Sample.is_of, Sample.trains_like),
            "rest": (Sample.has_network_of,),
        }.get(kind, (Sample.is_of, Sample.asks_like))
        for alike in likeness:
            found = [each for each in self._samples if each.kind == kind and alike(each, spec)]
            if found:
                times = [each.seconds for each in found]
                # A run that asks for others, too, has their share in its rest.
                rest = Seconds.exactly(max(0.0, sum(times) / len(times)))
                return Timing(
                    seconds=rest if kind == "rest" else Seconds.seen(times),
                    runs=frozenset(each.run for each in found),
                )
        return None


def read_samples(folders: Sequence[Path]) -> Samples:
    """Read the times of all runs in results folders; of rounds that are not committed there are none.

    Args:
        folders: Results folders; one without runs has no times.
    """
    samples: list[Sample] = []
    left_out: list[Path] = []
    for path in (path for folder in folders for path in _runs_in(folder)):
        with suppress(AlsegError):  # a damaged run says nothing; `alseg status` tells
            run = read_run(path)
            attempts = [read_attempt(file) for file in attempt_files(path).values()]
            if len(attempts) > 1 and len(run.rounds) > 0:
                left_out.append(path)
            elif run.rounds:
                samples += _of_run(run, attempts)
    return Samples(samples, left_out)


def _runs_in(folder: Path) -> list[Path]:
    try:
        return run_folders(folder)
    except AlsegError:
        return []


def _of_run(run: Run, attempts: Sequence[Mapping[str, Any]]) -> Iterator[Sample]:
    """Yield the times of a run, each its mean over rounds."""
    spent: dict[Kind, list[tuple[float, int]]] = {}
    total, before = 0.0, 0
    for result in run.rounds:
        timing = read_timing(run.round_folder(result.round))
        total += sum(timing.values())
        if timing.get("train") and result.iteration > before:
            spent.setdefault("step", []).append((timing["train"], result.iteration - before))
        before = result.iteration
        if "acquire" in timing:
            kind: Kind = "first asking" if result.round == 1 else "asking"
            spent.setdefault(kind, []).append((timing["acquire"], 1))
        for phase, name in _PHASES.items():
            if phase in timing:
                spent.setdefault(name, []).append((timing[phase], 1))
    whole = _whole(run, attempts)
    if whole is not None:
        # Of a pass for several runs each is billed a share, so that one run's rest may be less than nothing.
        spent["rest"] = [(whole - total, 1)]
    for kind, times in spent.items():
        yield _sample(run, kind, sum(seconds for seconds, _ in times) / sum(count for _, count in times))


def _whole(run: Run, attempts: Sequence[Mapping[str, Any]]) -> float | None:
    """Return what a run that is done has taken, of a unit with its checks; None where nobody knows."""
    if run.state != "done" or not attempts:
        return None
    ending = read_ending(run.folder.parent.parent, run.name)
    if ending is not None and ending.state == "done":
        return ending.seconds
    return attempt_seconds(attempts[0])


def _sample(run: Run, kind: Kind, seconds: float) -> Sample:
    model = run.spec.get("model")
    return Sample(
        kind=kind,
        seconds=seconds,
        run=run.folder,
        label=run.method.label,
        model=model if isinstance(model, Mapping) else Component("", {}).as_json(),
        recipe=run.recipe,
        acquisition=run.method.acquisition,
        devices=run.devices,
    )
