"""``units/KEY.json``: how a unit of an experiment ended; ``dispatch.json``: which were submitted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from annotated_types import Ge
from pydantic import TypeAdapter

from alseg.errors import DamageError
from alseg.files import remove, write_record
from alseg.storage.validation import keys_of, read_known, validated

DISPATCH_NAME = "dispatch.json"
"""In an experiment's folder."""

DISPATCH_LOCK = ".lock-dispatch"
"""In an experiment's folder: held by the one process that has it done by an executor."""

UNITS_NAME = "units"
"""In an experiment's folder: how its units ended, and what their processes printed."""


@dataclass(frozen=True, kw_only=True)
class UnitEnding:
    """How a unit ended in a process that could still say so.

    Attributes:
        state: That of the run; of a shared unit ``done``, ``failed`` or ``interrupted``.
        reason: Why it failed, was skipped or waits; empty otherwise.
        seconds: How long it took.
        host: Where.
    """

    state: Literal["done", "failed", "skipped", "waiting", "interrupted"]
    reason: str = ""
    seconds: Annotated[float, Ge(0)] = 0.0
    host: str = ""

    @property
    def settled(self) -> bool:
        """Whether starting the unit again would bring nothing new."""
        return self.state != "interrupted"


@dataclass(frozen=True, kw_only=True)
class Submission:
    """A unit in the hands of an executor.

    Attributes:
        id: The executor's name for it.
        tries: How often it was submitted.
        host: Where it works, as the executor says; empty while it waits.
    """

    id: str
    tries: Annotated[int, Ge(1)] = 1
    host: str = ""


@dataclass(frozen=True, kw_only=True)
class DispatchFile:
    """``dispatch.json``.

    Attributes:
        executor: As ``--on`` names it.
        units: Key of each unit that was submitted and has not ended.
        after: Key of each unit that is not submitted yet or must wait for others, to the keys of those of
            them that have not ended.
        outlives: Whether the units go on when the process that submitted them has ended.
    """

    executor: str
    units: Mapping[str, Submission] = field(default_factory=dict)
    after: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    outlives: bool = False


_ENDING = TypeAdapter(UnitEnding)
_DISPATCH = TypeAdapter(DispatchFile)


def write_ending(root: Path, key: str, ending: UnitEnding) -> None:
    """Say how a unit ended.

    Args:
        root: The experiment's folder.
        key: The unit's.
        ending: What to write.

    Raises:
        WriteError: If the file cannot be written.
    """
    write_record(ending_file(root, key), asdict(ending))


def read_ending(root: Path, key: str) -> UnitEnding | None:
    """Return how a unit ended; None where nobody has said so, or the file cannot be read."""
    path = ending_file(root, key)
    try:
        return validated(path, _ENDING, read_known(path, keys_of(UnitEnding)))
    except DamageError:
        return None


def forget_ending(root: Path, key: str) -> None:
    """Remove what an earlier try has said."""
    remove(ending_file(root, key))


def write_dispatch(root: Path, content: DispatchFile) -> None:
    """Say which units an executor has.

    Raises:
        WriteError: If the file cannot be written.
    """
    after = {key: list(keys) for key, keys in content.after.items()}
    write_record(root / DISPATCH_NAME, {**asdict(content), "after": after})


def read_dispatch(root: Path) -> DispatchFile | None:
    """Return which units an executor has; None where there is no such file, or it cannot be read."""
    path = root / DISPATCH_NAME
    try:
        return validated(path, _DISPATCH, read_known(path, keys_of(DispatchFile)))
    except DamageError:
        return None


def ending_file(root: Path, key: str) -> Path:
    """Return the file that says how a unit ended."""
    return root / UNITS_NAME / f"{key}.json"
