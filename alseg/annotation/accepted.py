"""Whose answer counts where several people have answered, and how far they agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from alseg.config.sections import Conflict
from alseg.contracts import AnswerKind
from alseg.storage.answers import AnswerImport, KeptAnswer, read_answers
from alseg.storage.layout import round_folders

Place = tuple[str, tuple[int, int]]
"""Image id and position of a question."""


class AcceptedAnswers:
    """The answers that count, by question. They are pickled to loader workers.

    Args:
        kind: What is said of a question.
        conflict: Whose answer counts where people say different things.
    """

    def __init__(self, kind: AnswerKind, conflict: Conflict) -> None:
        self._kind, self._conflict = kind, conflict
        self._values: dict[Place, NDArray[np.uint8]] = {}

    def add_rounds(self, folder: Path, until: int) -> None:
        """Add what is kept of a run's rounds.

        Args:
            folder: The run's folder.
            until: The last round that counts.

        Raises:
            DamageError: If a file of answers is damaged; names it.
        """
        for number, round_folder in round_folders(folder).items():
            if number <= until:
                self.add(read_answers(round_folder))

    def add(self, imports: Iterable[AnswerImport]) -> None:
        """Add what one round's imports hold, oldest first; what was known of these questions is replaced."""
        for place, given in by_question(imports).items():
            self._values[place] = accepted(given, self._kind, self._conflict)

    def find(self, image_id: str, position: tuple[int, int]) -> NDArray[np.uint8] | None:
        """Return the values of an answer, see `alseg.storage.answers.KeptAnswer`; None without one."""
        return self._values.get((image_id, position))


def by_question(imports: Iterable[AnswerImport]) -> dict[Place, list[KeptAnswer]]:
    """Return all answers to each question, one of each person: the last that the person gave.

    They are in the order in which people first answered it.
    """
    found: dict[Place, dict[str, KeptAnswer]] = {}
    for each in imports:
        for answer in each.answers:
            found.setdefault((answer.image_id, answer.position), {})[answer.who] = answer
    return {place: list(answers.values()) for place, answers in found.items()}


def accepted(given: Sequence[KeptAnswer], kind: AnswerKind, conflict: Conflict) -> NDArray[np.uint8]:
    """Return the values that count of several people's answers to one question.

    Args:
        given: At least one, in the order in which people answered.
        kind: What is said of a question.
        conflict: ``first``, ``last``, or what most people say (``majority``), of every pixel by itself where
            each has its own class; of equally many, what was said first.

    Returns:
        uint8 ``(n,)``, see `alseg.storage.answers.KeptAnswer`.
    """
    if conflict == "last":
        return given[-1].values
    if conflict == "first" or len(given) == 1:
        return given[0].values
    if kind == "pixels" and len({len(each.values) for each in given}) == 1:
        votes = np.stack([each.values for each in given])
        counts = (votes[:, None] == votes[None]).sum(axis=1)
        chosen: NDArray[np.uint8] = np.take_along_axis(votes, counts.argmax(axis=0)[None], axis=0)[0]
        return chosen
    # A counter gives the first of equally many.
    most, _ = Counter(each.values.tobytes() for each in given).most_common(1)[0]
    return np.frombuffer(most, np.uint8)
