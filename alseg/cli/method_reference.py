"""The pages of docs/methods, made from the specs and docstrings of acquisitions.

``python -m alseg.cli.method_reference docs/methods`` writes a page for each acquisition that comes with
alseg, and its row in README.md there, in a table between two comments: ``<!-- acquisitions of the pool, from
their specs -->``, on one line, and ``<!-- end of acquisitions -->``.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from alseg.cli.method_page import MADE, method_page, needs_text, units_text
from alseg.contracts import AcquisitionSpec
from alseg.errors import AlsegError
from alseg.files import write_text
from alseg.registry.entries import Entry
from alseg.registry.loading import OWN_DISTRIBUTION, load_registry
from alseg.registry.registry import Registry


def _group(spec: AcquisitionSpec) -> str:
    """Return the table that an acquisition stands in."""
    if spec.sees_labels:
        return "labels"
    if spec.kind != "score":
        return "the pool"
    return "several predictions" if "moments" in spec.needs else "one prediction"


GROUPS: Mapping[str, Callable[[AcquisitionSpec], bool]] = MappingProxyType(
    {
        "one prediction": lambda spec: _group(spec) == "one prediction",
        "several predictions": lambda spec: _group(spec) == "several predictions",
        "the pool": lambda spec: _group(spec) == "the pool",
        "labels": lambda spec: _group(spec) == "labels",
    }
)
"""Every table of README.md by the name in its comment, and which acquisitions it has."""

_TABLE = re.compile(
    r"(?P<begin><!-- acquisitions of (?P<name>[a-z ]+), from their specs -->\n)"
    r".*?(?P<end>\n<!-- end of acquisitions -->)",
    re.DOTALL,
)


def own_acquisitions(registry: Registry) -> list[Entry[AcquisitionSpec]]:
    """Return the acquisitions that come with alseg, by name."""
    entries = sorted(registry.acquisitions.values(), key=lambda entry: entry.spec.name)
    return [entry for entry in entries if entry.plugin.distribution == OWN_DISTRIBUTION]


def method_table(specs: Sequence[AcquisitionSpec]) -> str:
    """Return acquisitions as a Markdown table, each with a link to its page."""
    rows = [
        f"| [`{spec.name}`]({spec.name}.md) | {spec.summary} | `{spec.kind}` "
        f"| {units_text(spec)} | {needs_text(spec)} | {spec.source} |"
        for spec in specs
    ]
    head = "| name | what it asks for | kind | questions about | needs | source |"
    return "\n".join([head, "|---|---|---|---|---|---|", *rows])


def with_method_tables(text: str, specs: Sequence[AcquisitionSpec]) -> str:
    """Return README.md with every table of acquisitions made anew.

    Raises:
        AlsegError: If the document has not one table for each of `GROUPS`.
    """
    names = [found["name"] for found in _TABLE.finditer(text)]
    if sorted(names) != sorted(GROUPS):
        raise AlsegError(
            f"README.md has tables of acquisitions of {', '.join(names) or 'nothing'}; it needs one each of "
            f"{', '.join(GROUPS)}."
        )

    def table(found: re.Match[str]) -> str:
        of_group = [spec for spec in specs if GROUPS[found["name"]](spec)]
        return f"{found['begin']}\n{method_table(of_group)}\n{found['end']}"

    return _TABLE.sub(table, text)


def write_pages(folder: Path, entries: Sequence[Entry[AcquisitionSpec]]) -> None:
    """Write README.md's tables and all pages, and remove pages of acquisitions that are no more.

    Raises:
        AlsegError: As `with_method_tables`; nothing is written then.
    """
    index = folder / "README.md"
    write_text(index, with_method_tables(index.read_text(encoding="utf-8"), [e.spec for e in entries]))
    pages = {folder / f"{entry.spec.name}.md": method_page(entry) for entry in entries}
    for file, page in pages.items():
        write_text(file, page)
    for file in folder.glob("*.md"):
        if file not in pages and file.read_text(encoding="utf-8").startswith(MADE):
            file.unlink()


if __name__ == "__main__":
    write_pages(Path(sys.argv[1]), own_acquisitions(load_registry()))
