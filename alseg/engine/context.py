"""Everything a run shares with its process: device, settings, observers, request to stop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lightning_fabric import Fabric

from alseg.config.experiment import RunSpec
from alseg.config.sections import Settings
from alseg.engine.assembly import Assembler
from alseg.engine.observers import Observers
from alseg.engine.reporter import Reporter
from alseg.storage.layout import PARTITIONS_NAME
from alseg.storage.run_folder import RunFolder
from alseg.system.ranks import ALONE, Ranks
from alseg.system.signals import StopRequest


@dataclass(frozen=True, kw_only=True)
class RunContext:
    """What a run is given besides its specification; none of it changes a result.

    Attributes:
        assembler: Makes the run's objects.
        fabric: Device and precision.
        settings: Workers and batch sizes of inference, checkpoint interval.
        observers: Told of every round; the reporter is one of them.
        stop: Set when the run should save and stop.
        specs: The runs that this process is to do, this one among them.
        shared: Folder of training that several runs have in common.
        ranks: The processes that do each run together.
        books: Folder in which this rank keeps its own files of runs, of which nothing is left; None for the
            first rank, which keeps those that count.
    """

    assembler: Assembler
    fabric: Fabric
    settings: Settings
    observers: Observers
    stop: StopRequest
    specs: Sequence[RunSpec]
    shared: Path
    ranks: Ranks = ALONE
    books: Path | None = None

    @property
    def reporter(self) -> Reporter:
        """What shows phases, steps and notes."""
        return self.observers.reporter

    def tell(self, folder: RunFolder, line: str) -> None:
        """Write a line into the log of a run, and show it."""
        folder.append_log(line)
        self.reporter.note(f"  {line}")

    @property
    def partitions(self) -> Path:
        """Folder of the regions of images, which all runs of the experiment share."""
        return self.shared.parent / PARTITIONS_NAME
