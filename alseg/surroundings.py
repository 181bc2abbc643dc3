"""Everything a run shares with its process: device, settings, reporter, request to stop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lightning_fabric import Fabric

from alseg.assembly import Assembler
from alseg.experiment import RunSpec, Settings
from alseg.observers import Observers
from alseg.progress import Reporter
from alseg.stopping import StopRequest


@dataclass(frozen=True, kw_only=True)
class Surroundings:
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
