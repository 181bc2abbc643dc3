"""What a run shows while it works: a protocol, so that only the command line prints."""

from __future__ import annotations

from typing import Protocol

from alseg.contracts import RoundReport


class Reporter(Protocol):
    """Shows what happens, in bars or lines."""

    def run_started(self, place: int, total: int, label: str, seed: int) -> None:
        """Show that the ``place``-th of ``total`` runs begins."""
        ...

    def phase(self, name: str, total: int, done: int = 0) -> None:
        """Show that a phase with ``total`` steps begins, ``done`` of them already taken."""
        ...

    def advance(self, detail: str = "") -> None:
        """Show one more step of the phase, with a short detail such as the loss."""
        ...

    def round_finished(self, report: RoundReport, rounds: int) -> None:
        """Show a committed round, of ``rounds`` purchases in all."""
        ...

    def run_ended(self, state: str, seconds: float) -> None:
        """Show how a run ended."""
        ...

    def note(self, text: str) -> None:
        """Show a line that stays."""
        ...

    def close(self) -> None:
        """Leave the terminal clean."""
        ...


class SilentReporter:
    """Shows nothing."""

    def run_started(self, place: int, total: int, label: str, seed: int) -> None:
        """Show nothing."""

    def phase(self, name: str, total: int, done: int = 0) -> None:
        """Show nothing."""

    def advance(self, detail: str = "") -> None:
        """Show nothing."""

    def round_finished(self, report: RoundReport, rounds: int) -> None:
        """Show nothing."""

    def run_ended(self, state: str, seconds: float) -> None:
        """Show nothing."""

    def note(self, text: str) -> None:
        """Show nothing."""

    def close(self) -> None:
        """Nothing to clean up."""
