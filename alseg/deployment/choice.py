"""Which run of a results folder is meant: by its name, by its method, or the best one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from alseg.errors import AlsegError, unknown_name
from alseg.storage.layout import RUN_NAME, WEIGHTS_NAME
from alseg.storage.reader import load_results
from alseg.storage.records import Run

_LISTED = 8


class ChosenRun(NamedTuple):
    """A run, and why it is this one.

    Attributes:
        folder: The run's folder.
        why: One sentence for people where there was a choice; empty where there was none.
    """

    folder: Path
    why: str


def choose_run(
    path: Path, *, name: str | None = None, method: str | None = None, best: bool = True
) -> ChosenRun:
    """Return the run that a user means.

    Args:
        path: A run folder, or a results folder.
        name: Name of the run or of its folder; None for any.
        method: Label of its method; None for any.
        best: Whether the one with the highest mean IoU of the last round is taken where several are left, of
            those that are done; otherwise they are refused.

    Raises:
        AlsegError: If there is no such run, none of them is done, or several are left and nothing tells which
            is best.
    """
    if (path / RUN_NAME).is_file() and name is None and method is None:
        return ChosenRun(path, "")
    runs = list(load_results([path]).runs)
    if name is not None:
        runs = _matching(runs, "run", name, lambda run: (run.name, run.folder.name))
    if method is not None:
        runs = _matching(runs, "method", method, lambda run: (run.method.label,))
    if len(runs) == 1:
        return ChosenRun(runs[0].folder, "")
    if not best:
        raise AlsegError(f"{path} holds {len(runs)} such runs. Name one with --run: {_names(runs)}.")
    return _best(path, runs)


def _matching(runs: list[Run], word: str, wanted: str, names: Callable[[Run], tuple[str, ...]]) -> list[Run]:
    found = [run for run in runs if wanted in names(run)]
    if not found:
        raise AlsegError(unknown_name(word, wanted, {names(run)[-1] for run in runs}))
    return found


def _best(path: Path, runs: list[Run]) -> ChosenRun:
    done = [run for run in runs if run.final is not None and (run.folder / WEIGHTS_NAME).is_file()]
    if not done:
        raise AlsegError(
            f"No run in {path} is done, so that none has a final network. Do them with 'alseg run'."
        )
    measured = [(run.final.miou, run) for run in done if run.final and run.final.miou is not None]
    if not measured:
        if len(done) == 1:
            return ChosenRun(done[0].folder, "")
        raise AlsegError(
            f"{path} holds {len(done)} networks and no mean IoU that tells which is best. "
            f"Name one with --run: {_names(done)}."
        )
    miou, best = max(measured, key=lambda pair: pair[0])
    others = (
        "the only one that is done" if len(done) == 1 else f"the highest mean IoU of {len(measured)} runs"
    )
    return ChosenRun(best.folder, f"{best.folder.name}, {others}: {miou:.1f}%. Another one: --run NAME.")


def _names(runs: Sequence[Run]) -> str:
    names = [run.folder.name for run in runs]
    more = len(names) - _LISTED
    return ", ".join(names[:_LISTED]) + (f" and {more} more" if more > 0 else "")
