"""One mistake in a file or an override, said in words, and how pydantic's errors become such words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from alseg.errors import nearest

Path = tuple[str | int, ...]
"""Where in a document: mapping keys and list indices from the top."""

LONGEST_VALUE = 60
"""Characters of a wrong value that a message shows."""

_EXPECTATIONS = {
    "string_type": "text",
    "int_type": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "a mapping of keys to values",
    "model_type": "a mapping of keys to values",
    "model_attributes_type": "a mapping of keys to values",
}
_COMPARISONS = {
    "greater_than_equal": ("ge", "at least"),
    "greater_than": ("gt", "more than"),
    "less_than_equal": ("le", "at most"),
    "less_than": ("lt", "less than"),
}


@dataclass(frozen=True)
class Problem:
    """One mistake.

    Attributes:
        path: Where it is.
        message: What is wrong and what to do, without the place and without a final stop.
        suggestion: The valid name that was probably meant, or None.
        about: Whether the key at ``path`` is at fault or its value; says where to point.
    """

    path: Path
    message: str
    suggestion: str | None = None
    about: Literal["key", "value"] = "value"

    @property
    def text(self) -> str:
        """The message with the suggestion, if there is one."""
        return f"{self.message}, did you mean '{self.suggestion}'?" if self.suggestion else self.message

    def below(self, prefix: Path) -> Problem:
        """Return the same problem in a document that holds this one at ``prefix``."""
        return Problem((*prefix, *self.path), self.message, self.suggestion, self.about)


class Problems(list[Problem]):
    """The mistakes found so far."""

    def report(self, path: Path, message: str, suggestion: str | None = None) -> None:
        """Add a mistake in the value at ``path``; the arguments are those of `Problem`."""
        self.append(Problem(path, message, suggestion))

    @contextmanager
    def scope(self) -> Iterator[Problems]:
        """Collect the mistakes of one part on their own; they join the others when the scope ends."""
        local = Problems()
        try:
            yield local
        finally:
            self.extend(local)


def show(value: object) -> str:
    """Return a value as a file would hold it, cut to `LONGEST_VALUE` characters."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case Mapping():
            return "a mapping"
        case Sequence() if not isinstance(value, str):
            shown = f"[{', '.join(show(item) for item in value[:LONGEST_VALUE])}]"
        case _:
            shown = repr(value)
    return shown if len(shown) <= LONGEST_VALUE else f"{shown[: LONGEST_VALUE - 3]}..."


def unknown_key(path: Path, word: str, known: Sequence[str]) -> Problem:
    """Say that the last key of ``path`` is unknown.

    Args:
        path: Place of the key.
        word: What the key is, such as ``key`` or ``parameter``, with an owner where it helps.
        known: The keys that would have been right.
    """
    noun, _, owner = word.partition(" ")
    guess = nearest(str(path[-1]), known)
    message = f"unknown {noun} '{path[-1]}'" + (f" {owner}" if owner else "")
    if guess is None:
        message += f"; {noun}s here: {', '.join(known)}" if known else "; it has none"
    return Problem(path, message, guess, "key")


def wrong_value(path: Path, error: Mapping[str, Any], value: object) -> Problem:
    """Put one of pydantic's errors about a value into words.

    Args:
        path: Place of the value.
        error: An item of ``ValidationError.errors()``.
        value: What was given.
    """
    kind: str = error["type"]
    context: Mapping[str, Any] = error.get("ctx", {})
    if kind == "float_type" and type(value) is int:
        kind = "finite_number"  # what pydantic before 2.13 says of a whole number beyond the largest float
    if kind in _EXPECTATIONS:
        return Problem(path, f"expected {_EXPECTATIONS[kind]}, got {show(value)}{_quoting_hint(kind, value)}")
    if kind in _COMPARISONS:
        key, words = _COMPARISONS[kind]
        return Problem(path, f"must be {words} {context[key]}, got {show(value)}")
    if kind == "literal_error":
        allowed = [name.strip("'") for name in str(context["expected"]).replace(" or ", ", ").split(", ")]
        guess = nearest(value, allowed) if isinstance(value, str) else None
        return Problem(path, f"expected {context['expected']}, got {show(value)}", guess)
    return Problem(path, f"{str(error['msg'])[:1].lower()}{str(error['msg'])[1:]}, got {show(value)}")


def _quoting_hint(kind: str, value: object) -> str:
    """Say how to turn a number that was meant as text into text."""
    is_number = kind == "string_type" and isinstance(value, int | float) and not isinstance(value, bool)
    return f" (in quotes it is text: '{value}')" if is_number else ""
