"""Packs opened for reading: unpacked beside nobody's results, compared with their manifest, computed anew."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from alseg.errors import AlsegError
from alseg.exchange.archive import unpack
from alseg.exchange.checks import CheckedRun, check_run
from alseg.exchange.manifest import MANIFEST_NAME, PackError, Part, read_manifest, refuse_changed
from alseg.exchange.places import naming
from alseg.storage.reader import load_results, run_folders
from alseg.storage.records import Results, Run


@dataclass(frozen=True)
class OpenedPart:
    """A results folder in a pack, or one that nobody has packed.

    Attributes:
        folder: Where it can be read now.
        shown: What a user calls it, such as ``others.zip/quickstart``.
        part: Who made it; None for a results folder that is in no pack.
        runs: Its runs, in the order of their folders' names; empty for a folder that is in no pack.
    """

    folder: Path
    shown: Path
    part: Part | None = None
    runs: tuple[CheckedRun, ...] = ()


@dataclass(frozen=True)
class Opened:
    """What can be read of everything that a user names.

    Attributes:
        paths: Results folders and run folders, for `alseg.storage.reader.load_results`.
        parts: The same by results folder.
        places: Folder of each unpacked archive to the archive.
    """

    paths: tuple[Path, ...]
    parts: tuple[OpenedPart, ...]
    places: Mapping[Path, Path] = field(default_factory=dict)

    def load(self) -> Results:
        """Read all runs, as `alseg.storage.reader.load_results`; those of packs say where they come from."""
        found = load_results(self.paths)
        return replace(
            found,
            runs=tuple(self._placed(run) for run in found.runs),
            copies=tuple(map(self.shown, found.copies)),
            disagreeing=tuple(map(self.shown, found.disagreeing)),
        )

    def shown(self, path: Path) -> Path:
        """Return what a user calls a folder."""
        for temporary, archive in self.places.items():
            if path.is_relative_to(temporary):
                return archive / path.relative_to(temporary)
        return path

    def _placed(self, run: Run) -> Run:
        packed = any(run.folder.is_relative_to(part.folder) for part in self.parts if part.part is not None)
        return replace(run, shown=self.shown(run.folder)) if packed else run


@contextmanager
def opened(paths: Sequence[Path]) -> Iterator[Opened]:
    """Open packs among results folders; what was unpacked is removed at the end of the block.

    Args:
        paths: Packs, folders in packs such as ``others.zip/quickstart``, results folders and run folders.

    Raises:
        PackError: If a pack is damaged, hostile, of a later format, or has metrics that do not follow from
            its counts. Errors in the block that name an unpacked file name its pack.
        AlsegError: If there is no such folder.
    """
    packs: dict[Path, tuple[OpenedPart, ...]] = {}
    places: dict[Path, Path] = {}
    folders: list[Path] = []
    parts: list[OpenedPart] = []
    with ExitStack() as stack:
        for path in paths:
            pack, inside = _split(path)
            if pack is None:
                folders.append(path)
                parts.append(OpenedPart(path, path))
                continue
            if pack not in packs:
                root, names = pack, None
                if pack.is_file():
                    root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="alseg-pack-")))
                    places[root] = pack
                    stack.enter_context(naming(root, pack))
                    names = unpack(pack, root)
                packs[pack] = _parts_of(root, pack, names)
            for folder, part in _wanted(packs[pack], pack, inside):
                folders.append(folder)
                parts.append(part)
        yield Opened(tuple(folders), tuple(parts), places)


def is_pack(path: Path) -> bool:
    """Return whether a path is a pack: an archive, or one that was unpacked."""
    return path.is_file() or (path / MANIFEST_NAME).is_file()


def _split(path: Path) -> tuple[Path | None, Path]:
    """Return the pack in a path, and what is named in it; None where there is no pack."""
    if is_pack(path):
        return path, Path()
    if not path.exists():
        archive = next((parent for parent in path.parents if parent.is_file()), None)
        if archive is not None:
            return archive, path.relative_to(archive)
    return None, path


def _parts_of(root: Path, pack: Path, names: list[str] | None) -> tuple[OpenedPart, ...]:
    """Read a pack, check all of it, and return its parts."""
    manifest = read_manifest(root)
    refuse_changed(root, manifest, names)
    return tuple(
        OpenedPart(
            root / part.folder,
            pack / part.folder,
            part,
            tuple(check_run(folder) for folder in run_folders(root / part.folder)),
        )
        for part in manifest.parts
    )


def _wanted(parts: Sequence[OpenedPart], pack: Path, inside: Path) -> Iterator[tuple[Path, OpenedPart]]:
    """Yield the folders that are named in a pack, each with its part, which has the runs in that folder only.

    Raises:
        PackError: If there is no such folder in it.
    """
    if inside == Path():
        yield from ((part.folder, part) for part in parts)
        return
    for part in parts:
        folder = part.folder / Path(*inside.parts[1:])
        if part.folder.name == inside.parts[0] and ".." not in inside.parts and folder.is_dir():
            runs = tuple(each for each in part.runs if each.run.folder.is_relative_to(folder))
            yield folder, replace(part, runs=runs)
            return
    names = ", ".join(str(part.shown) for part in parts)
    raise PackError(f"There is no folder {inside} in {pack}. Name one of: {names}.")


def require_packs(paths: Sequence[Path]) -> None:
    """Refuse what is neither a pack nor a folder in one.

    Raises:
        AlsegError: If there is something else; names it.
    """
    for path in paths:
        if _split(path)[0] is None:
            found = "is no pack" if path.exists() else "does not exist"
            raise AlsegError(f"{path} {found}. Name packs, which 'alseg pack' makes of results folders.")
