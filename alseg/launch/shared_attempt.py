"""An attempt at what runs share, recorded as one at a run is."""

from __future__ import annotations

import signal
from contextlib import suppress
from pathlib import Path

from alseg.engine.context import RunContext
from alseg.engine.crashes import name_crash
from alseg.engine.environment import describe
from alseg.engine.shared_unit import shared_work, train_and_ask
from alseg.files import WriteError
from alseg.guard.timeouts import TimedOut
from alseg.launch.attempt import watched, what_failed
from alseg.launch.outcome import LOST_RANK, RunResult, UnitOutcome
from alseg.launch.parting import together, trace_of
from alseg.launch.preflight import Plan
from alseg.system.ranks import LostRank


def share(plan: Plan, root: Path, context: RunContext) -> UnitOutcome:
    """Train and ask for runs that share it; whatever stops it but a failed write is a result.

    Args:
        plan: The runs.
        root: The experiment's results folder.
        context: What the unit shares with its process.

    Raises:
        WriteError: If results cannot be written.
    """
    specs = context.specs
    if not specs:
        return UnitOutcome(result=RunResult.DONE)
    work = shared_work(specs[0], root / "runs", context)
    crashed = name_crash(work.path) if context.ranks.is_first else None
    if crashed is not None:
        context.tell(work, crashed)
    label = f"what {len(specs)} runs share, with {specs[0].method.label}"
    context.reporter.run_started(1, 1, label, specs[0].seed)
    attempt = work.start_attempt(
        describe(
            context.fabric.device,
            specs[0].precision,
            deterministic=context.settings.deterministic,
            ranks=context.ranks,
        )
    )
    try:
        outcome = _shared(root, context)
    except WriteError:
        with suppress(WriteError):  # a small file may still fit
            work.end_attempt(attempt, RunResult.FAILED)
        raise
    finally:
        context.observers.close()
    work.end_attempt(attempt, outcome.result)
    return outcome


def _shared(root: Path, context: RunContext) -> UnitOutcome:
    work = shared_work(context.specs[0], root / "runs", context)
    try:
        with watched(work, context), together(context, what_failed):
            train_and_ask(context.specs, root / "runs", context)
    except KeyboardInterrupt:  # Interrupted is one
        context.stop.signal = context.stop.signal or signal.SIGINT
        work.append_log(f"stopped by {context.stop.name}")
        return UnitOutcome(result=RunResult.INTERRUPTED, signal=context.stop.signal)
    except LostRank as lost:
        work.append_log(f"{LOST_RANK}: {lost}")
        return UnitOutcome(result=RunResult.INTERRUPTED, reason=LOST_RANK)
    except WriteError:
        raise
    except (Exception, SystemExit, TimedOut) as failure:  # the runs then do it themselves
        error = what_failed(failure)
        work.append_log(trace_of(failure))
        context.reporter.note(f"  {error} (traceback in {work.path / 'log.txt'})")
        return UnitOutcome(result=RunResult.FAILED, reason=error)
    return UnitOutcome(result=RunResult.DONE)
