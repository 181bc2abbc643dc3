"""All runs of an experiment, one after another: folders, locks, attempts, failures and interrupts."""

from __future__ import annotations

import signal
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path

import torch
from lightning_fabric import Fabric

from alseg.config.experiment import Experiment, RunSpec
from alseg.config.yaml_text import as_yaml
from alseg.engine.assembly import Assembler
from alseg.engine.context import Reporter, RunContext
from alseg.engine.crashes import keeps_crashing, name_crash
from alseg.engine.description import description
from alseg.engine.environment import describe
from alseg.engine.loop import run
from alseg.engine.observers import Observers, build_observers, report_of
from alseg.engine.provenance import REMEDY, provenance_changes, refuse_drift, refuse_foreign
from alseg.engine.recovery import (
    find_missing,
    find_untrained,
    quarantine_damaged,
    set_damaged_description_aside,
    set_damaged_records_aside,
    set_misplaced_aside,
    what_is_missing,
)
from alseg.files import MovedError, WriteError, refuse_moved, remove, remove_unfinished, write_checked_text
from alseg.guard.at_work import NAME, noting
from alseg.guard.calls import random_state_kept, watching
from alseg.guard.timeouts import TimedOut
from alseg.launch.local import helpers
from alseg.launch.preflight import Plan, PlannedRun
from alseg.launch.status import spent_seconds
from alseg.storage.run_folder import OUT_OF_MEMORY, BusyError, RunFolder, exclusive
from alseg.system.kept_folders import keeping
from alseg.system.limits import address_space, exceeded_limit
from alseg.system.signals import StopRequest, listening
from alseg.system.threads import chosen
from alseg.training import determinism


@dataclass
class Outcome:
    """How an experiment ended.

    Attributes:
        complete: Runs that are complete, those of earlier calls included, with their folders.
        failed: Folder name and error of each run that failed.
        skipped: Method and reason of each run that cannot be done.
        signal: The signal that stopped it, or None.
        at_once: Whether it was stopped without saving, by a second Ctrl-C.
    """

    complete: list[tuple[RunSpec, RunFolder]] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    signal: int | None = None
    at_once: bool = False

    @property
    def done(self) -> int:
        """How many runs are complete."""
        return len(self.complete)

    def recheck(self) -> None:
        """Count runs as failed whose files have been removed since they were complete."""
        for spec, folder in list(self.complete):
            missing = what_is_missing(folder, len(spec.rounds) + 1, buys=spec.method.acquisition is not None)
            if missing is not None:
                self.complete.remove((spec, folder))
                self.failed.append((folder.path.name, missing))


def run_experiment(
    experiment: Experiment,
    plan: Plan,
    results: Path,
    assembler: Assembler,
    fabric: Fabric,
    reporter: Reporter,
    *,
    fresh: bool = False,
    accept_drift: bool = False,
    stop: StopRequest | None = None,
) -> Outcome:
    """Do all planned runs that are not complete yet; one that fails does not stop the others.

    Args:
        experiment: What the plan came from.
        plan: Checked runs.
        results: Folder that holds the experiment's own folder.
        assembler: Makes objects.
        fabric: Device and precision.
        reporter: Shows what happens.
        fresh: Whether to put the planned runs' folders aside and begin anew.
        accept_drift: Whether to go on with runs that were begun with other versions or code.
        stop: Of a caller that listens to signals; without it they are listened to here.

    Returns:
        How it went; the caller decides on the exit code.

    Raises:
        AlsegError: If an observer cannot be built, results cannot be written, their folder was moved, or runs
            were begun with something else.
    """
    observers = build_observers(experiment.settings.observers, assembler.registry)
    root = (results / experiment.name).absolute()  # whatever becomes of the working folder
    document = as_yaml(experiment.document)
    with exclusive(root / ".lock"):
        remove_unfinished(root.glob)
        write_checked_text(root / "experiment.yaml", document)
    with keeping(root):
        return _in_place(
            experiment,
            plan,
            root,
            assembler,
            fabric,
            reporter,
            observers,
            fresh=fresh,
            accept_drift=accept_drift,
            stop=stop,
        )


def _in_place(
    experiment: Experiment,
    plan: Plan,
    root: Path,
    assembler: Assembler,
    fabric: Fabric,
    reporter: Reporter,
    observers: Observers,
    *,
    fresh: bool,
    accept_drift: bool,
    stop: StopRequest | None,
) -> Outcome:
    """Do the runs in a results folder that must stay in its place; see `run_experiment`."""
    specs = [planned.spec for planned in plan.runs]
    if fresh:
        _put_aside(plan, root / "runs", reporter)
    else:
        refuse_foreign(specs, root / "runs")
        if not accept_drift:
            refuse_drift(specs, root / "runs", assembler)
    outcome = Outcome()
    with nullcontext(stop) if stop is not None else listening() as stop:
        stop.working = True
        context = RunContext(
            assembler=assembler,
            fabric=fabric,
            settings=experiment.settings,
            reporter=reporter,
            stop=stop,
            specs=[planned.spec for planned in plan.runs if planned.skipped is None],
            # What is trained with other kernels must not get into runs that are to be the same every time.
            shared=root / ("shared-deterministic" if experiment.settings.deterministic else "shared"),
            observers=observers,
        )
        try:
            with helpers(root, context.specs, experiment, stop, accept_drift=accept_drift):
                _all_runs(plan, root, context, outcome, accept_drift=accept_drift)
        finally:
            observers.close(reporter.note)
        outcome.signal, outcome.at_once = stop.signal, stop.at_once
    refuse_moved(root)
    outcome.recheck()
    return outcome


def _all_runs(plan: Plan, root: Path, context: RunContext, outcome: Outcome, *, accept_drift: bool) -> None:
    """Do the planned runs, those that another process is doing last."""
    numbered = list(enumerate(plan.runs, start=1))
    # A plugin that ends the process each time must not keep the others from their turn.
    numbered.sort(key=lambda each: keeps_crashing(root / "runs" / each[1].spec.folder))
    left_to_others = [
        (place, planned)
        for place, planned in numbered
        if not _attempt(
            place, planned, len(numbered), root, context, outcome, accept_drift=accept_drift, wait=False
        )
    ]
    # Another process is doing these. What it leaves undone is done here.
    for place, planned in left_to_others:
        _attempt(place, planned, len(numbered), root, context, outcome, accept_drift=accept_drift, wait=True)


def _put_aside(plan: Plan, runs: Path, reporter: Reporter) -> None:
    """Keep the folders of planned runs under other names; refuse if a process is writing to one."""
    for planned in plan.runs:
        folder = RunFolder(runs / planned.spec.folder)
        if folder.path.exists():
            with folder.writing():
                old = folder.start_anew()
            reporter.note(f"{folder.path.name} is kept as {old.name}")


def _attempt(
    place: int,
    planned: PlannedRun,
    total: int,
    root: Path,
    context: RunContext,
    outcome: Outcome,
    *,
    accept_drift: bool,
    wait: bool,
) -> bool:
    """Do one run unless the process is to stop; returns False where another process is doing it."""
    folder, reporter, spec = RunFolder(root / "runs" / planned.spec.folder), context.reporter, planned.spec
    if context.stop.signal is not None:
        return True
    reporter.run_started(place, total, spec.method.label, spec.seed)
    started = time.monotonic()
    try:
        with folder.writing(keep_waiting=lambda: wait and context.stop.signal is None):
            by_another = context.settings.processes > 1 and folder.is_done
            state = _one_run(planned, folder, context, outcome, accept_drift=accept_drift)
    except BusyError as busy:
        # A helper's run comes up again when it is done.
        reporter.note("  in another process" if context.settings.processes > 1 else f"  {busy}")
        return False
    except MovedError as moved:
        if moved.folder != folder.path:
            raise
        outcome.failed.append((folder.path.name, str(moved)))
        reporter.note(f"  {moved}")
        reporter.run_ended("failed", time.monotonic() - started)
        return True
    seconds: float | None = time.monotonic() - started
    if by_another and folder.last_round is not None:
        reporter.round_finished(report_of(spec, folder, folder.last_round), len(spec.rounds))
        seconds = spent_seconds(folder.path, running=False)
    reporter.run_ended(state, seconds or 0.0)
    return True


def _one_run(
    planned: PlannedRun, folder: RunFolder, context: RunContext, outcome: Outcome, *, accept_drift: bool
) -> str:
    """Do one run under its lock and record how it ended; returns its state."""
    spec, reporter = planned.spec, context.reporter
    crashed = name_crash(folder.path)
    if crashed is not None:
        _tell(crashed, folder, reporter)
    settled = _settled(spec, folder, context, outcome, accept_drift=accept_drift)
    if settled is not None:
        return settled
    folder.write_run(description(spec, context.assembler))
    if planned.skipped is not None:
        folder.write_status("skipped", round_number=None, reason=planned.skipped)
        outcome.skipped.append((spec.method.label, planned.skipped))
        reporter.note(f"  skipped: {planned.skipped}")
        return "skipped"
    deterministic = context.settings.deterministic
    attempt = folder.start_attempt(
        describe(context.fabric.device, spec.precision, deterministic=deterministic)
    )
    folder.append_log(chosen().text(torch.get_num_threads()))
    folder.write_status("running", round_number=folder.last_round)
    state = "done"
    error: str | None = None
    try:
        with determinism.deterministic(deterministic), _watched(folder, context):
            run(spec, folder, context)
        error = what_is_missing(folder, len(spec.rounds) + 1, buys=spec.method.acquisition is not None)
        if error is not None:
            state = "failed"
            outcome.failed.append((folder.path.name, error))
            reporter.note(f"  {error}")
    except KeyboardInterrupt:  # Interrupted is one
        state = "interrupted"
        context.stop.signal = context.stop.signal or signal.SIGINT
        saved = "without saving" if context.stop.at_once else "all is saved"
        folder.append_log(f"stopped by {context.stop.name}, {saved}")
    except WriteError as failure:
        with suppress(WriteError):  # a small file may still fit
            folder.write_status("failed", round_number=folder.last_round, error=str(failure))
            folder.end_attempt(attempt, "failed")
        raise  # no other run could be written either
    except (Exception, SystemExit, TimedOut) as failure:  # a plugin's sys.exit() stops its run alone
        state, error = "failed", _what_failed(failure)
        folder.append_log(traceback.format_exc())
        outcome.failed.append((folder.path.name, error))
        reporter.note(f"  {error} (traceback in {folder.path / 'log.txt'})")
    folder.write_status(state, round_number=folder.last_round, error=error)
    folder.end_attempt(attempt, state)
    if state == "done":
        remove(folder.checkpoint)
        outcome.complete.append((spec, folder))
    return state


@contextmanager
def _watched(folder: RunFolder, context: RunContext) -> Iterator[None]:
    """Note which plugins are at work, tell what they change, limit their calls, and keep random states."""
    with (
        random_state_kept(),
        noting(folder.path / NAME) as notes,
        watching(
            notes=notes,
            tell=lambda line: _tell(line, folder, context.reporter),
            seconds=context.settings.call_timeout,
        ),
    ):
        yield


def _settled(
    spec: RunSpec, folder: RunFolder, context: RunContext, outcome: Outcome, *, accept_drift: bool
) -> str | None:
    """See to what the folder has lost; returns the run's state where no work is to be done."""
    rounds = len(spec.rounds) + 1
    for problem in (*set_misplaced_aside(folder, rounds), *set_damaged_records_aside(folder)):
        _tell(problem, folder, context.reporter)
    undescribed = set_damaged_description_aside(folder)
    if undescribed is not None:
        _tell(undescribed, folder, context.reporter)
        folder.write_run(description(spec, context.assembler))
    untrained = find_untrained(folder)
    if folder.is_done:
        lost = find_missing(folder, rounds)
        if lost is None:
            remove(folder.checkpoint)
            _write_reference(spec, folder)
            outcome.complete.append((spec, folder))
            return "done"
        differences = (
            [] if accept_drift else provenance_changes(folder, spec, context.assembler, even_done=True)
        )
        if differences:
            changed = "; ".join(differences)
            refusal = f"{lost} It is not made again, for not all is as it was: {changed}. {REMEDY}"
            outcome.failed.append((folder.path.name, refusal))
            context.reporter.note(f"  {refusal}")
            return "failed"
        for problem in quarantine_damaged(folder, rounds, done=True):
            _tell(problem, folder, context.reporter)
    if untrained is not None:
        _tell(untrained, folder, context.reporter)
    return None


def _write_reference(spec: RunSpec, folder: RunFolder) -> None:
    """Record which end of the gap a run is: a file may declare that after the run is done."""
    content = folder.description()
    if content["method"].get("reference") != spec.method.reference:
        method = {**content["method"], "reference": spec.method.reference}
        folder.write_run({**content, "method": method})


def _tell(problem: str, folder: RunFolder, reporter: Reporter) -> None:
    folder.append_log(problem)
    reporter.note(f"  {problem}")


def _what_failed(failure: BaseException) -> str:
    """Say in one line what failed; too little memory is no error of the run."""
    limit = exceeded_limit(failure)
    if limit is not None and (address_space() is not None or not limit.startswith(OUT_OF_MEMORY)):
        return limit
    text = f"{type(failure).__name__}: {failure}"
    # Torch has no type of its own for memory of the CPU.
    if isinstance(failure, MemoryError | torch.OutOfMemoryError) or "can't allocate memory" in text:
        return f"{OUT_OF_MEMORY}: {text}"
    return text
