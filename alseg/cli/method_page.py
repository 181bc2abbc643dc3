"""The page of one acquisition, made from its spec and docstrings."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator, Mapping
from typing import Any

from alseg.contracts import WITHOUT_NETWORK, AcquisitionSpec, PreparingAcquisition, Spec
from alseg.registry.entries import Entry
from alseg.registry.signatures import REQUIRED, parameters_of
from alseg.text.docstrings import docstring_of, formula_lines

MADE = "<!-- Made by `python -m alseg.cli.method_reference docs/methods` from spec and docstring. -->"
"""The first line of every page."""

_UNITS = {"part": "pixels", "region": "regions", "image": "images"}
_CALLS = ("observe", "prepare", "rank", "score", "select")


def method_page(entry: Entry[AcquisitionSpec]) -> str:
    """Return the page of an acquisition, Markdown. It is built with its defaults, which may load torch."""
    spec = entry.spec
    acquisition = spec.build()
    described = docstring_of(type(acquisition))
    said = (described.summary, *described.body)
    facts = {
        "plugin": f"`{entry.plugin.name}`",
        "kind": _kind(spec, acquisition),
        "questions about": units_text(spec),
        "needs": needs_text(spec),
        "sees labels": "yes, of the whole pool: an upper mark, which no method can use"
        if spec.sees_labels
        else "",
        "looks at": " and ".join(f"{domain} images" for domain in spec.observes),
        "cost": _cost(spec, acquisition),
        "source": spec.source,
        "released code": spec.differs,
    }
    lines = [
        MADE,
        *("", f"# `{spec.name}`", "", spec.summary, "", "| | |", "|---|---|"),
        *(f"| {key} | {text} |" for key, text in facts.items() if text),
        *("", "## What it asks for"),
        *(line for text in said[:1] if text != spec.summary for line in ("", text)),
        *formula_lines(described),
        *(line for text in said[1:] for line in ("", text)),
        *("", "| call | returns |", "|---|---|", *_calls(acquisition)),
        *("", "## Parameters", "", *parameter_table(spec, described.parameters)),
    ]
    return "\n".join(lines) + "\n"


def units_text(spec: AcquisitionSpec) -> str:
    """Return what questions may be about."""
    return ", ".join(_UNITS[unit] for unit in spec.units)


def needs_text(spec: AcquisitionSpec) -> str:
    """Return what an acquisition reads."""
    return ", ".join(f"`{need}`" for need in spec.needs) or "nothing"


def _kind(spec: AcquisitionSpec, acquisition: object) -> str:
    """Return how an acquisition decides."""
    if spec.kind == "score":
        return "`score`: scores the pixels of each image"
    if spec.kind == "select":
        return "`select`: ranks whole images by their mean features"
    if isinstance(acquisition, PreparingAcquisition):
        return "`pool`: looks at every image, then scores the pixels of each with statistics of the pool"
    return "`pool`: looks at every image, then ranks"


def _cost(spec: AcquisitionSpec, acquisition: Any) -> str:
    """Return what a round of it takes in forward passes; `alseg perf methods` measures the rest."""
    each = "one forward pass for each image"
    if all(need in WITHOUT_NETWORK for need in spec.needs):
        each = "no forward pass"
    if "moments" in spec.needs:
        each = f"{acquisition.passes.count} forward passes for each image"
    if spec.kind == "score":
        return each
    if isinstance(acquisition, PreparingAcquisition):
        return f"{each}, then a second look at each target image"
    return f"{each}, then a ranking of the pool on the CPU"


def _calls(acquisition: object) -> Iterator[str]:
    """Yield a row for each method that alseg calls."""
    for name in _CALLS:
        if method := getattr(type(acquisition), name, None):
            said = docstring_of(method)
            text = " ".join([said.summary, *said.body]).removeprefix("Return ")
            given = ", ".join(list(inspect.signature(method).parameters)[1:])
            yield f"| `{name}({given})` | {text} |"


def parameter_table(spec: Spec, described: Mapping[str, str]) -> Iterator[str]:
    """Yield a table of the parameters that an experiment file can give, or that there are none.

    Args:
        spec: The component.
        described: Parameter to description; the docstring of the builder counts beside it.
    """
    parameters = parameters_of(spec)
    described = {**described, **docstring_of(spec.build).parameters}
    if not parameters:
        yield "None."
        return
    yield from ("| key | what | type | default |", "|---|---|---|---|")
    for parameter in parameters:
        default = "required" if parameter.default is REQUIRED else f"`{_yaml(parameter.default)}`"
        type_text = parameter.type_text.replace(" | ", " or ")
        cells = (f"`{parameter.name}`", described.get(parameter.name, ""), type_text, default)
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _yaml(default: object) -> str:
    """Return a default as an experiment file would say it."""
    return default if isinstance(default, str) else json.dumps(default)
