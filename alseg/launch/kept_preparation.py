"""What a process that does units one after another keeps for the next one of the same experiment."""

from __future__ import annotations

from pathlib import Path

from alseg.config.experiment import Experiment, read_experiment
from alseg.errors import AlsegError
from alseg.files import LARGEST_RECORD, is_as_written
from alseg.launch.preparation import CheckedObjects, checked_objects
from alseg.registry.registry import Registry
from alseg.system.regular_file import read_regular


class KeptPreparation:
    """The plugins, and the experiment of the last unit with its data and what has been checked of it.

    Data counts as in one process that does all runs: it is listed once. An experiment file with other content
    is read, and its data listed and checked, anew.

    Attributes:
        registry: What is installed; None before the first unit.
    """

    def __init__(self) -> None:
        self.registry: Registry | None = None
        self._source: tuple[Path, bytes] | None = None
        self._experiment: Experiment | None = None
        self._objects: CheckedObjects | None = None

    def experiment(self, file: Path, registry: Registry) -> Experiment:
        """Return the experiment of a unit.

        Args:
            file: In the results folder.
            registry: What is installed.

        Raises:
            AlsegError: If the file cannot be used.
        """
        if not file.exists() or not is_as_written(file):
            raise AlsegError(
                f"{file} is missing, damaged, or was changed by hand. `alseg run` writes it: give that "
                "command again."
            )
        source = file, read_regular(file, LARGEST_RECORD)
        if self._experiment is None or source != self._source:
            self._source = self._objects = None
            self._experiment = read_experiment(file, registry=registry)
            self._source = source
        return self._experiment

    def objects(self, root: Path, registry: Registry) -> CheckedObjects:
        """Return what has been made so far of the experiment that was asked for last.

        Args:
            root: Its results folder.
            registry: What is installed.
        """
        assert self._experiment is not None
        if self._objects is None:
            self._objects = checked_objects(self._experiment, registry, root)
        return self._objects
