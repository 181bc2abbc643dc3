"""The navigation: mkdocs.yml names documents and sections, whose pages are filled in here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from ruamel.yaml import YAML

from sitebuild.pages import Page

_NAV = "\nnav:\n"


class NavigationError(Exception):
    """mkdocs.yml and the pages do not fit."""


def read_navigation(config: Path) -> tuple[str, list[Any]]:
    """Return mkdocs.yml without its last key, the navigation, and the navigation."""
    text = config.read_text(encoding="utf-8")
    settings, found, _ = text.partition(_NAV)
    if not found:
        raise NavigationError(f"{config.name} has no nav")
    navigation: list[Any] = YAML(typ="safe").load(text[len(settings) :])["nav"]
    return settings, navigation


def documents_in(navigation: Any) -> Iterator[str]:
    """Yield the documents and sections that a navigation names."""
    if isinstance(navigation, str):
        yield navigation
    else:
        for each in navigation.values() if isinstance(navigation, Mapping) else navigation:
            yield from documents_in(each)


def filled_in(
    navigation: Any, sections: Mapping[str, list[Page]], places: Mapping[str, PurePosixPath]
) -> Any:
    """Return a navigation with the pages of its sections, and documents where they are on the site.

    Args:
        navigation: As mkdocs.yml has it.
        sections: Folder to pages.
        places: A document of the navigation, relative to the repository, to its path on the site.

    Raises:
        NavigationError: If it names a section that does not exist.
    """
    if isinstance(navigation, list):
        return [filled_in(each, sections, places) for each in navigation]
    if isinstance(navigation, Mapping):
        return {title: filled_in(inner, sections, places) for title, inner in navigation.items()}
    if not navigation.endswith("/"):
        return str(places[navigation])
    if navigation not in sections:
        raise NavigationError(f"nav names '{navigation}', which no section of pages has")
    first, *others = sections[navigation]
    return [str(first.path), *({page.title: str(page.path)} for page in others)]
