"""alseg: the open benchmark suite for active learning in domain-adaptive semantic segmentation."""

from __future__ import annotations

from alseg.contracts import (
    IGNORE_INDEX,
    AcquisitionSpec,
    AnnotationModeSpec,
    ClassInfo,
    DatasetSpec,
    ExecutorSpec,
    LabelSpace,
    ModelSpec,
    ObserverSpec,
    PublishedResult,
    RecipeSpec,
    WorkUnit,
)
from alseg.errors import AlsegError, AnswerFileError, DataError, unknown_name
from alseg.hookspecs import hookimpl

__all__ = [
    "IGNORE_INDEX",
    "AcquisitionSpec",
    "AlsegError",
    "AnnotationModeSpec",
    "AnswerFileError",
    "ClassInfo",
    "DataError",
    "DatasetSpec",
    "ExecutorSpec",
    "LabelSpace",
    "ModelSpec",
    "ObserverSpec",
    "PublishedResult",
    "RecipeSpec",
    "WorkUnit",
    "__version__",
    "hookimpl",
    "unknown_name",
    "work",
]


__version__: str
"""Version of the installed distribution, see `alseg.version.installed_version`."""


def __getattr__(name: str) -> str:
    """Return ``__version__``, which is looked up when it is asked for."""
    if name != "__version__":
        raise AttributeError(f"module 'alseg' has no attribute {name!r}")
    from alseg.version import installed_version

    return installed_version()


def work(unit: WorkUnit) -> int:
    """Do a unit of an experiment in this process; executors call it on the main thread.

    SIGTERM and its like make it save and return. Nothing is printed.

    Args:
        unit: The unit.

    Returns:
        The exit code of ``alseg run`` for this one run: 0, 1 where it failed, 3 where it waits for people,
        128 and the signal where one stopped it.

    Raises:
        AlsegError: If the experiment, its data or a device is missing or faulty, or the run was begun with
            something else.
        KeyboardInterrupt: At a signal before anything was done.
    """
    from alseg.system import threads

    threads.prepare()
    from alseg.launch.work import do_unit  # imports torch

    return do_unit(unit).exit_code
