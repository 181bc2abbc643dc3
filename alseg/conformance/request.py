"""What is asked of the checks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

SECONDS = 300.0
"""Wall time that a check may take unless another is given."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """What to check, and how.

    Attributes:
        target: A name or module; None for everything that is installed.
        kind: Kind that a name is looked for in, a key of `alseg.registry.registry.KINDS`; None for all kinds.
        params: Parameters for every component that has them.
        root: Folder of the data sets; None for made-up data.
        seconds: Wall time that a check may take.
        full: Whether what takes minutes is checked too: executors, with real units.
    """

    target: str | None
    kind: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    root: Path | None = None
    seconds: float = SECONDS
    full: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return the request for another process; the counterpart is `from_json`."""
        return {**asdict(self), "params": dict(self.params), "root": self.root and str(self.root)}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Request:
        """Return a request from what `as_json` gave."""
        return cls(**{**content, "root": content["root"] and Path(content["root"])})
