"""From results folders to an unpacked pack: what belongs into it, without paths, hosts and weights."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alseg import version
from alseg.config.document import read_document
from alseg.config.yaml_text import as_yaml
from alseg.errors import AlsegError
from alseg.exchange.checks import CheckedRun, check_run, refuse_incomplete
from alseg.exchange.manifest import MANIFEST_NAME, UNNAMED, Maker, PackError, Part, write_manifest
from alseg.exchange.members import EXPERIMENT_NAME, FOLDER_NAME, files_of_run, largest_of
from alseg.exchange.places import naming
from alseg.exchange.privacy import public_attempt, public_experiment, public_run, public_status
from alseg.exchange.tokens import replace_names, write_compact
from alseg.files import LARGEST_RECORD, read_json, write_checked_text, write_record
from alseg.storage.attempts import read_attempt
from alseg.storage.layout import RUN_NAME, STATUS_NAME, attempt_files
from alseg.storage.ledger import INDEX_NAME, LARGEST_INDEX
from alseg.storage.reader import run_folders
from alseg.storage.run_description import read_run_file
from alseg.system.regular_file import open_regular

_REGIONS = "regions"
"""Key of a ledger's index: checksum of region maps, which no pack holds."""


@dataclass(frozen=True)
class PackOptions:
    """How results are packed.

    Attributes:
        maker: Who answers for them.
        names: Whether images keep their names.
        incomplete: Whether runs that are not done are packed too.
        without_counts: Whether runs without confusion counts are packed too.
    """

    maker: Maker = UNNAMED
    names: bool = True
    incomplete: bool = False
    without_counts: bool = False


def make_pack(results: Sequence[Path], folder: Path, options: PackOptions) -> list[CheckedRun]:
    """Make an unpacked pack of results.

    Args:
        results: Results folders or run folders.
        folder: An empty folder.
        options: How they are packed.

    Returns:
        All runs, computed anew from their counts.

    Raises:
        PackError: If a run is not done, has no counts, or has metrics that do not follow from them.
        AlsegError: If a file is missing or damaged; names it.
    """
    parts: list[Part] = []
    checked: list[CheckedRun] = []
    for root, runs in _by_results_folder(results).items():
        experiment = read_run_file(runs[0]).experiment
        name = free_folder(experiment, [part.folder for part in parts])
        for run in runs:
            with naming(folder / name / "runs" / run.name, run):
                _copy_run(run, folder / name / "runs" / run.name, names=options.names)
                checked.append(check_run(folder / name / "runs" / run.name))
                _refuse(checked[-1], options)
        _copy_experiment(root / EXPERIMENT_NAME, folder / name / EXPERIMENT_NAME)
        parts.append(
            Part(
                folder=name,
                experiment=experiment,
                date=_last_day(folder / name / "runs" / run.name for run in runs),
                alseg=version.installed_version(),
                names="kept" if options.names else "tokens",
                maker=options.maker,
            )
        )
    write_manifest(folder, tuple(parts))
    return checked


def free_folder(experiment: str, taken: Iterable[str]) -> str:
    """Return the name of a part's folder: the experiment's, fit for every file system, and not yet taken."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", experiment).strip("-._")[:90] or "results"
    used, number, free = {each.lower() for each in taken}, 1, name
    while free.lower() in used:
        number += 1
        free = f"{name}-{number}"
    assert re.match(FOLDER_NAME, free)
    return free


def _by_results_folder(results: Sequence[Path]) -> dict[Path, list[Path]]:
    """Return the run folders of each results folder, each once, sorted by name.

    Raises:
        AlsegError: If a path is neither a results folder nor a run folder, or is a pack.
    """
    found: dict[Path, dict[str, Path]] = {}
    for path in results:
        if path.is_file() or (path / MANIFEST_NAME).exists():
            raise AlsegError(f"{path} is a pack already. 'alseg merge' makes one pack of several.")
        for run in run_folders(path):
            found.setdefault(run.parent.parent.resolve(), {})[run.name] = run
    return {root: [runs[name] for name in sorted(runs)] for root, runs in found.items()}


def _refuse(checked: CheckedRun, options: PackOptions) -> None:
    if not options.incomplete:
        refuse_incomplete([checked.run])
    if not checked.counted and checked.run.evaluated and not options.without_counts:
        raise PackError(
            f"{checked.run.folder} lacks confusion counts of some rounds, so that nobody can compute its "
            "metrics anew. Pack it as it is with --without-counts; leaderboards leave it out."
        )


def _copy_run(source: Path, target: Path, *, names: bool) -> None:
    """Copy what belongs into a pack; records that need no change keep their bytes."""
    root = target.parent.parent.parent
    for path in files_of_run(source):
        to = target / path.relative_to(source)
        largest = largest_of(to.relative_to(root).as_posix())
        if largest is None:
            raise PackError(
                f"{source} cannot be packed: its name is not one that 'alseg run' gives. Give it its old "
                f"name, which stands under 'run' in its {RUN_NAME}."
            )
        to.parent.mkdir(parents=True, exist_ok=True)
        _copy(path, to, largest)
    _rewrite(target / RUN_NAME, public_run)
    _rewrite(target / STATUS_NAME, lambda content: public_status(content, withhold=not names))
    for path in attempt_files(target).values():
        _rewrite(path, public_attempt)
    for path in target.glob(f"rounds/*/{INDEX_NAME}"):
        index = read_json(path, LARGEST_INDEX)
        if index.pop(_REGIONS, None) is not None:
            write_compact(path, index)
    if not names:
        replace_names(target)


def _copy(source: Path, target: Path, largest: int) -> None:
    """Copy a regular file; a link to a device or a pipe would never end."""
    with open_regular(source, largest) as file, target.open("wb") as to:
        shutil.copyfileobj(file, to)


def _rewrite(path: Path, change: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> None:
    if not path.exists():
        return
    content = read_json(path)
    changed = change(content)
    if changed != content:
        write_record(path, changed)


def _copy_experiment(source: Path, target: Path) -> None:
    if not source.exists():
        return
    content = read_document(source).root
    changed = public_experiment(content)
    if changed == content:
        _copy(source, target, LARGEST_RECORD)
    else:
        write_checked_text(target, as_yaml(changed))


def _last_day(runs: Iterable[Path]) -> str | None:
    """Return the day on which the last attempt at some runs ended, as their records say; None for none."""
    ends = [read_attempt(path).get("end") for run in runs for path in attempt_files(run).values()]
    return max((str(end)[:10] for end in ends if end), default=None)
