"""What a check found, as records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

FORMAT = 1
"""Version of the JSON that ``alseg check --json`` prints; raised where a key changes its meaning or goes."""

Status = Literal["pass", "fail", "not checked"]


class NotCheckedError(Exception):
    """Something cannot be checked here; the message says why and, where it can be mended, how."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What one check found of one component.

    Attributes:
        check: Name of the check, such as ``determinism``.
        status: What came of it.
        note: What was measured or found, or why nothing was checked; one line.
        problem: What is wrong; empty unless it failed.
        cause: Where it comes from, such as file and line; empty where unknown.
        remedy: What to do about it.
        measured: Numbers, by name with unit.
        seconds: Wall time; of checks that are made in one go, the first has all of it.
    """

    check: str
    status: Status
    note: str = ""
    problem: str = ""
    cause: str = ""
    remedy: str = ""
    measured: Mapping[str, float] = field(default_factory=dict)
    seconds: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """Return the finding for programs."""
        return {**asdict(self), "measured": dict(self.measured), "seconds": round(self.seconds, 3)}


@dataclass(frozen=True, kw_only=True)
class Component:
    """What is checked: a component of a plugin, or the plugin itself.

    Attributes:
        kind: In words, such as ``acquisition``, ``published results`` or ``plugin``.
        name: Its name.
        plugin: Name of the plugin.
        distribution: Name of the distribution.
        version: Its version.
    """

    kind: str
    name: str
    plugin: str
    distribution: str
    version: str

    def __str__(self) -> str:
        """Return a heading, such as ``acquisition 'rare', plugin rare (alseg-rare 0.1)``."""
        release = f"{self.plugin} ({self.distribution} {self.version})"
        return (
            f"plugin {release}" if self.kind == "plugin" else f"{self.kind} '{self.name}', plugin {release}"
        )


@dataclass(frozen=True)
class Report:
    """What was found of one component.

    Attributes:
        component: The component.
        findings: One per check, in the order made.
    """

    component: Component
    findings: Sequence[Finding]

    @property
    def failed(self) -> bool:
        """Whether a check failed."""
        return any(finding.status == "fail" for finding in self.findings)

    def as_json(self) -> dict[str, Any]:
        """Return the report for programs."""
        return {**asdict(self.component), "checks": [finding.as_json() for finding in self.findings]}


def count(reports: Sequence[Report], status: Status) -> int:
    """Return how many checks of all reports ended so."""
    return sum(finding.status == status for report in reports for finding in report.findings)


def as_json(target: str, version: str, reports: Sequence[Report]) -> dict[str, Any]:
    """Return everything that was found, for programs.

    Args:
        target: What the user asked for.
        version: Of alseg.
        reports: One per component.
    """
    return {
        "format": FORMAT,
        "alseg": version,
        "target": target,
        "passed": count(reports, "pass"),
        "failed": count(reports, "fail"),
        "not_checked": count(reports, "not checked"),
        "components": [report.as_json() for report in reports],
    }
