"""XML that may come from anybody: no document type, so no entities; bounded depth; elements with lines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from alseg_annotators._place import AGAIN, Place

_MOST_DEPTH = 32
"""Deepest nesting."""


@dataclass
class Element:
    """An element of XML.

    Attributes:
        tag: Its name.
        attributes: As they are written.
        line: Where it starts, from 1.
        children: In their order.
        text: What stands in it before its first child.
    """

    tag: str
    attributes: dict[str, str]
    line: int
    children: list[Element] = field(default_factory=list)
    text: str = ""

    def all(self, tag: str) -> Iterator[Element]:
        """Yield this element and those in it that have a name, in document order."""
        if self.tag == tag:
            yield self
        for child in self.children:
            yield from child.all(tag)

    def find(self, *tags: str) -> str:
        """Return the text at the end of a path of first children; empty where there is none."""
        element: Element | None = self
        for tag in tags:
            element = (
                next((child for child in element.children if child.tag == tag), None) if element else None
            )
        return element.text.strip() if element else ""


def parse_xml(content: bytes, place: Place) -> Element:
    """Return the root of an XML file.

    Raises:
        AnswerFileError: If it is no XML, has a document type or is nested too deeply; names the line.
    """
    parser = expat.ParserCreate()
    open_ones: list[Element] = []
    root: list[Element] = []

    def here() -> Place:
        return place.at(f"line {parser.CurrentLineNumber}")

    def start(tag: str, attributes: dict[str, str]) -> None:
        if len(open_ones) >= _MOST_DEPTH:
            raise here().error("its elements are nested too deeply.", AGAIN)
        element = Element(tag, attributes, parser.CurrentLineNumber)
        (open_ones[-1].children if open_ones else root).append(element)
        open_ones.append(element)

    def end(_: str) -> None:
        open_ones.pop()

    def text(characters: str) -> None:
        if not open_ones[-1].children:
            open_ones[-1].text += characters

    def document_type(*_: object) -> None:
        raise here().error(
            "it declares a document type, which CVAT never does.", "Use no file of a stranger."
        )

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = document_type
    parser.buffer_text = True
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        raise place.at(f"line {error.lineno}").error(
            f"it is no XML: {expat.ErrorString(error.code)}.", AGAIN
        ) from error
    except (ValueError, LookupError) as error:  # of encodings
        raise place.error(f"it is no XML: {error}.", "Save the file as UTF-8.") from error
    return root[0]
