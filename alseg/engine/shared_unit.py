"""What several runs share, done before any of them: source training, and the first pass over the pool.

The runs then take over the training and their picks, as they do from each other within one process.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from alseg.config.specs import RunSpec
from alseg.engine.books import copy_books
from alseg.engine.companions import training_key
from alseg.engine.context import RunContext
from alseg.engine.crashes import suspects
from alseg.engine.loop import Loop
from alseg.engine.parts import RunParts, make_parts
from alseg.engine.phases import Phases
from alseg.engine.pool import RunPool, copy_first_pool, first_pool
from alseg.engine.resume import resume
from alseg.engine.shared_acquisition import SharedPoolPass
from alseg.engine.shared_training import SharedTraining, shared_key
from alseg.errors import DamageError, one_line
from alseg.files import WriteError, remove
from alseg.guard.calls import name_of, random_state_kept
from alseg.guard.timeouts import TimedOut
from alseg.storage.disk_space import require_space
from alseg.storage.layout import SHARED_UNIT_NAME
from alseg.storage.live import LiveFile
from alseg.storage.run_folder import RunFolder
from alseg.system.ranks import LostRank


def shared_work(spec: RunSpec, runs: Path, context: RunContext) -> RunFolder:
    """Return the folder of a unit for runs like this one: checkpoint, log, attempts, and a pool that grows.

    Args:
        spec: One of the runs.
        runs: The folder of run folders.
        context: Knows the data.

    Raises:
        DamageError: If the run's record of its pool is damaged; names the file.
    """
    key = ""
    if context.ranks.is_first:
        pool = first_pool(spec, RunFolder(runs / spec.folder), context.assembler)
        key = shared_key(spec, context.assembler, pool)
    base = context.shared if context.books is None else context.books / context.shared.name
    return RunFolder(base / context.ranks.from_first(key) / SHARED_UNIT_NAME)


def train_and_ask(specs: Sequence[RunSpec], runs: Path, context: RunContext) -> None:
    """Train round 0 of runs that share it, then decide the first purchase of all of them.

    Nothing is written to the folders of the runs. A run whose pool is another one by now is left alone.

    Args:
        specs: The runs, which had the same `training_key` when they were planned.
        runs: The folder of run folders.
        context: What the unit shares with its process; its runs are these.

    Raises:
        Interrupted: If asked to stop; training goes on from there when called again.
        AlsegError: If data, weights or a folder are faulty.
        DivergedError: If the loss is no longer finite.
    """
    work, ranks = shared_work(specs[0], runs, context), context.ranks
    key = work.path.parent.name
    specs = _still_sharing(specs, key, runs, context)
    evaluated = _is_evaluated(specs[0], context)
    shared = SharedTraining(context.shared / key, evaluated=evaluated, ranks=ranks)
    parts: RunParts | None = None
    with shared.held(context.stop):
        if not shared.complete:
            parts = _trained(_parts(specs[0], runs, work, context), shared)
        if ranks.is_first:
            remove(work.checkpoint)
    for spec in specs:
        ready = parts if parts is not None and parts.spec is spec else None
        try:
            _ask(spec, shared, ready, runs, work, context)
        except (WriteError, DamageError, LostRank):
            raise
        except (Exception, SystemExit, TimedOut) as failure:  # its own run fails by it, too, and says so
            if ranks.size > 1:
                raise  # the others may not have failed
            context.tell(work, f"{spec.method.label} is left to its own run: {one_line(failure)}")


def _still_sharing(specs: Sequence[RunSpec], key: str, runs: Path, context: RunContext) -> Sequence[RunSpec]:
    """Return the runs whose training still has this name, as the first rank finds them."""
    names: set[str] = set()
    if context.ranks.is_first:
        keys = {
            spec.folder: training_key(spec, RunFolder(runs / spec.folder), context.assembler)
            for spec in specs
        }
        names = {name for name, found in keys.items() if found == key}
    names = context.ranks.from_first(names)
    return [spec for spec in specs if spec.folder in names]


def _is_evaluated(spec: RunSpec, context: RunContext) -> bool:
    return context.assembler.scenario(spec.scenario).evaluation is not None


def _parts(spec: RunSpec, runs: Path, work: RunFolder, context: RunContext) -> RunParts:
    """Return a run's parts, at work in the folder of the unit: the run's own belongs to the run."""
    folder = RunFolder(runs / spec.folder)
    if context.ranks.is_first:
        copy_first_pool(spec, folder, work, context.assembler)
    copy_books(work, context.ranks)
    pool = RunPool(spec.scenario, work, context.assembler, context.ranks)
    return replace(make_parts(spec, folder, context, pool), folder=work)


def _trained(parts: RunParts, shared: SharedTraining) -> RunParts:
    """Train to the end of round 0 with checkpoints in a folder of its own; the shared folder is held."""
    resume(parts)
    require_space(parts.folder.checkpoint, parts.trainer.state.largest_size())
    counts = Loop(parts).train(0)
    shared.save(parts.trainer, counts, *parts.evaluation_names())
    return parts


def _ask(
    spec: RunSpec,
    shared: SharedTraining,
    parts: RunParts | None,
    runs: Path,
    work: RunFolder,
    context: RunContext,
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
        parts = _parts(spec, runs, work, context)
        _load(shared, parts)
    if parts.planner is None or not parts.planner.needs_predictions:
        return
    parts.settle_pool(1)
    phases = Phases(context, LiveFile(work.path))
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
