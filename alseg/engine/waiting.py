"""Runs that have asked people and wait for their answers. No torch."""

from __future__ import annotations


class Waiting(Exception):  # noqa: N818 - nothing failed
    """A run has asked people and needs more answers than there are: it goes on when called again.

    Args:
        round_number: From 1.
        answered: How many questions are answered.
        total: How many there are.
    """

    def __init__(self, round_number: int, answered: int, total: int) -> None:
        super().__init__(waiting_text(round_number, answered, total))


def waiting_text(round_number: int, answered: int, total: int) -> str:
    """Say in one line what a run waits for."""
    questions = "1 question" if total == 1 else f"{total:,} questions"
    return f"round {round_number} waits for people: {answered:,} of {questions} answered"
