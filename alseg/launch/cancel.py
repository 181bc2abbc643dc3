"""Asking whoever does the runs of an experiment to save and stop. No torch.

That is a dispatcher, which is left a request; or an executor whose units have outlived their dispatcher; or
processes of `alseg run` without an executor, see `alseg.launch.cancel_processes`.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from alseg.contracts import WorkUnit
from alseg.launch.cancel_processes import Cancelled, ask_processes
from alseg.launch.cancelling import units_asked_for
from alseg.launch.earlier import earlier_executor
from alseg.launch.standings import ExperimentStanding
from alseg.launch.watcher import Watcher
from alseg.registry.registry import Registry
from alseg.storage.attempts import now
from alseg.storage.cancel_files import CancelRequest, write_request
from alseg.storage.lock import exclusive, holder_of
from alseg.storage.lock_notes import noted_holder
from alseg.storage.unit_files import DISPATCH_LOCK, DispatchFile, read_dispatch

GRACE_SECONDS = 120.0
"""How long units may save that have outlived their dispatcher."""

ANSWER_SECONDS = 30.0
"""How long a dispatcher may take to read a request; it looks each second."""


class Canceller:
    """Asks for what is to stop in one experiment.

    Args:
        folder: The results folder.
        runs: Names of run folders; empty for all.
        load_registry: Loads plugins, of which an executor may be one.
        answer_seconds: How long a dispatcher may take to read a request.
    """

    def __init__(
        self,
        folder: Path,
        runs: Sequence[str],
        load_registry: Callable[[], Registry],
        *,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        self._folder = folder
        self._runs = tuple(runs)
        self._load_registry = load_registry
        self._answer_seconds = answer_seconds

    def cancel(self) -> Cancelled:
        """Ask whoever does the runs to save and stop; returns before they have.

        Raises:
            AlsegError: If there are no results, a request cannot be written, or an executor cannot be built.
        """
        standing = Watcher(self._folder).look()
        dispatch = read_dispatch(self._folder) or DispatchFile(executor="")
        if holder_of(self._folder / DISPATCH_LOCK) is not None:
            return self._ask_dispatcher(standing, dispatch)
        if dispatch.outlives and dispatch.units:
            return self._ask_executor(dispatch)
        return ask_processes(self._folder, self._runs, standing)

    def _ask_dispatcher(self, standing: ExperimentStanding, dispatch: DispatchFile) -> Cancelled:
        """Leave a request, and wait until it is read."""
        going_on = {run.key for run in standing.runs if not run.state.has_ended}
        runs = tuple(run for run in self._runs if run in {*going_on, *dispatch.units, *dispatch.after})
        if self._runs and not runs:
            return Cancelled()
        lock = self._folder / DISPATCH_LOCK
        holder = noted_holder(lock)
        who = "`alseg run`" if holder is None else f"`alseg run`, {holder.text},"
        path = write_request(self._folder, CancelRequest(runs=runs, host=socket.gethostname(), time=now()))
        end = time.monotonic() + self._answer_seconds
        while path.exists():
            if time.monotonic() >= end:
                seconds = f"{self._answer_seconds:.0f} s"
                return Cancelled(
                    left=[f"{who} has not read the request in {seconds}; it will if it goes on."]
                )
            if noted_holder(lock) != holder:  # it has ended meanwhile
                path.unlink(missing_ok=True)
                return Cancelled()
            time.sleep(0.1)
        return Cancelled(
            done=[f"{who} lets {_counted(len(runs), 'run') if runs else 'all runs'} save and stop."]
        )

    def _ask_executor(self, dispatch: DispatchFile) -> Cancelled:
        """Have units cancelled by their executor, while no dispatcher can begin."""
        with exclusive(self._folder / DISPATCH_LOCK, keep_waiting=None):
            executor = earlier_executor(self._folder, dispatch.executor, self._load_registry())
            try:
                ids = [dispatch.units[key].id for key in self._units_of(dispatch)]
                standings = executor.poll(ids)
                ids = [name for name in ids if name in standings and standings[name].state != "gone"]
                if ids:
                    executor.cancel(ids, GRACE_SECONDS)
            finally:
                executor.close()
        if not ids:
            return Cancelled()
        return Cancelled(done=[f"{dispatch.executor} lets {_counted(len(ids), 'unit')} save and stop."])

    def _units_of(self, dispatch: DispatchFile) -> list[str]:
        """Return the keys of submitted units that are meant."""
        if not self._runs:
            return list(dispatch.units)
        behind = {
            key: tuple(run for run, after in dispatch.after.items() if key in after) for key in dispatch.units
        }
        units = [WorkUnit(key=key, experiment="-", runs=behind[key] or (key,)) for key in dispatch.units]
        asked = units_asked_for([CancelRequest(runs=self._runs)], units)
        return [key for key in dispatch.units if key in asked]


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
