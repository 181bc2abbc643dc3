"""How long units still take, from how fast they and others have been. No torch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

from alseg.errors import AlsegError
from alseg.launch.run_standing import RunSight
from alseg.launch.standings import UnitStanding, UnitState
from alseg.storage.attempts import read_attempt
from alseg.storage.durations import attempt_seconds
from alseg.storage.layout import RUN_NAME, attempt_files, round_folders
from alseg.storage.live import Live
from alseg.storage.rereading import Rereader
from alseg.storage.round_metrics import read_timing
from alseg.storage.run_description import RunFile, read_run_file

MOST_EXAMPLES = 3
"""Runs of one method that are looked at to learn how long another one takes."""

_BEFORE_TRAINING = ("acquire", "predict")
"""Phases of a round before its training; all others come after it."""


@dataclass(frozen=True)
class Pace:
    """How fast a run has been.

    Attributes:
        step: Seconds of one step of training.
        rest: Seconds of all else in a round.
    """

    step: float
    rest: float


class TimeLeft:
    """Estimates how long units still take; where nothing is known, it says nothing.

    Args:
        files: Reads what runs say of themselves.
    """

    def __init__(self, files: Rereader) -> None:
        self._files = files
        self._paces: dict[tuple[Path, int | None], Pace | None] = {}
        self._whole: dict[Path, float | None] = {}

    def added(self, standing: UnitStanding, sight: RunSight) -> UnitStanding:
        """Return where a unit stands with the time it has left."""
        live = None if sight.live is None else sight.live.content
        if standing.state is not UnitState.AT_WORK or not isinstance(live, Live) or sight.live is None:
            return standing
        left = _phase_seconds(live) if sight.status is None else self._of_run(standing, live, sight.folder)
        return standing if left is None else replace(standing, seconds_left=max(0.0, left - sight.live.age()))

    def of_all(
        self, runs: Sequence[UnitStanding], shared: Sequence[UnitStanding], folders: Mapping[str, Path]
    ) -> float | None:
        """Return the seconds until all runs are done, as many at a time as are at work now; None if unknown.

        Args:
            runs: All runs.
            shared: Shared units.
            folders: Name of each run to its folder.
        """
        working = [unit for unit in (*runs, *shared) if unit.state is UnitState.AT_WORK]
        begun = [unit.seconds_left for unit in working]
        if not begun:
            return None
        waiting = [run for run in runs if run.state in _STILL_TO_DO]
        to_come = self._expected(waiting, runs, folders)
        known = [seconds for seconds in (*begun, *to_come) if seconds is not None]
        if len(known) < len(begun) + len(to_come):
            return None
        return max(max(known), sum(known) / len(working))

    def _of_run(self, standing: UnitStanding, live: Live, folder: Path) -> float | None:
        """Return the seconds from the run's last sign of life to its end."""
        file = self._files.look(folder / RUN_NAME, lambda: read_run_file(folder)).content
        if not isinstance(file, RunFile):
            return None
        stages, round_number = (*file.rounds, file.iterations), standing.round or 0
        if round_number >= len(stages):
            return None
        pace = self._pace(folder, round_number)
        trained = live.done if live.phase == "train" else _steps_before(stages, round_number, live.phase)
        if live.phase == "train" and live.rate > 0:
            step = 1 / live.rate
        elif pace is not None:
            step = pace.step
        else:
            return None
        rest = 0.0 if pace is None else pace.rest * (len(stages) - round_number)
        return max(0, file.iterations - trained) * step + rest

    def _pace(self, folder: Path, rounds: int | None) -> Pace | None:
        """Return how fast a run was in its rounds; None where nobody knows.

        Args:
            folder: The run's.
            rounds: How many rounds are committed; what is known is not read again before there are more.
        """
        if (folder, rounds) not in self._paces:
            file = self._files.look(folder / RUN_NAME, lambda: read_run_file(folder)).content
            self._paces[folder, rounds] = _pace_of(folder, file) if isinstance(file, RunFile) else None
        return self._paces[folder, rounds]

    def _expected(
        self, waiting: Iterable[UnitStanding], runs: Sequence[UnitStanding], folders: Mapping[str, Path]
    ) -> list[float | None]:
        """Return the seconds that each waiting run takes: those of runs of its method, else of any run."""
        done = [run for run in runs if run.state is UnitState.DONE]
        of_any = self._median(done, folders)
        by_method: dict[str, float | None] = {}
        for run in waiting:
            if run.method not in by_method:
                alike = self._median([each for each in done if each.method == run.method], folders)
                by_method[run.method] = of_any if alike is None else alike
        return [by_method[run.method] for run in waiting]

    def _median(self, done: Sequence[UnitStanding], folders: Mapping[str, Path]) -> float | None:
        """Return the median of the seconds that runs took which are done; None where nobody knows."""
        found = []
        for run in done[-MOST_EXAMPLES:]:
            folder = folders[run.key]
            if folder not in self._whole:
                self._whole[folder] = _whole_seconds(folder)
            if (seconds := self._whole[folder]) is not None:
                found.append(seconds)
        return median(found) if found else None


_STILL_TO_DO = {UnitState.WAITING, UnitState.STARTING, UnitState.NOT_BEGUN}


def _phase_seconds(live: Live) -> float | None:
    """Return the seconds that the rest of a phase takes."""
    return (live.total - live.done) / live.rate if live.rate > 0 and live.total >= live.done else None


def _steps_before(stages: Sequence[int], round_number: int, phase: str) -> int:
    """Return the steps that a run has taken which is at another phase than training."""
    if phase not in _BEFORE_TRAINING:
        return stages[round_number]
    return stages[round_number - 1] if round_number else 0


def _pace_of(folder: Path, file: RunFile) -> Pace | None:
    stages = (0, *file.rounds, file.iterations)
    steps, rests = [], []
    for number, path in round_folders(folder).items():
        try:
            timing = read_timing(path)
        except AlsegError:
            continue
        count = stages[number + 1] - stages[number] if number + 1 < len(stages) else 0
        train = timing.pop("train", 0.0)
        if train > 0 and count > 0:  # source training that was taken over took no time
            steps.append(train / count)
        rests.append(sum(timing.values()))
    return Pace(median(steps), median(rests)) if steps else None


def _whole_seconds(folder: Path) -> float | None:
    """Return what all attempts at a run took; None where nobody knows."""
    try:
        seconds = [attempt_seconds(read_attempt(path)) for path in attempt_files(folder).values()]
    except (AlsegError, OSError):
        return None
    known = [each for each in seconds if each is not None]
    return sum(known) if known and len(known) == len(seconds) else None
