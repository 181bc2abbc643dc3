"""Reading the project's own documentation in tests."""

from __future__ import annotations

import re
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
README = REPOSITORY / "README.md"
DOCS = REPOSITORY / "docs"


def blocks(document: Path, language: str) -> list[str]:
    """Return the fenced code blocks in a language, in order, each ending with a line break."""
    text = document.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def all_blocks(document: Path) -> list[str]:
    """Return the fenced code blocks of any language or none, in order, each ending with a line break."""
    text = document.read_text(encoding="utf-8")
    return re.findall(r"^```[a-z]*\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def section(document: Path, heading: str) -> str:
    """Return what stands below a heading such as ``## Hooks``, up to the next of its level or above."""
    text = document.read_text(encoding="utf-8")
    level = len(heading) - len(heading.lstrip("#"))
    found = re.search(rf"^{re.escape(heading)}\n(.*?)(?=^#{{1,{level}}} |\Z)", text, re.DOTALL | re.MULTILINE)
    assert found, f"{document.name} has no heading '{heading}'"
    return found[1]


def prose(text: str) -> str:
    """Return a document's text without its code blocks."""
    return re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)


def code_words(text: str) -> set[str]:
    """Return all that stands in backticks, outside of code blocks."""
    return set(re.findall(r"`([^`\n]+)`", prose(text)))
