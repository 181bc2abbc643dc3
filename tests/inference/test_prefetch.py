from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from alseg.inference.prefetch import ahead, behind


def test_items_made_ahead_come_in_order() -> None:
    assert list(ahead(iter(range(20)))) == list(range(20))
    assert list(ahead([])) == []


def test_the_next_item_is_made_while_one_is_used() -> None:
    made = [threading.Event() for _ in range(3)]

    def items() -> Iterator[int]:
        for number, event in enumerate(made):
            event.set()
            yield number

    for number in ahead(items()):
        # Nobody asks for the next item before this one is used, and yet it gets made.
        assert made[min(number + 1, 2)].wait(timeout=60)


def test_an_error_in_making_an_item_comes_where_the_item_would() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise OSError("no second one")

    made = ahead(items())
    assert next(made) == 1
    with pytest.raises(OSError, match=r"^no second one$"):
        next(made)


@pytest.mark.parametrize("overlap", [True, False])
def test_a_function_behind_gives_its_results_in_order(overlap: bool) -> None:
    assert list(behind(lambda number: number**2, range(20), overlap=overlap)) == [n**2 for n in range(20)]


def test_the_next_item_is_made_while_the_function_works() -> None:
    second_made = threading.Event()

    def items() -> Iterator[int]:
        yield 1
        second_made.set()
        yield 2

    def works(number: int) -> bool:
        # In turn, the first call would wait for ever: the second item would come after it.
        return second_made.wait(timeout=60)

    assert list(behind(works, items())) == [True, True]


@pytest.mark.parametrize("overlap", [True, False])
def test_an_error_of_the_function_ends_the_pass(overlap: bool) -> None:
    seen: list[int] = []

    def refuses(number: int) -> None:
        seen.append(number)
        if number == 2:
            raise ValueError("not two")

    with pytest.raises(ValueError, match=r"^not two$"):
        list(behind(refuses, range(100), overlap=overlap))
    assert seen[:3] == [0, 1, 2]
    assert len(seen) < 10


def test_no_thread_is_left_when_one_stops_early() -> None:
    before = threading.active_count()
    results = behind(lambda number: number, iter(range(1000)))
    assert next(results) == 0
    results.close()
    assert threading.active_count() == before
