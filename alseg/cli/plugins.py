"""``alseg plugins``: what is installed, from which distribution, with parameters and defaults."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click

from alseg.cli.inputs import read_registry
from alseg.cli.options import json_option
from alseg.contracts import AcquisitionSpec, AnnotationModeSpec, DatasetSpec, LabelSpace, ModelSpec, Spec
from alseg.errors import AlsegError, unknown_name
from alseg.registry.parameters import REQUIRED, Parameter, parameters_of
from alseg.registry.registry import KINDS, Offer, Registry
from alseg.text.display import WIDEST_PROSE, output_width, put, put_json, wrap
from alseg.text.printable import printable

TITLES: Mapping[str, str] = {
    "label_spaces": "Label spaces",
    "datasets": "Datasets",
    "models": "Models",
    "recipes": "Recipes",
    "acquisitions": "Acquisitions",
    "annotation_modes": "Annotation modes",
    "observers": "Observers",
}
"""Headings of the listing, by kind, in its order."""


@click.command(name="plugins")
@click.argument("name", required=False)
@json_option()
def command(name: str | None, as_json: bool) -> None:
    """List what is installed: data sets, models, recipes, acquisitions, annotation modes, observers.

    NAME shows everything of that name with its source, parameters and their defaults; the name of a plugin
    lists what that plugin offers. Plugins that do not work are named on standard error.
    """
    registry = read_registry()
    offers = _selected(registry, name)
    if as_json:
        put_json(json.dumps(_as_json(registry, offers), indent=2, ensure_ascii=False))
        return

    width = min(WIDEST_PROSE, output_width())
    detailed = name is not None and any(offer.spec.name == name for _, offer in offers)
    lines = _details(offers, width) if detailed else _listing(registry, offers, width)
    put("\n".join(lines))


def _selected(registry: Registry, name: str | None) -> list[tuple[str, Offer[Any]]]:
    """Return kind and offer of all that has a name, else of all that a plugin of this name offers.

    Raises:
        AlsegError: If there is neither.
    """
    everything: list[tuple[str, Offer[Any]]] = [
        (kind, offer) for kind in KINDS for offer in getattr(registry, kind).values()
    ]
    if name is None:
        return everything
    named = [(kind, offer) for kind, offer in everything if offer.spec.name == name]
    if not named:
        named = [(kind, offer) for kind, offer in everything if offer.plugin == name]
    if not named:
        known = {offer.spec.name for _, offer in everything} | {info.plugin for info in registry.plugins}
        raise AlsegError(unknown_name("name", name, known))
    return named


def _listing(registry: Registry, offers: Sequence[tuple[str, Offer[Any]]], width: int) -> Iterator[str]:
    """Yield a table by kind, and which plugins it comes from."""
    if not offers:
        yield "Nothing is installed: no distribution has a working entry point in the group 'alseg'."
        return
    indent = min(max(len(offer.spec.name) for _, offer in offers) + 4, width // 2)
    for kind, title in TITLES.items():
        of_kind = [offer for its_kind, offer in offers if its_kind == kind]
        if of_kind:
            yield title
        for offer in of_kind:
            origin = "" if offer.distribution == "alseg" else f" [{offer.distribution} {offer.version}]"
            yield from _entry(offer.spec.name, offer.spec.summary + origin, indent, width)
        if of_kind:
            yield ""
    yield "Plugins"
    used = {offer.plugin for _, offer in offers}
    for info in registry.plugins:
        if info.plugin in used:
            yield from _entry(info.plugin, f"{info.distribution} {info.version}", indent, width)


def _details(offers: Sequence[tuple[str, Offer[Any]]], width: int) -> Iterator[str]:
    """Yield all there is to say about each offer."""
    for number, (kind, offer) in enumerate(offers):
        if number:
            yield ""
        word, _ = KINDS[kind]
        yield f"{offer.spec.name} ({word})"
        yield from _paragraph(offer.spec.summary, width)
        facts = {
            "plugin": f"{offer.plugin} ({offer.distribution} {offer.version})",
            "source": offer.spec.source,
            **{key.replace("_", " "): _in_words(value) for key, value in _facts(offer.spec).items()},
        }
        indent = max(map(len, facts)) + 4
        for key, text in facts.items():
            yield from _entry(key, text, indent, width)
        if isinstance(offer.spec, Spec):
            yield from _parameter_lines(parameters_of(offer.spec), width)


def _parameter_lines(parameters: Sequence[Parameter], width: int) -> Iterator[str]:
    """Yield one entry per parameter: YAML key, type and default."""
    if not parameters:
        yield "No parameters."
        return
    yield "Parameters"
    indent = min(max(len(parameter.name) for parameter in parameters) + 4, width // 2)
    for parameter in parameters:
        default = "required" if parameter.default is REQUIRED else f"default {_yaml(parameter.default)}"
        yield from _entry(parameter.name, f"{parameter.type_text}, {default}", indent, width)


def _entry(name: str, text: str, indent: int, width: int) -> list[str]:
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


def _facts(spec: Spec | LabelSpace) -> dict[str, Any]:
    """Return what is particular to a kind, under its names in `alseg.contracts`."""
    match spec:
        case LabelSpace():
            subsets = {name: list(classes) for name, classes in spec.subsets.items()}
            return {"classes": list(spec.names), "subsets": subsets}
        case DatasetSpec():
            return {
                "label_space": spec.label_space,
                "splits": list(spec.splits),
                "needs_root": spec.needs_root,
            }
        case ModelSpec():
            return {"provides": list(spec.provides)}
        case AcquisitionSpec():
            return {"kind": spec.kind, "needs": list(spec.needs)}
        case AnnotationModeSpec():
            return {"unit": spec.unit}
        case _:
            return {}


def _in_words(value: Any) -> str:
    """Return a fact as text."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return "; ".join(f"{key}: {', '.join(items)}" for key, items in value.items()) or "none"
    return ", ".join(value) if isinstance(value, list) else str(value)


def _yaml(value: object) -> str:
    """Return a default as an experiment file would say it."""
    return value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)


def _as_json(registry: Registry, offers: Sequence[tuple[str, Offer[Any]]]) -> dict[str, Any]:
    """Return the listing for programs."""
    listing: dict[str, Any] = {kind: [] for kind in KINDS}
    for kind, offer in offers:
        entry = {
            "name": offer.spec.name,
            "summary": offer.spec.summary,
            "source": offer.spec.source,
            "plugin": offer.plugin,
            "distribution": offer.distribution,
            "version": offer.version,
            **_facts(offer.spec),
        }
        if isinstance(offer.spec, Spec):
            entry["parameters"] = [_parameter_as_json(parameter) for parameter in parameters_of(offer.spec)]
        listing[kind].append(entry)
    listing["plugins"] = [
        {"plugin": info.plugin, "distribution": info.distribution, "version": info.version}
        for info in registry.plugins
    ]
    listing["failures"] = [
        {
            "plugin": failure.plugin,
            "distribution": failure.distribution,
            "version": failure.version,
            "stage": failure.stage,
            "error": failure.error,
        }
        for failure in registry.failures
    ]
    return listing


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
