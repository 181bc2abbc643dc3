"""YAML with positions: a plain tree of values, and for every key and value the line and column it came from.

Files are untrusted: tags that make objects, duplicate keys, recursive aliases, expansion bombs and very large
or deep files are refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from alseg.config.yaml_text import (
    CORE,
    Position,
    YamlSyntaxError,
    compose,
    position_of,
    position_of_value,
    scalar_value,
)
from alseg.errors import AlsegError
from alseg.registry.problems import Path, Problem, show

LARGEST_FILE = 1_000_000
"""Bytes; an experiment file is a few kilobytes."""
MOST_VALUES = 50_000
"""Values in a document after aliases are expanded."""
DEEPEST = 50
"""Levels of nesting."""


class YamlError(AlsegError):
    """A file or an override that is not acceptable YAML; the message starts with the place."""


@dataclass
class Document:
    """A tree of dicts, lists, text, numbers, bools and None, with the origin of each part.

    Attributes:
        name: The file as the user named it.
        root: The tree.
        keys: Position of each mapping key, by path.
        values: Position of each value, by path.
        overridden: The override that set the value at a path, such as ``seeds=[0]``.
    """

    name: str
    root: Any
    keys: dict[Path, Position] = field(default_factory=dict)
    values: dict[Path, Position] = field(default_factory=dict)
    overridden: dict[Path, str] = field(default_factory=dict)

    def locate(self, problem: Problem) -> tuple[tuple[int, int, int], str]:
        """Return a sort key (file order, overrides last) and the line that tells a person about a problem."""
        for length in range(len(problem.path), 0, -1):
            path = problem.path[:length]
            if path in self.overridden:
                order = (1, list(self.overridden).index(path), 0)
                override = self.overridden[path]
                return order, f"override '{override}': {problem.text}{_whole_list(override, problem)}"
        line, column = self._position(problem)
        return (0, line, column), f"{self.name}:{line}:{column}: {problem.text}"

    def forget(self, path: Path) -> None:
        """Drop the origins of everything at and below ``path``, because something else now stands there."""
        for origins in (self.keys, self.values, self.overridden):
            for known in [known for known in origins if known[: len(path)] == path]:
                del origins[known]

    def _position(self, problem: Problem) -> Position:
        """Return the position of the nearest enclosing part that stands in the file."""
        if problem.about == "key" and problem.path in self.keys:
            return self.keys[problem.path]
        for length in range(len(problem.path), -1, -1):
            if problem.path[:length] in self.values:
                return self.values[problem.path[:length]]
        return (1, 1)


def _whole_list(override: str, problem: Problem) -> str:
    """Return what to do where an override numbers an item of a list that the file does not have."""
    keys = override.partition("=")[0].strip().split(".")
    depth = len(problem.path)
    if not problem.text.endswith("got a mapping") or not "".join(keys[depth : depth + 1]).isdigit():
        return ""
    return f"; the file has no such list, so give all of it: {'.'.join(keys[:depth])}=[...]"


def read_document(path: FilePath) -> Document:
    """Read an experiment file.

    Raises:
        YamlError: If there is no such file, it is too large, not UTF-8, empty, no mapping or not acceptable
            YAML; one line per problem, each with the place.
    """
    document = _document(_text_of(path), str(path))
    if document.root is None:
        raise YamlError(f"{path}: the file is empty")
    if not isinstance(document.root, dict):
        line, column = document.values[()]
        raise YamlError(
            f"{path}:{line}:{column}: expected keys such as 'name: my-experiment', got {show(document.root)}"
        )
    return document


def parse_value(text: str, name: str) -> Any:
    """Parse one value, such as the right side of an override; nothing at all is None.

    A value that begins with ``*`` is text, such as the pattern ``*.png``: no anchor stands before it that it
    could repeat.

    Raises:
        YamlError: If it is not acceptable YAML; the message starts with ``name``.
    """
    if text.lstrip().startswith("*"):
        return text.strip()
    return _document(text, name, positions=False).root


def _text_of(path: FilePath) -> str:
    """Read a UTF-8 file of a sensible size."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except FileNotFoundError:
        raise YamlError(f"{path}: no such file") from None
    except IsADirectoryError:
        raise YamlError(f"{path}: this is a folder; name an experiment file in it") from None
    except (OSError, ValueError) as error:
        raise YamlError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if len(content) > LARGEST_FILE:
        raise YamlError(f"{path}: larger than {LARGEST_FILE:,} bytes; this is not an experiment file")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        column = error.start - (content.rfind(b"\n", 0, error.start) + 1) + 1
        raise YamlError(f"{path}:{line}:{column}: not UTF-8 text; save the file as UTF-8") from None


def _document(text: str, name: str, *, positions: bool = True) -> Document:
    """Compose and construct; every YAML problem becomes a `YamlError`."""
    reader = _NodeReader(Document(name, None), positions)
    try:
        node = compose(text)
    except YamlSyntaxError as error:
        raise YamlError(reader.line(error.position, error.problem)) from None
    if node is not None:
        reader.document.root = reader.value(node, (), position_of(node.start_mark))
        if reader.problems:
            raise YamlError("\n".join(reader.problems))
    return reader.document


class _NodeReader:
    """Turns nodes into plain values, noting positions and problems."""

    def __init__(self, document: Document, positions: bool) -> None:
        self.document = document
        self.problems: list[str] = []
        self._positions = positions
        self._count = 0
        self._open: list[Node] = []

    def line(self, position: Position | None, problem: str) -> str:
        """Return one located message."""
        if not self._positions or position is None:
            return f"{self.document.name}: {problem}"
        return f"{self.document.name}:{position[0]}:{position[1]}: {problem}"

    def value(self, node: Node, path: Path, position: Position) -> Any:
        """Return the plain value of a node.

        Raises:
            YamlError: If the document is too large, too deep or recursive: reading on would not end well.
        """
        self._count += 1
        if self._count > MOST_VALUES:
            problem = f"more than {MOST_VALUES:,} values after aliases are expanded"
            raise YamlError(self.line(position, problem))
        if any(node is opened for opened in self._open):
            raise YamlError(self.line(position, "an alias inside the value it stands for"))
        if len(self._open) >= DEEPEST:
            raise YamlError(self.line(position, f"nested more than {DEEPEST} levels deep"))
        if self._positions:
            self.document.values[path] = position
        self._open.append(node)
        try:
            return self._construct(node, path)
        finally:
            self._open.pop()

    def _construct(self, node: Node, path: Path) -> Any:
        """Return the plain value of a mapping, sequence or scalar."""
        if isinstance(node, MappingNode) and node.tag == f"{CORE}map":
            return dict(self._items(node, path))
        if isinstance(node, SequenceNode) and node.tag == f"{CORE}seq":
            items = enumerate(node.value)
            return [self.value(item, (*path, index), position_of(item.start_mark)) for index, item in items]
        if isinstance(node, ScalarNode) and str(node.tag).startswith(CORE):
            return self._scalar(node)
        self._report(node, f"tag '{node.tag}' is not allowed")
        return None

    def _items(self, node: MappingNode, path: Path) -> Iterator[tuple[str, Any]]:
        """Yield the keys and values of a mapping."""
        first: dict[str, int] = {}
        for key_node, value_node in node.value:
            key = self._scalar(key_node) if isinstance(key_node, ScalarNode) else None
            if isinstance(key, int) and not isinstance(key, bool):
                key = str(key)  # such as the ids of classes
            position = position_of(key_node.start_mark)
            if not isinstance(key, str):
                shown = show(key_node.value) if isinstance(key_node, ScalarNode) else "a list or mapping"
                self._report(key_node, f"expected a key that is text, got {shown}")
                continue
            if key in first:
                self._report(key_node, f"key '{key}' is already given in line {first[key]}")
                continue
            first[key] = position[0]
            if self._positions:
                self.document.keys[(*path, key)] = position
            yield key, self.value(value_node, (*path, key), position_of_value(key_node, value_node))

    def _scalar(self, node: ScalarNode) -> str | int | float | bool | None:
        """Return text, a number, a bool or None; report a scalar that is not of its type."""
        try:
            return scalar_value(node)
        except ValueError as kind:
            self._report(node, f"{show(node.value)} cannot be read as {kind}")
            return None

    def _report(self, node: Node, problem: str) -> None:
        """Note what is wrong with a node."""
        self.problems.append(self.line(position_of(node.start_mark), problem))
