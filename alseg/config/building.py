"""Making what an experiment names: the one place where builders of plugins are called for runs."""

from __future__ import annotations

from typing import Any

from alseg.config.specs import Component
from alseg.guard.calls import guarded, name, random_state_kept
from alseg.registry.registry import KINDS, PluginInfo, Registry


def build(registry: Registry, kind: str, component: Component, **filled_in: Any) -> Any:
    """Make an object and remember, for messages, which plugin it is of.

    Args:
        registry: Where names are looked up.
        kind: A key of `alseg.registry.registry.KINDS`.
        component: Name and parameters.
        filled_in: Parameters that are not in an experiment file.

    Raises:
        AlsegError: If the builder refuses a value, or tries to end the process.
    """
    entry = registry.get(kind, component.name)
    words = f"{KINDS[kind][0]} '{component.name}' of plugin {PluginInfo.of(entry)}"
    with random_state_kept(), guarded(words, "build"):
        made = entry.spec.build(**filled_in, **component.params)
    return name(made, words)
