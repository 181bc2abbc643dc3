"""``cancel/ID.json``: what `alseg cancel` asks of the process that has an experiment done by an executor."""

from __future__ import annotations

import uuid
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import TypeAdapter

from alseg.errors import AlsegError
from alseg.files import remove, remove_unfinished, write_record
from alseg.storage.validation import keys_of, read_known, validated

CANCEL_NAME = "cancel"
"""In an experiment's folder: requests, each in a file of its own, so that none is lost to another."""


@dataclass(frozen=True, kw_only=True)
class CancelRequest:
    """``cancel/ID.json``.

    Attributes:
        runs: Names of run folders; empty for the whole experiment.
        host: Where it was asked.
        time: When, ISO 8601 in UTC.
    """

    runs: tuple[str, ...] = ()
    host: str = ""
    time: str = ""


_WRITING_SECONDS = 3600
"""A request that is not written after this long is what a killed process left; no lock tells."""

_REQUEST = TypeAdapter(CancelRequest)


def write_request(root: Path, request: CancelRequest) -> Path:
    """Leave a request; the file is gone once it is taken.

    Args:
        root: The experiment's folder.
        request: What is asked.

    Raises:
        WriteError: If it cannot be written.
    """
    path = root / CANCEL_NAME / f"{uuid.uuid4().hex}.json"
    write_record(path, {**asdict(request), "runs": list(request.runs)})
    return path


def take_requests(root: Path) -> list[CancelRequest]:
    """Return all requests and remove them; what cannot be read is no request.

    Args:
        root: The experiment's folder.

    Raises:
        WriteError: If one cannot be removed.
    """
    found = []
    for path in sorted((root / CANCEL_NAME).glob("*.json")):
        with suppress(AlsegError):
            found.append(validated(path, _REQUEST, read_known(path, keys_of(CancelRequest))))
        remove(path)
    return found


def forget_requests(root: Path) -> None:
    """Remove requests that were left for a process that has ended.

    Args:
        root: The experiment's folder.

    Raises:
        WriteError: If one cannot be removed.
    """
    remove_unfinished((root / CANCEL_NAME).glob, idle_seconds=_WRITING_SECONDS)
    take_requests(root)
