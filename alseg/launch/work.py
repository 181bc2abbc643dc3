"""One unit, done in this process: what executors start, wherever that is."""

from __future__ import annotations

import socket
import time
from contextlib import nullcontext, suppress
from dataclasses import replace
from pathlib import Path

from alseg.contracts import WorkUnit
from alseg.engine.observers import Observers, build_observers, hooks_of
from alseg.engine.reporter import Reporter, SilentReporter
from alseg.errors import AlsegError, one_line
from alseg.files import TakenOverError, WriteError, refuse_moved
from alseg.launch.admission import admit
from alseg.launch.kept_preparation import KeptPreparation
from alseg.launch.on_ranks import unit_on_ranks
from alseg.launch.outcome import Outcome, RunResult, UnitOutcome
from alseg.launch.preflight_ranks import ranks_of
from alseg.launch.preparation import prepare
from alseg.launch.runner import Launcher
from alseg.launch.shared_attempt import share
from alseg.launch.units import runs_of, settings_of_unit
from alseg.registry.loading import load_registry
from alseg.storage.lock import exclusive_experiment
from alseg.storage.unit_files import UnitEnding, write_ending
from alseg.system.kept_folders import keeping
from alseg.system.signals import Interrupted, StopRequest, listening


def do_unit(
    unit: WorkUnit,
    reporter: Reporter | None = None,
    stop: StopRequest | None = None,
    kept: KeptPreparation | None = None,
) -> UnitOutcome:
    """Do a unit, and say beside the experiment how it ended.

    Args:
        unit: The unit.
        reporter: Shows what happens; without it nothing is shown.
        stop: Of a caller that listens to signals; without it they are listened to here.
        kept: From the unit before in this process; without it all is prepared for this unit.

    Raises:
        AlsegError: If the experiment, its data or a device is missing or faulty, or the run was begun with
            something else.
        Interrupted: At a signal before anything was done.
        TakenOverError: If another process has taken over the experiment's folder.
    """
    started, root = time.monotonic(), Path(unit.experiment).parent
    with nullcontext(stop) if stop is not None else listening() as stop:
        try:
            outcome = _done(unit, root, reporter or SilentReporter(), stop, kept or KeptPreparation())
        except (Interrupted, TakenOverError):  # of the latter, the other process says how the unit ended
            raise
        except Exception as error:
            reason = str(error) if isinstance(error, AlsegError) else one_line(error)
            with suppress(WriteError):  # the first error is the one to tell
                _leave(root, unit, UnitOutcome(result=RunResult.FAILED, reason=reason), started)
            raise
        _leave(root, unit, outcome, started)
        return outcome


def _done(
    unit: WorkUnit, root: Path, reporter: Reporter, stop: StopRequest, kept: KeptPreparation
) -> UnitOutcome:
    registry = kept.registry = kept.registry or load_registry()
    experiment = kept.experiment(Path(unit.experiment), registry)
    with exclusive_experiment(root, experiment.settings.lock):
        pass  # the folder says from now on how it is locked, if it did not
    if ranks_of(experiment.settings) > 1:
        return unit_on_ranks(unit, experiment, stop, quiet=isinstance(reporter, SilentReporter))
    specs = runs_of(experiment, unit.runs, unit.experiment)
    experiment = replace(experiment, settings=settings_of_unit(experiment.settings))
    prepared = prepare(experiment, specs, registry, root, objects=kept.objects(root, registry))
    named = build_observers(experiment.settings.observers, registry)
    observers = Observers(reporter, [*hooks_of(registry), *named])
    launcher = Launcher(prepared, root, observers, accept_drift=unit.accept_drift)
    with keeping(root):
        admit(prepared, root, reporter, fresh=False, accept_drift=unit.accept_drift)
        stop.working = True
        if unit.is_shared:
            return share(prepared.plan, root, launcher.context(stop))
        outcome = launcher.launch(stop)
        refuse_moved(root)
        return _of_run(outcome.rechecked())


def _of_run(outcome: Outcome) -> UnitOutcome:
    (ending,) = outcome.endings
    return UnitOutcome(result=ending.result, reason=ending.reason, signal=outcome.signal)


def _leave(root: Path, unit: WorkUnit, outcome: UnitOutcome, started: float) -> None:
    state = outcome.result
    if state in (RunResult.LEFT_TO_OTHER, RunResult.NOT_BEGUN):  # both after a signal only
        state = RunResult.INTERRUPTED
    ending = UnitEnding(
        state=state.value,  # type: ignore[arg-type]
        reason=outcome.reason,
        seconds=round(time.monotonic() - started, 1),
        host=socket.gethostname(),
    )
    write_ending(root, unit.key, ending)
