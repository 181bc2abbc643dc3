"""Reading a data set of a scenario: its name and parameters, its folder, its splits and its classes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

from alseg.config.lookup import Found, Lookup, long_form
from alseg.config.specs import Component
from alseg.contracts import DatasetSpec, LabelSpace
from alseg.errors import AlsegError
from alseg.guard.calls import guarded
from alseg.registry.datasets import label_space_of, splits_of
from alseg.registry.problems import Problems, show
from alseg.system.data_roots import data_root


class DatasetReader:
    """Reads ``scenario.source`` or ``scenario.target``.

    Args:
        lookup: What is installed.
        role: The key.
        value: What the file holds there.
        shared_root: ``scenario.root``.
        problems: Extended by all that is wrong.
    """

    def __init__(
        self,
        lookup: Lookup,
        role: Literal["source", "target"],
        value: Any,
        shared_root: str | None,
        problems: Problems,
    ) -> None:
        self._lookup, self._problems = lookup, problems
        self._path = ("scenario", role)
        self.own_root: str | None = None
        """Its own ``root``; None where it has none."""
        given = long_form(value)
        if isinstance(given, dict):
            self.own_root = self._root(given.get("root"))
            given = {key: inner for key, inner in given.items() if key != "root"}
        self._root_used = shared_root if self.own_root is None else self.own_root
        self._found: Found = lookup.component("datasets", given, self._path, problems)

    @property
    def component(self) -> Component | None:
        """Name and parameters; None where they are wrong."""
        return self._found.component

    def check_split(self, key: str, split: str) -> None:
        """Report a split that the data set does not have."""
        spec = self._found.spec
        if spec is None or (self.component is None and callable(spec.splits)):
            return
        with self._reporting("splits"):
            splits = splits_of(spec, self.component.params if self.component else {})
            if split not in splits:
                message = f"data set '{spec.name}' has no split '{split}'; splits: {', '.join(splits)}"
                self._problems.report(("scenario", key), message)

    def check_root(self) -> bool:
        """Report a data set that reads files from no folder; return whether all is well."""
        spec = self._found.spec
        if spec is None or not spec.needs_root or self._root_used is not None:
            return True
        message = f"data set '{spec.name}' reads files: say in which folder it is with 'root'"
        self._problems.report(("scenario",), message)
        return False

    def label_space(self) -> str | LabelSpace | None:
        """Return its own label space: a name, or the label space where it follows from parameters.

        None where that is not known; what is wrong is reported.
        """
        spec: DatasetSpec | None = self._found.spec
        if spec is None:
            return None
        named = spec.label_space
        if isinstance(named, str):
            return named
        if self.component is None or (spec.needs_root and self._root_used is None):
            return None
        with self._reporting("label_space"):
            root = None if self._root_used is None else data_root(self._root_used).absolute()
            space = label_space_of(self._lookup.registry, spec, self.component.params, root)
            if space is not None:
                return space
            message = f"data set '{spec.name}' has no labels here: name the classes with 'label_space'"
            self._problems.report(("scenario",), message)
        return None

    def _root(self, root: object) -> str | None:
        if root is None or isinstance(root, str):
            return root or None
        self._problems.report((*self._path, "root"), f"expected text, got {show(root)}")
        return None

    @contextmanager
    def _reporting(self, what: str) -> Iterator[None]:
        """Turn what a plugin raises into a problem of the data set, each once."""
        words = f"data set '{self._found.spec.name}'"
        try:
            with guarded(words, what):
                yield
        except AlsegError as error:
            message = str(error).rstrip(".")
            if all(known.message != message for known in self._problems):
                self._problems.report(self._path, message)
