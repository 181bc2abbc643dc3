"""One pack of several: every run once, and every part with its makers."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from alseg.exchange.manifest import PackError, Part, write_manifest
from alseg.exchange.members import EXPERIMENT_NAME, files_of_run
from alseg.exchange.opening import OpenedPart
from alseg.exchange.packing import free_folder
from alseg.storage.reader import has_same_results
from alseg.storage.records import Run


@dataclass(frozen=True)
class Merged:
    """What was merged.

    Attributes:
        parts: Of the new pack.
        runs: Number of runs in it.
        repeated: Runs that were there already with the same results, and are in the pack once.
        disagreeing: Runs of which other results were there already, and that are in a part of their own.
    """

    parts: tuple[Part, ...]
    runs: int
    repeated: tuple[Path, ...]
    disagreeing: tuple[Path, ...]


@dataclass
class _Place:
    """A part of the new pack, as it grows."""

    part: Part
    experiment: bytes
    runs: set[str]


def merge_parts(parts: Sequence[OpenedPart], folder: Path, *, keep_both: bool = False) -> Merged:
    """Make an unpacked pack of the parts of several.

    Parts of the same makers, experiment file and version become one. A run with the same name and fingerprint
    is the same run: with the same results it is kept once, where it came first.

    Args:
        parts: Of packs.
        folder: An empty folder.
        keep_both: Whether to keep different results of the same run, in parts of their own.

    Raises:
        PackError: If two packs have different results of the same run.
        WriteError: If the pack cannot be written.
    """
    places: list[_Place] = []
    first: dict[tuple[str, str, str], tuple[Run, Path]] = {}
    repeated, disagreeing = [], []
    for opened in parts:
        assert opened.part is not None
        for run in (checked.run for checked in opened.runs):
            shown = opened.shown / "runs" / run.folder.name
            identity = (run.experiment, run.name, run.fingerprint)
            if identity in first:
                other, where = first[identity]
                if has_same_results(run, other) and len(run.rounds) == len(other.rounds):
                    repeated.append(shown)
                    continue
                if not keep_both:
                    raise PackError(
                        f"{shown} and {where} are the same run with different results. Find out why (another "
                        "machine, another version), leave one pack out, or keep both with --keep-both."
                    )
                disagreeing.append(shown)
            first.setdefault(identity, (run, shown))
            place = _place_for(run.folder.name, opened, places, folder)
            place.runs.add(run.folder.name)
            _copy(run.folder, folder / place.part.folder / "runs" / run.folder.name)
    kept = tuple(place.part for place in places)
    write_manifest(folder, kept)
    return Merged(kept, sum(len(place.runs) for place in places), tuple(repeated), tuple(disagreeing))


def _copy(run: Path, target: Path) -> None:
    for path in files_of_run(run):
        to = target / path.relative_to(run)
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, to)


def _place_for(run: str, opened: OpenedPart, places: list[_Place], folder: Path) -> _Place:
    """Return the part that a run belongs into: one of the same makers without such a run, or a new one."""
    part = opened.part
    assert part is not None
    file = opened.folder / EXPERIMENT_NAME
    experiment = file.read_bytes() if file.exists() else b""
    for place in places:
        alike = replace(part, folder=place.part.folder, date=place.part.date) == place.part
        if alike and place.experiment == experiment and run not in place.runs:
            days = [day for day in (part.date, place.part.date) if day is not None]
            place.part = replace(place.part, date=max(days, default=None))
            return place
    name = free_folder(part.folder, [place.part.folder for place in places])
    place = _Place(replace(part, folder=name), experiment, set())
    places.append(place)
    if experiment:
        (folder / name).mkdir(parents=True)
        (folder / name / EXPERIMENT_NAME).write_bytes(experiment)
    return place
