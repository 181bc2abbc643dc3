"""YAML with positions: a plain tree of values, and for every key and value the line and column it came from.

Scalars follow the YAML 1.2 core schema: ``1e-4`` is a number, ``no`` is text. Files are untrusted: tags that
make objects, duplicate keys, recursive aliases, expansion bombs and very large or deep files are refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

import yaml

from alseg.errors import AlsegError
from alseg.registry.problems import Path, Problem, show

LARGEST_FILE = 1_000_000
"""Bytes; an experiment file is a few kilobytes."""
MOST_VALUES = 50_000
"""Values in a document after aliases are expanded."""
DEEPEST = 50
"""Levels of nesting."""

Position = tuple[int, int]
"""Line and column, each from 1."""

_CORE = "tag:yaml.org,2002:"
_INT = re.compile(r"[-+]?[0-9][0-9_]*")
_FLOAT = re.compile(
    r"[-+]?(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)
_BOOL = re.compile(r"true|True|TRUE|false|False|FALSE")
_NULL = re.compile(r"~|null|Null|NULL|")


class YamlError(AlsegError):
    """A file or an override that is not acceptable YAML; the message starts with the place."""


class _Loader(yaml.SafeLoader):
    """Composes nodes with the scalar types of YAML 1.2."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML's own attribute
        None: [
            (f"{_CORE}int", re.compile(rf"(?:{_INT.pattern})\Z")),
            (f"{_CORE}float", re.compile(rf"(?:{_FLOAT.pattern})\Z")),
            (f"{_CORE}bool", re.compile(rf"(?:{_BOOL.pattern})\Z")),
            (f"{_CORE}null", re.compile(rf"(?:{_NULL.pattern})\Z")),
        ]
    }


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
                return order, f"override '{self.overridden[path]}': {problem.text}"
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

    Raises:
        YamlError: If it is not acceptable YAML; the message starts with ``name``.
    """
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
    reader = _Reader(Document(name, None), positions)
    try:
        node = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise YamlError(reader.line(mark, _syntax_problem(error))) from None
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        place = (before.count("\n") + 1, len(before) - before.rfind("\n"))
        raise YamlError(reader.line(place, f"character U+{error.character:04X} is not allowed")) from None
    except (RecursionError, ValueError, OverflowError) as error:
        # ValueError: an escape such as "\UFFFFFFFF" that is no character.
        problem = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise YamlError(f"{name}: {problem}") from None
    if node is not None:
        reader.document.root = reader.value(node, ())
        if reader.problems:
            raise YamlError("\n".join(reader.problems))
    return reader.document


def _syntax_problem(error: yaml.MarkedYAMLError) -> str:
    """Return PyYAML's problem in words that help."""
    problem = error.problem or "not valid YAML"
    if "'\\t'" in problem:
        return "a tab cannot indent YAML; use spaces"
    if "expected a single document" in f"{error.context} {problem}":
        return "a second document ('---') starts here; one file is one experiment"
    return f"not valid YAML: {problem}" + (f" ({error.context})" if error.context else "")


class _Reader:
    """Turns nodes into plain values, noting positions and problems."""

    def __init__(self, document: Document, positions: bool) -> None:
        self.document = document
        self.problems: list[str] = []
        self._positions = positions
        self._count = 0
        self._open: list[yaml.Node] = []

    def line(self, place: Any, problem: str) -> str:
        """Return one located message; ``place`` is a YAML mark or a position."""
        if not self._positions:
            return f"{self.document.name}: {problem}"
        line, column = place if isinstance(place, tuple) else _position_of(place)
        return f"{self.document.name}:{line}:{column}: {problem}"

    def value(self, node: yaml.Node, path: Path) -> Any:
        """Return the plain value of a node.

        Raises:
            YamlError: If the document is too large, too deep or recursive: reading on would not end well.
        """
        self._count += 1
        if self._count > MOST_VALUES:
            problem = f"more than {MOST_VALUES:,} values after aliases are expanded"
            raise YamlError(self.line(node.start_mark, problem))
        if any(node is opened for opened in self._open):
            raise YamlError(self.line(node.start_mark, "an alias inside the value it stands for"))
        if len(self._open) >= DEEPEST:
            raise YamlError(self.line(node.start_mark, f"nested more than {DEEPEST} levels deep"))
        if self._positions:
            self.document.values[path] = _position_of(node.start_mark)
        self._open.append(node)
        try:
            return self._construct(node, path)
        finally:
            self._open.pop()

    def _construct(self, node: yaml.Node, path: Path) -> Any:
        """Return the plain value of a mapping, sequence or scalar."""
        match node:
            case yaml.MappingNode(tag="tag:yaml.org,2002:map"):
                return dict(self._items(node, path))
            case yaml.SequenceNode(tag="tag:yaml.org,2002:seq"):
                return [self.value(item, (*path, index)) for index, item in enumerate(node.value)]
            case yaml.ScalarNode() if node.tag.startswith(_CORE):
                return self._scalar(node)
        self.problems.append(self.line(node.start_mark, f"tag '{node.tag}' is not allowed"))
        return None

    def _items(self, node: yaml.MappingNode, path: Path) -> Iterator[tuple[str, Any]]:
        """Yield the keys and values of a mapping."""
        first: dict[str, int] = {}
        for key_node, value_node in node.value:
            key = self._scalar(key_node) if isinstance(key_node, yaml.ScalarNode) else None
            line, column = _position_of(key_node.start_mark)
            if not isinstance(key, str):
                shown = show(key_node.value) if isinstance(key_node, yaml.ScalarNode) else "a list or mapping"
                self.problems.append(self.line((line, column), f"expected a key that is text, got {shown}"))
                continue
            if key in first:
                problem = f"key '{key}' is already given in line {first[key]}"
                self.problems.append(self.line((line, column), problem))
                continue
            first[key] = line
            if self._positions:
                self.document.keys[(*path, key)] = (line, column)
            yield key, self.value(value_node, (*path, key))

    def _scalar(self, node: yaml.ScalarNode) -> Any:
        """Return text, a number, a bool or None."""
        text: str = node.value
        kind = node.tag.removeprefix(_CORE)
        try:
            if kind == "str":
                text.encode("utf-8")  # half a surrogate pair could be read, but never written again
                return text
            if kind == "int" and _INT.fullmatch(text):
                return int(text)
            if kind == "float" and _FLOAT.fullmatch(text):
                return float(re.sub(r"\.(?=inf|nan)", "", text.lower()))
            if kind == "bool" and _BOOL.fullmatch(text):
                return text.lower() == "true"
            if kind == "null" and _NULL.fullmatch(text):
                return None
        except ValueError:
            pass
        self.problems.append(self.line(node.start_mark, f"{show(text)} cannot be read as {kind}"))
        return None


def _position_of(mark: Any) -> Position:
    """Return line and column, each from 1, of a YAML mark."""
    return (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
