"""Which executor does an experiment: ``local:4``, or a mapping with its parameters."""

from __future__ import annotations

from dataclasses import dataclass

from alseg.config.building import build
from alseg.config.lookup import Lookup, long_form
from alseg.config.specs import Component
from alseg.contracts import Executor
from alseg.errors import AlsegError
from alseg.registry.problems import Path, Problems
from alseg.registry.registry import Registry


@dataclass(frozen=True)
class ExecutorChoice:
    """An executor that is installed.

    Attributes:
        component: Name and parameters.
        address: What follows the name and a colon; None without a colon.
    """

    component: Component
    address: str | None

    @property
    def text(self) -> str:
        """Name and address as they are written, such as ``local:4``."""
        name = self.component.name
        return name if self.address is None else f"{name}:{self.address}"

    def build(self, registry: Registry) -> Executor:
        """Make the executor; nothing is started.

        Raises:
            AlsegError: If the address makes no sense, or something that the executor needs is not installed.
        """
        made = build(registry, "executors", self.component, address=self.address)
        if not isinstance(made, Executor):
            plugin = registry.get("executors", self.component.name).plugin
            raise AlsegError(
                f"Executor '{self.component.name}' of plugin {plugin} cannot be used: {type(made).__name__} "
                "lacks outlives, submit, poll, cancel or close. Mend it, or choose another executor."
            )
        return made


def read_executor(value: object, path: Path, lookup: Lookup, problems: Problems) -> ExecutorChoice | None:
    """Return the executor that ``NAME[:ADDRESS]``, or a mapping with such a name, stands for.

    Args:
        value: What the file holds at ``path``; None for no executor.
        path: Where it stands.
        lookup: Knows what is installed.
        problems: Extended by all that is wrong.
    """
    given, address = long_form(value), None
    if isinstance(given, dict) and isinstance(given.get("name"), str):
        name, colon, rest = given["name"].partition(":")
        given, address = {**given, "name": name}, rest if colon else None
    component = lookup.component("executors", given, path, problems).component
    return None if component is None else ExecutorChoice(component, address)


def named_executor(text: str, registry: Registry) -> ExecutorChoice:
    """Return the executor that the option ``--on`` names.

    Raises:
        AlsegError: If there is none of this name, or it lacks a parameter that only a file can give.
    """
    registry.get("executors", text.partition(":")[0])
    problems = Problems()
    found = read_executor(text, ("--on",), Lookup(registry), problems)
    if found is None:
        raise AlsegError(f"--on {text}: {'; '.join(problem.text for problem in problems)}")
    return found
