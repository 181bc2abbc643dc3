"""How far people agree who have answered the same questions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from alseg.annotation.accepted import by_question
from alseg.contracts import AnswerKind
from alseg.storage.answers import AnswerImport


@dataclass(frozen=True)
class Agreement:
    """Agreement of all pairs of people together.

    Attributes:
        questions: How many questions more than one person has answered.
        compared: Pixels, or answers, that were compared, pair by pair.
        equal: How many of them are equal.
        kappa: Cohen's kappa over all pairs: 1 where all agree, 0 where chance would; None where everybody
            says the same class throughout.
    """

    questions: int
    compared: int
    equal: int
    kappa: float | None

    @property
    def share(self) -> float:
        """Share of equal pixels or answers, 0 to 1."""
        return self.equal / self.compared


def agreement_of(imports: Iterable[AnswerImport], kind: AnswerKind) -> Agreement | None:
    """Return how far people agree; None where no question was answered twice.

    Pixels are compared one by one where each has its own class, else whole answers.

    Args:
        imports: Of one round.
        kind: What is said of a question.

    Source:
        Cohen, Educational and Psychological Measurement 1960, over all pairs of people together.
    """
    shared = [given for given in by_question(imports).values() if len(given) > 1]
    if not shared:
        return None
    numbers: dict[bytes, int] = {}
    first: list[int] = []
    second: list[int] = []
    for given in shared:
        for one, other in combinations(sorted(given, key=lambda each: each.who), 2):
            whole = kind != "pixels"
            for values, into in ((one.values, first), (other.values, second)):
                said = [values.tobytes()] if whole else [bytes([value]) for value in values.tolist()]
                into.extend(numbers.setdefault(each, len(numbers)) for each in said)
    table = np.zeros((len(numbers), len(numbers)), np.int64)
    np.add.at(table, (first, second), 1)
    total, equal = int(table.sum()), int(np.trace(table))
    chance = float((table.sum(axis=0) * table.sum(axis=1)).sum()) / total**2
    kappa = None if chance == 1 else (equal / total - chance) / (1 - chance)
    return Agreement(len(shared), total, equal, kappa)
