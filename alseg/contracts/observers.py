"""Observers: what follows an experiment while it runs."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from alseg.contracts.records import RoundReport


@runtime_checkable
class Observer(Protocol):
    """Follows all runs of an experiment. What it raises is told once and changes nothing."""

    def on_round_end(self, report: RoundReport) -> None:
        """Take a committed round of a run.

        The rounds of a run come in order, from 0. A run that goes on after it was stopped or killed begins
        again at round 0, with the numbers that are on the disk: the process may have died between writing a
        round and telling of it, so that every round comes at least once. Taking one twice must do no harm.
        """
        ...

    def close(self) -> None:
        """Finish what is open; called once, when the process has done what it can of the experiment."""
        ...
