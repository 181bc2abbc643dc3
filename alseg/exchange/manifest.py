"""``pack.json``: who made the parts of a pack, and the checksum of every file in it (docs/exchange.md)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, ValidationError

from alseg.errors import AlsegError
from alseg.exchange.members import FOLDER_NAME, members_in
from alseg.files import read_json, sha256_of, write_record
from alseg.storage.records import Count
from alseg.storage.validation import validated

MANIFEST_NAME = "pack.json"
"""In the root of a pack."""

FORMAT = 1
"""Rises when a key changes its meaning or disappears; keys that are added do not raise it."""

_Line = Annotated[str, Field(min_length=1, max_length=500, pattern=r"^[^\r\n]*$")]
_Link = Annotated[str, Field(max_length=2000, pattern=r"^https?://[^\s<>\"']+$")]
_Day = Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
_Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


@dataclass(frozen=True)
class Maker:
    """Who answers for runs, as far as they want to say.

    Attributes:
        by: Name of a person or group.
        contact: Such as an e-mail address.
        licence: Under which the numbers may be used, such as ``CC-BY-4.0``.
        link: Where the source of the methods or a paper is.
    """

    by: _Line | None = None
    contact: _Line | None = None
    licence: _Line | None = None
    link: _Link | None = None


UNNAMED = Maker()
"""Whoever has not said anything."""


@dataclass(frozen=True)
class Part:
    """One results folder in a pack.

    Attributes:
        folder: Name of its folder in the pack.
        experiment: Name of the experiment.
        date: Day on which the last of its runs ended, UTC; None where no run says.
        alseg: Version of alseg that packed it.
        names: Whether images have their names, or tokens instead.
        maker: Who answers for it.
    """

    folder: Annotated[str, Field(pattern=FOLDER_NAME)]
    experiment: _Line
    date: _Day | None
    alseg: _Line
    names: Literal["kept", "tokens"] = "kept"
    maker: Maker = UNNAMED


@dataclass(frozen=True)
class Member:
    """Size in bytes and SHA-256 of a file in a pack."""

    bytes: Count
    sha256: _Sha256


@dataclass(frozen=True)
class Manifest:
    """``pack.json``. A reader ignores keys that it does not know.

    Attributes:
        format: Of the pack.
        parts: In the order given.
        members: Path in the pack to file, of all files but ``pack.json``.
    """

    format: Annotated[int, Field(strict=True)]
    parts: Annotated[tuple[Part, ...], Field(min_length=1, max_length=10_000)]
    members: Mapping[str, Member]


_MANIFEST = TypeAdapter(Manifest)
_MAKER = TypeAdapter(Maker)


class PackError(AlsegError):
    """A pack that cannot be trusted or read; nothing of it is used."""


def maker_of(**given: str | None) -> Maker:
    """Return who answers for results, as it was given on a command line.

    Args:
        given: Values of the fields of `Maker`.

    Raises:
        AlsegError: If one is too long, has several lines or is no address of a page.
    """
    try:
        return _MAKER.validate_python(given)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = str(first["loc"][0])
        wanted = (
            "an address such as https://example.org/method"
            if key == "link"
            else "one line of at most 500 characters"
        )
        raise AlsegError(f"--{key} {given[key]!r} cannot be used. Give {wanted}.") from error


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of an unpacked pack.

    Raises:
        PackError: If it is of a later format.
        DamageError: If the file is missing or damaged; names it.
    """
    path = folder / MANIFEST_NAME
    content = read_json(path)
    found = content.get("format")
    if isinstance(found, int) and not isinstance(found, bool) and found != FORMAT:
        raise PackError(
            f"{path} has format {found}, but this alseg reads format {FORMAT}. Read it with a later alseg."
        )
    return validated(path, _MANIFEST, content)


def write_manifest(folder: Path, parts: tuple[Part, ...]) -> None:
    """Write the manifest of everything that belongs to the parts in a folder.

    Raises:
        WriteError: If it cannot be written.
    """
    members = {
        name: Member((folder / name).stat().st_size, sha256_of(folder / name))
        for part in parts
        for name in members_in(folder, part.folder)
    }
    content: dict[str, Any] = asdict(Manifest(FORMAT, parts, dict(sorted(members.items()))))
    content["parts"] = list(content["parts"])
    write_record(folder / MANIFEST_NAME, content)


def refuse_changed(folder: Path, manifest: Manifest, unpacked: Iterable[str] | None = None) -> None:
    """Compare the files of an unpacked pack with its manifest.

    Args:
        folder: The unpacked pack.
        manifest: Its manifest.
        unpacked: Everything that was in the archive; None for a folder of somebody, where files beside the
            parts, and in a part beside ``runs``, do not count: people keep notes there.

    Raises:
        PackError: If a file is missing, was changed, or is in a run but not in the manifest; names it.
    """
    folders = [part.folder for part in manifest.parts]
    if len(set(map(str.lower, folders))) < len(folders):
        raise PackError(
            f"{folder / MANIFEST_NAME} is damaged: two parts have the same folder. Get the pack again."
        )
    if unpacked is None:
        unpacked = [name for each in folders for name in members_in(folder, each)]
    found = set(unpacked) - {MANIFEST_NAME}
    for name in sorted(found.symmetric_difference(manifest.members)):
        problem = "is in the pack, but not in" if name in found else "is missing, but stands in"
        raise PackError(f"{folder / name} {problem} {MANIFEST_NAME}. Get the pack again from its makers.")
    for name, member in manifest.members.items():
        path = folder / name
        if path.is_symlink() or path.stat().st_size != member.bytes or sha256_of(path) != member.sha256:
            raise PackError(
                f"{path} was changed: its checksum is not the one in {MANIFEST_NAME}. "
                "Get the pack again from its makers."
            )
