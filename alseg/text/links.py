"""Where a source can be read: the page that a text names."""

from __future__ import annotations

import re

_LINKS = (
    (re.compile(r"https?://[^\s<>\"',;]+[^\s<>\"',;.]"), "{}"),
    (re.compile(r"\barXiv:\s*(\d{4}\.\d{4,5}(?:v\d+)?)", re.IGNORECASE), "https://arxiv.org/abs/{}"),
    (re.compile(r"\bdoi:\s*(10\.\d{4,9}/[^\s,;]+[^\s,;.])", re.IGNORECASE), "https://doi.org/{}"),
    (re.compile(r"(?<![\w./-])(10\.\d{4,9}/[^\s,;]+[^\s,;.])"), "https://doi.org/{}"),
    (re.compile(r"\b((?:[a-z0-9-]+\.)+(?:org|com|ai|io|net|edu)(?:/[^\s,;]*[^\s,;.])?)"), "https://{}"),
)


def link_in(source: str) -> str | None:
    """Return the address of a paper or site that a source names, by address, arXiv number or DOI."""
    for pattern, address in _LINKS:
        found = pattern.search(source)
        if found is not None:
            return address.format(found[found.lastindex or 0])
    return None
