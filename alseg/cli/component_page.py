"""The page of a component, made from its spec and docstrings; acquisitions have `method_page`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from alseg.cli.method_page import parameter_table
from alseg.cli.plugins import OF_PARAMETERS, component_facts, fact_text
from alseg.contracts import LabelSpace, Spec
from alseg.registry.entries import Entry
from alseg.text.docstrings import docstring_of, formula_lines

NAMED_BY: Mapping[str, str] = MappingProxyType(
    {
        "label_spaces": "`label_space` of the scenario",
        "datasets": "`dataset` of the scenario's `source` and `target`",
        "models": "`model`",
        "recipes": "`recipe`, of the experiment or of one method",
        "partitions": "`partition` of a method",
        "annotation_modes": "`annotation` of a method",
        "annotators": "`annotator` of a method",
        "observers": "`observers` of `settings`",
        "executors": "`executor` of `settings`, and `--on` of `alseg run`",
    }
)
"""The key of an experiment file that names a component, by kind."""

_CODE = ("label_space", "needs", "provides")
"""Facts that are names."""


def component_page(kind: str, entry: Entry[Any]) -> str:
    """Return the page of a component, Markdown. Nothing is built, so torch is not loaded.

    Args:
        kind: A key of `alseg.registry.registry.KINDS`.
        entry: The component.
    """
    spec = entry.spec
    facts = {
        "plugin": f"`{entry.plugin.name}`",
        "named by": NAMED_BY.get(kind, ""),
        **{key.replace("_", " "): text for key, text in _facts(spec)},
        "source": spec.source,
    }
    lines = [f"# `{spec.name}`", "", spec.summary, "", "| | |", "|---|---|"]
    lines += [f"| {key} | {_cell(text)} |" for key, text in facts.items() if text]
    lines += list(_classes(spec) if isinstance(spec, LabelSpace) else _description(spec))
    return "\n".join(lines) + "\n"


def _facts(spec: Spec | LabelSpace) -> Iterator[tuple[str, str]]:
    """Yield what is particular to a kind; the classes of a label space have a table of their own."""
    for key, value in component_facts(spec).items():
        if value in ([], "", {}) or key == "classes":
            continue
        if key in _CODE and value != OF_PARAMETERS:
            value = [f"`{name}`" for name in (value if isinstance(value, list) else [value])]
        yield key, fact_text(value)


def _description(spec: Spec) -> Iterator[str]:
    """Yield what the docstring of the builder says beyond the summary, and its parameters."""
    described = docstring_of(spec.build)
    paragraphs = [text for text in (described.summary, *described.body) if text and text != spec.summary]
    if paragraphs or described.formula:
        yield from ("", "## What it does")
        yield from (line for text in paragraphs for line in ("", text))
        yield from formula_lines(described)
    if described.source:
        yield from ("", "## Source and deviations")
        yield from (line for text in described.source for line in ("", text))
    yield from ("", "## Parameters", "", *parameter_table(spec, described.parameters))


def _classes(space: LabelSpace) -> Iterator[str]:
    """Yield the classes of a label space with index, colour and what is part of them."""
    yield from ("", "## Classes", "", "| index | class | colour (RGB) | includes |", "|---|---|---|---|")
    for index, info in enumerate(space.classes):
        color = ", ".join(map(str, info.color))
        yield f"| {index} | {info.name} | {color} | {', '.join(info.includes)} |"


def _cell(text: str) -> str:
    """Return text for a cell of a table, where a bar would end it."""
    return text.replace("|", "\\|")
