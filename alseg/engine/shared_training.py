"""Source training that several runs have in common: done once, found again by what it was made from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alseg.config.specs import RunSpec
from alseg.engine.assembly import Assembler
from alseg.engine.provenance import comparable, provenance_of
from alseg.errors import DamageError
from alseg.files import content_hash, remove, remove_unfinished
from alseg.storage.lock import BusyError, exclusive
from alseg.storage.round_files import read_counts, write_counts
from alseg.system.ranks import ALONE, Ranks
from alseg.system.signals import Interrupted, StopRequest
from alseg.training.trainer import Trainer


def shared_key(spec: RunSpec, assembler: Assembler, pool: str | None = None) -> str:
    """Return a name for the training up to a run's first purchase, and its evaluation.

    Two runs have the same name where both would compute the same: everything that matters is in it, and
    nothing of the method but its recipe.

    Args:
        spec: The run.
        assembler: Knows what is installed, and the data.
        pool: The run's pool in round 0 in a line, where the pool may grow; None where it is fixed.
    """
    anything = replace(spec, method=replace(spec.method, acquisition=None, annotation=None))
    made_with = provenance_of(anything, assembler.registry, assembler.scenario(spec.scenario))
    parts = {**shared_specification(spec), "made_with": comparable(made_with)}
    if pool is not None:
        parts["pool"] = pool
    return content_hash(parts)[:16]


def shared_specification(spec: RunSpec) -> dict[str, Any]:
    """Return what runs that share source training have in common.

    With one version of everything and the same data, runs share it exactly where this is the same.
    """
    return {
        "scenario": spec.scenario.identity(),
        "model": spec.model.as_json(),
        "recipe": spec.method.recipe.as_json(),
        "evaluation": spec.evaluation.identity(),
        "precision": spec.precision,
        "channels_last": spec.channels_last,
        "compile": spec.compile,
        "seed": spec.seed,
        # Recipes are told how many rounds there will be.
        "rounds": [*spec.rounds[:1], len(spec.rounds)],
    }


class SharedTraining:
    """A folder with the training state after round 0 and its confusion counts.

    Args:
        folder: The folder, named by `shared_key`.
        evaluated: Whether there are confusion counts: without evaluation labels there are none.
        ranks: The processes that train together. The first of them holds, reads and writes the folder; the
            others are given what it finds, and make the same calls.
    """

    def __init__(self, folder: Path, *, evaluated: bool = True, ranks: Ranks = ALONE) -> None:
        self.folder = folder
        self._ranks = ranks
        self._evaluated = evaluated
        self._weights = folder / "checkpoint.pt"
        self._counts = folder / "confusion.npz"

    @contextmanager
    def exclusive(self, keep_waiting: Callable[[], bool]) -> Iterator[None]:
        """Hold the folder; a second process waits until the first has trained.

        Args:
            keep_waiting: Asked about once a second while another process holds the folder.

        Raises:
            BusyError: If another process holds it and there is no more waiting.
        """
        with exclusive(self.folder / ".lock", keep_waiting):
            remove_unfinished(self.folder.rglob)
            yield

    @contextmanager
    def held(self, stop: StopRequest) -> Iterator[None]:
        """Hold the folder; while another process does, listen to requests to stop.

        Raises:
            Interrupted: If there was one.
        """
        ranks = self._ranks
        if not ranks.is_first:
            ranks.await_first(stop.check)
            yield
            return

        def keep_waiting() -> bool:
            ranks.still_waiting()
            return stop.signal is None

        try:
            with self.exclusive(keep_waiting):
                ranks.await_first()
                yield
        except BusyError as busy:
            raise Interrupted from busy

    @property
    def complete(self) -> bool:
        """Whether the training has been done."""
        there = self._weights.exists() and (self._counts.exists() or not self._evaluated)
        return self._ranks.from_first(there)

    def load(self, trainer: Trainer) -> NDArray[np.int32] | None:
        """Read the training state into a trainer; returns the confusion counts, None without evaluation.

        Raises:
            DamageError: If a file is damaged; it is removed, so that the training is done again.
        """
        ranks = self._ranks
        counts, damage = self._loaded(trainer) if ranks.is_first else (None, "")
        counts, damage, trainer.iteration = ranks.from_first((counts, damage, trainer.iteration))
        if damage:
            raise DamageError(damage)
        trainer.state.follow_first(ranks)
        return counts

    def _loaded(self, trainer: Trainer) -> tuple[NDArray[np.int32] | None, str]:
        """Read the training state into a trainer; returns the counts, and what is damaged, in words."""
        try:
            counts = read_counts(self._counts) if self._evaluated else None
            trainer.iteration = trainer.state.load(self._weights)
        except DamageError as error:
            remove(self._weights)
            return None, str(error)
        return counts, ""

    def save(
        self, trainer: Trainer, counts: NDArray[np.int32] | None, image_ids: list[str], groups: list[str]
    ) -> None:
        """Write the training state and the confusion counts, if any; what comes last completes the folder."""
        if not self._ranks.is_first:
            return
        trainer.save(self._weights)
        if counts is not None:
            write_counts(self._counts, counts, image_ids, groups)
