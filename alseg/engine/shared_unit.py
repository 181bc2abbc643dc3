"""What several runs share, done before any of them: source training, and the first pass over the pool.

The runs then take over the training and their picks, as they do from each other within one process.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from alseg.config.specs import RunSpec
from alseg.engine.context import RunContext
from alseg.engine.crashes import suspects
from alseg.engine.loop import Loop
from alseg.engine.parts import RunParts, make_parts
from alseg.engine.phases import Phases
from alseg.engine.resume import resume
from alseg.engine.shared_acquisition import SharedPoolPass
from alseg.engine.shared_training import SharedTraining, shared_key
from alseg.errors import DamageError
from alseg.files import remove
from alseg.guard.calls import name_of, random_state_kept
from alseg.storage.disk_space import require_space
from alseg.storage.layout import SHARED_UNIT_NAME
from alseg.storage.live import LiveFile
from alseg.storage.run_folder import RunFolder


def shared_work(spec: RunSpec, context: RunContext) -> RunFolder:
    """Return the folder of a unit for runs like this one: checkpoint, log and attempts."""
    return _work(context, shared_key(spec, context.assembler))


def _work(context: RunContext, key: str) -> RunFolder:
    base = context.shared if context.books is None else context.books / context.shared.name
    return RunFolder(base / key / SHARED_UNIT_NAME)


def train_and_ask(specs: Sequence[RunSpec], runs: Path, context: RunContext) -> None:
    """Train round 0 of runs that share it, then decide the first purchase of all of them.

    Args:
        specs: The runs, which have the same `shared_key`.
        runs: The folder of run folders.
        context: What the unit shares with its process; its runs are these.

    Raises:
        Interrupted: If asked to stop; training goes on from there when called again.
        AlsegError: If data, weights or a folder are faulty.
        AcquisitionError: If an acquisition returned something that cannot be used.
        DivergedError: If the loss is no longer finite.
    """
    key = shared_key(specs[0], context.assembler)
    work, evaluated = _work(context, key), _is_evaluated(specs[0], context)
    shared = SharedTraining(context.shared / key, evaluated=evaluated, ranks=context.ranks)
    parts: RunParts | None = None
    with shared.held(context.stop):
        if not shared.complete:
            parts = _trained(make_parts(specs[0], RunFolder(runs / specs[0].folder), context), work, shared)
        if context.ranks.is_first:
            remove(work.checkpoint)
    for spec in specs:
        ready = parts if parts is not None and parts.spec is spec else None
        _ask(spec, shared, ready, runs, context)


def _is_evaluated(spec: RunSpec, context: RunContext) -> bool:
    return context.assembler.scenario(spec.scenario).evaluation is not None


def _trained(parts: RunParts, work: RunFolder, shared: SharedTraining) -> RunParts:
    """Train to the end of round 0 with checkpoints in a folder of its own; the shared folder is held."""
    at_work = replace(parts, folder=work)
    resume(at_work)
    require_space(work.checkpoint, parts.trainer.state.largest_size())
    counts = Loop(at_work).train(0)
    shared.save(parts.trainer, counts, *parts.evaluation_names())
    return parts


def _ask(
    spec: RunSpec, shared: SharedTraining, parts: RunParts | None, runs: Path, context: RunContext
) -> None:
    """Leave picks for a run and for all that can be decided in the same pass, unless it has some."""
    ranks = context.ranks
    blamed = ranks.from_first(suspects(runs) if ranks.is_first else set())
    method = context.assembler.method(spec)
    if method is None or SharedPoolPass(shared.folder, ranks).holds(spec.folder):
        return
    if {name_of(method.acquisition), name_of(method.mode)} & blamed:
        return  # the run that it belongs to is to fail by it, not those that share
    if parts is None:
        parts = make_parts(spec, RunFolder(runs / spec.folder), context)
        _load(shared, parts)
    if parts.planner is None or not parts.planner.needs_predictions:
        return
    phases = Phases(context, LiveFile(_work(context, shared.folder.name).path))
    with phases.phase("acquire", ranks.share(parts.planner.images_to_see), timed=False) as on_image:
        pool = Loop(parts).pool(1, parts.planner, on_image)
        with random_state_kept():
            parts.planner.leave_picks(pool, parts.trainer.state)


def _load(shared: SharedTraining, parts: RunParts) -> None:
    """Load the training that has just been done.

    Raises:
        DamageError: If it is damaged.
    """
    try:
        shared.load(parts.trainer)
    except DamageError as error:
        raise DamageError(f"{error} Give the same command again: it is trained again.") from error
