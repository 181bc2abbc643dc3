"""Looks at an experiment again and again: which units work where, and what others wait for. No torch.

Whatever has not changed is not read again, no lock is touched, and no executor is asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from alseg.config.specs import RunSpec
from alseg.launch.run_standing import RunSight, standing_of_run, standing_of_shared
from alseg.launch.standings import ExperimentStanding, UnitStanding
from alseg.launch.time_left import TimeLeft
from alseg.launch.wanted import EXPERIMENT_NAME, wanted_runs
from alseg.storage.layout import SHARED_UNIT_NAME, STATUS_NAME
from alseg.storage.live import LIVE_NAME, read_live
from alseg.storage.lock import noted_holder
from alseg.storage.reader import run_folders
from alseg.storage.rereading import Rereader, Sighting
from alseg.storage.status_file import StatusFile, read_status
from alseg.storage.unit_files import (
    DISPATCH_LOCK,
    DISPATCH_NAME,
    UNITS_NAME,
    DispatchFile,
    ending_file,
    read_dispatch,
    read_ending,
)

SHARED_KEY = "shared-"
"""How the key of a shared unit begins."""


class Watcher:
    """Looks at one experiment.

    Args:
        folder: Its results folder, such as ``results/quickstart``.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files = Rereader()
        self._time_left = TimeLeft(self._files)

    def look(self) -> ExperimentStanding:
        """Return where the experiment stands now.

        Raises:
            AlsegError: If the folder holds no results, and asks for none.
        """
        wanted, notes = self._wanted()
        folders = self._folders(wanted)
        dispatch, dispatcher = self._dispatched()
        shared = self._shared(dispatch)
        runs = [self._run(name, path, wanted.get(name), dispatch) for name, path in folders.items()]
        return ExperimentStanding(
            name=self._folder.resolve().name,
            runs=runs,
            shared=list(shared.values()),
            executor=dispatch.executor if dispatch.units or dispatcher else "",
            dispatcher=dispatcher,
            seconds_left=self._time_left.of_all(runs, list(shared.values()), folders),
            notes=notes,
        )

    def _wanted(self) -> tuple[dict[str, RunSpec], list[str]]:
        file = self._folder / EXPERIMENT_NAME
        found = self._files.look(file, lambda: wanted_runs(self._folder))
        return found.content or ({}, [])

    def _folders(self, wanted: Mapping[str, RunSpec]) -> dict[str, Path]:
        """Return the folders of the runs asked for, and then of those that were asked for once.

        Raises:
            AlsegError: If there are none.
        """
        runs = self._folder / "runs"
        found = {name: runs / name for name in wanted}
        if not wanted:
            return {path.name: path for path in run_folders(self._folder)}
        there = self._files.look(runs, lambda: run_folders(self._folder)).content
        return found | {path.name: path for path in there or ()}

    def _dispatched(self) -> tuple[DispatchFile, str]:
        """Return what an executor has, nothing where nobody sees to it any more; and who has submitted it."""
        holder = noted_holder(self._folder / DISPATCH_LOCK)
        alive = holder is not None and not holder.has_ended
        content = self._files.look(self._folder / DISPATCH_NAME, lambda: read_dispatch(self._folder)).content
        if content is None or not (alive or content.outlives):
            content = DispatchFile(executor="" if content is None else content.executor)
        return content, holder.text if alive and holder is not None else ""

    def _run(self, name: str, folder: Path, spec: RunSpec | None, dispatch: DispatchFile) -> UnitStanding:
        status = self._files.look(folder / STATUS_NAME, lambda: read_status(folder))
        is_running = isinstance(status.content, StatusFile) and status.content.state == "running"
        sight = RunSight(
            root=self._folder,
            key=name,
            folder=folder,
            spec=spec,
            status=status,
            live=self._live(folder) if is_running else None,
            ending=lambda: self._ending(name),
            submission=dispatch.units.get(name),
            after=dispatch.after.get(name),
            executor=dispatch.executor,
        )
        return self._time_left.added(standing_of_run(sight), sight)

    def _live(self, folder: Path) -> Sighting:
        return self._files.look(folder / LIVE_NAME, lambda: read_live(folder))

    def _ending(self, key: str) -> Sighting:
        return self._files.look(ending_file(self._folder, key), lambda: read_ending(self._folder, key))

    def _shared(self, dispatch: DispatchFile) -> dict[str, UnitStanding]:
        """Return shared units that have not ended, and those that failed, by key."""
        folders = {
            f"{SHARED_KEY}{path.parent.name}": path
            for path in sorted(self._folder.glob(f"shared*/*/{SHARED_UNIT_NAME}"))
        }
        units = self._files.look(self._folder / UNITS_NAME, self._shared_endings).content or ()
        keys = [*folders, *units, *(key for key in dispatch.units if key.startswith(SHARED_KEY))]
        found = {}
        for key in dict.fromkeys(keys):
            sight = self._shared_sight(key, folders.get(key), dispatch)
            standing = standing_of_shared(sight)
            if standing is not None:
                found[key] = self._time_left.added(standing, sight)
        return found

    def _shared_sight(self, key: str, folder: Path | None, dispatch: DispatchFile) -> RunSight:
        return RunSight(
            root=self._folder,
            key=key,
            folder=folder or self._folder / "shared" / key.removeprefix(SHARED_KEY) / SHARED_UNIT_NAME,
            live=None if folder is None else self._live(folder),
            ending=lambda: self._ending(key),
            submission=dispatch.units.get(key),
            executor=dispatch.executor,
        )

    def _shared_endings(self) -> list[str]:
        return [path.stem for path in (self._folder / UNITS_NAME).glob(f"{SHARED_KEY}*.json")]
