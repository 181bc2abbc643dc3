"""A page for each component that comes with alseg; those of acquisitions are in docs/methods."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from alseg.cli.component_page import component_page
from alseg.cli.plugins import TITLES
from alseg.registry.loading import OWN_DISTRIBUTION, load_registry
from alseg.registry.registry import KINDS, Registry
from sitebuild.pages import REPOSITORY, Page, Section, index_page, slug

_WITH_PAGES_OF_THEIR_OWN = "acquisitions"
_HEADING = re.compile(r"^##+ (?P<title>.*)$", re.MULTILINE)
_NAME = re.compile(r"`([a-z0-9-]+)`")


def component_sections() -> list[Section]:
    """Return a section for each kind of component.

    Raises:
        RuntimeError: If a plugin of alseg does not work here: its pages would be missing.
    """
    registry = load_registry()
    if registry.failures or not registry.plugins:
        why = [failure.message for failure in registry.failures] or ["alseg is not installed"]
        raise RuntimeError("; ".join(why))
    guides = _guides()
    kinds = [kind for kind in KINDS if kind != _WITH_PAGES_OF_THEIR_OWN]
    return [
        Section(f"plugins/{kind.replace('_', '-')}/", lambda kind=kind: _pages(registry, kind, guides))  # type: ignore[misc]
        for kind in kinds
    ]


def _pages(registry: Registry, kind: str, guides: dict[str, list[str]]) -> list[Page]:
    """Return a list of the components of a kind and the page of each."""
    folder = f"plugins/{kind.replace('_', '-')}/"
    rows: list[tuple[Page, str]] = []
    for name, entry in sorted(registry.entries(kind).items()):
        if entry.plugin.distribution == OWN_DISTRIBUTION:
            text = component_page(kind, entry)
            if name in guides:
                text += "\n## Read on\n\n" + "\n".join(f"- {link}" for link in guides[name]) + "\n"
            rows.append((Page(PurePosixPath(folder) / f"{name}.md", name, text), entry.spec.summary))
    introduction = (
        "`alseg plugins` lists what is installed, plugins of others too. [Writing plugins](../../plugins.md)."
    )
    return [index_page(folder, TITLES[kind], introduction, rows), *(page for page, _ in rows)]


def _guides() -> dict[str, list[str]]:
    """Return links to documents of the name of a component, and to sections whose heading has it."""
    found: dict[str, list[str]] = {}
    for document in sorted((REPOSITORY / "docs").glob("*.md")):
        text = re.sub(
            r"^```.*?^```$", "", document.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE
        )
        guide = text.partition("\n")[0].removeprefix("# ")
        found.setdefault(document.stem, []).append(f"[{guide}](../../{document.name})")
        for heading in _HEADING.finditer(text):
            for name in _NAME.findall(heading["title"]):
                link = f"[{guide}: {heading['title']}](../../{document.name}#{slug(heading['title'])})"
                found.setdefault(name, []).append(link)
    return found
