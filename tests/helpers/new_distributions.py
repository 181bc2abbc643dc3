"""Distributions that ``alseg new`` writes, of every kind."""

from __future__ import annotations

from pathlib import Path

from alseg.scaffold.kinds import TEMPLATES, VARIANTS, Template
from alseg.scaffold.names import Names
from alseg.scaffold.writing import write_distribution

ALL_TEMPLATES = (*TEMPLATES.values(), *VARIANTS.values())


def own_names(template: Template) -> Names:
    """Return names that no other template's distribution has, with a hyphen."""
    return Names(f"my-{template.folder.replace('_', '-')}")


def write_all(folder: Path) -> dict[str, Path]:
    """Write a distribution from every template; return their folders by the template's."""
    return {each.folder: write_distribution(each, own_names(each), folder) for each in ALL_TEMPLATES}
