"""What is known of plugins: where each comes from, what it registers, why one is not used."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class PluginInfo:
    """A plugin and where it comes from. What it says of itself does not make it another plugin.

    Attributes:
        name: Name of the entry point.
        distribution: Name of the installed distribution.
        version: The distribution's version.
        contract: The version of alseg's contract that it was written for, such as ``1.0``; None where it
            does not say so.
        remarks: What its author should know, a line each: another contract, deprecated names.
    """

    name: str
    distribution: str
    version: str
    contract: str | None = field(default=None, compare=False)
    remarks: tuple[str, ...] = field(default=(), compare=False)

    @property
    def release(self) -> str:
        """Distribution and version, such as ``alseg-foo 0.3``."""
        return f"{self.distribution} {self.version}"

    def __str__(self) -> str:
        """Return ``foo (alseg-foo 0.3)``."""
        return f"{self.name} ({self.release})"


@dataclass(frozen=True)
class Entry(Generic[T]):
    """One component of the registry.

    Attributes:
        spec: The spec, or the label space.
        plugin: The plugin that registers it.
    """

    spec: T
    plugin: PluginInfo


@dataclass(frozen=True)
class PluginFailure:
    """A plugin that is not used, and why.

    Attributes:
        plugin: The plugin.
        stage: ``import``, ``registration`` or the name of a hook.
        error: One line.
    """

    plugin: PluginInfo
    stage: str
    error: str

    @property
    def message(self) -> str:
        """One line, such as ``plugin foo (alseg-foo 0.3) failed at import: ImportError: no such thing``."""
        return f"plugin {self.plugin} failed at {self.stage}: {self.error}"
