"""The rendered site: every link and anchor leads somewhere, and no page asks another host for anything."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag

_LOADED = {("script", "src"), ("img", "src"), ("iframe", "src"), ("source", "src"), ("video", "src")}
_STYLESHEETS = {"stylesheet", "icon", "preload", "modulepreload", "preconnect", "dns-prefetch"}
_FOREIGN = re.compile(r"(https?:)?//")


class _Page(HTMLParser):
    """Anchors and links of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.paragraph: str | None = None
        self.broken_lists: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {key: value or "" for key, value in attrs}
        self.anchors |= {given[key] for key in ("id", "name") if key in given}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag == "link" and set(given.get("rel", "").split()) & _STYLESHEETS:
            self.loaded.append(given.get("href", ""))
        self.loaded += [given[key] for of_tag, key in _LOADED if of_tag == tag and key in given]
        if tag == "p":
            self.paragraph = ""

    def handle_data(self, data: str) -> None:
        if self.paragraph is not None:
            self.paragraph += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "p" and self.paragraph is not None:
            if re.search(r"^(- |\* |\| )", self.paragraph, re.MULTILINE):
                self.broken_lists.append(self.paragraph[:60])
            self.paragraph = None


def problems_of(site: Path) -> Iterator[str]:
    """Yield what is wrong with the pages of a folder, one line each."""
    pages = {file: _Page(file.read_text(encoding="utf-8")) for file in sorted(site.rglob("*.html"))}
    for file, page in pages.items():
        name = file.relative_to(site).as_posix()
        for text in page.broken_lists:
            yield f"{name}: a list or table is rendered as a paragraph: {text!r}"
        for target in page.loaded:
            if _FOREIGN.match(target):
                yield f"{name}: loads {target}"
        for target in [*page.links, *page.loaded]:
            if problem := _broken(file, target, pages):
                yield f"{name}: {problem}"


def _broken(file: Path, target: str, pages: dict[Path, _Page]) -> str | None:
    """Return what is wrong with a link of a page, or None."""
    path, anchor = urldefrag(target)
    if re.match(r"[a-z]+:", path) or path.startswith("//"):
        return None
    if path.startswith("/"):
        return f"link to {target}, which a site in a folder does not have"
    linked = Path(unquote(path))
    linked = (file.parent / linked).resolve() if path else file
    if linked.is_dir():
        linked /= "index.html"
    if not linked.exists():
        return f"link to {target}, which does not exist"
    if anchor and linked in pages and unquote(anchor) not in pages[linked].anchors:
        return f"link to {target}, which has no such anchor"
    return None
