"""From many folders to few templates: splits and sequences become fields, folders of other roles stay."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from alseg.data.init.file_roles import role_of, split_part

_MOST_ROLES = 40
"""Siblings with equal file names are of different roles up to this number, beyond it sequences."""


@dataclass(frozen=True)
class Place:
    """A folder as one of many alike.

    Attributes:
        template: Its path with fields, such as ``{split}/{folder}/images``; empty for the root.
        fields: Their values.
    """

    template: str
    fields: Mapping[str, str]


@dataclass(frozen=True)
class _Entry:
    folder: str
    parts: tuple[str, ...]
    fields: Mapping[str, str]


def templates_of(paths: Sequence[str]) -> dict[str, Place]:
    """Return for every folder that holds files the template of folders like it.

    Siblings become the field ``{folder}`` unless they hold files of the same names, as ``a/1.png`` and
    ``b/1.png`` where nothing says that ``a`` and ``b`` are sequences: then one may label the other.

    Args:
        paths: Image files, with ``/``.
    """
    names: dict[str, set[str]] = defaultdict(set)
    for path in paths:
        pure = PurePosixPath(path)
        names["" if str(pure.parent) == "." else str(pure.parent)].add(pure.stem)
    found: dict[str, Place] = {}
    entries = [_Entry(folder, PurePosixPath(folder).parts, {}) for folder in names]
    _divide(entries, (), names, found)
    return found


def _divide(
    entries: Sequence[_Entry],
    template: tuple[str, ...],
    names: Mapping[str, set[str]],
    found: dict[str, Place],
) -> None:
    depth = len(template)
    children: dict[str, list[_Entry]] = defaultdict(list)
    for entry in entries:
        if len(entry.parts) == depth:
            found[entry.folder] = Place("/".join(template), entry.fields)
        else:
            children[entry.parts[depth]].append(entry)
    merged: dict[str, list[_Entry]] = defaultdict(list)
    plain = []
    for name, below in children.items():
        part = split_part(name)
        if part is not None and "split" not in below[0].fields:
            merged[part.template] += [_with(entry, "split", part.text) for entry in below]
        elif role_of(name) is not None:
            merged[literal(name)] += below
        else:
            plain.append(name)
    if len(plain) > 1 and not _are_roles([children[name] for name in plain], depth, names, entries, found):
        field = "folder" if "folder" not in entries[0].fields else f"folder{depth}"
        for name in plain:
            merged["{" + field + "}"] += [_with(entry, field, name) for entry in children[name]]
    else:
        for name in plain:
            merged[literal(name)] += children[name]
    for name, below in merged.items():
        _divide(below, (*template, name), names, found)


def _are_roles(
    groups: Sequence[Sequence[_Entry]],
    depth: int,
    names: Mapping[str, set[str]],
    entries: Sequence[_Entry],
    found: Mapping[str, Place],
) -> bool:
    """Say whether siblings hold different files of the same images, rather than different images."""
    if len(groups) > _MOST_ROLES:
        return False
    if any(role_of(part) for group in groups for entry in group for part in entry.parts[depth + 1 :]):
        return False
    own = {group[0].parts[depth] for group in groups}
    if any(own & set(PurePosixPath(folder).parts) for folder in names if _is_elsewhere(folder, entries)):
        return False
    stems = [set().union(*(names[entry.folder] for entry in group)) for group in groups]
    first = max(stems, key=len)
    alike = sum(2 * len(one & first) >= len(one) for one in stems if one is not first)
    return 2 * alike >= len(groups) - 1


def _is_elsewhere(folder: str, entries: Sequence[_Entry]) -> bool:
    return all(entry.folder != folder for entry in entries)


def _with(entry: _Entry, field: str, value: str) -> _Entry:
    return _Entry(entry.folder, entry.parts, {**entry.fields, field: value})


_SPECIAL = str.maketrans("{}*?", "\ue000\ue001\ue002\ue003")
_IN_PATTERN = str.maketrans(dict.fromkeys("\ue000\ue001\ue002\ue003", "?"))
_IN_TEMPLATE = str.maketrans({"\ue000": "{{", "\ue001": "}}", "\ue002": "*", "\ue003": "?"})


def literal(name: str) -> str:
    """Return part of a path as it stands in templates of this package: braces and wildcards are hidden."""
    return name.translate(_SPECIAL)


def as_pattern(template: str) -> str:
    """Return a pattern, in which braces and wildcards of names match as any letter."""
    return template.translate(_IN_PATTERN)


def as_template(template: str) -> str:
    """Return a template of label files, in which they stand for themselves."""
    return template.translate(_IN_TEMPLATE)
