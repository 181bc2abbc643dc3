"""One run under the lock of its folder, and the record of the attempt: the unit that a process takes over."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial

import torch

from alseg.config.experiment import RunSpec
from alseg.engine.context import RunContext
from alseg.engine.crashes import name_crash
from alseg.engine.description import description
from alseg.engine.environment import describe
from alseg.engine.loop import run
from alseg.engine.recovery import find_removed
from alseg.engine.round_report import report_of
from alseg.engine.waiting import Waiting
from alseg.files import MovedError, WriteError, remove
from alseg.guard.at_work import NAME, noting
from alseg.guard.calls import random_state_kept, watching
from alseg.guard.timeouts import TimedOut
from alseg.launch.outcome import LOST_RANK, RunEnding, RunResult
from alseg.launch.parting import OtherRankFailed, together, trace_of
from alseg.launch.preflight import PlannedRun
from alseg.launch.repair import repair
from alseg.launch.status import spent_seconds
from alseg.launch.still_waiting import still_waiting
from alseg.storage.live import forget_live
from alseg.storage.lock import BusyError
from alseg.storage.run_folder import RunFolder
from alseg.storage.status_file import OUT_OF_MEMORY
from alseg.system.limits import address_space, exceeded_limit
from alseg.system.ranks import LostRank
from alseg.system.threads import chosen
from alseg.training import determinism


class RunAttempt:
    """An attempt at one run.

    Args:
        planned: The run.
        folder: Its folder.
        context: What the run shares with this process.
        accept_drift: Whether to go on with a run that was begun with other versions or code.
    """

    def __init__(
        self, planned: PlannedRun, folder: RunFolder, context: RunContext, *, accept_drift: bool
    ) -> None:
        self.spec: RunSpec = planned.spec
        self.folder = folder
        self.context = context
        self._skipped = planned.skipped
        self._accept_drift = accept_drift

    def make(self, *, wait: bool) -> RunEnding:
        """Do what is left of the run, under its lock.

        Args:
            wait: Whether to wait for another process that is doing the run, until this one is to stop.

        Returns:
            How it ended. What fails in the run is a result.

        Raises:
            WriteError: If results cannot be written: no other run could be written either.
        """
        folder, context, ranks = self.folder, self.context, self.context.ranks
        started = time.monotonic()
        if not ranks.is_first:
            return self._ending(*self._with_first(), time.monotonic() - started)

        def keep_waiting() -> bool:
            ranks.still_waiting()
            return wait and context.stop.signal is None

        try:
            with folder.writing(keep_waiting):
                ranks.await_first()
                by_another = context.settings.processes > 1 and folder.is_done
                result, reason = self._under_lock()
        except BusyError as busy:
            ranks.await_first()
            return self._ending(*ranks.from_first((RunResult.LEFT_TO_OTHER, str(busy))), 0.0)
        except MovedError as moved:
            if moved.folder != folder.path:
                raise
            context.reporter.note(f"  {moved}")
            return self._ending(RunResult.FAILED, str(moved), time.monotonic() - started)
        seconds: float | None = time.monotonic() - started
        if by_another and folder.last_round is not None:
            report = report_of(self.spec, folder, folder.last_round)
            context.reporter.round_finished(report, len(self.spec.rounds))
            seconds = spent_seconds(folder.path, running=False)
        return self._ending(result, reason, seconds or 0.0)

    def _ending(self, result: RunResult, reason: str, seconds: float) -> RunEnding:
        return RunEnding(self.spec, self.folder, result, reason, seconds)

    def _with_first(self) -> tuple[RunResult, str]:
        """Do what the first of the processes that do the run together does; nothing is recorded."""
        ranks = self.context.ranks
        ranks.await_first(self.context.stop.check)
        settled: tuple[RunResult, str] | None = ranks.from_first(None)
        if settled is not None:
            return settled
        self.folder.path.mkdir(parents=True, exist_ok=True)
        return self._train()

    def _under_lock(self) -> tuple[RunResult, str]:
        """See to what the folder has lost, then train, unless the run is done, waits or cannot be done."""
        settled = self.context.ranks.from_first(self._settled())
        return self._recorded() if settled is None else settled

    def _settled(self) -> tuple[RunResult, str] | None:
        """See to what the folder has lost; return what became of the run and why, None if it is to do."""
        folder, context = self.folder, self.context
        crashed = name_crash(folder.path)
        if crashed is not None:
            context.tell(folder, crashed)
        tell = partial(context.tell, folder)
        settled = repair(self.spec, folder, context.assembler, tell, accept_drift=self._accept_drift)
        if settled is not None:
            if settled[1]:
                context.reporter.note(f"  {settled[1]}")
            return settled
        folder.write_run(description(self.spec, context.assembler))
        if self._skipped is not None:
            folder.write_status(RunResult.SKIPPED, round_number=None, reason=self._skipped)
            context.reporter.note(f"  skipped: {self._skipped}")
            return RunResult.SKIPPED, self._skipped
        waits = still_waiting(self.spec, folder)
        if waits is not None:
            folder.write_status(RunResult.WAITING, round_number=folder.last_round, reason=waits)
            context.reporter.note(f"  {waits}")
            return RunResult.WAITING, waits
        return None

    def _recorded(self) -> tuple[RunResult, str]:
        """Train, and record what on, when and how it ended."""
        folder, context = self.folder, self.context
        attempt = folder.start_attempt(
            describe(
                context.fabric.device,
                self.spec.precision,
                deterministic=context.settings.deterministic,
                ranks=context.ranks,
            )
        )
        folder.append_log(chosen().text(torch.get_num_threads()))
        folder.write_status("running", round_number=folder.last_round)
        try:
            result, reason = self._train()
        except WriteError as failure:
            with suppress(WriteError):  # a small file may still fit
                folder.write_status(RunResult.FAILED, round_number=folder.last_round, error=str(failure))
                folder.end_attempt(attempt, RunResult.FAILED)
            raise
        told = {"reason" if result is RunResult.WAITING else "error": reason or None}
        folder.write_status(result, round_number=folder.last_round, **told)
        folder.end_attempt(attempt, result)
        if result is RunResult.DONE:
            remove(folder.checkpoint)
        return result, reason

    def _train(self) -> tuple[RunResult, str]:
        """Run the loop; whatever stops it but a failed write is a result."""
        spec, folder, context = self.spec, self.folder, self.context
        try:
            with watched(folder, context), together(context, what_failed):
                run(spec, folder, context)
            missing = find_removed(folder, spec) if context.ranks.is_first else None
        except KeyboardInterrupt:  # Interrupted is one
            context.stop.signal = context.stop.signal or signal.SIGINT
            saved = "without saving" if context.stop.at_once else "all is saved"
            folder.append_log(f"stopped by {context.stop.name}, {saved}")
            return RunResult.INTERRUPTED, ""
        except LostRank as lost:
            folder.append_log(f"{LOST_RANK}: {lost}")
            return RunResult.INTERRUPTED, LOST_RANK
        except Waiting as waiting:
            folder.append_log(str(waiting))
            context.reporter.note(f"  {waiting}")
            return RunResult.WAITING, str(waiting)
        except WriteError:
            raise
        except (Exception, SystemExit, TimedOut) as failure:  # a plugin's sys.exit() stops its run alone
            error = what_failed(failure)
            folder.append_log(trace_of(failure))
            context.reporter.note(f"  {error} (traceback in {folder.path / 'log.txt'})")
            return RunResult.FAILED, error
        if missing is None:
            return RunResult.DONE, ""
        context.reporter.note(f"  {missing}")
        return RunResult.FAILED, missing


@contextmanager
def watched(folder: RunFolder, context: RunContext) -> Iterator[None]:
    """Note which plugins are at work, tell what they change, limit their calls, keep random states.

    Args:
        folder: Where calls that are under way are noted, and lines logged.
        context: Says whether kernels are to be deterministic, and how long a call may take.
    """
    try:
        with (
            determinism.deterministic(context.settings.deterministic),
            random_state_kept(),
            noting(folder.path / NAME) as notes,
            watching(
                notes=notes,
                tell=lambda line: context.tell(folder, line),
                seconds=context.settings.call_timeout,
            ),
        ):
            yield
    finally:
        forget_live(folder.path)


def what_failed(failure: BaseException) -> str:
    """Say in one line what failed; too little memory is no error of the run."""
    if isinstance(failure, OtherRankFailed):
        return str(failure)
    limit = exceeded_limit(failure)
    if limit is not None and (address_space() is not None or not limit.startswith(OUT_OF_MEMORY)):
        return limit
    text = f"{type(failure).__name__}: {failure}"
    # Torch has no type of its own for memory of the CPU.
    if isinstance(failure, MemoryError | torch.OutOfMemoryError) or "can't allocate memory" in text:
        return f"{OUT_OF_MEMORY}: {text}"
    return text
