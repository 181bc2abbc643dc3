"""How far an experiment is: the state of every run and of its rounds, from their folders. No torch."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from alseg.config.specs import RunSpec
from alseg.errors import AlsegError
from alseg.guard.at_work import NAME, left_in
from alseg.launch.standings import UnitStanding, UnitState
from alseg.launch.wanted import wanted_runs
from alseg.launch.watcher import Watcher
from alseg.storage.attempts import read_attempt
from alseg.storage.durations import attempt_seconds
from alseg.storage.layout import SHARED_UNIT_NAME, attempt_files, round_folders
from alseg.storage.ledger import Purchase
from alseg.storage.live import read_live
from alseg.storage.lock import holder_of
from alseg.storage.reader import read_run, run_folders
from alseg.storage.records import Run
from alseg.storage.round_metrics import read_timing
from alseg.storage.run_folder import RunFolder
from alseg.storage.status_file import OUT_OF_MEMORY


@dataclass(frozen=True)
class RoundState:
    """A committed round.

    Attributes:
        round: 0 before the first purchase.
        iteration: Optimiser steps taken.
        pixels: Target pixels bought so far.
        miou: Percent; None where the ground truth holds no class, and without evaluation labels.
        seconds: What its phases took; None where that was not kept.
        new_answers_accuracy: Without evaluation labels, percent of the pixels of the round's answers that the
            network predicted before it was trained on them; None where there are none.
        miou_estimate: Mean IoU over the answers held out of training, in percent; None where there are none.
        held_out_answers: Number of these answers.
    """

    round: int
    iteration: int
    pixels: int
    miou: float | None
    seconds: float | None
    new_answers_accuracy: float | None = None
    miou_estimate: float | None = None
    held_out_answers: int | None = None


@dataclass(frozen=True)
class RunState:
    """A run, begun or not.

    Attributes:
        name: Its folder's name.
        method: The method's label; None where the folder does not say it.
        seed: The seed; None where the folder does not say it.
        state: ``done``, ``running``, ``waiting``, ``interrupted``, ``killed``, ``failed``,
            ``out of memory``, ``skipped``, ``damaged`` or ``to do``.
        rounds: Those committed.
        planned: Number of rounds in all; None where the folder does not say it.
        seconds: Time spent by all attempts; None where a clock was set meanwhile, so that nobody knows.
        why: What failed, what it waits for, what is damaged, why it was skipped, or which process is at it;
            empty otherwise.
        unit: Of a running one, the key of its unit, as far as known.
        host: The machine that does it, or where it failed.
        phase: What it is at, such as ``train 34/90``.
        seconds_left: Until it is done, about; None where nobody knows.
        silent_seconds: Of a running one, since its last sign of life, where that is minutes ago.
        waits_for: Of one that an executor has or is to have, what it waits for; empty otherwise.
        log: Of a failed one, the file that says more.
        tries: How often an executor was given it; more than once where its process was lost.
    """

    name: str
    method: str | None
    seed: int | None
    state: str
    rounds: tuple[RoundState, ...] = ()
    planned: int | None = None
    seconds: float | None = 0.0
    why: str = ""
    unit: str = ""
    host: str = ""
    phase: str = ""
    seconds_left: float | None = None
    silent_seconds: float = 0.0
    waits_for: str = ""
    log: str = ""
    tries: int = 1


@dataclass(frozen=True)
class SharedState:
    """A unit that is doing what several runs share.

    Attributes:
        unit: Its key.
        host: The machine that does it.
        phase: What it is at, such as ``train 34/90``.
        why: Which process is at it.
        seconds_left: Until the phase is done, about; None where nobody knows.
    """

    unit: str
    host: str
    phase: str
    why: str
    seconds_left: float | None = None


@dataclass(frozen=True)
class ExperimentState:
    """All runs, and what else there is to know.

    Attributes:
        runs: The runs.
        notes: What could not be found out.
        shared: Shared units at work.
        seconds_left: Until all runs are done, about; None where nobody knows.
    """

    runs: tuple[RunState, ...]
    notes: tuple[str, ...]
    shared: tuple[SharedState, ...] = ()
    seconds_left: float | None = None


def experiment_state(folder: Path) -> ExperimentState:
    """Return the state of all runs that a result folder holds or that its experiment still asks for.

    Args:
        folder: A result folder such as ``results/quickstart``.

    Raises:
        AlsegError: If it is none.
    """
    wanted, notes = wanted_runs(folder)
    try:
        found = {path.name: path for path in run_folders(folder)}
    except AlsegError:
        if not wanted:
            raise
        found = {}
    names = [*wanted, *(name for name in found if name not in wanted)]
    seen = Watcher(folder).look()
    standings = {unit.key: unit for unit in seen.units}
    runs = tuple(
        _with_standing(
            _run_state(found[name], wanted.get(name)) if name in found else _to_do(wanted[name]),
            standings.get(name),
        )
        for name in names
    )
    shared = tuple(_shared_states(folder, standings))
    return ExperimentState(runs, tuple(notes), shared, seen.seconds_left)


def _with_standing(run: RunState, standing: UnitStanding | None) -> RunState:
    """Return a run with what its signs of life and the dispatcher say, as far as that fits its state."""
    if standing is None:
        return run
    if run.state == "running":
        return replace(
            run,
            seconds_left=standing.seconds_left,
            silent_seconds=standing.silent_seconds,
            tries=standing.tries,
        )
    is_starting = standing.state is UnitState.STARTING and standing.host and not standing.pid
    if standing.state is UnitState.WAITING or is_starting:
        waits_for = standing.why or f"its process on {standing.host}, which is starting"
        return replace(run, waits_for=waits_for, tries=standing.tries)
    if standing.state is UnitState.FAILED:
        log = "" if standing.log is None else str(standing.log)
        return replace(run, host=standing.host, log=log, why=run.why or standing.why)
    return run


def _shared_states(folder: Path, standings: Mapping[str, UnitStanding]) -> Iterator[SharedState]:
    for path in sorted(folder.glob(f"shared*/*/{SHARED_UNIT_NAME}")):
        live, holder = read_live(path), holder_of(path.parent / ".lock")
        if live is not None and holder is not None:
            standing = standings.get(live.unit)
            left = None if standing is None else standing.seconds_left
            yield SharedState(live.unit, live.host, live.text, holder, left)


def _to_do(spec: RunSpec) -> RunState:
    return RunState(spec.folder, spec.method.label, spec.seed, "to do", planned=len(spec.rounds) + 1)


def _run_state(path: Path, spec: RunSpec | None) -> RunState:
    folder = RunFolder(path)
    holder = folder.holder
    try:
        run = read_run(path)
        _read_purchases(path)
    except AlsegError as error:
        if not ((path / "run.json").exists() or folder.has_begun) and spec is not None:
            return _to_do(spec)
        label, seed = (spec.method.label, spec.seed) if spec else (None, None)
        why = " ".join(str(error).split())
        if holder is not None:  # who makes it again right now
            return RunState(path.name, label, seed, "running", why=f"{holder}; {why}")
        return RunState(path.name, label, seed, "damaged", why=why)
    state, why = _state(run, holder)
    live = read_live(path) if state == "running" else None
    return RunState(
        name=path.name,
        method=run.method.label,
        seed=run.seed,
        state=state,
        rounds=tuple(_round_states(run)),
        planned=run.planned_rounds,
        seconds=spent_seconds(path, running=state == "running"),
        why=why,
        unit=live.unit if live else "",
        host=live.host if live else "",
        phase=live.text if live else "",
    )


def _read_purchases(path: Path) -> None:
    """Compare the checksums of all that was bought; `read_run` looks at no more than sizes.

    Raises:
        AlsegError: If a file is missing or damaged; names it.
    """
    for folder in round_folders(path).values():
        if Purchase.committed(folder):
            Purchase.read(folder)


def _state(run: Run, holder: str | None) -> tuple[str, str]:
    if holder is not None and run.state != "done":
        return "running", holder
    if run.state == "running":
        return "killed", _last_words(run.folder)
    if run.state == "failed" and run.explanation.startswith(OUT_OF_MEMORY):
        return "out of memory", run.explanation
    return run.state, run.explanation


def _last_words(folder: Path) -> str:
    calls = left_in(folder / NAME)
    ended = "its last attempt ended without a word"
    return f"{ended}, at work: {'; '.join(calls)}" if calls else ended


def _round_states(run: Run) -> Iterator[RoundState]:
    for result in run.rounds:
        yield RoundState(
            round=result.round,
            iteration=result.iteration,
            pixels=result.cost.pixels,
            miou=result.miou,
            seconds=_timing(run.round_folder(result.round)),
            new_answers_accuracy=result.accuracy_on_new_answers,
            miou_estimate=result.miou_estimate,
            held_out_answers=None if result.estimate is None else result.estimate.answers,
        )


def _timing(folder: Path) -> float | None:
    try:
        return sum(read_timing(folder).values())
    except AlsegError:
        return None


def spent_seconds(folder: Path, *, running: bool) -> float | None:
    """Return the time all attempts took; one without an end lasted until the last sign of life.

    None where one has taken no possible time: a clock was set.
    """
    total = 0.0
    for path in attempt_files(folder).values():
        try:
            content = read_attempt(path)
        except AlsegError:
            continue  # an attempt that cannot be read has no time to tell
        seconds = attempt_seconds(content, _last_sign(folder, running=running))
        if seconds is None:
            return None
        total += seconds
    return total


def _last_sign(folder: Path, *, running: bool) -> datetime.datetime:
    if running:
        return datetime.datetime.now(datetime.UTC)
    times = [path.lstat().st_mtime for path in folder.iterdir()]
    return datetime.datetime.fromtimestamp(max(times), datetime.UTC)
