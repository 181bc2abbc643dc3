"""One writer per folder: a guard that ends with its process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from alseg.errors import AlsegError
from alseg.files import cannot_write, refuse_moved
from alseg.storage.guards import Guard, guard_of
from alseg.storage.lock_kind import LockKind, LockName, agreed_kind, lock_kind_of, settle_kind
from alseg.storage.lock_notes import remove_note, write_note
from alseg.system.kept_folders import keeping, may_write


class BusyError(AlsegError):
    """Another process is writing to the folder."""


@contextmanager
def exclusive(
    path: Path, keep_waiting: Callable[[], bool] | None = lambda: True, *, kind: LockKind | None = None
) -> Iterator[None]:
    """Hold a lock file. Its folder must stay where it is, and this process's, meanwhile.

    Before every write into the folder `alseg.files` looks whether the lock is still held.

    Args:
        path: The lock file; its folder is made.
        keep_waiting: Asked about once a second while another process holds the lock. None waits only where
            nothing else can tell that the holder of a lease is gone.
        kind: How it is locked; None for what the experiment's folder says.

    Raises:
        BusyError: If another process holds the lock and there is no more waiting; names it where it is known.
        DamageError: If the experiment's folder does not say the kind any more.
        WriteError: If the folder cannot be written, or one above it was moved, or its file system has no
            locks.
    """
    refuse_moved(path)
    kept = ExitStack()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        guard = guard_of(path, kind or lock_kind_of(path))
        _acquire(guard, path, keep_waiting)
        kept.callback(guard.release)
        kept.enter_context(keeping(path.parent, lambda: guard.is_ours))
    except OSError as error:
        kept.close()
        raise cannot_write(path, error) from error
    with kept:
        write_note(path)
        try:
            yield
        finally:
            if may_write(path):
                remove_note(path)


def _acquire(guard: Guard, path: Path, keep_waiting: Callable[[], bool] | None) -> None:
    seconds = 0.0
    while not guard.acquire(seconds):
        seconds = 1.0
        if not (guard.holder_may_be_lost if keep_waiting is None else keep_waiting()):
            raise BusyError(f"{path.parent} is being written by {guard.holder or 'another process'}.")


@contextmanager
def exclusive_experiment(root: Path, wanted: LockName) -> Iterator[None]:
    """Hold an experiment's folder for a moment, after which the folder says by which lock it is held.

    Args:
        root: The folder, which is made.
        wanted: The lock that the experiment says.

    Raises:
        AlsegError: If the folder has another kind of lock.
        WriteError: As `exclusive`.
    """
    kind = agreed_kind(root, wanted)
    with exclusive(root / ".lock", kind=kind):
        settle_kind(root, kind)
        yield


def holder_of(path: Path) -> str | None:
    """Return the process that holds a lock file, in words; None where none does, or one cannot tell."""
    try:
        return guard_of(path, lock_kind_of(path)).holder
    except AlsegError:
        return None
