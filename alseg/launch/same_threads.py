"""The same number of threads for a whole experiment: sums of floats are rounded by it."""

from __future__ import annotations

from pathlib import Path

from alseg.config.sections import Settings
from alseg.errors import DamageError
from alseg.storage.attempts import read_attempt
from alseg.storage.layout import attempt_files
from alseg.storage.reader import OLD
from alseg.system import threads


def first_threads(root: Path) -> int | None:
    """Return the number of threads with which an experiment was begun; None where no attempt tells.

    Args:
        root: The experiment's results folder.
    """
    return _of_first_attempt(root, "threads", None)


def other_devices(root: Path, here: int) -> str | None:
    """Return one line for the user where other devices did the first attempt at an experiment.

    Args:
        root: The experiment's results folder.
        here: How many do each run now.
    """
    first = _of_first_attempt(root, "devices", 1)
    if first is None or first == here:
        return None
    return (
        f"the experiment was begun with {first} device{'' if first == 1 else 's'} for each run and goes on "
        f"with {here}: sums are rounded otherwise, so bytes may differ."
    )


def _of_first_attempt(root: Path, key: str, otherwise: int | None) -> int | None:
    """Return a positive number that the first attempt records; None where no attempt does."""
    begun: list[tuple[str, int]] = []
    runs = [run for run in root.glob("runs/*") if OLD not in run.name]
    for path in (path for run in runs for path in attempt_files(run).values()):
        try:
            record = read_attempt(path)
        except DamageError:
            continue
        number = record.get(key, otherwise)
        if isinstance(number, int) and number > 0:
            begun.append((str(record.get("start")), number))
    return min(begun)[1] if begun else None


def settings_here(settings: Settings, root: Path) -> tuple[Settings, str | None]:
    """Return `with_first_threads` for this process; imports torch."""
    import torch

    given = threads.chosen().given
    return with_first_threads(
        settings,
        root,
        default=torch.get_num_threads(),
        chosen=any(name in given for name in threads.THREAD_VARIABLES),
    )


def with_first_threads(
    settings: Settings, root: Path, *, default: int, chosen: bool
) -> tuple[Settings, str | None]:
    """Return settings that go on with the number of threads of an experiment's first attempt.

    A number that the user chooses counts; so does the machine, where it has fewer cores.

    Args:
        settings: Of the experiment file.
        root: The experiment's results folder.
        default: How many threads torch takes here, shared by all processes.
        chosen: Whether the environment says how many, as ``OMP_NUM_THREADS`` does.

    Returns:
        The settings, and one line for the user where anything differs.
    """
    first = first_threads(root)
    here = settings.threads or max(1, default // settings.processes)
    if first is None or first == here:
        return settings, None
    begun = f"the experiment was begun with {first} thread{'' if first == 1 else 's'}"
    if settings.threads is None and not chosen and first * settings.processes <= default:
        kept = f"{begun} and goes on with as many, not with the {here} that torch would take here"
        return settings.model_copy(
            update={"threads": first}
        ), f"{kept}; settings.threads sets another number."
    why = "" if settings.threads is not None or chosen else ", for there are not enough cores"
    return settings, f"{begun} and goes on with {here}{why}: sums are rounded otherwise, so bytes may differ."
