from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

from alseg.contracts import RecipeSpec
from alseg.testing import check_spec


def build_something() -> object:
    """Return something."""
    return object()


@dataclass(frozen=True)
class Maker:
    """Something that is compared by what it holds."""

    held: int = 1

    def make(self) -> object:
        """Return something."""
        return object()


class Incomparable:
    """Something that no copy is equal to."""

    def make(self) -> object:
        """Return something."""
        return object()


def build_undocumented() -> object:
    return object()


def spec(build: Any = build_something, **changes: Any) -> RecipeSpec:
    return RecipeSpec(
        **{"name": "mine", "summary": "One line.", "source": "a paper", "build": build, **changes}
    )


def test_a_spec_with_texts_and_a_documented_builder_passes() -> None:
    check_spec(spec())


@pytest.mark.parametrize("build", [Maker().make, partial(build_something)], ids=["method", "partial"])
def test_a_builder_passes_whose_copy_holds_the_same(build: Any) -> None:
    if isinstance(build, partial):
        build.__doc__ = "Return something."
    check_spec(spec(build))


def test_a_builder_whose_copy_holds_something_else_fails() -> None:
    with pytest.raises(AssertionError, match=r"^'mine': build of an unpickled copy differs from the spec's"):
        check_spec(spec(Incomparable().make))


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (spec(summary=""), "'mine': summary must be one line of text, got ''"),
        (spec(source="two\nlines"), "'mine': source must be one line of text, got 'two\\nlines'"),
        (spec(build_undocumented), "'mine': build has no docstring"),
    ],
)
def test_a_spec_that_cannot_be_listed_fails(broken: RecipeSpec, message: str) -> None:
    with pytest.raises(AssertionError) as caught:
        check_spec(broken)
    assert str(caught.value).partition("\nassert")[0] == message


def test_a_builder_that_is_made_on_the_way_fails() -> None:
    def build_inside() -> object:
        """Return something."""
        return object()

    with pytest.raises(
        AssertionError, match=r"^'mine': it cannot be pickled; build must be a function or class"
    ):
        check_spec(spec(build_inside))
