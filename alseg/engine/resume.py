"""Going on with a run: the training state that is there, if the run can go on from it."""

from __future__ import annotations

from alseg.engine.derivation import find_underived
from alseg.engine.parts import RunParts
from alseg.engine.recovery import last_usable_iteration
from alseg.errors import DamageError
from alseg.files import remove
from alseg.training import checkpoint


def resume(parts: RunParts) -> None:
    """Load the latest training state that fits what else is there of the run, and say what does not.

    Args:
        parts: The run, from whose folder `quarantine_damaged` has taken what is damaged.
    """
    ranks, trainer = parts.context.ranks, parts.trainer
    if ranks.is_first:
        _resume(parts)
    trainer.iteration = ranks.from_first(trainer.iteration)
    if trainer.iteration:
        trainer.state.follow_first(ranks)


def _resume(parts: RunParts) -> None:
    folder, trainer = parts.folder, parts.trainer
    limit = last_usable_iteration(
        folder,
        parts.stages,
        buys=parts.method is not None,
        files=parts.count_files,
        grows=parts.spec.scenario.grows,
    )
    for path in (folder.checkpoint, folder.weights):
        if not path.exists():
            continue
        try:
            if path == folder.checkpoint:
                iteration = trainer.state.load(path)
            else:  # after the final weights, nothing is left to train
                iteration = checkpoint.load(path, model=trainer.module, optimizer=None)
            if iteration > limit:
                raise DamageError(f"{path} is of iteration {iteration}, past what is there of the run.")
            lacking = find_underived(folder, parts.stages, parts.derivations, iteration)
            if lacking is not None:
                raise DamageError(f"{path} is of iteration {iteration}, but {lacking}.")
        except DamageError as error:
            parts.start_over(f"{error} Training starts over; bought labels are kept.")
            remove(path)
            continue
        trainer.iteration = iteration
        parts.log(f"resumed at iteration {iteration}")
        return
