"""Patterns of file names: finding files, and naming others after what was found."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from alseg.errors import AlsegError, DataError, unknown_name

_WILD = re.compile(r"\*|\?|\{")
_FIELD = re.compile(r"\*|\?|\{([A-Za-z_][A-Za-z0-9_]*)\}")

PATTERN_HELP = "Patterns may have *, **, ? and fields such as {city}."
"""The syntax of patterns, for messages."""


@dataclass(frozen=True)
class FoundFile:
    """One file.

    Attributes:
        path: Below the root, with ``/``.
        fields: What fields of the pattern stand for here, and ``stem`` (file name without suffix), ``parent``
            (name of the folder that holds it) and ``path`` (folders below the pattern's fixed part).
        image_id: The path below the pattern's fixed part, without suffix.
    """

    path: str
    fields: Mapping[str, str]
    image_id: str


def find(root: Path, pattern: str) -> list[FoundFile]:
    """Return the files that match, by path; hidden ones are left out.

    Args:
        root: Where the pattern starts.
        pattern: With ``/``; ``*`` and ``{field}`` stand for any part of one name, ``?`` for one letter,
            ``**`` for any folders.

    Raises:
        AlsegError: If the pattern is malformed or leads out of the root.
        DataError: If a folder cannot be read.
    """
    if pattern.endswith("**"):
        pattern += "/*"
    parts = PurePosixPath(pattern).parts
    if pattern.startswith("/") or ".." in parts or not parts:
        raise AlsegError(f"The pattern '{pattern}' leads out of the root. Write it from the root on.")
    fixed = next((index for index, part in enumerate(parts[:-1]) if _WILD.search(part)), len(parts) - 1)
    prefix = "/".join(parts[:fixed])
    matcher = _matcher(pattern)
    found = []
    for path in sorted(_walk(root, prefix, parts[fixed:], frozenset())):
        match = matcher.fullmatch(path)
        if match is None:
            continue
        found.append(found_file(path, prefix, match.groupdict()))
    return found


def found_file(path: str, prefix: str = "", fields: Mapping[str, str] | None = None) -> FoundFile:
    """Return a file with the fields that every file has.

    Args:
        path: Below the root, with ``/``.
        prefix: The folder from which image ids count.
        fields: Further fields.
    """
    pure = PurePosixPath(path)
    below = pure.relative_to(prefix) if prefix else pure
    folders = "/".join(below.parts[:-1])
    own = {"stem": pure.stem, "parent": pure.parent.name, "path": folders or "."}
    return FoundFile(path, {**own, **(fields or {})}, below.with_suffix("").as_posix())


def filled(template: str, fields: Mapping[str, str], key: str) -> str:
    """Return a template with its fields filled in, as a path with ``/``.

    Args:
        template: Such as ``seg/{stem}.png``.
        fields: Their values.
        key: The parameter, for messages.

    Raises:
        AlsegError: If a field is unknown or a brace is not closed.
    """
    try:
        for _, name, _, _ in string.Formatter().parse(template):
            if name is not None and name not in fields:
                raise AlsegError(unknown_name(f"field of '{key}'", name, sorted(fields)))
        return str(PurePosixPath(template.format_map(dict(fields))))
    except (ValueError, LookupError, AttributeError) as error:
        raise AlsegError(f"'{template}' of '{key}' is malformed: {error}. {PATTERN_HELP}") from None


def with_split(pattern: str, name: str) -> str:
    """Return a pattern with ``{split}`` replaced.

    Args:
        pattern: A pattern of paths.
        name: Name of the split.
    """
    return pattern.replace("{split}", name)


def _matcher(pattern: str) -> re.Pattern[str]:
    """Return the regular expression of a pattern."""
    seen: set[str] = set()
    texts = [_part_matcher(part, seen, pattern) for part in PurePosixPath(pattern).parts]
    joined = ""
    for index, text in enumerate(texts):
        last = index == len(texts) - 1
        joined += "(?:[^/]+/)*" if text == "**" and not last else text + ("" if last else "/")
    return re.compile(joined)


def _part_matcher(part: str, seen: set[str], pattern: str) -> str:
    if part == "**":
        return part
    text, place = "", 0
    for token in _FIELD.finditer(part):
        text += re.escape(part[place : token.start()])
        place = token.end()
        name = token[1]
        if name is None:
            text += "[^/]*" if token[0] == "*" else "[^/]"
        elif name in seen:
            text += f"(?P={name})"
        else:
            seen.add(name)
            text += f"(?P<{name}>[^/]+?)"
    rest = part[place:]
    if "{" in rest or "}" in rest:
        raise AlsegError(f"The pattern '{pattern}' has a brace that is no field. {PATTERN_HELP}")
    return text + re.escape(rest)


def _walk(root: Path, folder: str, parts: tuple[str, ...], above: frozenset[Path]) -> Iterator[str]:
    """Yield files that may match; every folder once, whatever links lead back to it."""
    here = root / folder if folder else root
    if not here.is_dir() or (real := here.resolve()) in above:
        return
    first, rest = parts[0], parts[1:]
    try:
        entries = sorted(entry for entry in here.iterdir() if not entry.name.startswith("."))
    except OSError as error:
        raise DataError(f"Cannot list {here}: {error.strerror}.", "Make the folder readable.") from error
    if first == "**":
        yield from _walk(root, folder, rest or ("*",), frozenset())
    single = None if first == "**" else re.compile(_part_matcher(first, set(), first))
    for entry in entries:
        path = f"{folder}/{entry.name}" if folder else entry.name
        if first == "**":
            if entry.is_dir():
                yield from _walk(root, path, parts, above | {real})
        elif single is not None and single.fullmatch(entry.name):
            if rest and entry.is_dir():
                yield from _walk(root, path, rest, frozenset())
            elif not rest and entry.is_file():
                yield path
