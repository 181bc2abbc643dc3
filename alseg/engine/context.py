"""Everything a run shares with its process: device, settings, reporter, request to stop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from lightning_fabric import Fabric

from alseg.config.experiment import RunSpec
from alseg.config.sections import Settings
from alseg.contracts import RoundReport
from alseg.engine.assembly import Assembler
from alseg.engine.observers import Observers
from alseg.system.signals import StopRequest


class Reporter(Protocol):
    """Told by the runner what happens; shows it."""

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


@dataclass(frozen=True, kw_only=True)
class RunContext:
    """What a run is given besides its specification; none of it changes a result.

    Attributes:
        assembler: Makes the run's objects.
        fabric: Device and precision.
        settings: Workers and batch sizes of inference, checkpoint interval.
        reporter: Shows what happens.
        stop: Set when the run should save and stop.
        specs: The runs that this process is to do, this one among them.
        shared: Folder of training that several runs have in common.
        observers: Told of every round.
    """

    assembler: Assembler
    fabric: Fabric
    settings: Settings
    reporter: Reporter
    stop: StopRequest
    specs: Sequence[RunSpec]
    shared: Path
    observers: Observers
