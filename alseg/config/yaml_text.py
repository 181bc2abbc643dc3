"""YAML text to nodes with positions, and plain values to YAML text, both by the scalars of YAML 1.2.

ruamel.yaml scans, parses, composes and emits. Its loaders, which make values, are not used:

- They stop at the first duplicate key and do not say where it stood before; a user gets every mistake at
  once.
- ``2024-01-01`` becomes a date, ``<<`` merges, ``.5e3`` is text and ``-_`` is an error. Here the third is a
  number and the others are text.
- They limit depth only: not the values after aliases are expanded, nor a value inside itself.
- Positions of keys and list items are kept in the slow mode for round trips only.

So `alseg.config.document` makes values of nodes, and this module decides what a scalar is: the core schema
of YAML 1.2 without hexadecimal and octal numbers, with ``_`` between digits. Text that YAML 1.1 or 1.2 would
read as something else is written in quotes, so that every reader gets what was written.
"""

from __future__ import annotations

import io
import re
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.composer import Composer
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.nodes import Node, ScalarNode
from ruamel.yaml.reader import ReaderError
from ruamel.yaml.representer import SafeRepresenter
from ruamel.yaml.resolver import VersionedResolver, implicit_resolvers

CORE = "tag:yaml.org,2002:"
"""What the tags of plain values begin with."""

Position = tuple[int, int]
"""Line and column, each from 1."""

_INT = re.compile(r"[-+]?[0-9][0-9_]*")
_FLOAT = re.compile(
    r"[-+]?(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)
_BOOL = re.compile(r"true|True|TRUE|false|False|FALSE")
_NULL = re.compile(r"~|null|Null|NULL|")

_SCALARS = [
    (f"{CORE}{kind}", re.compile(rf"(?:{pattern.pattern})\Z"))
    for kind, pattern in (("int", _INT), ("float", _FLOAT), ("bool", _BOOL), ("null", _NULL))
]
_SCALARS_OF_1_1 = [(tag, pattern) for versions, tag, pattern, _ in implicit_resolvers if (1, 1) in versions]


class YamlSyntaxError(Exception):
    """Text that is not YAML.

    Attributes:
        problem: What is wrong, in words that help.
        position: Where; None where nobody can say.
    """

    def __init__(self, problem: str, position: Position | None = None) -> None:
        super().__init__(problem)
        self.problem = problem
        self.position = position


class _Reading(VersionedResolver):
    """Tells the type of a plain scalar, whatever version a ``%YAML`` line names."""

    @property
    def versioned_resolver(self) -> dict[str | None, list[tuple[str, Any]]]:
        return {None: list(_SCALARS)}


class _Writing(VersionedResolver):
    """Tells which text needs quotes: what is no text to `_Reading` or to YAML 1.1."""

    @property
    def versioned_resolver(self) -> dict[str | None, list[tuple[str, Any]]]:
        return {None: [*_SCALARS, *_SCALARS_OF_1_1]}


class _Representer(SafeRepresenter):
    """Writes what every reader takes for the same value."""

    def represent_str(self, data: str) -> Any:
        """Return text; line breaks of YAML 1.1 are escaped, which only double quotes allow."""
        style = '"' if re.search("[\x85\u2028\u2029]", data) else None
        return self.represent_scalar(f"{CORE}str", data, style=style)

    def represent_float(self, data: float) -> Any:
        """Return a number, ``1e-05`` as ``1.0e-05``: without the dot it is text to YAML 1.1."""
        node = super().represent_float(data)
        if "." not in node.value:
            node.value = node.value.replace("e", ".0e")
        return node


_Representer.add_representer(str, _Representer.represent_str)
_Representer.add_representer(float, _Representer.represent_float)


class _Composer(Composer):
    """Lets an anchor be used again, as YAML 1.2 does, without a warning on standard error."""

    def __init__(self, loader: Any = None) -> None:
        super().__init__(loader)
        self.warn_double_anchors = False


def compose(text: str) -> Node | None:
    """Return the root node of one document; None for an empty one.

    Raises:
        YamlSyntaxError: If it is not YAML.
    """
    yaml = YAML(typ="safe", pure=True)
    yaml.Resolver, yaml.Composer = _Reading, _Composer
    try:
        root: Node | None = yaml.compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise YamlSyntaxError(_in_words(error), position_of(mark) if mark else None) from None
    except ReaderError as error:
        before = text[: error.position]
        place = (before.count("\n") + 1, len(before) - before.rfind("\n"))
        raise YamlSyntaxError(f"character U+{ord(text[error.position]):04X} is not allowed", place) from None
    except RecursionError:
        raise YamlSyntaxError("nested too deeply") from None
    except (ValueError, OverflowError, AssertionError) as error:
        # Such as "\UFFFFFFFF", which is no character, and a %YAML line with an unknown version.
        raise YamlSyntaxError(str(error)) from None
    return root


def position_of(mark: Any) -> Position:
    """Return line and column of a mark."""
    return mark.line + 1, mark.column + 1


def position_of_value(key: Node, value: Node) -> Position:
    """Return where a value of a mapping stands; an absent one stands after the colon of its key."""
    if value.end_mark is not None and value.start_mark.index == value.end_mark.index:
        line, column = position_of(key.end_mark)
        return line, column + 1
    return position_of(value.start_mark)


def scalar_value(node: ScalarNode) -> str | int | float | bool | None:
    """Return the value of a scalar.

    Raises:
        ValueError: If the text is no value of the type that a tag such as ``!!int`` names; the message is the
            type's name.
    """
    text: str = node.value
    kind = str(node.tag).removeprefix(CORE)
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
    raise ValueError(kind)


def as_yaml(value: object) -> str:
    """Return mappings, lists, text, numbers, bools and None as YAML text, one item a line, in their order."""
    yaml = YAML(typ="safe", pure=True)
    yaml.Resolver, yaml.Representer = _Writing, _Representer
    yaml.default_flow_style = False
    yaml.allow_unicode = True
    yaml.representer.sort_base_mapping_type_on_output = False
    written = io.StringIO()
    yaml.dump(value, written)
    return written.getvalue()


def _in_words(error: MarkedYAMLError) -> str:
    """Return ruamel.yaml's problem in words that help."""
    problem = re.sub(r"\((?P<token>'.*'),\)", r"\g<token>", error.problem or "not valid YAML")
    if "'\\t'" in problem:
        return "a tab cannot indent YAML; use spaces"
    if "expected a single document" in f"{error.context} {problem}":
        return "a second document ('---') starts here; one file is one experiment"
    return f"not valid YAML: {problem}" + (f" ({error.context})" if error.context else "")
