"""Which runs of a results folder are meant: by their folders' names and by filters. No torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from alseg.config.filters import parse_only
from alseg.config.specs import RunSpec
from alseg.errors import AlsegError, nearest
from alseg.launch.wanted import wanted_runs


def choose_runs(folder: Path, names: Sequence[str], only: Sequence[str]) -> tuple[str, ...]:
    """Return the names of the run folders that are meant; empty for all of the experiment.

    Args:
        folder: The results folder.
        names: Folder names, or how they begin.
        only: Filters such as ``method=RIPU*`` and ``seed=0``; a run must be taken by these, too.

    Raises:
        AlsegError: If a name or filter means no run.
    """
    if not names and not only:
        return ()
    wanted, notes = wanted_runs(folder)
    if only and not wanted:
        why = notes[0] if notes else f"There is no experiment.yaml in {folder}."
        raise AlsegError(f"--only needs the experiment. {why} Name runs by their folders.")
    there = {path.name for path in (folder / "runs").glob("*") if path.is_dir()}
    runs = _filtered(wanted, only) if only else sorted({*wanted, *there})
    if not runs:
        raise AlsegError(f"No run in {folder} is meant by {' and '.join(only or names)}.")
    if not names:
        return tuple(runs)
    return tuple(sorted({run for name in names for run in _named(name, runs, folder)}))


def _filtered(wanted: Mapping[str, RunSpec], only: Sequence[str]) -> list[str]:
    selection, specs = parse_only(only), list(wanted.values())
    methods = {spec.method.order: spec.method for spec in specs}
    selection.check(list(methods.values()), sorted({spec.seed for spec in specs}))
    return [
        spec.folder
        for spec in specs
        if selection.takes_method(spec.method) and selection.takes_seed(spec.seed)
    ]


def _named(name: str, runs: Sequence[str], folder: Path) -> list[str]:
    found = [run for run in runs if run == name] or [run for run in runs if name and run.startswith(name)]
    if not found:
        guess = nearest(name, runs)
        hint = f" Did you mean '{guess}'?" if guess else ""
        raise AlsegError(f"No run '{name}' in {folder}.{hint} Runs: {', '.join(runs) or 'none'}.")
    return found
