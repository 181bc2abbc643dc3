"""Runs that several processes do together, each with a device: starting these, and what came of it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from alseg.config.experiment import Experiment
from alseg.config.sections import Settings
from alseg.contracts import WorkUnit
from alseg.engine.reporter import Reporter
from alseg.errors import AlsegError
from alseg.files import refuse_moved
from alseg.launch.admission import admit, write_experiment
from alseg.launch.options import LaunchOptions
from alseg.launch.outcome import Outcome, RunEnding, RunResult, UnitOutcome
from alseg.launch.preflight_ranks import ranks_of, refuse_too_few_gpus
from alseg.launch.preparation import CheckedExperiment
from alseg.launch.rank_task import RankReport, RankTask, ToldEnding
from alseg.launch.same_threads import first_threads, other_devices
from alseg.storage.run_folder import RunFolder
from alseg.system.kept_folders import keeping
from alseg.system.python import python_module
from alseg.system.rank_processes import RankEnding, run_ranks, run_srun
from alseg.system.signals import StopRequest
from alseg.system.threads import look

COMMAND = python_module("alseg.cli.rank")
"""What each of the processes is."""


def run_on_ranks(
    checked: CheckedExperiment,
    reporter: Reporter,
    options: LaunchOptions,
) -> Outcome:
    """Have all planned runs done that are not complete yet; one that fails does not stop the others.

    Args:
        checked: The experiment.
        reporter: Shows which folders are put aside; the rest is shown by the first of the processes.
        options: Where results go, and how to go on.

    Returns:
        How it went, as `run_experiment` says it.

    Raises:
        AlsegError: If results cannot be written, their folder was moved, or runs were begun with something
            else.
    """
    experiment = checked.experiment
    root = options.root(experiment.name)
    write_experiment(experiment, root)
    with keeping(root):
        note = None if options.fresh else other_devices(root, ranks_of(experiment.settings))
        if note is not None:
            reporter.note(f"note: {note}")
        admit(checked, root, reporter, fresh=options.fresh, accept_drift=options.accept_drift)
        with options.working() as stop:
            runs = _Runs(checked, root, accept_drift=options.accept_drift)
            try:
                while runs.left and stop.signal is None:
                    runs.go_on(stop)
            except KeyboardInterrupt:  # a second Ctrl-C
                stop.at_once = True
        refuse_moved(root)
        return Outcome(runs.endings(), stop.signal, stop.at_once).rechecked()


class _Runs:
    """The runs of a command, some of which are done.

    Ranks of which one has failed end; others do what is left.
    """

    def __init__(self, checked: CheckedExperiment, root: Path, *, accept_drift: bool) -> None:
        self._planned = {planned.spec.folder: planned for planned in checked.plan.runs}
        self._settings = checked.experiment.settings
        self._root = root
        self._accept_drift = accept_drift
        self._told: dict[str, ToldEnding] = {}
        self.left = list(self._planned)

    def go_on(self, stop: StopRequest) -> None:
        """Start ranks, which do what is left until one of them fails."""
        report, lost = _done(
            self._root,
            self.left,
            self._settings,
            stop,
            accept_drift=self._accept_drift,
            before=len(self._planned) - len(self.left),
        )
        stop.signal = stop.signal or _sent(report, lost)
        told = {each.name: each for each in report.endings}
        if stop.signal is None:
            told |= _lost_runs(report, lost, self.left)
        self._told |= told
        self.left = [name for name in self.left if name not in told]
        if report.error is not None:
            raise AlsegError(report.error)

    def endings(self) -> tuple[RunEnding, ...]:
        """Return how every run ended, in the order in which they did; those that did not begin are last."""
        said = [
            *self._told.values(),
            *(ToldEnding(name=name, result=RunResult.NOT_BEGUN) for name in self.left),
        ]
        return tuple(
            RunEnding(
                self._planned[each.name].spec,
                RunFolder(self._root / "runs" / each.name),
                each.result,
                each.reason,
                each.seconds,
            )
            for each in said
        )


def unit_on_ranks(unit: WorkUnit, experiment: Experiment, stop: StopRequest, *, quiet: bool) -> UnitOutcome:
    """Have a unit done by ranks.

    Args:
        unit: The unit.
        experiment: Read from its file.
        stop: Set when they should save and stop.
        quiet: Whether to show nothing.

    Raises:
        AlsegError: If data or a device is missing or faulty, or the run was begun with something else.
    """
    stop.working = True
    report, lost = _done(
        Path(unit.experiment).parent,
        unit.runs,
        experiment.settings,
        stop,
        accept_drift=unit.accept_drift,
        shared=unit.is_shared,
        quiet=quiet,
    )
    if report.error is not None:
        raise AlsegError(report.error)
    signal = stop.signal or _sent(report, lost)
    if not report.endings:
        told = ToldEnding(name=unit.key, result=RunResult.INTERRUPTED)
    else:
        told = report.endings[-1]
    reason = told.reason
    if told.result is RunResult.INTERRUPTED and signal is None:
        reason = lost.text if lost is not None else told.reason
    return UnitOutcome(result=told.result, reason=reason, signal=signal)


def _done(
    root: Path,
    runs: Sequence[str],
    settings: Settings,
    stop: StopRequest,
    *,
    accept_drift: bool,
    before: int = 0,
    shared: bool = False,
    quiet: bool = False,
) -> tuple[RankReport, RankEnding | None]:
    """Start ranks and wait for them; returns what the first has said, and which ended unwell."""
    refuse_too_few_gpus(settings)
    threads = settings.threads or first_threads(root) or max(1, _all_threads() // settings.devices)
    with TemporaryDirectory(prefix="alseg-ranks-") as name:
        task = RankTask(
            experiment=str(root / "experiment.yaml"),
            runs=tuple(runs),
            shared=shared,
            accept_drift=accept_drift,
            folder=name,
            before=before,
            quiet=quiet,
        )
        folder = Path(name)
        if settings.nodes > 1:
            lost = run_srun(COMMAND, settings.nodes, settings.devices, task.line(), stop, threads)
        else:
            lost = run_ranks(COMMAND, settings.devices, task.line(), folder, stop, threads)
        return RankReport.read(folder), lost


def _all_threads() -> int:
    """Return how many threads the ranks of this machine may have together."""
    given = os.environ.get("OMP_NUM_THREADS", "")
    return int(given) if given.isascii() and given.isdigit() and int(given) > 0 else look().cores


def _sent(report: RankReport, lost: RankEnding | None) -> int | None:
    """Return the signal that somebody has sent to one of the ranks; None where it came from here.

    Where one of them was killed or has failed, the others are asked to stop, and report that, too.
    """
    was_killed = lost is not None and lost.code < 0
    has_failed = any(each.result is RunResult.FAILED for each in report.endings)
    return None if was_killed or has_failed else report.signal


def _lost_runs(report: RankReport, lost: RankEnding | None, runs: Sequence[str]) -> dict[str, ToldEnding]:
    """Return the run that ranks were at when one of them was lost; it goes on with the next command."""
    how = lost.text if lost is not None else "its processes ended too early"
    reason = f"{how}; the same command goes on from the last checkpoint"
    interrupted = [each for each in report.endings if each.result is RunResult.INTERRUPTED]
    if interrupted:
        return {each.name: replace(each, result=RunResult.FAILED, reason=reason) for each in interrupted}
    ended = {each.name for each in report.endings}
    name = report.at_work or next((run for run in runs if run not in ended), None)
    if name is None or (ended and report.at_work is None):
        return {}
    return {name: ToldEnding(name=name, result=RunResult.FAILED, reason=reason)}
