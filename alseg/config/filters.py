"""Running a part of an experiment: filters such as ``method=RIPU*`` and ``seed=0``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from alseg.config.specs import Method
from alseg.errors import AlsegError, nearest

_KEYS = ("method", "seed")


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
        return not self.methods or any(_matches_method(pattern, method) for pattern in self.methods)

    def takes_seed(self, seed: int) -> bool:
        """Whether runs with a seed are taken."""
        return not self.seeds or any(fnmatchcase(str(seed), pattern) for pattern in self.seeds)

    def check(self, methods: Sequence[Method], seeds: Sequence[int]) -> None:
        """Check that every pattern matches something.

        Raises:
            AlsegError: If one does not; lists what there is.
        """
        for pattern in self.methods:
            if not any(_matches_method(pattern, method) for method in methods):
                labels = ", ".join(method.label for method in methods)
                raise AlsegError(f"No method matches '{pattern}'. Methods: {labels}.")
        for pattern in self.seeds:
            if not any(fnmatchcase(str(seed), pattern) for seed in seeds):
                raise AlsegError(f"No seed matches '{pattern}'. Seeds: {', '.join(map(str, seeds))}.")


def parse_only(filters: Sequence[str]) -> RunFilter:
    """Read filters of the form ``method=PATTERN`` and ``seed=PATTERN``.

    Raises:
        AlsegError: If a filter has another form.
    """
    patterns: dict[str, list[str]] = {key: [] for key in _KEYS}
    for text in filters:
        key, equals, pattern = (part.strip() for part in text.partition("="))
        if not equals or not pattern:
            raise AlsegError(f"Filter '{text}' is not of the form method=PATTERN or seed=NUMBER.")
        if key not in patterns:
            guess = nearest(key, _KEYS)
            hint = f" Did you mean '{guess}'?" if guess else ""
            raise AlsegError(f"Filter '{text}' selects by '{key}'.{hint} Use method=PATTERN or seed=NUMBER.")
        patterns[key].append(pattern)
    return RunFilter(tuple(patterns["method"]), tuple(patterns["seed"]))


def _matches_method(pattern: str, method: Method) -> bool:
    """Whether a pattern is a method's label, or matches it or its short name."""
    return pattern == method.label or any(fnmatchcase(name, pattern) for name in (method.label, method.slug))
