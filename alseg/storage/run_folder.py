"""Run folders: where a run keeps what it was asked for, what it bought and what came out.

The layout is described in docs/internals.md. Every file is written atomically; one process at a time writes
to a folder, under a lock that dies with it.
"""

from __future__ import annotations

import datetime
import json
import math
import os
import shutil
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from alseg.errors import AlsegError
from alseg.files import (
    WriteError,
    append_line,
    cannot_write,
    free_name,
    read_json,
    refuse_moved,
    remove_unfinished,
    write_atomically,
    write_record,
)
from alseg.storage.ledger import Purchase
from alseg.storage.reader import OLD
from alseg.storage.round_files import read_image_counts
from alseg.storage.run_files import attempt_files, read_round_content, read_run_content, round_folders
from alseg.system.kept_folders import keeping, moved_folder
from alseg.system.regular_file import read_regular

FORMAT = 3
"""Of run folders: since 2, clicks are counted from answers; since 3, they are called so."""

_LONGEST_NOTE = 1000

OUT_OF_MEMORY = "Out of memory"
"""How the error of a run begins that failed for lack of memory only."""


class BusyError(AlsegError):
    """Another process is writing to the folder."""


class Attempt(NamedTuple):
    """An attempt at a run that is under way.

    Attributes:
        path: Its record.
        content: What the record holds.
        started: When it began, on the monotonic clock.
    """

    path: Path
    content: dict[str, Any]
    started: float


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
            remove_unfinished(self.path.rglob)
            yield

    @property
    def holder(self) -> str | None:
        """The process that holds the lock, in words; None where none does, or one cannot tell."""
        path = self.path / ".lock"
        if not path.exists():
            return None
        try:
            with FileLock(path).acquire(timeout=0):
                return None
        except Timeout:
            return _holder(path)
        except OSError:
            return None

    # What was asked for, and how it went

    def write_run(self, content: Mapping[str, Any]) -> None:
        """Write run.json."""
        write_record(self.path / "run.json", {"format": FORMAT, **content})

    def description(self) -> dict[str, Any]:
        """Return the content of run.json.

        Raises:
            FormatError: If it is of a format that this version does not read.
            AlsegError: If the file is missing or damaged; names it.
        """
        return read_run_content(self.path)

    def write_status(
        self, state: str, *, round_number: int | None, error: str | None = None, reason: str | None = None
    ) -> None:
        """Write status.json."""
        write_record(
            self.path / "status.json",
            {"state": state, "round": round_number, "error": error, "reason": reason},
        )

    @property
    def state(self) -> str | None:
        """The state in status.json; None before the run's first attempt, or where the file is damaged."""
        try:
            return str(read_json(self.path / "status.json").get("state"))
        except AlsegError:
            return None

    @property
    def has_begun(self) -> bool:
        """Whether there is anything a run could go on from."""
        return any((self.checkpoint.exists(), self.weights.exists(), (self.path / "rounds").exists()))

    @property
    def is_done(self) -> bool:
        """Whether the run says that it is complete; `alseg.engine.recovery` finds out whether it is."""
        return self.state == "done"

    def start_attempt(self, environment: Mapping[str, Any]) -> Attempt:
        """Record that work on the run begins; returns the attempt, for `end_attempt`."""
        folder = self.path / "attempts"
        # One that was damaged may be gone from among the others.
        number = max(attempt_files(self.path), default=-1) + 1
        path = folder / f"{number}.json"
        content = {**environment, "start": now(), "end": None, "ended": None}
        write_record(path, content)
        return Attempt(path, content, time.monotonic())

    def end_attempt(self, attempt: Attempt, ended: str) -> None:
        """Record when and how an attempt ended, and how long it took by a clock that nobody sets."""
        seconds = round(time.monotonic() - attempt.started, 1)
        write_record(attempt.path, {**attempt.content, "end": now(), "ended": ended, "seconds": seconds})

    def set_aside(self, path: Path) -> None:
        """Move a file or folder of the run, if there is one, into ``damaged``: nothing reads it there.

        Raises:
            WriteError: If it cannot be moved; names it.
        """
        if not os.path.lexists(path):
            return
        name = "-".join(path.relative_to(self.path).parts)
        folder = self.path / "damaged"
        try:
            if os.path.lexists(folder) and not folder.is_dir():
                folder.rename(free_name(folder))
            folder.mkdir(exist_ok=True)
            path.rename(free_name(folder / name))
        except OSError as error:
            raise cannot_write(path, error) from error

    def start_anew(self) -> Path:
        """Move the run's folder to ``NAME.old-N``; the caller holds the lock, which goes along."""
        old = free_name(self.path.with_name(f"{self.path.name}{OLD}"))
        try:
            return self.path.rename(old)
        except OSError as error:
            raise cannot_write(self.path, error) from error

    # Rounds

    def round_folder(self, round_number: int) -> Path:
        """Return the folder of a round."""
        return self.path / "rounds" / f"{round_number:02d}"

    def round_is_committed(self, round_number: int) -> bool:
        """Return whether a round has its metrics, so that nothing of it is left to do."""
        return self.metrics_of(round_number).exists()

    def metrics_of(self, round_number: int) -> Path:
        """Return the file that commits a round."""
        return self.round_folder(round_number) / "metrics.json"

    def counts_of(self, round_number: int) -> Path:
        """Return the file of a round's confusion counts."""
        return self.round_folder(round_number) / "confusion.npz"

    def purchase_is_committed(self, round_number: int) -> bool:
        """Return whether a round's questions have been answered."""
        return Purchase.committed(self.round_folder(round_number))

    @property
    def last_round(self) -> int | None:
        """The last committed round, or None before the first."""
        committed = [number for number in round_folders(self.path) if self.round_is_committed(number)]
        return max(committed, default=None)

    def commit_round(
        self,
        round_number: int,
        metrics: Mapping[str, Any],
        counts: NDArray[np.int32],
        image_ids: list[str],
        groups: list[str],
        timing: Mapping[str, float],
    ) -> None:
        """Write a round's results; metrics.json comes last and commits it."""
        folder = self.round_folder(round_number)
        write_counts(self.counts_of(round_number), counts, image_ids, groups)
        write_record(folder / "timing.json", {name: round(seconds, 3) for name, seconds in timing.items()})
        write_record(self.metrics_of(round_number), metrics)

    # Weights

    @property
    def checkpoint(self) -> Path:
        """The file of the latest training state, as long as the run is not done."""
        return self.path / "checkpoint.pt"

    @property
    def weights(self) -> Path:
        """The file of the final weights."""
        return self.path / "weights.pt"

    @property
    def logs(self) -> tuple[Path, Path]:
        """Files for people, to which lines are appended."""
        return self.path / "log.txt", self.path / "events.jsonl"

    def append_event(self, kind: str, **content: Any) -> None:
        """Append one line to events.jsonl."""
        line = json.dumps({"time": now(), "event": kind, **content}, ensure_ascii=False)
        append_line(self.path / "events.jsonl", line)

    def append_log(self, line: str) -> None:
        """Append one line to log.txt, with the time."""
        append_line(self.path / "log.txt", f"{now()} {line}")


def write_counts(path: Path, counts: NDArray[np.int32], image_ids: list[str], groups: list[str]) -> None:
    """Write confusion counts per image, int32 ``(N, C, C)``, compressed, with names and groups of images."""
    ids, sequences = np.array(image_ids), np.array(groups)
    write_atomically(
        path, lambda file: np.savez_compressed(file, image_ids=ids, groups=sequences, counts=counts)
    )


def read_counts(path: Path) -> NDArray[np.int32]:
    """Read confusion counts per image, int32 ``(N, C, C)``.

    Raises:
        AlsegError: If the file is missing or damaged; names it.
    """
    return read_image_counts(path)[1].astype(np.int32)


def require_space(checkpoint: Path, size: int) -> None:
    """Refuse to train where a checkpoint would not fit on the disk.

    Args:
        checkpoint: The file; a new one is written whole before the old one goes.
        size: Bytes it needs at most.

    Raises:
        WriteError: If there is less space; says how much there is.
    """
    needed = size if checkpoint.exists() else 2 * size
    free = shutil.disk_usage(checkpoint.parent).free
    if free < needed:
        raise WriteError(
            f"No space for checkpoints in {checkpoint.parent}: they need {needed / 1e6:,.1f} MB, "
            f"and {free / 1e6:,.1f} MB are free. Free space or choose --results."
        )


def read_metrics(path: Path) -> dict[str, Any]:
    """Read a round's metrics.

    Raises:
        AlsegError: If the file is missing or damaged; names it.
    """
    return read_round_content(path)[0]


def percent(value: float) -> float | None:
    """Return a metric for JSON: None where it is undefined."""
    return None if math.isnan(value) else value


def now() -> str:
    """Return the time in UTC, ISO 8601, to the second."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


@contextmanager
def exclusive(path: Path, keep_waiting: Callable[[], bool] = lambda: True) -> Iterator[None]:
    """Hold a lock file; the lock dies with the process. Its folder must stay where it is meanwhile.

    Args:
        path: The lock file; its folder is made.
        keep_waiting: Asked about once a second while another process holds the lock.

    Raises:
        BusyError: If another process holds the lock and there is no more waiting; names it where it is known.
        WriteError: If the folder cannot be written, or one above it was moved.
    """
    refuse_moved(path)
    kept = ExitStack()
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
        kept.callback(lock.release)
        kept.enter_context(keeping(path.parent))
    except OSError as error:
        kept.close()
        raise cannot_write(path, error) from error
    with kept:
        with suppress(OSError):  # for people only, and a full disk is told of by whatever must be written
            _write_note(_note(path), f"process {os.getpid()} on {socket.gethostname()}")
        try:
            yield
        finally:
            if moved_folder(path) is None:
                with suppress(OSError):
                    _note(path).unlink(missing_ok=True)


def _note(path: Path) -> Path:
    return path.with_name(path.name + "-holder")


def _holder(path: Path) -> str:
    try:
        return read_regular(_note(path), _LONGEST_NOTE).decode("utf-8", "replace")
    except (OSError, AlsegError):
        return "another process"


def _write_note(path: Path, text: str) -> None:
    """Write a new file: what has its name may be a link out of the folder, or a pipe that nobody reads."""
    path.unlink(missing_ok=True)
    with path.open("x", encoding="utf-8") as file:
        file.write(text)
