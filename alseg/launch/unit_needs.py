"""What the units of an experiment need of a machine; known before torch is imported."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alseg.config.sections import Settings
from alseg.contracts import Executor, PromptExecutor, Resources
from alseg.launch.same_threads import first_threads


def needs_of_units(settings: Settings, root: Path) -> Resources:
    """Return what each unit needs.

    Args:
        settings: Of the experiment.
        root: Its results folder.
    """
    return Resources(
        devices=settings.devices if settings.device in ("auto", "cuda") else 0,
        nodes=settings.nodes,
        processes=settings.devices,
        cpus=settings.threads or first_threads(root),
    )


@contextmanager
def getting_ready(executor: Executor | None, settings: Settings, root: Path) -> Iterator[None]:
    """Let an executor get ready for units beside what is done here; it is closed afterwards.

    Args:
        executor: The executor; one that does not get ready, or none, is left alone.
        settings: Of the experiment.
        root: Its results folder.
    """
    if not isinstance(executor, PromptExecutor):
        yield
        return
    try:
        executor.get_ready(needs_of_units(settings, root))
        yield
    finally:
        executor.close()
