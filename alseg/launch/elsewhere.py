"""All runs of an experiment, done by an executor."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from alseg.config.executor import ExecutorChoice
from alseg.contracts import Executor
from alseg.engine.reporter import Reporter
from alseg.engine.round_report import report_of
from alseg.errors import AlsegError
from alseg.files import refuse_moved
from alseg.launch.admission import admit, write_experiment
from alseg.launch.dispatch import DispatchedUnit, Dispatcher
from alseg.launch.earlier import refuse_other_executor
from alseg.launch.options import LaunchOptions
from alseg.launch.outcome import Outcome, RunEnding, RunResult
from alseg.launch.preflight import PlannedRun
from alseg.launch.preparation import CheckedExperiment
from alseg.launch.repair import repair
from alseg.launch.units import plan_units
from alseg.storage.cancel_files import forget_requests
from alseg.storage.lock import BusyError, exclusive
from alseg.storage.run_folder import RunFolder
from alseg.storage.unit_files import DISPATCH_LOCK
from alseg.system.kept_folders import keeping


def run_elsewhere(
    checked: CheckedExperiment,
    choice: ExecutorChoice,
    reporter: Reporter,
    options: LaunchOptions,
    *,
    executor: Executor | None = None,
) -> Outcome:
    """Have all planned runs done that are not complete yet; one that fails does not stop the others.

    Args:
        checked: The experiment.
        choice: The executor.
        reporter: Shows what happens.
        options: Where results go, and how to go on.
        executor: What was built of ``choice``; without it, it is built here.

    Returns:
        How it went, as `run_experiment` says it.

    Raises:
        AlsegError: If the executor cannot be built, another process has the experiment done already, another
            executor still has units of it, results cannot be written, their folder was moved, or runs were
            begun with something else.
    """
    experiment = checked.experiment
    root = options.root(experiment.name)
    executor = executor or choice.build(checked.assembler.registry)
    refuse_other_executor(root, choice, checked.assembler.registry)
    write_experiment(experiment, root)
    with keeping(root), exclusive(root / DISPATCH_LOCK, keep_waiting=None):
        forget_requests(root)  # first of all: those from now on are meant for this process
        admit(checked, root, reporter, fresh=options.fresh, accept_drift=options.accept_drift)
        collected = _Endings(checked, root, reporter)
        for ending in _complete(checked, root, reporter, accept_drift=options.accept_drift):
            collected.add(ending)
        units = plan_units(checked, root, accept_drift=options.accept_drift)
        left = [unit for unit in units if unit.key not in collected]
        dispatcher = Dispatcher(left, executor, choice.text, root, reporter)
        with options.working() as stop:
            try:
                for each in dispatcher.ended(stop):
                    collected.add_unit(each)
            except KeyboardInterrupt:  # a second Ctrl-C
                stop.at_once = True
                dispatcher.kill()
            finally:
                dispatcher.close()
        refuse_moved(root)
        return Outcome(collected.all(), stop.signal, stop.at_once).rechecked()


def _complete(
    checked: CheckedExperiment, root: Path, reporter: Reporter, *, accept_drift: bool
) -> Iterator[RunEnding]:
    """Yield the runs for which no process must be started: they are complete, or must not be completed."""
    for spec in (planned.spec for planned in checked.plan.runs):
        folder = RunFolder(root / "runs" / spec.folder)
        if not folder.is_done:
            continue

        def tell(line: str, folder: RunFolder = folder) -> None:
            folder.append_log(line)
            reporter.note(f"  {line}")

        with suppress(BusyError), folder.writing():  # one at which another process works is a unit
            settled = repair(spec, folder, checked.assembler, tell, accept_drift=accept_drift)
            if settled is not None:
                yield RunEnding(spec, folder, *settled)


class _Endings:
    """How runs ended, shown one by one.

    Args:
        checked: The experiment.
        root: Its results folder.
        reporter: Shows each run when it has ended.
    """

    def __init__(self, checked: CheckedExperiment, root: Path, reporter: Reporter) -> None:
        self._planned = {planned.spec.folder: planned for planned in checked.plan.runs}
        self._root = root
        self._reporter = reporter
        self._endings: dict[str, RunEnding] = {}

    def __contains__(self, key: str) -> bool:
        """Return whether it is known how a run ended."""
        return key in self._endings

    def add(self, ending: RunEnding) -> None:
        """Take a run that has ended, and show it."""
        key = ending.folder.path.name
        self._endings[key] = ending
        self._show(self._planned[key], ending)

    def add_unit(self, each: DispatchedUnit) -> None:
        """Take a unit that has ended, and show it."""
        assert each.ending is not None
        unit, result = each.unit, RunResult(each.ending.state)
        if unit.is_shared:
            if result is RunResult.FAILED:
                self._reporter.note(f"{unit.key}: {each.ending.reason}; the runs do it themselves")
            return
        spec, folder = self._planned[unit.key].spec, self._folder(unit.key)
        self.add(RunEnding(spec, folder, result, each.ending.reason, each.ending.seconds))

    def all(self) -> tuple[RunEnding, ...]:
        """Return how every run ended, in the order in which they did; those that did not begin are last."""
        late = [
            RunEnding(planned.spec, self._folder(key), RunResult.NOT_BEGUN)
            for key, planned in self._planned.items()
            if key not in self._endings
        ]
        return (*self._endings.values(), *late)

    def _show(self, planned: PlannedRun, ending: RunEnding) -> None:
        spec, reporter = planned.spec, self._reporter
        reporter.run_started(len(self._endings), len(self._planned), spec.method.label, spec.seed)
        last = ending.folder.last_round
        if ending.result is RunResult.DONE and last is not None:
            with suppress(AlsegError):  # a file that was removed meanwhile; `Outcome.rechecked` says so
                reporter.round_finished(report_of(spec, ending.folder, last), len(spec.rounds))
        elif ending.reason:
            reporter.note(f"  {ending.reason}")
        reporter.run_ended(ending.result, ending.seconds)

    def _folder(self, name: str) -> RunFolder:
        return RunFolder(self._root / "runs" / name)
