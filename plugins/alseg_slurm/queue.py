"""SLURM's queue, asked now and then without waiting for the answer."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import IO

from alseg_slurm.states import SACCT_FORMAT, SQUEUE_FORMAT, JobRecord, read_sacct, read_squeue

ANSWER_SECONDS = 60.0
"""How long a busy controller may take; what has no answer by then says nothing."""


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """The queue at one time.

    Attributes:
        number: Which answer it is, from 1.
        asked: When it was asked for, of `time.monotonic`.
        records: The user's jobs, see `read_squeue`.
    """

    number: int
    asked: float
    records: Mapping[str, JobRecord]


class Question:
    """A program of SLURM at work in the background.

    Args:
        command: The program and its arguments.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self.asked = time.monotonic()
        # Pipes would be full at some size.
        self._output = tempfile.TemporaryFile()  # noqa: SIM115
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115
        # A session of its own: Ctrl-C is for the process that asks.
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=self._errors,
            start_new_session=True,
        )

    @property
    def is_over(self) -> bool:
        """Whether it has answered, or has taken so long that it is given up."""
        if self._process.poll() is None and time.monotonic() - self.asked > ANSWER_SECONDS:
            self.give_up()
        return self._process.poll() is not None

    def answer(self) -> tuple[str | None, str]:
        """Return what it has said, None where it failed, and what it complains about."""
        with self._output, self._errors:
            code = self._process.wait()
            return _text(self._output) if code == 0 else None, _text(self._errors).strip()

    def give_up(self) -> None:
        """End it."""
        with suppress(ProcessLookupError):
            self._process.kill()
        self._process.wait()


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")


class Queue:
    """The jobs of this user, by ``squeue``; works without SLURM's accounting.

    Args:
        seconds: Between two questions.
        hurry_seconds: The same where somebody waits for the answer.

    Attributes:
        snapshot: The latest answer; None before.
        problem: What squeue complained about the last time; empty for nothing.
    """

    def __init__(self, seconds: float, hurry_seconds: float = 2.0) -> None:
        self._seconds = seconds
        self._hurry_seconds = min(hurry_seconds, seconds)
        self._question: Question | None = None
        self._asked = float("-inf")
        self.snapshot: Snapshot | None = None
        self.problem = ""

    def look(self, *, hurry: bool = False) -> Snapshot | None:
        """Return the latest answer, and ask again if it is time; None before the first answer.

        Args:
            hurry: Whether somebody waits.
        """
        if self._question is not None and self._question.is_over:
            self._take(self._question)
            self._question = None
        pause = self._hurry_seconds if hurry else self._seconds
        if self._question is None and time.monotonic() - self._asked >= pause:
            self._asked = time.monotonic()
            self._question = Question(
                [
                    *("squeue", f"--user={os.getuid()}", "--array", "--states=all", "--noheader"),
                    *("--Format", SQUEUE_FORMAT),
                ]
            )
        return self.snapshot

    def wait(self, seconds: float) -> Snapshot | None:
        """Return an answer, for which this waits; None where none comes.

        Args:
            seconds: How long at most.
        """
        end = time.monotonic() + seconds
        while self.look(hurry=True) is None and time.monotonic() < end:
            time.sleep(0.05)
        return self.snapshot

    def close(self) -> None:
        """End what is at work."""
        if self._question is not None:
            self._question.give_up()

    def _take(self, question: Question) -> None:
        answer, self.problem = question.answer()
        if answer is None:
            return  # a controller that is busy or starts again: nothing new
        number = 1 if self.snapshot is None else self.snapshot.number + 1
        self.snapshot = Snapshot(number=number, asked=question.asked, records=read_squeue(answer))


class Accounting:
    """How jobs ended that the queue no longer has, by ``sacct`` where a cluster has it."""

    def __init__(self) -> None:
        self._questions: dict[str, Question] = {}
        self._known: dict[str, Mapping[str, JobRecord]] = {}

    def records(self, name: str) -> Mapping[str, JobRecord] | None:
        """Return what is known of an array, nothing where there is no accounting; None while it is asked.

        Args:
            name: Of the array.
        """
        if name in self._known:
            return self._known[name]
        if name not in self._questions:
            command = ["sacct", "--allocations", "--noheader", "--parsable2", "--starttime=now-30days"]
            try:
                self._questions[name] = Question([*command, f"--name={name}", f"--format={SACCT_FORMAT}"])
            except OSError:  # it is not installed
                self._known[name] = {}
                return self._known[name]
        if not self._questions[name].is_over:
            return None
        self._known[name] = read_sacct(self._questions.pop(name).answer()[0] or "")
        return self._known[name]

    def close(self) -> None:
        """End what is at work."""
        for question in self._questions.values():
            question.give_up()
