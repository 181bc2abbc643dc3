"""Which files of confusion counts the rounds of a run have; all have the form of ``confusion.npz``."""

from __future__ import annotations

from dataclasses import dataclass

from alseg.storage.round_files import COUNTS_NAME, HELD_OUT_NAME, NEW_ANSWERS_NAME
from alseg.storage.run_description import RunFile


@dataclass(frozen=True)
class CountFiles:
    """What is counted in each round of a run.

    Attributes:
        evaluated: Whether there are evaluation labels: predictions on the evaluation images.
        asks: Whether labels are bought: without evaluation, predictions of new answers before training.
        held_out_from: First round that may have held-out answers; None where no answers are held out.
    """

    evaluated: bool = True
    asks: bool = False
    held_out_from: int | None = None

    @classmethod
    def of(
        cls, *, evaluated: bool, target_labels: str, labels_since: str, held_out: float | None
    ) -> CountFiles:
        """Return what is counted in a run.

        Args:
            evaluated: Whether there are evaluation labels.
            target_labels: As in the method.
            labels_since: As in the method.
            held_out: Share of the images whose answers are held out; None for none.
        """
        at_once = target_labels == "all" and labels_since == "start"
        first = None if held_out is None or target_labels == "none" else 0 if at_once else 1
        return cls(evaluated, target_labels == "acquired", None if evaluated else first)

    @classmethod
    def of_run(cls, run: RunFile) -> CountFiles:
        """Return what is counted in the run that a ``run.json`` describes."""
        return cls.of(
            evaluated=run.evaluated,
            target_labels=run.method.target_labels,
            labels_since=run.method.labels_since,
            held_out=run.held_out,
        )

    def before_training(self, number: int) -> bool:
        """Whether new answers of a round are predicted before training: later nobody can any more."""
        return not self.evaluated and self.asks and number > 0

    def names(self, number: int) -> tuple[str, ...]:
        """Return the names of the files of a round.

        Args:
            number: 0 before the first purchase.
        """
        names = [COUNTS_NAME] if self.evaluated else []
        names += [NEW_ANSWERS_NAME] if self.before_training(number) else []
        with_held_out = self.held_out_from is not None and number >= self.held_out_from
        return (*names, *([HELD_OUT_NAME] if with_held_out else []))


EVALUATED = CountFiles()
"""What is counted in a run that is evaluated."""
