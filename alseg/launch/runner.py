"""All runs of an experiment, one after another."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from alseg.engine.context import RunContext
from alseg.engine.crashes import keeps_crashing
from alseg.engine.observers import Observers, build_observers, hooks_of
from alseg.engine.reporter import Reporter
from alseg.files import refuse_moved
from alseg.launch.admission import admit, write_experiment
from alseg.launch.attempt import RunAttempt
from alseg.launch.local import helpers
from alseg.launch.options import LaunchOptions
from alseg.launch.outcome import Outcome, RunEnding, RunResult
from alseg.launch.preflight import PlannedRun
from alseg.launch.preparation import PreparedExperiment
from alseg.storage.run_folder import RunFolder
from alseg.system.kept_folders import keeping
from alseg.system.ranks import ALONE, Ranks
from alseg.system.signals import StopRequest


def run_experiment(
    prepared: PreparedExperiment,
    reporter: Reporter,
    options: LaunchOptions,
) -> Outcome:
    """Do all planned runs that are not complete yet; one that fails does not stop the others.

    Args:
        prepared: The experiment.
        reporter: Shows what happens.
        options: Where results go, and how to go on.

    Returns:
        How it went; the caller decides on the exit code.

    Raises:
        AlsegError: If an observer cannot be built, results cannot be written, their folder was moved, or runs
            were begun with something else.
    """
    experiment, registry = prepared.experiment, prepared.assembler.registry
    named = build_observers(experiment.settings.observers, registry)
    observers = Observers(reporter, [*hooks_of(registry), *named])
    root = options.root(experiment.name)
    write_experiment(experiment, root)
    launcher = Launcher(prepared, root, observers, accept_drift=options.accept_drift)
    with keeping(root):
        admit(prepared, root, reporter, fresh=options.fresh, accept_drift=options.accept_drift)
        with options.working() as stop:
            outcome = launcher.launch(stop)
        refuse_moved(root)
        return outcome.rechecked()


class Launcher:
    """Does the runs of one experiment in this process and in helpers beside it.

    Args:
        prepared: The experiment.
        root: Its results folder.
        observers: Told of what happens.
        accept_drift: Whether to go on with runs that were begun with other versions or code.
        ranks: The processes that do each run together, of which this is one.
        books: Folder for files of this process's own; None for the first of them.
        before: How many runs of the same command were done before these.
        on_run: Given the name of each run's folder when its turn comes, and again with its ending.
    """

    def __init__(
        self,
        prepared: PreparedExperiment,
        root: Path,
        observers: Observers,
        *,
        accept_drift: bool,
        ranks: Ranks = ALONE,
        books: Path | None = None,
        before: int = 0,
        on_run: Callable[[str, RunEnding | None], object] = lambda name, ending: None,
    ) -> None:
        self._prepared = prepared
        self._root = root
        self._observers = observers
        self._accept_drift = accept_drift
        self._ranks, self._books = ranks, books
        self._before, self._on_run = before, on_run
        self._parted = False

    def launch(self, stop: StopRequest) -> Outcome:
        """Do all runs, then let observers finish.

        Args:
            stop: Set when the process should save and stop.
        """
        context, experiment = self.context(stop), self._prepared.experiment
        try:
            with helpers(self._root, context.specs, experiment, stop, accept_drift=self._accept_drift):
                endings = self._in_turn(context)
        finally:
            self._observers.close()
        return Outcome(tuple(endings), stop.signal, stop.at_once)

    def context(self, stop: StopRequest) -> RunContext:
        """Return what the runs share with this process.

        Args:
            stop: Set when the process should save and stop.
        """
        prepared, settings = self._prepared, self._prepared.experiment.settings
        return RunContext(
            assembler=prepared.assembler,
            fabric=prepared.fabric,
            settings=settings,
            observers=self._observers,
            stop=stop,
            specs=[planned.spec for planned in prepared.plan.runs if planned.skipped is None],
            # What is trained with other kernels must not get into runs that are to be the same every time.
            shared=self._root / ("shared-deterministic" if settings.deterministic else "shared"),
            ranks=self._ranks,
            books=self._books,
        )

    def _in_turn(self, context: RunContext) -> list[RunEnding]:
        """Do the runs, those that another process is doing last."""
        numbered = list(enumerate(self._prepared.plan.runs, start=1))
        # A plugin that ends the process each time must not keep the others from their turn.
        numbered.sort(key=lambda each: keeps_crashing(self._folder(each[1]).path))
        runs = dict(numbered)
        numbered = [(place, runs[place]) for place in self._ranks.from_first(list(runs))]
        endings = {place: self._one(place, planned, context, wait=False) for place, planned in numbered}
        # What another process leaves undone is done here; it may be taken over, too.
        for place, planned in numbered:
            while endings[place].result is RunResult.LEFT_TO_OTHER:
                del endings[place]
                endings[place] = self._one(place, planned, context, wait=True)
        return list(endings.values())

    def _one(self, place: int, planned: PlannedRun, context: RunContext, *, wait: bool) -> RunEnding:
        """Do one run, unless the process is to stop, and show how it ended."""
        spec, folder, reporter = planned.spec, self._folder(planned), context.reporter
        if self._parted or context.stop.agreed(self._ranks):
            return RunEnding(spec, folder, RunResult.NOT_BEGUN)
        place, total = self._before + place, self._before + len(self._prepared.plan.runs)
        reporter.run_started(place, total, spec.method.label, spec.seed)
        self._on_run(spec.folder, None)
        attempt = RunAttempt(planned, folder, context, accept_drift=self._accept_drift)
        ending = attempt.make(wait=wait)
        if ending.result is RunResult.LEFT_TO_OTHER:
            # A helper's run comes up again when it is done.
            in_helper = context.settings.processes > 1
            reporter.note("  in another process" if in_helper else f"  {ending.reason}")
        else:
            reporter.run_ended(ending.result, ending.seconds)
        # Ranks of which one has failed do not find together again.
        self._parted = self._ranks.size > 1 and ending.result in (RunResult.FAILED, RunResult.INTERRUPTED)
        self._on_run(spec.folder, ending)
        return ending

    def _folder(self, planned: PlannedRun) -> RunFolder:
        return RunFolder((self._books or self._root) / "runs" / planned.spec.folder)
