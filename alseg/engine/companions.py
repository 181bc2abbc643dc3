"""Runs whose first purchase can be decided in the pass over the pool that another run makes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from alseg.config.budget import Budget
from alseg.config.experiment import RunSpec
from alseg.engine.assembly import Assembler, MethodParts
from alseg.engine.context import RunContext
from alseg.engine.crashes import suspects
from alseg.engine.pool import first_pool
from alseg.engine.shared_training import shared_key
from alseg.errors import DamageError
from alseg.guard.calls import name_of
from alseg.storage.questions import Questions
from alseg.storage.run_folder import RunFolder


class Companion(NamedTuple):
    """A run that has bought nothing yet and needs the same of the same network.

    Attributes:
        spec: The run.
        method: What its method is made of.
        budget: What it may spend.
    """

    spec: RunSpec
    method: MethodParts
    budget: Budget


def companions_of_all(
    spec: RunSpec, method: MethodParts, key: str, runs: Path, context: RunContext
) -> list[Companion]:
    """Return `find_companions` of the first of the processes that do a run together, in its order."""
    ranks = context.ranks
    found = list(find_companions(spec, method, key, runs, context)) if ranks.is_first else []
    if ranks.size == 1:
        return found
    names = ranks.from_first([each.spec.folder for each in found])
    specs = {other.folder: other for other in context.specs}
    made = ((specs[name], context.assembler.method(specs[name])) for name in names)
    return [
        Companion(other, parts, other.method.budget)
        for other, parts in made
        if parts is not None and other.method.budget is not None
    ]


def find_companions(
    spec: RunSpec, method: MethodParts, key: str, runs: Path, context: RunContext
) -> Iterator[Companion]:
    """Yield the other runs that a run can ask for.

    Args:
        spec: The run.
        method: What its method is made of.
        key: Name of its training up to the first purchase, see `shared_key`.
        runs: The folder of run folders.
        context: Knows the other runs.
    """
    suspected = suspects(runs)
    for other in context.specs:
        if other.seed != spec.seed or other.folder == spec.folder:
            continue
        parts, budget = context.assembler.method(other), other.method.budget
        if parts is None or budget is None or not _fits(parts, method, suspected):
            continue
        folder = RunFolder(runs / other.folder)
        decided = folder.purchase_is_committed(1) or Questions.committed(folder.round_folder(1))
        if not decided and training_key(other, folder, context.assembler) == key:
            yield Companion(other, parts, budget)


def training_key(spec: RunSpec, folder: RunFolder, assembler: Assembler) -> str | None:
    """Return the name of a run's training up to its first purchase, see `shared_key`.

    Args:
        spec: The run.
        folder: Its folder, which knows the pool of a run that was begun.
        assembler: Knows what is installed, and the data.

    Returns:
        The name; None where the run's own record of its pool is damaged, which the run itself tells.
    """
    with suppress(DamageError):
        return shared_key(spec, assembler, first_pool(spec, folder, assembler))
    return None


def _fits(parts: MethodParts, method: MethodParts, suspected: set[str]) -> bool:
    """Whether a method can be asked for: it needs the same of the network.

    One whose regions follow the network, or that has ended a process, works alone.
    """
    return (
        parts.adaptive is None
        and set(parts.spec.needs) == set(method.spec.needs)
        and parts.passes == method.passes
        and name_of(parts.acquisition) not in suspected
        and name_of(parts.mode) not in suspected
    )
