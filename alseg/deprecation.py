"""Names that go away: each warns where it is used, with what takes its place and when it goes.

docs/plugins.md, "What is promised", says how long they stay.
"""

from __future__ import annotations

import functools
import inspect
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any, TextIO, TypeVar

from typing_extensions import deprecated as marked_deprecated

T = TypeVar("T", bound=Callable[..., Any])


class AlsegDeprecationWarning(DeprecationWarning):
    """Use of a public name that goes away. pytest shows it, and `alseg plugins` says which plugin it is."""


@dataclass(frozen=True, kw_only=True)
class Departure:
    """When a name goes, and what takes its place.

    Attributes:
        since: The version of alseg that deprecates it, such as ``0.2``.
        until: The version that does not have it any more, such as ``0.4``.
        instead: What to use, such as ``alseg.toolkit.regions.part_means``; in words where it is no name.
    """

    since: str
    until: str
    instead: str

    def notice(self, name: str) -> str:
        """Return what is said of a name, in one line."""
        times = f"deprecated since alseg {self.since} and will be removed in {self.until}"
        return f"{name} is {times}. Use {self.instead}."


def deprecated(*, since: str, until: str, instead: str) -> Callable[[T], T]:
    """Mark a function or a class that goes away; calling it warns.

    Args:
        since: The version of alseg that deprecates it.
        until: The version that does not have it any more.
        instead: What to use.

    Returns:
        A decorator. What it returns has the text in ``__deprecated__``, as in PEP 702.
    """
    departure = Departure(since=since, until=until, instead=instead)

    def mark(item: T) -> T:
        notice = departure.notice(f"{item.__module__}.{item.__qualname__}")
        return marked_deprecated(notice, category=AlsegDeprecationWarning)(item)

    return mark


def renamed_parameter(old: str, new: str, *, since: str, until: str) -> Callable[[T], T]:
    """Let a function take a parameter under its old name, too; giving it so warns.

    Args:
        old: The name that goes away.
        new: The name in the signature.
        since: The version of alseg that deprecates the old name.
        until: The version that does not take it any more.

    Raises:
        ValueError: If the function has no parameter of the new name.
        TypeError: From the function, if both names are given.
    """
    departure = Departure(since=since, until=until, instead=f"'{new}'")

    def mark(function: T) -> T:
        name = f"{function.__module__}.{function.__qualname__}"
        if new not in inspect.signature(function).parameters:
            raise ValueError(f"{name} has no parameter '{new}'")

        @functools.wraps(function)
        def renaming(*args: Any, **kwargs: Any) -> Any:
            if old in kwargs:
                if new in kwargs:
                    raise TypeError(f"{name}() got both '{new}' and '{old}', which is its old name")
                warnings.warn(departure.notice(f"'{old}' of {name}"), AlsegDeprecationWarning, stacklevel=2)
                kwargs[new] = kwargs.pop(old)
            return function(*args, **kwargs)

        return renaming  # type: ignore[return-value]

    return mark


@contextmanager
def collected_notices() -> Iterator[list[str]]:
    """Collect what is said of deprecated names in the body, each once, in place of warning."""
    notices: list[str] = []
    with warnings.catch_warnings():
        warnings.simplefilter("always", AlsegDeprecationWarning)
        show = warnings.showwarning

        def collect(
            message: Warning | str,
            category: type[Warning],
            filename: str,
            lineno: int,
            file: TextIO | None = None,
            line: str | None = None,
        ) -> None:
            if not issubclass(category, AlsegDeprecationWarning):
                show(message, category, filename, lineno, file, line)
            elif str(message) not in notices:
                notices.append(str(message))

        warnings.showwarning = collect  # catch_warnings puts it back
        yield notices


def renamed_names(module: str, names: Mapping[str, Departure]) -> Callable[[str], Any]:
    """Return a ``__getattr__`` for a module that gives old names what took their place; asking for one warns.

    Args:
        module: The module's ``__name__``.
        names: By old name; `Departure.instead` is a whole name, such as ``alseg.toolkit.regions.part_means``.
    """

    def __getattr__(name: str) -> Any:  # noqa: N807
        if name not in names:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        departure = names[name]
        warnings.warn(departure.notice(f"{module}.{name}"), AlsegDeprecationWarning, stacklevel=2)
        home, _, new = departure.instead.rpartition(".")
        return getattr(import_module(home), new)

    return __getattr__
