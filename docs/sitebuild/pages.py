"""Pages of the site before they are rendered."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

REPOSITORY = Path(__file__).parents[2]


@dataclass(frozen=True)
class Page:
    """A page.

    Attributes:
        path: Its place below the root of the site, such as ``recipes/plain.md``.
        title: Its name in the navigation.
        text: Markdown, with links relative to ``path``.
    """

    path: PurePosixPath
    title: str
    text: str


@dataclass(frozen=True)
class Section:
    """Pages that are made from the code and stand together in the navigation.

    Attributes:
        folder: Where they lie, as the navigation in mkdocs.yml names it, such as ``reference/commands/``.
        make: Returns the pages, the first one first.
    """

    folder: str
    make: Callable[[], list[Page]]


def index_page(folder: str, title: str, introduction: str, rows: list[tuple[Page, str]]) -> Page:
    """Return a page that lists others of its folder with one line each."""
    lines = [f"# {title}", "", introduction, "", "| | |", "|---|---|"]
    lines += [f"| [{page.title}]({page.path.name}) | {text.replace('|', ', ')} |" for page, text in rows]
    return Page(PurePosixPath(folder) / "index.md", title, "\n".join(lines) + "\n")


def slug(title: str) -> str:
    """Return the anchor of a heading, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
