"""``locking.json``: by what kind of lock processes take the folders of an experiment; all by the same."""

from __future__ import annotations

import os
import secrets
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Annotated, Literal

from annotated_types import Gt, Le
from pydantic import TypeAdapter

from alseg.errors import AlsegError, DamageError
from alseg.files import cannot_write, remove, write_record
from alseg.storage.validation import keys_of, read_known, validated

LOCKING_NAME = "locking.json"
"""In an experiment's folder."""

LockName = Literal["flock", "lease"]

LEASE_SECONDS = 120.0
"""How long a lease is good for after its last heartbeat."""

_HEARTBEATS = 6
"""In the time of a lease: several may be late before another process takes over."""

_LEVELS = 4
"""Folders from a lock file up to that of the experiment, itself included."""


@dataclass(frozen=True)
class LockKind:
    """How a folder is locked.

    Attributes:
        lock: ``flock``, a lock of the system that dies with its process; or ``lease``, a file whose holder
            refreshes it.
        lease_seconds: How long a lease is good for after its last heartbeat; the same for every process.
    """

    lock: LockName = "flock"
    lease_seconds: Annotated[float, Gt(0), Le(86_400)] = LEASE_SECONDS

    @property
    def heartbeat_seconds(self) -> float:
        """How often the holder refreshes a lease."""
        return self.lease_seconds / _HEARTBEATS


_KIND = TypeAdapter(LockKind)


def lock_kind_of(path: Path) -> LockKind:
    """Return the kind of lock of a lock file: what its experiment's folder says, or flock.

    Args:
        path: The lock file, in an experiment's folder or up to three levels below.

    Raises:
        DamageError: If ``locking.json`` is damaged; names it.
    """
    for folder in islice(path.parents, _LEVELS):
        if os.path.lexists(folder / LOCKING_NAME):
            return _read(folder)
    return LockKind()


def agreed_kind(root: Path, wanted: LockName) -> LockKind:
    """Return how an experiment's folder is locked; refuse another lock than the one it has.

    Args:
        root: The experiment's folder, which may be missing.
        wanted: As the experiment says it.

    Raises:
        AlsegError: If the folder has another lock.
        DamageError: If ``locking.json`` is damaged; names it.
    """
    path = root / LOCKING_NAME
    if not os.path.lexists(path):
        return LockKind(wanted)
    found = _read(root)
    if found.lock != wanted:
        raise AlsegError(
            f"{root} is locked by {found.lock}, but the experiment says settings.lock: {wanted}; all "
            f"processes must use the same lock. Set settings.lock: {found.lock}. Or, when no process works "
            f"in the folder any more, delete {path} and give the same command again."
        )
    return found


def settle_kind(root: Path, kind: LockKind) -> None:
    """Say how an experiment's folder is locked, or refuse it where another process has said it otherwise.

    Args:
        root: The experiment's folder, whose lock of this kind the caller holds.
        kind: From `agreed_kind`.

    Raises:
        AlsegError: As `agreed_kind`.
        WriteError: If ``locking.json`` cannot be written.
    """
    if not os.path.lexists(root / LOCKING_NAME):
        _write_first(root / LOCKING_NAME, kind)
    agreed_kind(root, kind.lock)


def _read(root: Path) -> LockKind:
    path = root / LOCKING_NAME
    try:
        return validated(path, _KIND, read_known(path, keys_of(LockKind)))
    except DamageError as error:
        raise DamageError(
            f"{error} It says how processes keep each other out of the folder. When none works there, delete "
            "it and give the same command again."
        ) from error


def _write_first(path: Path, kind: LockKind) -> None:
    """Write the file, unless a process that uses the other lock is faster: nothing else keeps them apart."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
    write_record(draft, asdict(kind))
    try:
        _link(draft, path)
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        remove(draft)


def _link(draft: Path, path: Path) -> None:
    try:
        os.link(draft, path)
    except OSError:
        if path.exists():
            return
        draft.replace(path)  # a file system without hard links
