"""Run folders: where a run keeps what it was asked for, what it bought and what came out.

The layout is described in docs/internals.md. Every file is written atomically; one process at a time writes
to a folder, under a lock, see `alseg.storage.lock`.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alseg.errors import DamageError
from alseg.files import (
    append_line,
    cannot_write,
    free_name,
    read_json,
    refuse_moved,
    remove_unfinished,
    write_record,
)
from alseg.storage.attempts import Attempt, now
from alseg.storage.layout import (
    METRICS_NAME,
    RUN_NAME,
    STATUS_NAME,
    TIMING_NAME,
    WEIGHTS_NAME,
    attempt_files,
    folder_of_round,
    round_folders,
)
from alseg.storage.ledger import Purchase
from alseg.storage.lock import exclusive, holder_of
from alseg.storage.reader import OLD
from alseg.storage.round_files import COUNTS_NAME, write_counts
from alseg.storage.run_description import FORMAT, read_run_content


class RunFolder:
    """One run's folder.

    Args:
        path: The folder; made by the first write.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextmanager
    def writing(self, keep_waiting: Callable[[], bool] | None = None) -> Iterator[None]:
        """Hold the folder's lock.

        Args:
            keep_waiting: As for `alseg.storage.lock.exclusive`.

        Raises:
            BusyError: If another living process holds it and there is no more waiting; names the process.
        """
        with exclusive(self.path / ".lock", keep_waiting):
            remove_unfinished(self.path.rglob)
            yield

    @property
    def holder(self) -> str | None:
        """The process that holds the lock, in words; None where none does, or one cannot tell."""
        return holder_of(self.path / ".lock")

    # What was asked for, and how it went

    def write_run(self, content: Mapping[str, Any]) -> None:
        """Write run.json."""
        write_record(self.path / RUN_NAME, {"format": FORMAT, **content})

    def description(self) -> dict[str, Any]:
        """Return the content of run.json.

        Raises:
            FormatError: If it is of a format that this version does not read.
            DamageError: If the file is missing or damaged; names it.
        """
        return read_run_content(self.path)

    def write_status(
        self, state: str, *, round_number: int | None, error: str | None = None, reason: str | None = None
    ) -> None:
        """Write status.json."""
        write_record(
            self.path / STATUS_NAME,
            {"state": state, "round": round_number, "error": error, "reason": reason},
        )

    @property
    def state(self) -> str | None:
        """The state in status.json; None before the run's first attempt, or where the file is damaged.

        Raises:
            UnreadableError: If the system does not let this process read it now; names it.
        """
        try:
            return str(read_json(self.path / STATUS_NAME).get("state"))
        except DamageError:
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
        refuse_moved(path)
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
        refuse_moved(self.path)
        old = free_name(self.path.with_name(f"{self.path.name}{OLD}"))
        try:
            return self.path.rename(old)
        except OSError as error:
            raise cannot_write(self.path, error) from error

    # Rounds

    def round_folder(self, round_number: int) -> Path:
        """Return the folder of a round."""
        return folder_of_round(self.path, round_number)

    def round_is_committed(self, round_number: int) -> bool:
        """Return whether a round has its metrics, so that nothing of it is left to do."""
        return self.metrics_of(round_number).exists()

    def metrics_of(self, round_number: int) -> Path:
        """Return the file that commits a round."""
        return self.round_folder(round_number) / METRICS_NAME

    def counts_of(self, round_number: int) -> Path:
        """Return the file of a round's confusion counts."""
        return self.round_folder(round_number) / COUNTS_NAME

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
        counts: NDArray[np.int32] | None,
        image_ids: list[str],
        groups: list[str],
        timing: Mapping[str, float],
    ) -> None:
        """Write a round's results; metrics.json comes last and commits it.

        Args:
            round_number: The round.
            metrics: Content of metrics.json.
            counts: int32 ``(N, C, C)``, confusion counts of each evaluation image; None without evaluation.
            image_ids: Names of the evaluation images.
            groups: Their groups.
            timing: Phase to seconds.
        """
        folder = self.round_folder(round_number)
        if counts is not None:
            write_counts(self.counts_of(round_number), counts, image_ids, groups)
        write_record(folder / TIMING_NAME, {name: round(seconds, 3) for name, seconds in timing.items()})
        write_record(self.metrics_of(round_number), metrics)

    # Weights

    @property
    def checkpoint(self) -> Path:
        """The file of the latest training state, as long as the run is not done."""
        return self.path / "checkpoint.pt"

    @property
    def weights(self) -> Path:
        """The file of the final weights."""
        return self.path / WEIGHTS_NAME

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
