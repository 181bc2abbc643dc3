"""Processes that do units: each started for itself, or copied from one that has imported everything."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import metadata
from itertools import count
from pathlib import Path
from typing import IO, Any, Protocol

from alseg.contracts import WorkUnit

ALSEG_WORK = ("alseg", "work", "-", "--until-eof")
"""Module and arguments of the program that does a unit."""

IN_TURN = "--in-turn"
"""Option of the program that makes it take further units, before a file descriptor.

It writes an empty line there after each unit that ended well, and then waits for the next one.
"""

_KEEPING_UP_SECONDS = 0.2
"""Between two looks at what this process has imported."""

_END_SECONDS = 10.0
"""How long a process may take to end that has nothing to do."""


_OF_EVERY_UNIT = ("alseg.cli.work", "alseg.cli.progress", "alseg.launch.work")


class UnitProcess(Protocol):
    """A process that does a unit, and perhaps others after it, and ends with this process."""

    def ended(self) -> str | None:
        """Return how it has ended, in words; None while it works."""
        ...

    def is_free(self) -> bool:
        """Whether it has done its unit well and can be given another one."""
        ...

    def give(self, unit: WorkUnit) -> None:
        """Give it another unit, for which it opens a log itself; it must be free."""
        ...

    def send(self, number: signal.Signals) -> None:
        """Send it a signal, if it still works."""
        ...

    def close(self) -> None:
        """End it; it must be free."""
        ...

    @property
    def news(self) -> int | None:
        """A file descriptor that can be read from when something has happened; None where there is none."""
        ...


class StartedProcess:
    """A process that was started for a unit.

    Args:
        command: What it is; it is given the unit as one line of JSON on standard input, which then stays open
            for as long as the unit may work.
        unit: The unit.
        log: File to which it prints.
        environment: Variables that are set for it.
        in_turn: Whether it takes further units; it is then given `IN_TURN` and a file descriptor, too.

    Raises:
        OSError: If it cannot be started.
    """

    def __init__(
        self,
        command: Sequence[str],
        unit: WorkUnit,
        log: Path,
        environment: Mapping[str, str],
        *,
        in_turn: bool = False,
    ) -> None:
        ends: tuple[int | None, int | None] = os.pipe() if in_turn else (None, None)
        self._answers, answering = ends
        added = () if answering is None else (IN_TURN, str(answering))
        try:
            with log.open("ab") as file:
                # A session of its own: Ctrl-C reaches the process that submits, which decides.
                self._process = subprocess.Popen(
                    (*command, *added),
                    stdin=subprocess.PIPE,
                    stdout=file,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    env={**os.environ, **environment},
                    pass_fds=() if answering is None else (answering,),
                )
        except OSError:
            self._forget_answers()
            raise
        finally:
            if answering is not None:
                os.close(answering)
        if self._answers is not None:
            os.set_blocking(self._answers, False)
        self._free = False
        self._input = _Input(self._process)
        self._input.send(unit.as_json())

    @property
    def news(self) -> int | None:
        """A file descriptor that can be read from when something has happened; None where there is none."""
        return self._answers

    def is_free(self) -> bool:
        """Whether it has done its unit well and can be given another one."""
        if not self._free and self._answers is not None:
            with suppress(BlockingIOError):
                self._free = bool(os.read(self._answers, 4096))
        return self._free

    def give(self, unit: WorkUnit) -> None:
        """Give it another unit, for which it opens a log itself; it must be free."""
        self._free = False
        self._input.send(unit.as_json())

    def close(self) -> None:
        """End it; it must be free."""
        self._input.close()
        try:
            self._process.wait(timeout=_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._forget_answers()

    def _forget_answers(self) -> None:
        if self._answers is not None:
            os.close(self._answers)
            self._answers = None

    def ended(self) -> str | None:
        """Return how it has ended, in words; None while it works."""
        code = self._process.poll()
        if code is None:
            return None
        self._input.close()
        self._forget_answers()
        return in_words(code)

    def send(self, number: signal.Signals) -> None:
        """Send it a signal, if it still works."""
        self._process.send_signal(number)


class ForkServer:
    """A process that has imported what this one has, and starts units as copies of itself.

    Args:
        environment: Variables that are set for it, and for all units: those that torch reads when it is
            imported.
        program: Module and arguments of the program that does a unit.
        in_turn: Whether that takes further units; `IN_TURN` and a file descriptor are then added.

    Raises:
        OSError: If it cannot be started.
    """

    def __init__(
        self, environment: Mapping[str, str], program: Sequence[str] = ALSEG_WORK, *, in_turn: bool = False
    ) -> None:
        self._in_turn = in_turn
        self._started = False
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "alseg_executors.fork_server", *program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env={**os.environ, **environment},
        )
        self._input = _Input(self._process)
        self._imported: set[str] = set()
        self._ends = threading.Event()
        self._import()
        threading.Thread(target=self._keep_up, daemon=True).start()
        os.set_blocking(self._events.fileno(), False)
        self._rest = b""
        self._numbers = count(1)
        self._units: dict[int, ForkedProcess] = {}
        self.works = True

    def start(self, unit: WorkUnit, log: Path, environment: Mapping[str, str]) -> ForkedProcess:
        """Have a unit started.

        Args:
            unit: The unit.
            log: File to which its process prints.
            environment: Variables that are set for it.
        """
        self._ends.set()
        self._import()
        self._started = True
        process = ForkedProcess(self, next(self._numbers))
        self._units[process.number] = process
        request = {"start": process.number, "unit": unit.as_json(), "log": str(log), "set": {**environment}}
        self.send({**request, "in_turn": self._in_turn})
        return process

    def send(self, request: Mapping[str, Any]) -> None:
        """Send a request; returns at once."""
        self._input.send(request)

    def look(self) -> None:
        """Take in what has happened; without the server, nobody knows of its units any more."""
        while self.works:
            try:
                received = os.read(self._events.fileno(), 65536)
            except BlockingIOError:
                return
            *lines, self._rest = (self._rest + received).split(b"\n")
            for line in lines:
                self._take(json.loads(line))
            if not received:
                self.works = False
                how = in_words(self._process.wait())
                for process in self._units.values():
                    process.how = process.how or f"the process that starts units has ended: {how}"
                self._input.close()

    def close(self) -> None:
        """End it; its units have ended."""
        self._ends.set()
        self._input.close()
        if not self._started:  # it may be importing for some seconds yet
            self._process.kill()
        try:
            self._process.wait(timeout=_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _take(self, event: Mapping[str, Any]) -> None:
        if "ended" in event:
            self._units.pop(event["ended"]).how = in_words(event["code"])
        elif "refused" in event:
            self._units.pop(event["refused"]).how = f"could not be started: {event['why']}"
        elif "done" in event:
            self._units[event["done"]].free = True

    def _keep_up(self) -> None:
        """Until the first unit, import at the same time as this process, which builds networks meanwhile."""
        while not self._ends.wait(_KEEPING_UP_SECONDS):
            self._import()

    def _import(self) -> None:
        """Have the server import what this process has imported since the last time."""
        modules = [name for name in modules_to_import() if name not in self._imported]
        if modules or not self._imported:
            self._imported.update(modules)
            self.send({"modules": modules})

    @property
    def news(self) -> int | None:
        """A file descriptor that can be read from when something has happened."""
        return self._events.fileno() if self.works else None

    @property
    def _events(self) -> IO[bytes]:
        assert self._process.stdout is not None
        return self._process.stdout


@dataclass(eq=False)
class ForkedProcess:
    """A unit's process that a `ForkServer` has started, or will start once it has imported everything.

    Attributes:
        server: The server.
        number: The server's name for it.
        how: How it has ended, in words; empty before.
        free: Whether it has done its unit well and can be given another one.
    """

    server: ForkServer
    number: int
    how: str = field(default="")
    free: bool = False

    @property
    def news(self) -> int | None:
        """A file descriptor that can be read from when something has happened; None where there is none."""
        return self.server.news

    def is_free(self) -> bool:
        """Whether it has done its unit well and can be given another one."""
        self.server.look()
        return self.free

    def give(self, unit: WorkUnit) -> None:
        """Give it another unit, for which it opens a log itself; it must be free."""
        self.free = False
        self.server.send({"give": unit.as_json(), "to": self.number})

    def close(self) -> None:
        """End it; it must be free."""
        self.server.send({"close": self.number})

    def ended(self) -> str | None:
        """Return how it has ended, in words; None while it works."""
        self.server.look()
        return self.how or None

    def send(self, number: signal.Signals) -> None:
        """Send it a signal, if it still works."""
        self.server.send({"signal": int(number), "to": self.number})


def in_words(code: int) -> str:
    """Return how a process has ended, from its exit code, or the negative number of a signal."""
    return f"exit code {code}" if code >= 0 else signal.Signals(-code).name


def modules_to_import() -> list[str]:
    """Return modules that units need: of alseg and its plugins, those that this process has imported."""
    plugins = {point.module.partition(".")[0] for point in metadata.entry_points(group="alseg")}
    roots = {"alseg", *plugins}
    found = [
        name
        for name in list(sys.modules)
        if name.partition(".")[0] in roots and not name.endswith(".__main__") and name != __name__
    ]
    return [*found, *_OF_EVERY_UNIT]


class _Input:
    """The standard input of a process, written by a thread: a pipe that is full keeps nobody waiting.

    Args:
        process: The process.
    """

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None
        self._lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        threading.Thread(target=self._write, args=(process.stdin,), daemon=True).start()

    def send(self, content: Mapping[str, Any]) -> None:
        """Write a JSON object as one line."""
        self._lines.put(f"{json.dumps(content)}\n".encode())

    def close(self) -> None:
        """End the input after what has been sent."""
        self._lines.put(None)

    def _write(self, stream: IO[bytes]) -> None:
        with suppress(OSError):  # the process has ended already
            for line in iter(self._lines.get, None):
                stream.write(line)
                stream.flush()
        with suppress(OSError):
            stream.close()
