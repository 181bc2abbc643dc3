"""Attempts that ended without a word while a plugin was at work: named, and kept from stopping other runs."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

from alseg.errors import AlsegError
from alseg.files import write_record
from alseg.guard import at_work
from alseg.storage.attempts import read_attempt
from alseg.storage.layout import SHARED_UNIT_NAME, attempt_files
from alseg.storage.reader import OLD


def name_crash(run: Path) -> str | None:
    """Say which calls were under way when the last attempt ended, and keep them in its record.

    Args:
        run: The run's folder; the caller holds its lock.

    Returns:
        One line; None where the last attempt has ended as it should.
    """
    file = run / at_work.NAME
    calls = at_work.left_in(file)
    if calls:
        for path in list(attempt_files(run).values())[-1:]:
            record = _read(path)
            if record.get("end", "") is None:
                write_record(path, {**record, "at_work": calls})
    with suppress(OSError):  # a folder of that name, from somebody else
        file.unlink(missing_ok=True)
    return f"The last attempt ended without a word, at work: {'; '.join(calls)}." if calls else None


def keeps_crashing(run: Path) -> bool:
    """Whether the last two attempts of a run ended while the same plugin was at work."""
    last_two = _plugins_at_work(run)[-2:]
    return len(last_two) > 1 and bool(last_two[0] & last_two[1])


def suspects(runs: Path) -> set[str]:
    """Return the names of plugins' objects during whose calls a process ended, in any run or shared unit.

    Args:
        runs: The folder of its run folders.
    """
    folders = [run for run in runs.glob("*__s*") if OLD not in run.name]
    folders += runs.parent.glob(f"shared*/*/{SHARED_UNIT_NAME}")
    return {plugin for run in folders for attempt in _plugins_at_work(run) for plugin in attempt}


def _plugins_at_work(run: Path) -> list[set[str]]:
    """Return what was at work when each attempt ended, first to last; nothing for one that ended well."""
    every = [_calls(path) for path in attempt_files(run).values()]
    left = at_work.left_in(run / at_work.NAME)
    if every and left:  # not in the record yet
        every[-1] = left
    return [{call.partition(": ")[0] for call in calls} for calls in every]


def _calls(path: Path) -> list[str]:
    calls = _read(path).get("at_work")
    return [str(call) for call in calls] if isinstance(calls, list) else []


def _read(path: Path) -> dict[str, Any]:
    try:
        return read_attempt(path)
    except AlsegError:
        return {}
