"""What has passed the checks before training in this process already, and need not be checked again."""

from __future__ import annotations

from dataclasses import dataclass, field

from alseg.data.scenario import Domain


@dataclass(eq=False)
class PassedChecks:
    """Data and networks in which no mistake was found.

    Attributes:
        domains: Splits, each with what is doubtful in it.
        networks: Hashes of networks with the sizes of their inputs.
    """

    domains: list[tuple[Domain, list[str]]] = field(default_factory=list)
    networks: set[str] = field(default_factory=set)
