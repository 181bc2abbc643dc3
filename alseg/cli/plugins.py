"""``alseg plugins``: what is installed, from which distribution, with parameters and defaults."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click

from alseg.cli.inputs import read_registry
from alseg.cli.options import json_option
from alseg.contracts import (
    CONTRACT_VERSION,
    AcquisitionSpec,
    AnnotationModeSpec,
    AnnotatorSpec,
    DatasetSpec,
    LabelSpace,
    ModelSpec,
    PartitionSpec,
    RecipeSpec,
    Spec,
)
from alseg.errors import AlsegError, unknown_name
from alseg.registry.entries import Entry, PluginInfo
from alseg.registry.registry import KINDS, Registry
from alseg.registry.signatures import REQUIRED, Parameter, parameters_of
from alseg.text.display import WIDEST_PROSE, output_width, put, put_json, wrap
from alseg.text.printable import printable

TITLES: Mapping[str, str] = {
    "label_spaces": "Label spaces",
    "datasets": "Datasets",
    "models": "Models",
    "recipes": "Recipes",
    "acquisitions": "Acquisitions",
    "partitions": "Partitions",
    "annotation_modes": "Annotation modes",
    "annotators": "Annotators",
    "observers": "Observers",
    "executors": "Executors",
}
"""Headings of the listing, by kind, in its order."""


@click.command(name="plugins")
@click.argument("name", required=False)
@json_option()
def command(name: str | None, as_json: bool) -> None:
    """List what is installed: data sets, models, recipes, acquisitions, annotation modes, annotators, ...

    NAME shows everything of that name with its source, parameters and their defaults; the name of a plugin
    lists what that plugin registers. Plugins that do not work are named on standard error.
    """
    registry = read_registry()
    entries = _selected(registry, name)
    if as_json:
        put_json(json.dumps(_as_json(registry, entries), indent=2, ensure_ascii=False))
        return

    width = min(WIDEST_PROSE, output_width())
    detailed = name is not None and any(entry.spec.name == name for _, entry in entries)
    lines = _details(entries, width) if detailed else _listing(registry, entries, width)
    put("\n".join(lines))


def _selected(registry: Registry, name: str | None) -> list[tuple[str, Entry[Any]]]:
    """Return kind and entry of all that has a name, else of all that a plugin of this name registers.

    Raises:
        AlsegError: If there is neither.
    """
    everything: list[tuple[str, Entry[Any]]] = [
        (kind, entry) for kind in KINDS for entry in registry.entries(kind).values()
    ]
    if name is None:
        return everything
    named = [(kind, entry) for kind, entry in everything if entry.spec.name == name]
    if not named:
        named = [(kind, entry) for kind, entry in everything if entry.plugin.name == name]
    if not named:
        known = {entry.spec.name for _, entry in everything} | {info.name for info in registry.plugins}
        raise AlsegError(unknown_name("name", name, known))
    return named


def _listing(registry: Registry, entries: Sequence[tuple[str, Entry[Any]]], width: int) -> Iterator[str]:
    """Yield a table by kind, and which plugins it comes from."""
    if not entries:
        yield "Nothing is installed: no distribution has a working entry point in the group 'alseg'."
        return
    indent = min(max(len(entry.spec.name) for _, entry in entries) + 4, width // 2)
    for kind, title in TITLES.items():
        of_kind = [entry for its_kind, entry in entries if its_kind == kind]
        if of_kind:
            yield title
        for entry in of_kind:
            origin = "" if entry.plugin.distribution == "alseg" else f" [{entry.plugin.release}]"
            yield from _row(entry.spec.name, entry.spec.summary + origin, indent, width)
        if of_kind:
            yield ""
    yield "Plugins"
    used = {entry.plugin for _, entry in entries}
    for info in registry.plugins:
        if info in used:
            contract = "" if info.contract is None else f", contract {info.contract}"
            yield from _row(info.name, info.release + contract, indent, width)
            for remark in info.remarks:
                yield from _row("", f"note: {remark}", indent, width)


def _details(entries: Sequence[tuple[str, Entry[Any]]], width: int) -> Iterator[str]:
    """Yield all there is to say about each entry."""
    for number, (kind, entry) in enumerate(entries):
        if number:
            yield ""
        word, _ = KINDS[kind]
        yield f"{entry.spec.name} ({word})"
        yield from _paragraph(entry.spec.summary, width)
        facts = {
            "plugin": str(entry.plugin),
            "source": entry.spec.source,
            **{
                key.replace("_", " "): fact_text(value)
                for key, value in component_facts(entry.spec).items()
                if value not in ([], "") and (value or key != "sees_labels")  # said where it is so
            },
        }
        indent = max(map(len, facts)) + 4
        for key, text in facts.items():
            yield from _row(key, text, indent, width)
        if isinstance(entry.spec, Spec):
            yield from _parameter_lines(parameters_of(entry.spec), width)


def _parameter_lines(parameters: Sequence[Parameter], width: int) -> Iterator[str]:
    """Yield one entry per parameter: YAML key, type and default."""
    if not parameters:
        yield "No parameters."
        return
    yield "Parameters"
    indent = min(max(len(parameter.name) for parameter in parameters) + 4, width // 2)
    for parameter in parameters:
        default = "required" if parameter.default is REQUIRED else f"default {_yaml(parameter.default)}"
        yield from _row(parameter.name, f"{parameter.type_text}, {default}", indent, width)


def _row(name: str, text: str, indent: int, width: int) -> list[str]:
    """Return a name with its text in a column beside it, or below it where either is too wide for that."""
    from rich.cells import cell_len

    name, text, margin = f"  {printable(name)}", printable(text), " " * indent
    if any(indent + cell_len(word) > width for word in text.split()):
        return [name, *wrap(text, width, "    ", "    ")]
    if cell_len(name) > indent - 1:
        return [name, *wrap(text, width, margin, margin)]
    return wrap(text, width, name + " " * (indent - cell_len(name)), margin)


def _paragraph(text: str, width: int) -> list[str]:
    """Return wrapped text, indented by two."""
    return wrap(printable(text), width, "  ", "  ")


OF_PARAMETERS = "as its parameters say"
"""A fact that depends on parameters."""


def component_facts(spec: Spec | LabelSpace) -> dict[str, Any]:
    """Return what is particular to a kind, under its names in `alseg.contracts`."""
    match spec:
        case LabelSpace():
            subsets = {name: list(classes) for name, classes in spec.subsets.items()}
            return {"classes": list(spec.names), "subsets": subsets}
        case DatasetSpec():
            return {
                "label_space": spec.label_space if isinstance(spec.label_space, str) else OF_PARAMETERS,
                "splits": [OF_PARAMETERS] if callable(spec.splits) else list(spec.splits),
                "needs_root": spec.needs_root,
            }
        case ModelSpec() | RecipeSpec():
            return {"provides": list(spec.provides)}
        case AcquisitionSpec():
            return {
                "kind": spec.kind,
                "units": list(spec.units),
                "needs": list(spec.needs),
                "sees_labels": spec.sees_labels,
                "observes": list(spec.observes) if spec.kind == "pool" else [],
                "differs": spec.differs,
            }
        case AnnotationModeSpec():
            return {"unit": spec.unit}
        case AnnotatorSpec():
            return {"people": spec.people}
        case PartitionSpec():
            adapts = callable(getattr(spec.build, "adapt", None))
            return {"needs": list(spec.needs)} if adapts else {}
        case _:
            return {}


def fact_text(value: Any) -> str:
    """Return a fact as text."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return "; ".join(f"{key}: {', '.join(items)}" for key, items in value.items()) or "none"
    return ", ".join(value) if isinstance(value, list) else str(value)


def _yaml(value: object) -> str:
    """Return a default as an experiment file would say it."""
    return value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)


def _as_json(registry: Registry, entries: Sequence[tuple[str, Entry[Any]]]) -> dict[str, Any]:
    """Return the listing for programs."""
    listing: dict[str, Any] = {kind: [] for kind in KINDS}
    for kind, entry in entries:
        described = {
            "name": entry.spec.name,
            "summary": entry.spec.summary,
            "source": entry.spec.source,
            **_plugin_as_json(entry.plugin),
            **component_facts(entry.spec),
        }
        if isinstance(entry.spec, Spec):
            described["parameters"] = [
                _parameter_as_json(parameter) for parameter in parameters_of(entry.spec)
            ]
        listing[kind].append(described)
    listing["contract"] = CONTRACT_VERSION
    listing["plugins"] = [
        {**_plugin_as_json(info), "contract": info.contract, "remarks": list(info.remarks)}
        for info in registry.plugins
    ]
    listing["failures"] = [
        {
            **_plugin_as_json(failure.plugin),
            "stage": failure.stage,
            "error": failure.error,
        }
        for failure in registry.failures
    ]
    return listing


def _plugin_as_json(plugin: PluginInfo) -> dict[str, str]:
    """Return a plugin for programs."""
    return {"plugin": plugin.name, "distribution": plugin.distribution, "version": plugin.version}


def _parameter_as_json(parameter: Parameter) -> dict[str, Any]:
    """Return a parameter for programs; a required one has no default."""
    entry: dict[str, Any] = {
        "name": parameter.name,
        "type": parameter.type_text,
        "required": parameter.default is REQUIRED,
    }
    if parameter.default is not REQUIRED:
        entry["default"] = parameter.default
    return entry
