"""From a name to what is checked: components of installed plugins, or of a module that is not installed."""

from __future__ import annotations

import importlib
import importlib.util
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from alseg.conformance.findings import Component
from alseg.contracts import PublishedResult
from alseg.errors import AlsegError, nearest
from alseg.registry.entries import PluginFailure, PluginInfo
from alseg.registry.loading import installed_plugins, load_registry
from alseg.registry.registry import KINDS, Registry

PLUGIN = "plugin"
PUBLISHED = "published results"

_MODULE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A component with all that its checks need.

    Attributes:
        component: What it is called.
        made: Its spec, its label space, the published results of a plugin, or None of a plugin itself.
        registry: Where other names are looked up.
        failure: Of a plugin that cannot be used, why.
        module: Of a plugin that is not installed, the module.
    """

    component: Component
    made: Any
    registry: Registry
    failure: PluginFailure | None = None
    module: str | None = None

    @property
    def info(self) -> PluginInfo:
        """The plugin."""
        one = self.component
        return PluginInfo(one.plugin, one.distribution, one.version)


def subjects_of(target: str | None, kind: str | None) -> list[Subject]:
    """Return what a name or module stands for, each plugin before its components.

    Args:
        target: Name of a component, plugin, distribution or module, or a file; None for all that is there.
        kind: Kind of component that the name is looked for in, a key of `KINDS`; None for all of them.

    Raises:
        AlsegError: If there is no such thing; says what is nearest.
    """
    registry = load_registry()
    if target is None:
        infos = [*registry.plugins, *(failure.plugin for failure in registry.failures)]
        return [subject for info in infos for subject in _of_plugin(registry, info)]
    named = list(_named(registry, target, kind))
    if named:
        return named
    if kind is None:
        infos = [info for info, _ in installed_plugins() if target in (info.name, info.distribution)]
        if infos:
            return [subject for info in infos for subject in _of_plugin(registry, info)]
        found = _module_of(target)
        if found is not None:
            return _of_module(registry, found)
    raise AlsegError(_unknown(registry, target, kind))


def parse_kind(text: str) -> str:
    """Return the kind that a user means, such as ``annotation-mode``, as a key of `KINDS`.

    Raises:
        AlsegError: If there is none; names all.
    """
    words = {word.replace(" ", "-"): kind for kind, (word, _) in KINDS.items()}
    plain = text.lower().replace("_", "-").replace(" ", "-").replace("data-set", "dataset")
    for word, kind in words.items():
        if plain in (word, f"{word}s"):
            return kind
    raise AlsegError(f"'{text}' is no kind of component. Kinds: {', '.join(words)}.")


def _named(registry: Registry, target: str, kind: str | None) -> Iterator[Subject]:
    """Yield all components of a name, each plugin before its own."""
    shown: set[PluginInfo] = set()
    for of_kind in [kind] if kind else KINDS:
        entry = registry.entries(of_kind).get(target)
        if entry is None:
            continue
        if entry.plugin not in shown:
            shown.add(entry.plugin)
            yield next(_of_plugin(registry, entry.plugin))
        yield _of_spec(registry, of_kind, entry.spec, entry.plugin)


def _of_plugin(registry: Registry, info: PluginInfo, module: str | None = None) -> Iterator[Subject]:
    """Yield a plugin, then all that it registers."""
    failure = next((one for one in registry.failures if one.plugin == info), None)
    component = _component(PLUGIN, info.name, info)
    yield Subject(component=component, made=None, registry=registry, failure=failure, module=module)
    for kind in KINDS:
        for entry in registry.entries(kind).values():
            if entry.plugin == info:
                yield _of_spec(registry, kind, entry.spec, info)
    published = registry.published_by.get(info)
    if published:
        yield _of_published(registry, published, info)


def _of_spec(registry: Registry, kind: str, spec: Any, info: PluginInfo) -> Subject:
    return Subject(component=_component(KINDS[kind][0], spec.name, info), made=spec, registry=registry)


def _of_published(registry: Registry, results: Sequence[PublishedResult], info: PluginInfo) -> Subject:
    return Subject(component=_component(PUBLISHED, info.name, info), made=results, registry=registry)


def _component(kind: str, name: str, info: PluginInfo) -> Component:
    return Component(
        kind=kind, name=name, plugin=info.name, distribution=info.distribution, version=info.version
    )


def _module_of(target: str) -> str | None:
    """Return the name of the module that a file, folder or name stands for, which is made importable.

    Raises:
        AlsegError: If it is a file or folder that cannot be imported by its name.
    """
    path = Path(target)
    if target.endswith(".py") or "/" in target or path.is_dir():
        package = path.is_dir() and (path / "__init__.py").is_file()
        name = path.resolve().stem if path.is_file() else path.resolve().name
        if not (package or (path.is_file() and path.suffix == ".py")):
            raise AlsegError(f"{target} {_why_no_module(path)}")
        if not _MODULE.fullmatch(name):
            raise AlsegError(f"{target} cannot be imported: '{name}' is no name of a module. Rename it.")
        _make_importable(target, path.resolve(), name)
        return name
    if not _MODULE.fullmatch(target) or target in sys.builtin_module_names:
        return None
    try:
        return target if importlib.util.find_spec(target) is not None else None
    except (ImportError, ValueError):  # a parent that is no package or cannot be imported
        return None


def _why_no_module(path: Path) -> str:
    """Say why a path is no module, and what to give."""
    if path.is_dir():
        inside = sorted(file.parent for file in path.glob("*/__init__.py") if file.parent.name != "tests")
        if inside:
            return f"is no package, but holds {', '.join(map(str, inside[:3]))}. Give that."
        what = "has no __init__.py"
    elif path.is_file():
        what = "does not end in .py"
    else:
        what = "is no file" if path.exists() else "is not there"
    return f"{what}. Give a file NAME.py, a package's folder, or a module's name."


def _make_importable(target: str, path: Path, name: str) -> None:
    """Let a file or package be imported by its name.

    Its folder comes last: what else is in there must not take the place of a module of Python.

    Raises:
        AlsegError: If another module has the name.
    """
    if str(path.parent) not in sys.path:
        sys.path.append(str(path.parent))
    importlib.invalidate_caches()
    spec = importlib.util.find_spec(name)
    found = None if spec is None or spec.origin is None else Path(spec.origin).resolve()
    if found not in (path, path / "__init__.py"):
        raise AlsegError(
            f"{target} cannot be imported: '{name}' is another module, {found or 'of Python itself'}. Rename "
            "yours, or uninstall the other."
        )


def _of_module(installed: Registry, module: str) -> list[Subject]:
    """Return what a module registers, which is that of an installed plugin where it is one's."""
    for info, point in installed_plugins():
        if point.module == module:
            return list(_of_plugin(installed, info))
    info = PluginInfo(module.rpartition(".")[2].removeprefix("alseg_").replace("_", "-"), module, "0")
    registry = load_registry({info: partial(importlib.import_module, module)})
    return list(_of_plugin(registry, info, module))


def _unknown(registry: Registry, target: str, kind: str | None) -> str:
    """Say that there is no such thing, and what is nearest."""
    names = {name for one in ([kind] if kind else KINDS) for name in registry.entries(one)}
    if kind is None:
        for info, _ in installed_plugins():
            names |= {info.name, info.distribution}
    what = KINDS[kind][0] if kind else "component, plugin, distribution or module"
    guess = nearest(target, names)
    hint = f" Did you mean '{guess}'?" if guess else ""
    return f"Unknown {what} '{target}'.{hint} 'alseg plugins' lists what is installed."
