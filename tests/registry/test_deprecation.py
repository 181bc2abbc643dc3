"""Names that go away warn once, with replacement and version; none stays longer than it said."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable
from types import ModuleType

import pytest

from alseg.deprecation import (
    AlsegDeprecationWarning,
    Departure,
    collected_notices,
    deprecated,
    renamed_names,
    renamed_parameter,
)
from documents import REPOSITORY
from imports import CORE, PLUGINS, sources


@deprecated(since="0.2", until="0.4", instead="new_sum")
def old_sum(*numbers: int) -> int:
    """Add numbers."""
    return sum(numbers)


@deprecated(since="0.2", until="0.4", instead="New")
class Old:
    """A class."""


@renamed_parameter("values", "numbers", since="0.2", until="0.4")
def total(numbers: list[int], factor: int = 1) -> int:
    """Add numbers."""
    return factor * sum(numbers)


def notices(call: Callable[[], object]) -> list[str]:
    """Return what a call says from one line that is passed three times, with Python's filter for a place."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        for _ in range(3):
            call()
    assert {warning.category for warning in caught} == {AlsegDeprecationWarning}
    assert {warning.filename for warning in caught} == {__file__}
    return [str(warning.message) for warning in caught]


def test_a_deprecated_function_works_and_warns_once_with_replacement_and_version() -> None:
    assert notices(lambda: old_sum(1, 2)) == [
        f"{__name__}.old_sum is deprecated since alseg 0.2 and will be removed in 0.4. Use new_sum."
    ]
    with pytest.warns(AlsegDeprecationWarning):
        assert old_sum(1, 2) == 3


def test_a_deprecated_class_warns_where_an_object_is_made() -> None:
    assert notices(Old) == [
        f"{__name__}.Old is deprecated since alseg 0.2 and will be removed in 0.4. Use New."
    ]


def test_a_renamed_parameter_is_taken_under_its_old_name() -> None:
    assert notices(lambda: total(values=[1])) == [
        f"'values' of {__name__}.total is deprecated since alseg 0.2 and will be removed in 0.4. "
        "Use 'numbers'."
    ]
    with pytest.warns(AlsegDeprecationWarning):
        assert total(values=[1, 2], factor=2) == 6  # type: ignore[call-arg]


def test_a_renamed_parameter_under_its_new_name_says_nothing() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert (total([1, 2]), total(numbers=[3])) == (3, 3)


def test_both_names_of_a_parameter_are_a_mistake() -> None:
    with pytest.raises(TypeError, match="got both 'numbers' and 'values', which is its old name"):
        total(numbers=[1], values=[2])  # type: ignore[call-arg]


def test_a_renamed_parameter_must_be_one_of_the_function() -> None:
    with pytest.raises(ValueError, match="has no parameter 'other'"):
        renamed_parameter("old", "other", since="0.2", until="0.4")(total)


def test_an_old_name_in_a_module_is_the_new_one(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("home")
    departure = Departure(since="0.2", until="0.4", instead="alseg.errors.nearest")
    module.__getattr__ = renamed_names("home", {"closest": departure})  # type: ignore[method-assign]
    assert notices(lambda: module.closest) == [
        "home.closest is deprecated since alseg 0.2 and will be removed in 0.4. Use alseg.errors.nearest."
    ]
    with pytest.warns(AlsegDeprecationWarning):
        assert module.closest("aple", ["apple"]) == "apple"
    with pytest.raises(AttributeError, match="module 'home' has no attribute 'other'"):
        _ = module.other


def test_notices_are_collected_each_once_and_other_warnings_are_not() -> None:
    with pytest.warns(UserWarning, match="something else"), collected_notices() as said:
        old_sum()
        old_sum()
        warnings.warn("something else", stacklevel=1)
    assert said == [
        f"{__name__}.old_sum is deprecated since alseg 0.2 and will be removed in 0.4. Use new_sum."
    ]


# ----------------------------------------------------------------------------------------------------
# None stays longer than it said


def numbers_of(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")[:2]))


def overdue(source: str, version: str) -> list[str]:
    """Return the versions given as ``until`` in a module's calls that have come."""
    keywords = (
        word for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call) for word in node.keywords
    )
    texts = (
        word.value.value
        for word in keywords
        if word.arg == "until" and isinstance(word.value, ast.Constant) and isinstance(word.value.value, str)
    )
    return [text for text in texts if numbers_of(text) <= numbers_of(version)]


def test_a_name_that_should_be_gone_is_found() -> None:
    source = (
        'deprecated(since="0.2", until="0.4", instead="a")\nDeparture(since="0.3", until="0.5", instead="b")'
    )
    assert overdue(source, "0.3") == []
    assert overdue(source, "0.4") == ["0.4"]


def test_no_name_stays_longer_than_it_said() -> None:
    changelog = (REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8")
    (version, *_) = re.findall(r"^## (\d+\.\d+\.\d+)", changelog, flags=re.MULTILINE)
    for folder in (CORE, PLUGINS):
        for file in sources(folder).values():
            assert overdue(file.read_text(encoding="utf-8"), version) == [], file
