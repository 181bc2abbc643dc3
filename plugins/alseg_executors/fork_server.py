"""``python -m alseg_executors.fork_server MODULE [ARGUMENT]...``: starts units as copies of itself.

A copy does what ``python -m MODULE ARGUMENT...`` would. Importing torch and the networks takes seconds; a
copy takes none of them, for this process has imported everything. Each unit still has a process, a session
and a log of its own, and its standard input, which ends with this process.

Standard input has requests, standard output events, a JSON object a line each:

    {"modules": [...]}                                        import these; the first request
    {"start": 1, "unit": {...}, "log": PATH, "set": {...}}    -> {"started": 1} or {"refused": 1, "why": TEXT}
    {"signal": 15, "to": 1}
                                                              -> {"ended": 1, "code": 0 or less for a signal}

With ``"in_turn": true`` a copy is given a file descriptor behind ``--in-turn``. It writes an empty line there
when it can be given another unit:

                                                              -> {"done": 1}
    {"give": {...}, "to": 1}
    {"close": 1}

At the end of standard input, units save and stop, and this process ends after them.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import runpy
import selectors
import signal
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

IGNORED = ("SIGINT", "SIGTERM", "SIGHUP", "SIGUSR2")
"""Whoever sends these to all processes of a job means the units, not what starts them."""


@dataclass
class _Child:
    """A unit at work.

    Attributes:
        number: The name of it in requests and events.
        input: The end of its standard input that is written to.
        answers: The end that is read from of the pipe to which it writes when a unit is done.
    """

    number: int
    input: int
    answers: int


class _Server:
    """Reads requests and looks after children.

    Args:
        events: Where to write events.

    Attributes:
        copies: Whether children may go on with what is in memory. Where a module has started a thread, it may
            hold a lock, which nobody would ever release in a copy.
        arguments: In a child, further arguments of the program.
    """

    def __init__(self, events: int) -> None:
        self.copies = True
        self.arguments: tuple[str, ...] = ()
        self._events = events
        self._selector = selectors.DefaultSelector()
        self._children: dict[int, _Child] = {}
        self._rest = b""
        self._before = {number: signal.signal(number, signal.SIG_IGN) for number in map(_number, IGNORED)}
        self._woken, self._waking = os.pipe()
        for end in (self._woken, self._waking):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(self._waking)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # so that the system wakes this process

    def serve(self) -> bool:
        """Do requests until there are no more and all children have ended; True in a child."""
        with self._selector as selector:
            selector.register(0, selectors.EVENT_READ)
            selector.register(self._woken, selectors.EVENT_READ)
            reading = True
            while reading or self._children:
                ready = {key.fd for key, _ in selector.select()}
                if self._woken in ready:
                    with suppress(BlockingIOError):
                        os.read(self._woken, 4096)
                    self._reap()
                for child in self._children.values():
                    if child.answers in ready:
                        self._hear(child)
                if 0 in ready:
                    received = os.read(0, 65536)
                    if not received:
                        reading = False
                        selector.unregister(0)
                        self._let_go()
                    for request in self._requests(received):
                        if self._do(request):
                            return True
        return False

    def _requests(self, received: bytes) -> list[dict[str, Any]]:
        *lines, self._rest = (self._rest + received).split(b"\n")
        return [json.loads(line) for line in lines]

    def _do(self, request: dict[str, Any]) -> bool:
        """Do a request; True in a child."""
        if "start" in request:
            return self._start(request)
        if "modules" in request:
            _preload(request["modules"])
            self.copies = threading.active_count() == 1
        elif "signal" in request:
            for process, child in self._children.items():
                if child.number == request["to"]:
                    os.kill(process, request["signal"])
        elif "give" in request:
            for child in self._children.values():
                if child.number == request["to"]:
                    _give(child.input, request["give"])
        elif "close" in request:
            for child in self._children.values():
                if child.number == request["close"]:
                    _close_input(child)
        return False

    def _start(self, request: dict[str, Any]) -> bool:
        """Start a unit; True in its process, where all is as in a process that was started for it."""
        number = request["start"]
        # A signal that comes before the copy heeds signals is to wait for that.
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, self._before)
        try:
            log = os.open(request["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
            (given, giving), (answers, answering) = os.pipe(), os.pipe()
            process = os.fork()
            if process == 0:
                os.close(giving)
                os.close(answers)
                self._become(given, log)
                os.environ.update(request["set"])
                if request["in_turn"]:
                    os.set_inheritable(answering, True)  # where it is to be no copy
                    self.arguments = ("--in-turn", str(answering))
                return True
        except OSError as error:
            self._tell(refused=number, why=str(error))
            return False
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        for descriptor in (given, log, answering):
            os.close(descriptor)
        os.set_blocking(answers, False)
        self._selector.register(answers, selectors.EVENT_READ)
        self._children[process] = _Child(number, giving, answers)
        self._tell(started=number)
        _give(giving, request["unit"])
        return False

    def _become(self, given: int, log: int) -> None:
        """Let go of all that is the server's."""
        os.setsid()
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        for child in self._children.values():
            os.close(child.input)
            os.close(child.answers)
        os.dup2(given, 0)
        os.dup2(log, 1)
        os.dup2(log, 2)
        for descriptor in (given, log, self._events, self._woken, self._waking):
            os.close(descriptor)

    def _reap(self) -> None:
        """Tell of children that have ended."""
        while self._children:
            process, status = os.waitpid(-1, os.WNOHANG)
            if process == 0:
                return
            child = self._children.pop(process)
            self._hear(child)
            with suppress(KeyError):  # it has ended that pipe before
                self._selector.unregister(child.answers)
            os.close(child.answers)
            os.close(child.input)
            self._tell(ended=child.number, code=os.waitstatus_to_exitcode(status))

    def _let_go(self) -> None:
        """End the standard input of all children, at which they save and stop."""
        for child in self._children.values():
            _close_input(child)

    def _hear(self, child: _Child) -> None:
        """Tell of units that a child has done; it has one at a time."""
        with suppress(BlockingIOError):
            answers = os.read(child.answers, 4096)
            for _ in answers:
                self._tell(done=child.number)
            if not answers:
                with suppress(KeyError):
                    self._selector.unregister(child.answers)

    def _tell(self, **event: Any) -> None:
        with suppress(BrokenPipeError):  # nobody listens any more
            _write(self._events, f"{json.dumps(event)}\n".encode())


def _number(name: str) -> signal.Signals:
    return signal.Signals[name]


def _write(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


def _give(descriptor: int, unit: Any) -> None:
    with suppress(OSError):  # it has ended already
        _write(descriptor, f"{json.dumps(unit)}\n".encode())


def _close_input(child: _Child) -> None:
    os.close(child.input)
    child.input = os.open(os.devnull, os.O_RDONLY)


def _preload(modules: list[str]) -> None:
    for module in modules:
        with suppress(Exception, SystemExit):  # whoever needs it tells what is wrong
            importlib.import_module(module)
    gc.collect()
    gc.freeze()  # what is there stays there, and is shared with all children


def main() -> None:
    """Serve; in a child, be the program that is given."""
    program = sys.argv[1:]
    events = os.dup(1)
    os.dup2(2, 1)  # what modules print while they are imported is no event
    server = _Server(events)
    if server.serve():
        program += server.arguments
        if not server.copies:
            os.execv(sys.executable, [sys.executable, "-P", "-m", *program])
        sys.argv = program
        runpy.run_module(program[0], run_name="__main__", alter_sys=True)
        return
    os._exit(0)  # nothing is left to do, and torch takes its time to end


if __name__ == "__main__":
    main()
