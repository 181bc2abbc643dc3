"""Finding plugins: every entry point of the group ``alseg`` enters the registry, or is one line of warning.

A plugin is taken as a whole or not at all: import, registration, then every hook and a check of its answers.
Each plugin has a pluggy manager of its own and is asked on its own, because one raising hook would end a call
to all of them, and because ``check_pending`` then speaks about one plugin only.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata
from types import MappingProxyType
from typing import Any, Generic, TypeVar

import pluggy

from alseg import hookspecs
from alseg.contracts import (
    AcquisitionSpec,
    AnnotationModeSpec,
    DatasetSpec,
    LabelSpace,
    ModelSpec,
    ObserverSpec,
    PublishedResult,
    RecipeSpec,
    RoundReport,
)
from alseg.errors import AlsegError, nearest, unknown_name
from alseg.guard.calls import guarded
from alseg.registry.validation import check_returned

GROUP = "alseg"
"""The entry-point group."""

OWN_DISTRIBUTION = "alseg"
"""Loaded first, so that nobody else can take the names of what comes with alseg."""

ROUND_END = "on_round_end"
"""The one hook that offers nothing."""

PUBLISHED = "register_published_results"
"""The one hook whose offers have no names: experiment files cannot mention them."""

KINDS: Mapping[str, tuple[str, type]] = MappingProxyType(
    {
        "label_spaces": ("label space", LabelSpace),
        "datasets": ("dataset", DatasetSpec),
        "models": ("model", ModelSpec),
        "recipes": ("recipe", RecipeSpec),
        "acquisitions": ("acquisition", AcquisitionSpec),
        "annotation_modes": ("annotation mode", AnnotationModeSpec),
        "observers": ("observer", ObserverSpec),
    }
)
"""What plugins offer by name: attribute of the registry to the word for one of it and its type."""

T = TypeVar("T")


@dataclass(frozen=True)
class PluginInfo:
    """A plugin and where it comes from.

    Attributes:
        plugin: Name of the entry point.
        distribution: What was installed.
        version: The distribution's version.
    """

    plugin: str
    distribution: str
    version: str

    @classmethod
    def of(cls, offer: Offer[Any]) -> PluginInfo:
        """Return the plugin that makes an offer."""
        return cls(offer.plugin, offer.distribution, offer.version)

    def __str__(self) -> str:
        """Return ``foo (alseg-foo 0.3)``."""
        return f"{self.plugin} ({self.distribution} {self.version})"


@dataclass(frozen=True)
class Offer(Generic[T]):
    """Something a plugin offers, and which plugin that is.

    Attributes:
        spec: The spec, or the label space.
        plugin: Name of the entry point.
        distribution: What was installed.
        version: The distribution's version.
    """

    spec: T
    plugin: str
    distribution: str
    version: str


@dataclass(frozen=True)
class PluginFailure:
    """A plugin that is not used, and why.

    Attributes:
        plugin: Name of the entry point.
        distribution: What was installed.
        version: The distribution's version.
        stage: ``import``, ``registration`` or the name of a hook.
        error: One line.
    """

    plugin: str
    distribution: str
    version: str
    stage: str
    error: str

    @property
    def message(self) -> str:
        """One line, such as ``plugin foo (alseg-foo 0.3) failed at import: ImportError: no such thing``."""
        return (
            f"plugin {self.plugin} ({self.distribution} {self.version}) failed at {self.stage}: {self.error}"
        )


@dataclass(frozen=True)
class Registry:
    """Everything that installed plugins offer, by name.

    Attributes:
        label_spaces: Label spaces.
        datasets: Data sets.
        models: Segmentation networks.
        recipes: Training recipes.
        acquisitions: Acquisition functions.
        annotation_modes: Annotation modes.
        observers: Observers, which experiments name.
        published_results: Numbers of papers, in the order offered.
        plugins: Plugins that work, in the order loaded.
        failures: Plugins that do not.
        round_end_hooks: Plugins with their hook ``on_round_end``, in the order loaded.
    """

    label_spaces: Mapping[str, Offer[LabelSpace]]
    datasets: Mapping[str, Offer[DatasetSpec]]
    models: Mapping[str, Offer[ModelSpec]]
    recipes: Mapping[str, Offer[RecipeSpec]]
    acquisitions: Mapping[str, Offer[AcquisitionSpec]]
    annotation_modes: Mapping[str, Offer[AnnotationModeSpec]]
    observers: Mapping[str, Offer[ObserverSpec]]
    published_results: tuple[PublishedResult, ...] = ()
    plugins: tuple[PluginInfo, ...] = ()
    failures: tuple[PluginFailure, ...] = ()
    round_end_hooks: tuple[tuple[PluginInfo, Callable[[RoundReport], object]], ...] = ()

    def get(self, kind: str, name: str) -> Offer[Any]:
        """Return what is offered under a name.

        Args:
            kind: A key of `KINDS` or its word, such as ``annotation_modes`` or ``annotation mode``.
            name: The YAML name.

        Raises:
            AlsegError: If nothing of this kind has this name; names the nearest and all available ones.
            ValueError: If there is no such kind.
        """
        for attribute, (word, _) in KINDS.items():
            if kind in (attribute, word):
                offers: Mapping[str, Offer[Any]] = getattr(self, attribute)
                if name not in offers:
                    raise AlsegError(unknown_name(word, name, offers))
                return offers[name]
        raise ValueError(f"kind {kind!r} is none of {', '.join(KINDS)}")


def load_registry() -> Registry:
    """Load every plugin installed in this environment.

    What plugins print while they are loaded goes to standard error, so that standard output stays parsable.
    """
    builder = _Builder()
    with contextlib.redirect_stdout(sys.stderr):
        for info, entry_point in _entry_points():
            builder.add(info, entry_point.load)
    return builder.registry()


def registry_of(*plugins: object) -> Registry:
    """Return a registry of modules or objects with hooks, without entry points; for tests.

    A plugin's name is its ``__name__``, or that of its type; its distribution is ``unpackaged 0``.
    """
    builder = _Builder()
    for plugin in plugins:
        name = getattr(plugin, "__name__", type(plugin).__name__)
        builder.add(PluginInfo(name, "unpackaged", "0"), lambda plugin=plugin: plugin)  # type: ignore[misc]
    return builder.registry()


class _PluginError(Exception):
    """A plugin's failure, with the stage it had reached."""

    def __init__(self, stage: str, error: BaseException | str) -> None:
        super().__init__(stage)
        self.stage = stage
        self.error = error


class _Builder:
    """Collects what working plugins offer."""

    def __init__(self) -> None:
        self._offers: dict[str, dict[str, Offer[Any]]] = {kind: {} for kind in KINDS}
        self._published: list[PublishedResult] = []
        self._plugins: list[PluginInfo] = []
        self._failures: list[PluginFailure] = []
        self._round_end_hooks: list[tuple[PluginInfo, Callable[[RoundReport], object]]] = []

    def add(self, info: PluginInfo, load: Callable[[], object]) -> None:
        """Load one plugin, all of it or none."""
        try:
            plugin = _at("import", load)
            manager = _at("registration", lambda: _registered(plugin, info.plugin))
            offers = {kind: self._offers_of(info, manager, kind) for kind in KINDS}
            published = list(_returned(manager, PUBLISHED, PublishedResult))
        except _PluginError as failed:
            self._failures.append(_failure(info, failed.stage, failed.error))
            return
        for kind, of_kind in offers.items():
            self._offers[kind].update(of_kind)
        self._published += published
        self._round_end_hooks += [
            (info, _accepting_report(impl)) for impl in _implementations(manager, ROUND_END)
        ]
        self._plugins.append(info)

    def registry(self) -> Registry:
        """Return what has been collected."""
        views: dict[str, Any] = {
            kind: MappingProxyType(dict(sorted(offers.items()))) for kind, offers in self._offers.items()
        }
        return Registry(
            **views,
            published_results=tuple(self._published),
            plugins=tuple(self._plugins),
            failures=tuple(self._failures),
            round_end_hooks=tuple(self._round_end_hooks),
        )

    def _offers_of(self, info: PluginInfo, manager: pluggy.PluginManager, kind: str) -> dict[str, Offer[Any]]:
        """Ask one plugin for all it offers of one kind."""
        hook = f"register_{kind}"
        _, spec_type = KINDS[kind]
        offers: dict[str, Offer[Any]] = {}
        for spec in _returned(manager, hook, spec_type):
            owner = self._offers[kind].get(spec.name) or offers.get(spec.name)
            if owner is not None:
                by = PluginInfo.of(owner)
                raise _PluginError(hook, f"name '{spec.name}' is already taken by plugin {by}")
            offers[spec.name] = Offer(spec, info.plugin, info.distribution, info.version)
        return offers


def _at(stage: str, step: Callable[[], T]) -> T:
    """Take one step of loading; whatever it raises, but for the user's interrupt, stops this plugin only."""
    with guarded(stage, "loading"):
        try:
            return step()
        except (KeyboardInterrupt, _PluginError):
            raise
        except BaseException as error:  # a module that calls sys.exit() must not end alseg
            raise _PluginError(stage, error) from error


def _registered(plugin: object, name: str) -> pluggy.PluginManager:
    """Return a manager that holds this plugin only, after checking which hooks it implements."""
    manager = pluggy.PluginManager("alseg")
    manager.add_hookspecs(hookspecs)
    manager.register(plugin, name)
    callers = manager.get_hookcallers(plugin) or []
    if not callers:
        raise _PluginError("registration", "no function is marked with @alseg.hookimpl")
    known = [hook for hook in vars(hookspecs) if hook == ROUND_END or hook.startswith("register_")]
    for caller in callers:
        if any(impl.hookwrapper or impl.wrapper for impl in caller.get_hookimpls()):
            raise _PluginError(
                "registration", f"hook '{caller.name}' is a wrapper, which alseg does not support"
            )
    try:
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        unknown = next((caller.name for caller in callers if not caller.has_spec()), None)
        if unknown is None:
            raise
        guess = nearest(unknown, known)
        hint = f", did you mean '{guess}'?" if guess else f"; hooks: {', '.join(sorted(known))}"
        raise _PluginError("registration", f"unknown hook '{unknown}'{hint}") from error
    return manager


def _implementations(manager: pluggy.PluginManager, hook: str) -> list[pluggy.HookImpl]:
    """Return a plugin's functions for one hook."""
    caller: pluggy.HookCaller = getattr(manager.hook, hook)
    return caller.get_hookimpls()


def _returned(manager: pluggy.PluginManager, hook: str, kind: type) -> Iterator[Any]:
    """Yield what a plugin's functions for one hook return, each checked to be of a kind."""
    for implementation in _implementations(manager, hook):
        returned = _at(hook, implementation.function)
        yield from _at(hook, lambda returned=returned: check_returned(returned, kind))  # type: ignore[misc]


def _accepting_report(implementation: pluggy.HookImpl) -> Callable[[RoundReport], object]:
    """Return a function that calls a hook with the report if it asks for one.

    pluggy versions differ in whether an argument with a default is passed; here it always is.
    """
    if "report" in (*implementation.argnames, *implementation.kwargnames):
        return lambda report: implementation.function(report=report)
    return lambda report: implementation.function()


def one_line(error: BaseException) -> str:
    """Return type and message of an exception in one line, whatever a plugin has put into it."""
    try:
        text = " ".join(str(error).split())
    except Exception:
        text = ""  # an exception that cannot even be printed
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _failure(info: PluginInfo, stage: str, error: BaseException | str) -> PluginFailure:
    """Put what went wrong into one line."""
    text = one_line(error) if isinstance(error, BaseException) else error
    return PluginFailure(info.plugin, info.distribution, info.version, stage, text)


def _entry_points() -> Iterator[tuple[PluginInfo, metadata.EntryPoint]]:
    """Yield the entry points of the group: our own first, then by distribution and name.

    Distributions are read one by one, since one with damaged metadata would hide all others.
    """
    found: dict[str, tuple[str, str, list[metadata.EntryPoint]]] = {}
    for distribution in metadata.distributions():
        try:
            points = [point for point in distribution.entry_points if point.group == GROUP]
            name, version = distribution.metadata["Name"], distribution.version
        except Exception:  # without a readable entry point there is no plugin to report
            continue
        if points and name and name.lower() not in found:  # the first on the path is the one that is imported
            found[name.lower()] = (name, str(version), points)
    for key in sorted(found, key=lambda key: (key != OWN_DISTRIBUTION, key)):
        name, version, points = found[key]
        for point in sorted(points, key=lambda point: point.name):
            yield PluginInfo(point.name, name, version), point
