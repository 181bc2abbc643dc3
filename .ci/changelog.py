"""Check the form of CHANGELOG.md: ``python .ci/changelog.py CHANGELOG.md``. Needs Python alone."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

KINDS = ("Added", "Changed", "Deprecated", "Removed", "Fixed", "Security")
"""Headings of a version. The first version, in which all is new, has topics in their place."""

_VERSION = re.compile(r"## (\d+)\.(\d+)\.(\d+) \((not released yet|\d{4}-\d\d-\d\d)\)")


@dataclass
class _Version:
    """A version of the changelog.

    Attributes:
        line: Where its heading stands.
        number: Such as ``(0, 1, 0)``.
        released: Whether it has a date.
        headings: Line and text of each heading.
    """

    line: int
    number: tuple[int, ...]
    released: bool
    headings: list[tuple[int, str]] = field(default_factory=list)


def problems(text: str) -> list[str]:
    """Return what is wrong, each with its line, in the order of the file."""
    lines = text.splitlines()
    versions = list(_versions(lines))
    found = [*_of_versions(versions), *_of_entries(lines)]
    if lines[:1] != ["# Changelog"]:
        found.append((1, "the first line is '# Changelog'"))
    if not versions:
        found.append((1, "there is no version, such as '## 0.2.0 (not released yet)'"))
    return [f"line {number}: {problem}" for number, problem in sorted(found)]


def _versions(lines: list[str]) -> Iterator[_Version]:
    version = None
    for number, line in enumerate(lines, start=1):
        match = _VERSION.fullmatch(line)
        if match is not None:
            if version is not None:
                yield version
            version = _Version(number, tuple(map(int, match.groups()[:3])), match[4][0].isdigit())
        elif line.startswith("### ") and version is not None:
            version.headings.append((number, line[4:]))
    if version is not None:
        yield version


def _of_versions(versions: list[_Version]) -> Iterator[tuple[int, str]]:
    for place, version in enumerate(versions):
        if place > 0 and not version.released:
            yield version.line, "only the first version may be 'not released yet'"
        if place > 0 and version.number >= versions[place - 1].number:
            yield version.line, "versions are listed from the newest to the oldest"
        names = [name for _, name in version.headings]
        for line, name in version.headings:
            if names.count(name) > 1:
                yield line, f"the version has '### {name}' twice"
            if place < len(versions) - 1 and name not in KINDS:
                yield line, f"'### {name}' is none of {', '.join(KINDS)}"


def _of_entries(lines: list[str]) -> Iterator[tuple[int, str]]:
    seen: dict[str, int] = {}
    for number, line in enumerate(lines, start=1):
        if line.startswith("## ") and _VERSION.fullmatch(line) is None:
            yield (
                number,
                f"'{line}' is neither like '## 0.2.0 (not released yet)' nor '## 0.2.0 (2026-12-31)'",
            )
        if line != line.rstrip():
            yield number, "spaces at the end"
        if not line.startswith("- "):
            continue
        rest = [each.strip() for each in lines[number:]]
        end = next(
            (place for place, each in enumerate(lines[number:]) if not each.startswith("  ")), len(rest)
        )
        entry = " ".join([line[2:].strip(), *rest[:end]])
        if not entry.endswith((".", ".)")):
            yield number, "an entry ends with a full stop"
        if entry in seen:
            yield number, f"the entry of line {seen[entry]} again"
        seen.setdefault(entry, number)


def main(path: str) -> int:
    """Print what is wrong with a file; return the exit code."""
    found = problems(Path(path).read_text(encoding="utf-8"))
    for problem in found:
        print(f"{path}, {problem}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
