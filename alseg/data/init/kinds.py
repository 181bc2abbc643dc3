"""Kinds of image files: those that differ only in what names an image."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from alseg.data.init.file_roles import Role, role_of
from alseg.data.init.folder_templates import literal, templates_of

_TAIL = re.compile(r"(.+?)((?:[_\-. ][A-Za-z]+(?:[0-9]?[A-Za-z]+)*)+)")
_HEAD = re.compile(r"((?:[A-Za-z]+[_\- ])+)(.+)")
_FEW = 6
"""A folder with at most so many files may have an ending that no other file has."""


@dataclass(frozen=True)
class KindFile:
    """One file.

    Attributes:
        path: Below the root.
        fields: Values of the fields in the template of its folder.
        core: What of its name names the image.
    """

    path: str
    fields: Mapping[str, str]
    core: str


@dataclass(frozen=True)
class Kind:
    """Files whose paths differ only in fields and in what names the image.

    Attributes:
        folder: Template of the folder.
        head: How file names begin.
        tail: How they end before the suffix.
        suffix: With a dot, as written in names.
        files: The files.
    """

    folder: str
    head: str
    tail: str
    suffix: str
    files: list[KindFile] = field(compare=False, hash=False, default_factory=list)

    @property
    def role(self) -> Role | None:
        """What the names say, those of files before those of folders, inner folders before outer ones."""
        parts = [*reversed(PurePosixPath(self.folder).parts)]
        said = [role_of(self.tail, is_tail=True), role_of(self.head), *map(role_of, parts)]
        if "other" in said:
            return "other"
        return next((one for one in said if one is not None), None)

    def path_with(self, core: str, suffix: str | None = None) -> str:
        """Return the template of paths with something in the place of the image's name."""
        name = f"{literal(self.head)}{core}{literal(self.tail)}{suffix or self.suffix}"
        return f"{self.folder}/{name}" if self.folder else name


def kinds_of(paths: Sequence[str]) -> list[Kind]:
    """Return the kinds of files, that with the most files first.

    Args:
        paths: Image files below the root, with ``/``.
    """
    places = templates_of(paths)
    by_folder: dict[str, list[str]] = defaultdict(list)
    for path in paths:
        by_folder[places[_folder(path)].template].append(path)
    stems = {template: {PurePosixPath(path).stem for path in found} for template, found in by_folder.items()}
    everywhere = Counter(stem for found in stems.values() for stem in found)
    found: dict[Kind, Kind] = {}
    for template, files in by_folder.items():
        repeated = sum(everywhere[stem] > 1 for stem in stems[template])
        is_whole = 2 * repeated >= len(stems[template])
        tails = frozenset() if is_whole else _tails(files, frozenset(everywhere))
        for path in files:
            pure = PurePosixPath(path)
            head, core, tail = _parts(pure.stem, tails, is_whole=is_whole)
            kind = Kind(template, head, tail, pure.suffix)
            found.setdefault(kind, kind).files.append(KindFile(path, places[_folder(path)].fields, core))
    return sorted(found.values(), key=lambda kind: (-len(kind.files), kind.folder, kind.tail, kind.suffix))


def _parts(stem: str, tails: frozenset[str], *, is_whole: bool) -> tuple[str, str, str]:
    if is_whole:
        return "", stem, ""
    match = _TAIL.fullmatch(stem)
    core, tail = (match[1], match[2]) if match and match[2] in tails else (stem, "")
    head = _HEAD.fullmatch(core)
    if head and role_of(head[1]) is not None:
        return head[1], head[2], tail
    return "", core, tail


def _tails(paths: Sequence[str], everywhere: frozenset[str]) -> frozenset[str]:
    """Return the endings that tell kinds of files apart: words for roles, or endings of the same images."""
    cores: dict[str, set[str]] = defaultdict(set)
    for path in paths:
        match = _TAIL.fullmatch(PurePosixPath(path).stem)
        if match:
            cores[match[2]].add(match[1])
    seen = Counter(core for found in cores.values() for core in found)
    kept = set()
    for tail, found in cores.items():
        if len(found) < 2 and len(paths) > _FEW:
            continue
        shared = sum(seen[core] > 1 or core in everywhere for core in found)
        if role_of(tail, is_tail=True) is not None or 2 * shared >= len(found):
            kept.add(tail)
    return frozenset(kept)


def _folder(path: str) -> str:
    parent = str(PurePosixPath(path).parent)
    return "" if parent == "." else parent
