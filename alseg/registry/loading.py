"""Finding plugins: every entry point of the group ``alseg`` enters the registry, or is one line of warning.

A plugin is taken as a whole or not at all: import, registration, then every hook and a check of its answers.
Each plugin has a pluggy manager of its own and is asked on its own, because one raising hook would end a call
to all of them, and because ``check_pending`` then speaks about one plugin only.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from importlib import metadata
from types import MappingProxyType
from typing import Any, TypeVar

import pluggy

from alseg import hookspecs
from alseg.contracts import PublishedResult
from alseg.deprecation import collected_notices
from alseg.errors import nearest, one_line
from alseg.guard.calls import guarded
from alseg.registry.contract_version import (
    ContractError,
    contract_remark,
    failure_hint,
    refuse_contract,
    stated_contract,
)
from alseg.registry.entries import Entry, PluginFailure, PluginInfo
from alseg.registry.registry import KINDS, ROUND_END, Registry, RoundEndHook
from alseg.registry.validation import check_returned

GROUP = "alseg"
"""The entry-point group."""

OWN_DISTRIBUTION = "alseg"
"""Loaded first, so that nobody else can take the names of what comes with alseg."""

PUBLISHED = "register_published_results"
"""The one hook whose results have no names: experiment files cannot mention them."""

T = TypeVar("T")


def load_registry(further: Mapping[PluginInfo, Callable[[], object]] | None = None) -> Registry:
    """Load every plugin installed in this environment.

    What plugins print while they are loaded goes to standard error, so that standard output stays parsable.

    Args:
        further: Plugins that are not installed, each with what imports its module; they are loaded last.
    """
    builder = _Builder()
    with contextlib.redirect_stdout(sys.stderr):
        for info, entry_point in _entry_points():
            builder.add(info, entry_point.load)
        for info, load in (further or {}).items():
            builder.add(info, load)
    return builder.registry()


def load_alone(load: Callable[[], object]) -> Registry:
    """Return a registry of one plugin, as if no other one were installed.

    Args:
        load: Imports its module.
    """
    builder = _Builder()
    builder.add(PluginInfo("alone", "unpackaged", "0"), load)
    return builder.registry()


def installed_plugins() -> list[tuple[PluginInfo, metadata.EntryPoint]]:
    """Return every plugin that is installed, in the order in which they are loaded; nothing is imported."""
    return list(_entry_points())


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
        self.error = error if isinstance(error, BaseException) else None
        self.text = one_line(error) if isinstance(error, BaseException) else error


class _Builder:
    """Collects what working plugins register."""

    def __init__(self) -> None:
        self._entries: dict[str, dict[str, Entry[Any]]] = {kind: {} for kind in KINDS}
        self._published: dict[PluginInfo, list[PublishedResult]] = {}
        self._plugins: list[PluginInfo] = []
        self._failures: list[PluginFailure] = []
        self._round_end_hooks: list[tuple[PluginInfo, RoundEndHook]] = []

    def add(self, info: PluginInfo, load: Callable[[], object]) -> None:
        """Load one plugin, all of it or none."""
        contract: str | None = None
        try:
            with collected_notices() as notices:
                plugin = _at("import", load)
                contract = _at("registration", lambda: _contract_of(plugin, info))
                manager = _at("registration", lambda: _registered(plugin, info.name))
                specs = {kind: list(_returned(manager, f"register_{kind}", KINDS[kind][1])) for kind in KINDS}
                published = list(_returned(manager, PUBLISHED, PublishedResult))
            remarks = tuple(filter(None, [contract_remark(contract), *notices]))
            info = replace(info, contract=contract, remarks=remarks)
            entries = {kind: self._entries_of(info, of_kind, kind) for kind, of_kind in specs.items()}
        except _PluginError as failed:
            text = failed.text + failure_hint(contract, failed.error)
            self._failures.append(PluginFailure(replace(info, contract=contract), failed.stage, text))
            return
        for kind, of_kind in entries.items():
            self._entries[kind].update(of_kind)
        self._published[info] = published
        self._round_end_hooks += [
            (info, _accepting_report(impl)) for impl in _implementations(manager, ROUND_END)
        ]
        self._plugins.append(info)

    def registry(self) -> Registry:
        """Return what has been collected."""
        views: dict[str, Any] = {
            kind: MappingProxyType(dict(sorted(entries.items()))) for kind, entries in self._entries.items()
        }
        return Registry(
            **views,
            published_results=tuple(result for results in self._published.values() for result in results),
            published_by=MappingProxyType(
                {info: tuple(each) for info, each in self._published.items() if each}
            ),
            plugins=tuple(self._plugins),
            failures=tuple(self._failures),
            round_end_hooks=tuple(self._round_end_hooks),
        )

    def _entries_of(self, info: PluginInfo, specs: Iterable[Any], kind: str) -> dict[str, Entry[Any]]:
        """Return what one plugin registers of one kind, by name."""
        entries: dict[str, Entry[Any]] = {}
        for spec in specs:
            owner = self._entries[kind].get(spec.name) or entries.get(spec.name)
            if owner is not None:
                raise _PluginError(
                    f"register_{kind}", f"name '{spec.name}' is already taken by plugin {owner.plugin}"
                )
            entries[spec.name] = Entry(spec, info)
        return entries


def _at(stage: str, step: Callable[[], T]) -> T:
    """Take one step of loading; whatever it raises, but for the user's interrupt, stops this plugin only."""
    with guarded(stage, "loading"):
        try:
            return step()
        except (KeyboardInterrupt, _PluginError):
            raise
        except BaseException as error:  # a module that calls sys.exit() must not end alseg
            raise _PluginError(stage, error) from error


def _contract_of(plugin: object, info: PluginInfo) -> str | None:
    """Return the contract that a plugin was written for, after a look at whether that can work."""
    try:
        contract = stated_contract(plugin)
        if contract is not None:
            refuse_contract(contract, info.distribution)
    except ContractError as error:
        raise _PluginError("registration", str(error)) from None
    return contract


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


def _accepting_report(implementation: pluggy.HookImpl) -> RoundEndHook:
    """Return a function that calls a hook with the report if it asks for one.

    pluggy versions differ in whether an argument with a default is passed; here it always is.
    """
    if "report" in (*implementation.argnames, *implementation.kwargnames):
        return lambda report: implementation.function(report=report)
    return lambda report: implementation.function()


def _entry_points() -> Iterator[tuple[PluginInfo, metadata.EntryPoint]]:
    """Yield the entry points of the group: our own first, then by distribution and name.

    Distributions are read one by one, since one with damaged metadata would hide all others.
    """
    found: dict[str, tuple[str, str, list[metadata.EntryPoint]]] = {}
    for distribution in metadata.distributions():
        try:
            points = [point for point in distribution.entry_points if point.group == GROUP]
            if not points:  # reading the metadata of everything installed takes long
                continue
            name, version = distribution.metadata["Name"], distribution.version
        except Exception:  # without a readable entry point there is no plugin to report
            continue
        if name and name.lower() not in found:  # the first on the path is the one that is imported
            found[name.lower()] = (name, str(version), points)
    for key in sorted(found, key=lambda key: (key != OWN_DISTRIBUTION, key)):
        name, version, points = found[key]
        for point in sorted(points, key=lambda point: point.name):
            yield PluginInfo(point.name, name, version), point
