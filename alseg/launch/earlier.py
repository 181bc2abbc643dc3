"""Units that an earlier command gave to another executor, and which go on without it."""

from __future__ import annotations

from pathlib import Path

from alseg.config.executor import ExecutorChoice, named_executor
from alseg.contracts import Executor
from alseg.errors import AlsegError, one_line
from alseg.launch.dispatch import same_executor
from alseg.launch.wanted import EXPERIMENT_NAME, written_experiment
from alseg.registry.registry import Registry
from alseg.storage.unit_files import DISPATCH_NAME, DispatchFile, read_dispatch


def refuse_other_executor(root: Path, choice: ExecutorChoice, registry: Registry) -> None:
    """Refuse an executor whose ``dispatch.json`` would take the place of one that still names units.

    Args:
        root: The experiment's results folder, as the earlier command has left it.
        choice: The executor that is to do the units.
        registry: What is installed.

    Raises:
        AlsegError: If an executor of another name has units that go on, or cannot be asked.
    """
    before = read_dispatch(root)
    if before is None or not before.outlives or same_executor(before.executor, choice.text):
        return
    try:
        left = _going_on(root, before, registry) if before.units else []
    except Exception as error:  # of a plugin, or it is not installed here
        reason = str(error) if isinstance(error, AlsegError) else one_line(error)
        raise AlsegError(
            f"An earlier command gave units of this experiment to '{before.executor}', and whether they have "
            f"ended cannot be found out here: {reason.rstrip('.')}. Give the command with --on "
            f"{before.executor}, on a machine where that works; or remove {root / DISPATCH_NAME} if they "
            "have ended."
        ) from error
    if left:
        raise AlsegError(
            f"'{before.executor}' still has {len(left)} unit{'s' * (len(left) > 1)} of this experiment, "
            f"given to it by an earlier command: {', '.join(left)}. '{choice.text}' would know nothing of "
            f"them. Give the command with --on {before.executor}, or end them by `alseg cancel {root}` first."
        )


def earlier_executor(root: Path, text: str, registry: Registry) -> Executor:
    """Make the executor of an earlier command, with the parameters that its experiment has for it.

    Args:
        root: The experiment's results folder, as that command has left it.
        text: As ``dispatch.json`` names the executor.
        registry: What is installed.

    Raises:
        AlsegError: If there is none, or it cannot be built.
    """
    experiment = written_experiment(root) if (root / EXPERIMENT_NAME).exists() else None
    own = None if experiment is None else experiment.settings.executor
    choice = own if own is not None and own.text == text else named_executor(text, registry)
    return choice.build(registry)


def _going_on(root: Path, before: DispatchFile, registry: Registry) -> list[str]:
    """Return the keys of submitted units that are not gone."""
    executor = earlier_executor(root, before.executor, registry)
    try:
        standings = executor.poll([each.id for each in before.units.values()])
    finally:
        executor.close()
    return [
        key
        for key, each in before.units.items()
        if each.id in standings and standings[each.id].state != "gone"
    ]
