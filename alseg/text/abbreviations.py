"""Short forms of class names, for titles of narrow columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size

_SHORT = 6
"""Terminal columns of a short name."""
_TOLERABLE = 12
"""Terminal columns of a word that may stay where its short form would not be unique."""


def short_names(names: Sequence[str]) -> list[str]:
    """Return a short form of each name, as papers have them: ``traffic light`` becomes ``light``.

    A name whose short form another name has too stays as it is, or becomes its place among the names, such
    as ``#3``, if a word of it is long.
    """
    short = [_shortened(name) for name in names]
    count = Counter(short)
    return [
        brief if count[brief] == 1 else _unshortened(name, place)
        for place, (name, brief) in enumerate(zip(names, short, strict=True), 1)
    ]


def _shortened(name: str) -> str:
    last = name.split()[-1] if name.split() else name
    if cell_len(last) <= _SHORT:
        return last
    return f"{set_cell_size(last, _SHORT - 1).rstrip()}."


def _unshortened(name: str, place: int) -> str:
    is_tolerable = all(cell_len(word) <= _TOLERABLE for word in name.split())
    return name if is_tolerable else f"#{place}"
