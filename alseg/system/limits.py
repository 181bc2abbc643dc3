"""Limits that a system sets for a process (ulimit): which one an error ran into, and what to do about it."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from pathlib import Path

try:
    import resource
except ImportError:  # Windows has no such limits
    resource = None  # type: ignore[assignment]

_FILES = ("Too many open files", "items of ancdata")
_MEMORY = ("Cannot allocate memory", "can't allocate memory", "failed to map segment", "bad_alloc")
_PROCESSES = ("can't start new thread", "pthread_create", "Resource temporarily unavailable")
_FILE_SIZE = ("File too large",)

_NEXT_TO_NOTHING = 0.05
"""Share of the address space; a process that had no more left ran out of it."""


def exceeded_limit(error: BaseException) -> str | None:
    """Say in one line which limit of the process an error ran into, and what to do about it.

    Args:
        error: Errors that it came from are looked at, too: libraries wrap those of the system.

    Returns:
        One or more sentences; None where it was no limit.
    """
    for each in _chain(error):
        number, text = getattr(each, "errno", None), str(each)
        if number == errno.EMFILE or _says(text, _FILES):
            return _files_text()
        if isinstance(each, MemoryError) or number == errno.ENOMEM or _says(text, _MEMORY):
            return _memory_text()
        if number == errno.EFBIG or _says(text, _FILE_SIZE):
            return _file_size_text()
        if number == errno.EAGAIN or _says(text, _PROCESSES):
            return _processes_text()
    # Where next to nothing is left, libraries fail in any way.
    return _memory_text() if _address_space_is_used_up() else None


def address_space() -> int | None:
    """Return how many bytes of memory this process may address; None for no limit."""
    return _limit("RLIMIT_AS")


def _address_space_is_used_up() -> bool:
    """Return whether the process has come close to its limit; False where the system does not tell."""
    limit = address_space()
    if limit is None:
        return False
    try:
        found = re.search(r"^VmPeak:\s*(\d+) kB$", Path("/proc/self/status").read_text(), re.MULTILINE)
    except OSError:
        return False
    return found is not None and int(found[1]) * 1024 > (1 - _NEXT_TO_NOTHING) * limit


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _says(text: str, phrases: tuple[str, ...]) -> bool:
    return any(phrase in text for phrase in phrases)


def _limit(name: str) -> int | None:
    if resource is None or not hasattr(resource, name):
        return None
    soft, _ = resource.getrlimit(getattr(resource, name))
    return None if soft == resource.RLIM_INFINITY else soft


def _files_text() -> str:
    limit = _limit("RLIMIT_NOFILE")
    allowed = "" if limit is None else f": this process may have {limit:,} (ulimit -n)"
    return f"Too many open files{allowed}. Raise the limit, such as 'ulimit -n 4096', or use fewer workers."


def _memory_text() -> str:
    limit = address_space()
    if limit is None:
        return "Out of memory. Use smaller batches or images, fewer workers, or a machine with more memory."
    return (
        f"Out of memory: this process may address {limit / 2**20:,.0f} MiB (ulimit -v). "
        "Raise the limit, such as 'ulimit -v unlimited', or use smaller batches or images."
    )


def _file_size_text() -> str:
    limit = _limit("RLIMIT_FSIZE")
    if limit is None:
        return "File too large for this file system. Write to another disk."
    return (
        f"File too large: this process may write files of {limit / 1024:,.0f} KiB (ulimit -f). "
        "Raise the limit, such as 'ulimit -f unlimited'."
    )


def _processes_text() -> str:
    limit = _limit("RLIMIT_NPROC")
    allowed = "" if limit is None else f": you may have {limit:,} (ulimit -u)"
    return (
        f"No further process or thread can be started{allowed}. "
        "Raise the limit, end other programs, or use fewer workers and processes."
    )
