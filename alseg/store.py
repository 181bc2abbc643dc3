"""Run folders: where a run keeps what it was asked for, what it bought and what came out.

The layout is described in docs/internals.md. Every file is written atomically; one process at a time writes
to a folder, under a lock that dies with it.
"""

from __future__ import annotations

import datetime
import json
import math
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from alseg.errors import AlsegError
from alseg.files import read_json, write_atomically, write_json
from alseg.ledger import Purchase

FORMAT = 1


class BusyError(AlsegError):
    """Another process is writing to the folder."""


class RunFolder:
    """One run's folder.

    Args:
        path: The folder; made by the first write.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextmanager
    def writing(self, keep_waiting: Callable[[], bool] = lambda: False) -> Iterator[None]:
        """Hold the folder's lock.

        Args:
            keep_waiting: Asked about once a second while another process holds the lock.

        Raises:
            BusyError: If another living process holds it and there is no more waiting; names the process.
        """
        with exclusive(self.path / ".lock", keep_waiting):
            yield

    # What was asked for, and how it went

    def write_run(self, content: Mapping[str, Any]) -> None:
        """Write run.json."""
        write_json(self.path / "run.json", {"format": FORMAT, **content})

    def write_status(
        self, state: str, *, round_number: int | None, error: str | None = None, reason: str | None = None
    ) -> None:
        """Write status.json."""
        write_json(
            self.path / "status.json",
            {"state": state, "round": round_number, "error": error, "reason": reason},
        )

    @property
    def state(self) -> str | None:
        """The state in status.json, or None before the run's first attempt."""
        path = self.path / "status.json"
        return str(read_json(path).get("state")) if path.exists() else None

    def start_attempt(self, environment: Mapping[str, Any]) -> Path:
        """Record that work on the run begins; returns the attempt's file, for `end_attempt`."""
        folder = self.path / "attempts"
        number = sum(1 for _ in folder.glob("[0-9]*.json")) if folder.exists() else 0
        path = folder / f"{number}.json"
        write_json(path, {**environment, "start": now(), "end": None, "ended": None})
        return path

    def end_attempt(self, attempt: Path, ended: str) -> None:
        """Record when and how an attempt ended."""
        write_json(attempt, {**read_json(attempt), "end": now(), "ended": ended})

    # Rounds

    def round_folder(self, round_number: int) -> Path:
        """Return the folder of a round."""
        return self.path / "rounds" / f"{round_number:02d}"

    def round_is_committed(self, round_number: int) -> bool:
        """Return whether a round has its metrics, so that nothing of it is left to do."""
        return (self.round_folder(round_number) / "metrics.json").exists()

    def purchase_is_committed(self, round_number: int) -> bool:
        """Return whether a round's questions have been answered."""
        return Purchase.committed(self.round_folder(round_number))

    @property
    def last_round(self) -> int | None:
        """The last committed round, or None before the first."""
        numbers = [int(path.parent.name) for path in self.path.glob("rounds/[0-9]*/metrics.json")]
        return max(numbers, default=None)

    def commit_round(
        self,
        round_number: int,
        metrics: Mapping[str, Any],
        counts: NDArray[np.int32],
        image_ids: list[str],
        timing: Mapping[str, float],
    ) -> None:
        """Write a round's results; metrics.json comes last and commits it."""
        folder = self.round_folder(round_number)
        write_counts(folder / "confusion.npz", counts, image_ids)
        write_json(folder / "timing.json", {name: round(seconds, 3) for name, seconds in timing.items()})
        write_json(folder / "metrics.json", metrics)

    # Weights

    @property
    def checkpoint(self) -> Path:
        """The file of the latest training state, as long as the run is not done."""
        return self.path / "checkpoint.pt"

    @property
    def weights(self) -> Path:
        """The file of the final weights."""
        return self.path / "weights.pt"

    def append_event(self, kind: str, **content: Any) -> None:
        """Append one line to events.jsonl."""
        self.path.mkdir(parents=True, exist_ok=True)
        line = json.dumps({"time": now(), "event": kind, **content}, ensure_ascii=False)
        with (self.path / "events.jsonl").open("a", encoding="utf-8") as file:
            file.write(line + "\n")

    def append_log(self, line: str) -> None:
        """Append one line to log.txt, with the time."""
        self.path.mkdir(parents=True, exist_ok=True)
        with (self.path / "log.txt").open("a", encoding="utf-8") as file:
            file.write(f"{now()} {line}\n")


def write_counts(path: Path, counts: NDArray[np.int32], image_ids: list[str]) -> None:
    """Write confusion counts per image, int32 ``(N, C, C)``, compressed."""
    names = np.array(image_ids)
    write_atomically(path, lambda file: np.savez_compressed(file, image_ids=names, counts=counts))


def read_counts(path: Path) -> NDArray[np.int32]:
    """Read confusion counts per image, int32 ``(N, C, C)``.

    Raises:
        AlsegError: If the file is missing or damaged; names it.
    """
    try:
        with np.load(path, allow_pickle=False) as content:
            return np.asarray(content["counts"], np.int32)
    except Exception as error:  # numpy and zipfile raise many types for a damaged archive
        raise AlsegError(f"{path} is missing or damaged: {error}.") from error


def percent(value: float) -> float | None:
    """Return a metric for JSON: None where it is undefined."""
    return None if math.isnan(value) else value


def now() -> str:
    """Return the time in UTC, ISO 8601, to the second."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


@contextmanager
def exclusive(path: Path, keep_waiting: Callable[[], bool] = lambda: True) -> Iterator[None]:
    """Hold a lock file; the lock dies with the process.

    Args:
        path: The lock file; its folder is made.
        keep_waiting: Asked about once a second while another process holds the lock.

    Raises:
        BusyError: If another process holds the lock and there is no more waiting; names it where it is known.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path)
        while True:
            try:
                lock.acquire(timeout=1 if keep_waiting() else 0)
                break
            except Timeout as error:
                if not keep_waiting():
                    raise BusyError(f"{path.parent} is being written by {_holder(path)}.") from error
    except OSError as error:
        raise AlsegError(f"Cannot write {path}: {error.strerror or error}. Choose --results.") from error
    try:
        _note(path).write_text(f"process {os.getpid()}", encoding="utf-8")
        yield
    finally:
        _note(path).unlink(missing_ok=True)
        lock.release()


def _note(path: Path) -> Path:
    return path.with_name(path.name + "-holder")


def _holder(path: Path) -> str:
    try:
        return _note(path).read_text(encoding="utf-8")
    except OSError:
        return "another process"
