"""Docstrings in Google's style, taken apart for generated documentation."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_SECTION = re.compile(
    r"^(Args|Attributes|Returns|Yields|Raises|Source|Deviation|Formula|Note|Example):$", re.MULTILINE
)
_ENTRY = re.compile(r"^ {4}(\w+): ?(.*)$")
_ITEM = re.compile(r"^ *(?:-|[0-9]+\.) ", re.MULTILINE)
_LITERAL = re.compile(r"``(.+?)``", re.DOTALL)


@dataclass(frozen=True)
class Docstring:
    """What a docstring says.

    Attributes:
        summary: Its first paragraph; empty where there is no docstring.
        body: The paragraphs between the first one and the sections; a list has a line for each item.
        parameters: Name to description, from the sections ``Args`` and ``Attributes``.
        source: The paragraphs of the sections ``Source`` and ``Deviation``.
        formula: LaTeX, the first paragraph of the section ``Formula``; the words above it say the same for
            readers of a terminal.
        symbols: The further paragraphs of this section: what its symbols mean.
    """

    summary: str
    body: tuple[str, ...]
    parameters: Mapping[str, str]
    source: tuple[str, ...] = ()
    formula: str = ""
    symbols: tuple[str, ...] = ()


def docstring_of(documented: object) -> Docstring:
    """Return what the docstring of a class or function says, as Markdown; a paragraph is one line.

    Of a class, parameters that its base classes describe count too, as fields of dataclasses are inherited.
    """
    text, *sections = _SECTION.split(inspect.getdoc(documented) or "")
    paragraphs = _paragraphs(text)
    bases = documented.__mro__[1:] if inspect.isclass(documented) else ()
    parameters: dict[str, str] = {}
    for base in reversed(bases):
        if base.__module__ != "builtins" and "__doc__" in vars(base):
            parameters |= docstring_of(base).parameters
    source: list[str] = []
    formula = [""]
    for heading, content in zip(sections[::2], sections[1::2], strict=True):
        if heading in ("Args", "Attributes"):
            parameters |= dict(_entries(content))
        elif heading in ("Source", "Deviation"):
            source += _paragraphs(inspect.cleandoc(content))
        elif heading == "Formula":
            formula = _paragraphs(inspect.cleandoc(content))
    return Docstring(
        paragraphs[0], tuple(paragraphs[1:]), parameters, tuple(source), formula[0], tuple(formula[1:])
    )


def formula_lines(described: Docstring) -> Iterator[str]:
    """Yield the formula of a docstring as Markdown, with an empty line before each paragraph.

    The block of the language ``math`` is what GitHub renders; the site has MathML in its place.
    """
    if described.formula:
        yield from ("", "```math", described.formula, "```")
    yield from (line for text in described.symbols for line in ("", text))


def _paragraphs(text: str) -> list[str]:
    """Return the paragraphs of a text, each as one line unless it is a list."""
    return [_list_or_line(paragraph) for paragraph in text.strip().split("\n\n")]


def _entries(section: str) -> Iterator[tuple[str, str]]:
    """Yield name and description of each entry of a section."""
    name, lines = "", list[str]()
    for line in section.splitlines():
        found = _ENTRY.match(line)
        if found and name:
            yield name, _markdown("\n".join(lines))
        if found:
            name, lines = found[1], [found[2]]
        else:
            lines.append(line)
    if name:
        yield name, _markdown("\n".join(lines))


def _list_or_line(paragraph: str) -> str:
    """Return a paragraph as one line of Markdown, or as one line for each item where it is a list."""
    starts = [found.start() for found in _ITEM.finditer(paragraph)]
    if not starts or starts[0] != 0:
        return _markdown(paragraph)
    ends = [*starts[1:], len(paragraph)]
    return "\n".join(_markdown(paragraph[start:end]) for start, end in zip(starts, ends, strict=True))


def _markdown(text: str) -> str:
    """Return a paragraph as one line of Markdown."""
    return _LITERAL.sub(r"`\1`", " ".join(text.split()))
