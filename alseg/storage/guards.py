"""Guards of folders: a lock file of the system, or a lease that its holder refreshes."""

from __future__ import annotations

import errno
import os
import tempfile
import time
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Protocol

from filelock import FileLock, LeaseSettingsMismatch, OwnerRecord, SoftFileLease, Timeout

from alseg.errors import AlsegError
from alseg.files import WriteError
from alseg.storage.lock_kind import LockKind
from alseg.storage.lock_notes import read_note
from alseg.system.file_clock import touched

_MISSED = 3
"""Heartbeats of a lease after which its holder may be lost."""

_LOOKS, _LOOK_SECONDS = 4, 0.25
"""At a lease that seems to be another process's: who tries to take a lease puts it aside for a moment."""

_NO_LOCKS = {errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP}


class NoLocksError(WriteError):
    """The file system has no locks."""


class Guard(Protocol):
    """Keeps a folder for one process."""

    def acquire(self, seconds: float) -> bool:
        """Take the folder, waiting so long for another process; return whether it is this process's now.

        Raises:
            NoLocksError: If the file system has no locks of this kind.
            OSError: If the folder cannot be written.
        """
        ...

    def release(self) -> None:
        """Give the folder back, unless another process has taken it over."""
        ...

    @property
    def is_ours(self) -> bool:
        """Whether this process still holds the folder; once it does not, it never does again."""
        ...

    @property
    def holder_may_be_lost(self) -> bool:
        """Whether only waiting can tell that the process that holds the folder is gone."""
        ...

    @property
    def holder(self) -> str | None:
        """The process that holds the folder, in words; None where none does. Nothing is locked or written."""
        ...


def guard_of(path: Path, kind: LockKind) -> Guard:
    """Return the guard of a lock file; a lease has a file of its own beside it."""
    return Lease(path.with_name(f"{path.name}.lease"), kind) if kind.lock == "lease" else Flock(path)


class Flock:
    """A lock of the system (flock): it dies with its process, and a suspended process keeps it.

    Args:
        path: The lock file, which stays.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = FileLock(path, fallback_to_soft=False)
        self._file: os.stat_result | None = None

    def acquire(self, seconds: float) -> bool:
        """Take the folder; see `Guard`."""
        try:
            self._lock.acquire(timeout=seconds)
        except Timeout:
            return False
        except (OSError, NotImplementedError) as error:
            raise self._without_locks(error) or error from error
        self._file = self._path.stat()
        return True

    def release(self) -> None:
        """Give the folder back."""
        self._lock.release()

    @property
    def is_ours(self) -> bool:
        """Whether the file that is locked is the one that others would lock."""
        try:
            return self._file is not None and os.path.samestat(self._file, self._path.stat())
        except OSError:
            return False

    @property
    def holder_may_be_lost(self) -> bool:
        """Whether the holder may be gone: never, its lock would be gone too."""
        return False

    @property
    def holder(self) -> str | None:
        """The holder, in words; takes the lock for an instant, for nothing else tells."""
        if not self._path.exists():
            return None
        try:
            with self._lock.acquire(timeout=0):
                return None
        except Timeout:
            return read_note(self._path)
        except (OSError, NotImplementedError):
            return None

    def _without_locks(self, error: Exception) -> NoLocksError | None:
        number = getattr(error, "errno", errno.ENOSYS)
        if number not in _NO_LOCKS:
            return None
        return NoLocksError(
            f"Cannot lock {self._path}: flock does not work on its file system ({os.strerror(number)}). Set "
            "settings.lock: lease in the experiment, or choose another file system with --results."
        )


class Lease:
    """A file that its holder refreshes: who is silent for the time of a lease is taken for lost.

    A process that was killed on the same host is known to be gone at once. One that was suspended, or on a
    host that could not be reached, finds that the lease is not its own any more.

    Args:
        path: The lease's file, which is there while it is held.
        kind: How long it is good for.
    """

    def __init__(self, path: Path, kind: LockKind) -> None:
        self._path = path
        self._kind = kind
        self._lease = SoftFileLease(
            path,
            lease_duration=kind.lease_seconds,
            heartbeat_interval=kind.heartbeat_seconds,
            fallback_to_soft=False,
            thread_local=False,  # whoever writes may ask whether it is still held
        )
        self._lost = False

    def acquire(self, seconds: float) -> bool:
        """Take the folder; see `Guard`."""
        try:
            self._lease.acquire(timeout=seconds)
        except Timeout:
            return False
        except LeaseSettingsMismatch as mismatch:
            raise AlsegError(
                f"{self._path} is held by a process whose leases are not good for "
                f"{self._kind.lease_seconds:g} s. Wait until it has ended, then give the same command again."
            ) from mismatch
        return True

    def release(self) -> None:
        """Give the folder back, unless another process has taken it over."""
        with suppress(OSError):  # it was moved, or cannot be written: silence ends the lease
            self._lease.release()

    @property
    def is_ours(self) -> bool:
        """Whether the file names the claim of this process."""
        if not self._lost:
            self._lost = self._lease.compromise is not None or not self._is_named()
        return not self._lost

    @property
    def holder_may_be_lost(self) -> bool:
        """Whether the holder has missed heartbeats, by the clock of the file system, or has just gone."""
        if not self._path.exists():
            return True
        try:
            silent = touched(self._path.parent) - self._path.lstat().st_mtime
            return silent > _MISSED * self._kind.heartbeat_seconds
        except OSError:
            return False

    @property
    def holder(self) -> str | None:
        """The holder, in words; None where it is gone, or silent for the time of a lease by this clock."""
        owner = self._lease.owner
        try:
            silent = time.time() - self._path.lstat().st_mtime
        except OSError:
            return None
        if owner is None or silent > self._kind.lease_seconds or _is_dead(owner):
            return None
        return f"process {owner.pid} on {_host_in(owner)}"

    def _is_named(self) -> bool:
        token = self._lease.token
        for look in range(_LOOKS):
            if look:
                time.sleep(_LOOK_SECONDS)
            owner = self._lease.owner
            if owner is not None and owner.token == token:
                return True
        return False


def _is_dead(owner: OwnerRecord) -> bool:
    """Whether a process is known to be gone: only those of this host are."""
    if owner.hostname != _this_host():
        return False
    try:
        os.kill(owner.pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


def _host_in(owner: OwnerRecord) -> str:
    return owner.hostname.partition("?")[0] or owner.hostname


@cache
def _this_host() -> str:
    """Return what a lease calls this host, and the container in it."""
    with tempfile.TemporaryDirectory() as folder, SoftFileLease(Path(folder) / "lease") as lease:
        owner = lease.owner
        return "" if owner is None else owner.hostname
