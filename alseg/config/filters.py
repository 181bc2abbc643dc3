"""A part of an experiment or of its results: filters such as ``method=RIPU*`` and ``seed=0``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from alseg.config.specs import Method
from alseg.errors import AlsegError, nearest

_FORMS = {"method": "method=PATTERN", "seed": "seed=NUMBER"}
"""What a filter looks like, by its key."""


@dataclass(frozen=True)
class RunFilter:
    """Which runs to take. No pattern takes all; several patterns of one key take what any of them matches.

    Attributes:
        methods: Patterns with ``*``, ``?`` and ``[...]`` for a method's label or its name in run folders.
        seeds: Patterns for the seed's digits.
    """

    methods: tuple[str, ...] = ()
    seeds: tuple[str, ...] = ()

    def takes_method(self, method: Method) -> bool:
        """Whether runs of a method are taken."""
        return self.takes_named(_names(method))

    def takes_named(self, names: Sequence[str]) -> bool:
        """Whether runs of a method are taken.

        Args:
            names: All that it goes by, such as its label and its name in run folders.
        """
        return not self.methods or any(_matches(pattern, names) for pattern in self.methods)

    def takes_seed(self, seed: int) -> bool:
        """Whether runs with a seed are taken."""
        return not self.seeds or any(fnmatchcase(str(seed), pattern) for pattern in self.seeds)

    def check(self, methods: Sequence[Method], seeds: Sequence[int]) -> None:
        """Check that every pattern matches something.

        Raises:
            AlsegError: If one does not; lists what there is.
        """
        self.check_named([_names(method) for method in methods])
        for pattern in self.seeds:
            if not any(fnmatchcase(str(seed), pattern) for seed in seeds):
                raise AlsegError(f"No seed matches '{pattern}'. Seeds: {', '.join(map(str, seeds))}.")

    def check_named(self, methods: Sequence[Sequence[str]]) -> None:
        """Check that every pattern for methods matches one.

        Args:
            methods: All names of each method, the one that people read first.

        Raises:
            AlsegError: If a pattern matches none; lists the methods.
        """
        for pattern in self.methods:
            if not any(_matches(pattern, names) for names in methods):
                labels = ", ".join(dict.fromkeys(names[0] for names in methods))
                raise AlsegError(f"No method matches '{pattern}'. Methods: {labels}.")


def parse_only(filters: Sequence[str], keys: Sequence[str] = tuple(_FORMS)) -> RunFilter:
    """Read filters of the form ``method=PATTERN`` and ``seed=PATTERN``.

    Args:
        filters: As on the command line.
        keys: By what filters may select.

    Raises:
        AlsegError: If a filter has another form or key.
    """
    forms = " or ".join(_FORMS[key] for key in keys)
    patterns: dict[str, list[str]] = {key: [] for key in keys}
    for text in filters:
        key, equals, pattern = (part.strip() for part in text.partition("="))
        if not equals or not pattern:
            raise AlsegError(f"Filter '{text}' is not of the form {forms}.")
        if key not in patterns:
            guess = nearest(key, keys)
            hint = f" Did you mean '{guess}'?" if guess else ""
            raise AlsegError(f"Filter '{text}' selects by '{key}'.{hint} Use {forms}.")
        patterns[key].append(pattern)
    return RunFilter(tuple(patterns["method"]), tuple(patterns.get("seed", ())))


def _names(method: Method) -> tuple[str, str]:
    return method.label, method.slug


def _matches(pattern: str, names: Sequence[str]) -> bool:
    """Whether a pattern is one of a method's names, or matches one."""
    return any(pattern == name or fnmatchcase(name, pattern) for name in names)
