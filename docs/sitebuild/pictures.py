"""Pictures of rendered pages, often wider than a phone: each leads to its file, to be looked at closely."""

from __future__ import annotations

import re

_ALONE = re.compile(r'<p>(?P<image><img [^>]*\bsrc="(?P<source>[^"]+\.png)"[^>]*>)</p>')


def with_links(page: str) -> str:
    """Return a page of HTML in which each picture that is a paragraph leads to its file."""
    return _ALONE.sub(r'<p><a class="picture" href="\g<source>">\g<image></a></p>', page)
