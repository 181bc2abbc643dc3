"""What one of the processes that do runs together does."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from alseg.config.experiment import Experiment
from alseg.config.sections import Settings
from alseg.engine.observers import Observers, build_observers, hooks_of
from alseg.engine.reporter import Reporter
from alseg.files import refuse_moved
from alseg.launch.admission import admit
from alseg.launch.outcome import RunEnding, RunResult
from alseg.launch.preparation import prepare
from alseg.launch.rank_task import RankReport, RankTask, ToldEnding
from alseg.launch.runner import Launcher
from alseg.launch.shared_attempt import share
from alseg.launch.units import runs_of, settings_of_unit
from alseg.registry.registry import Registry
from alseg.system.kept_folders import keeping
from alseg.system.ranks import Ranks
from alseg.system.signals import StopRequest
from alseg.training.device import find_device

_PARTED = (RunResult.FAILED, RunResult.INTERRUPTED)


def device_type_of(settings: Settings) -> str:
    """Return ``cuda`` or ``cpu``, after the process has chosen its own device of that type.

    Raises:
        AlsegError: If there is no such device.
    """
    import torch

    device = find_device(_device_of_rank(settings))
    if device.type == "cuda":
        torch.cuda.set_device(device)
    return device.type


def do_task(
    task: RankTask,
    experiment: Experiment,
    registry: Registry,
    ranks: Ranks,
    reporter: Reporter,
    stop: StopRequest,
) -> RankReport:
    """Do the runs of a task together with the other ranks; the first one says in the task's folder how.

    Args:
        task: What is to be done.
        experiment: Read from the task's file.
        registry: What is installed.
        ranks: The processes.
        reporter: Shows what happens, on the first rank.
        stop: Set when the process should save and stop.

    Returns:
        The same report on the first rank; on the others what they know.

    Raises:
        AlsegError: If data or a device is missing or faulty, or a run was begun with something else.
        LostRank: If another rank has ended between two runs.
    """
    root, told = Path(task.experiment).parent, _Told(task, ranks)
    specs = runs_of(experiment, task.runs, task.experiment)
    settings = settings_of_unit(experiment.settings)
    settings = settings.model_copy(update={"device": _device_of_rank(settings)})
    prepared = prepare(replace(experiment, settings=settings), specs, registry, root)
    named = build_observers(settings.observers, registry) if ranks.is_first else []
    observers = Observers(reporter, [*hooks_of(registry), *named] if ranks.is_first else [])
    with keeping(root), _books(task, ranks) as books:
        launcher = Launcher(
            prepared,
            root,
            observers,
            accept_drift=task.accept_drift,
            ranks=ranks,
            books=books,
            before=task.before,
            on_run=told.note,
        )
        if ranks.is_first:
            admit(prepared, root, reporter, fresh=False, accept_drift=task.accept_drift)
        ranks.agreed(0)
        stop.working = True
        if task.shared:
            outcome = share(prepared.plan, root, launcher.context(stop))
            told.end(ToldEnding(name="shared", result=outcome.result, reason=outcome.reason))
        else:
            launcher.launch(stop)
        refuse_moved(root)
        return told.stopped_by(stop.signal)


class _Told:
    """What the first rank says of the task."""

    def __init__(self, task: RankTask, ranks: Ranks) -> None:
        self._folder, self._writes = Path(task.folder), ranks.is_first
        self._report = RankReport()

    def note(self, name: str, ending: RunEnding | None) -> None:
        """Say that a run begins, or how it ended."""
        if ending is None:
            self._say(replace(self._report, at_work=name))
        else:
            self.end(ToldEnding.of(ending))

    def end(self, ending: ToldEnding) -> None:
        """Say how something ended."""
        before = [each for each in self._report.endings if each.name != ending.name]
        self._say(replace(self._report, endings=(*before, ending), at_work=None))

    def stopped_by(self, signal: int | None) -> RankReport:
        """Say what has stopped it, if anything did."""
        self._say(replace(self._report, signal=signal))
        return self._report

    def _say(self, report: RankReport) -> None:
        self._report = report
        if self._writes:
            report.write(self._folder)


def have_parted(report: RankReport) -> bool:
    """Whether the ranks do not come together again, for one of them has failed or was stopped."""
    return report.signal is not None or any(each.result in _PARTED for each in report.endings)


def _device_of_rank(settings: Settings) -> str:
    """Return the device of this process: of several GPUs that which has its number on this machine."""
    if settings.device not in ("auto", "cuda"):
        return settings.device
    found = find_device(settings.device)
    return f"cuda:{os.environ.get('LOCAL_RANK', '0')}" if found.type == "cuda" else str(found)


@contextmanager
def _books(task: RankTask, ranks: Ranks) -> Iterator[Path | None]:
    """Keep files of this rank's own for as long as it works; the first one's are those that count."""
    if ranks.is_first:
        yield None
        return
    group = Path(task.folder)  # another machine does not have it
    with TemporaryDirectory(prefix="alseg-rank-", dir=group if group.exists() else None) as folder:
        yield Path(folder)
