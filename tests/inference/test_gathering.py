"""What ranks know of images, in the order of all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import alseg.inference.gathering
from alseg.inference.gathering import in_order
from alseg.system.ranks import ALONE, Ranks


class Two(Ranks):
    """The first of two ranks; what the other one has is written down."""

    def gathered(self, value: Any) -> list[Any]:
        return [value, others.pop(0)]


others: list[list[tuple[int, str]]] = []


def test_images_come_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alseg.inference.gathering, "IMAGES_PER_EXCHANGE", 4)
    # Batches of 2 of 11 images: this rank has 0 1, 4 5, 8 9; in exchanges of 0 to 3, 4 to 7, 8 to 11.
    others[:] = [[(2, "c"), (3, "d")], [(6, "g"), (7, "h")], [(10, "k")]]
    own = iter([(0, "a"), (1, "b"), (4, "e"), (5, "f"), (8, "i"), (9, "j")])
    assert list(in_order(Two(0, 2), own, 11)) == list(enumerate("abcdefghijk"))
    assert others == []


def test_a_rank_without_images_takes_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alseg.inference.gathering, "IMAGES_PER_EXCHANGE", 4)
    others[:] = [[(0, "a")], [(4, "e")]]
    assert list(in_order(Two(0, 2), iter([]), 5)) == [(0, "a"), (4, "e")]


def test_one_process_keeps_nothing() -> None:
    made = []

    def own() -> Iterator[tuple[int, str]]:
        for index in range(2):
            made.append(index)
            yield index, "x"

    found = in_order(ALONE, own(), 2)
    assert next(found) == (0, "x")
    assert made == [0]
