"""The zip file of a pack: the same bytes for the same files, and read as if an enemy had made it."""

from __future__ import annotations

import shutil
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from alseg.exchange.manifest import MANIFEST_NAME, PackError, read_manifest
from alseg.exchange.members import largest_of
from alseg.files import LARGEST_RECORD, write_atomically
from alseg.system.regular_file import open_regular

LARGEST_PACK = 2**34
"""Bytes of a pack, folded or not."""

MOST_MEMBERS = 500_000

_MOST_FOLDED = 200
"""How many times its size a pack may unfold to, beyond `_FREE`; those of alseg unfold to 3 to 20 times."""
_FREE = 2**26

_FIXED_TIME = (1980, 1, 1, 0, 0, 0)
_REGULAR = 0o100644 << 16
_UNIX = 3
_LINK_OR_SPECIAL = (0o120000, 0o060000, 0o020000, 0o010000, 0o140000)
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1
_CHUNK = 2**20


def write_archive(folder: Path, target: Path) -> None:
    """Write an unpacked pack into a zip file: the manifest first, then members by name, without times.

    Args:
        folder: The unpacked pack.
        target: The file.

    Raises:
        WriteError: If it cannot be written.
    """
    names = [MANIFEST_NAME, *sorted(read_manifest(folder).members)]

    def write(file: BinaryIO) -> None:
        with zipfile.ZipFile(file, "w") as archive:
            for name in names:
                entry = zipfile.ZipInfo(name, _FIXED_TIME)
                entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, _REGULAR
                entry.create_system = _UNIX
                large = (folder / name).stat().st_size > zipfile.ZIP64_LIMIT // 2
                with (folder / name).open("rb") as source, archive.open(entry, "w", force_zip64=large) as to:
                    shutil.copyfileobj(source, to, _CHUNK)

    write_atomically(target, write)
    target.chmod(0o644)  # the temporary file it was is private; a pack is for others


def unpack(path: Path, folder: Path) -> list[str]:
    """Unpack a zip file that somebody has sent; what is no pack is refused before anything is written.

    Args:
        path: The file.
        folder: An empty folder.

    Returns:
        Paths of its files in the pack.

    Raises:
        PackError: If it is no zip file, or holds what no pack holds; names it.
        AlsegError: If it cannot be read.
    """
    try:
        with open_regular(path, LARGEST_PACK) as file, zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            size = path.stat().st_size
            problem = _problem_of(entries, size)
            if problem is not None:
                raise PackError(f"{path} is no pack of alseg: {problem}. Nothing of it was read.")
            for entry in entries:
                target = folder / entry.filename
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(entry) as source, target.open("xb") as to:
                    shutil.copyfileobj(source, to, _CHUNK)
            return [entry.filename for entry in entries]
    except FileNotFoundError as error:
        raise PackError(f"There is no file {path}. Name a pack, made by 'alseg pack'.") from error
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, RuntimeError) as error:
        raise PackError(
            f"{path} is no pack of alseg, or damaged: {_line(error)}. Name a pack, made by 'alseg pack', or "
            "get it again from its makers."
        ) from error
    except OSError as error:
        raise PackError(
            f"{path} cannot be unpacked into {folder.parent}: {_line(error)}. Free space there or set TMPDIR."
        ) from error


def _problem_of(entries: Sequence[zipfile.ZipInfo], size: int) -> str | None:
    """Say what is wrong with the list of members; None if nothing is.

    Args:
        entries: As the archive lists them.
        size: Bytes of the archive.
    """
    if len(entries) > MOST_MEMBERS:
        return f"it has {len(entries):,} files, more than {MOST_MEMBERS:,}"
    seen: set[str] = set()
    for entry in entries:
        problem = _problem_of_member(entry)
        if problem is not None:
            return problem
        if entry.filename.lower() in seen:
            return f"{entry.filename} is in it twice"
        seen.add(entry.filename.lower())
    if MANIFEST_NAME not in seen:
        return f"it has no {MANIFEST_NAME}"
    unfolded = sum(entry.file_size for entry in entries)
    if unfolded > min(LARGEST_PACK, _FREE + _MOST_FOLDED * size):
        return f"its {size:,} bytes unfold to {unfolded:,}"
    return None


def _problem_of_member(entry: zipfile.ZipInfo) -> str | None:
    name = entry.orig_filename  # zipfile cuts names at a zero byte
    largest = LARGEST_RECORD if name == MANIFEST_NAME else largest_of(name)
    if largest is None:
        return f"{name[:200]!r} is no file of a pack"
    if (entry.external_attr >> 16) & 0o170000 in _LINK_OR_SPECIAL:
        return f"{name} is no regular file"
    if entry.flag_bits & _ENCRYPTED:
        return f"{name} is encrypted"
    if entry.compress_type not in _METHODS:
        return f"{name} is compressed by an unknown method"
    if entry.file_size > largest:
        return f"{name} unfolds to {entry.file_size:,} bytes, more than {largest:,}"
    return None


def _line(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".")[:200] or type(error).__name__
