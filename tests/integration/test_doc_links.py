"""Links within the documents lead to headings that are there."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from documents import DOCS, README, prose

DOCUMENTS = [README, *sorted(DOCS.rglob("*.md"))]
_LINK = re.compile(r"\]\((?!https?:)([^)#]*)#([^)]+)\)")


@cache
def anchors(document: Path) -> frozenset[str]:
    """Return the anchors of a document's headings, as GitHub makes them."""
    titles = re.findall(r"^#{1,6} (.+)$", prose(document.read_text(encoding="utf-8")), re.MULTILINE)
    return frozenset(re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(README.parent).as_posix())
def test_every_heading_that_is_linked_to_is_there(document: Path) -> None:
    for target, anchor in _LINK.findall(prose(document.read_text(encoding="utf-8"))):
        file = document.parent / target if target else document
        if file.suffix == ".md":
            assert anchor in anchors(file.resolve()), f"{document.name}: {target}#{anchor}"
