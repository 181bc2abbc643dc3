"""One method against another: the difference, and what a test of it allows to say."""

from __future__ import annotations

from dataclasses import dataclass

from alseg.analysis.multiplicity import Corrected, Equivalence
from alseg.analysis.statistics import Difference

LEVEL = 0.05
"""A corrected p-value below this decides."""


@dataclass(frozen=True, kw_only=True)
class Contrast:
    """A method against a baseline.

    Attributes:
        scenario: Short text.
        experiment: Name of the experiment that asks for it.
        method: The row's label.
        baseline: Label of the row that it is compared with.
        declared: Whether the experiment file declares it.
        family: Name of its family, where the file gives it one.
        alike: Whether both buy labels with the same annotation and budget.
        same_conditions: Whether both have the same scenario, model, rounds, evaluation and recipe.
        difference: Paired by seed, alone.
        corrected: The same as one of its family; None with one pair and where the two do not buy
            alike, unless the comparison is declared, as one with full supervision may be.
        equivalence: Whether the difference is within the declared margin; None without a margin or a spread.
    """

    scenario: str
    experiment: str
    method: str
    baseline: str
    declared: bool
    family: str | None = None
    alike: bool
    same_conditions: bool
    difference: Difference
    corrected: Corrected | None = None
    equivalence: Equivalence | None = None

    @property
    def verdict(self) -> str:
        """What may be said; that methods are alike only where a margin was declared and the test passes."""
        if self.corrected is None:
            return "not tested"
        if self.corrected.p is None:
            return "no spread"
        word = "higher" if self.difference.mean > 0 else "lower"
        differs = self.corrected.p < LEVEL
        if self.equivalence is None or self.equivalence.p >= LEVEL:
            return word if differs else "not distinguishable"
        within = f"equivalent within ±{self.equivalence.margin:g}"
        return f"{word}, but {within}" if differs else within
