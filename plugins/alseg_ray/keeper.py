"""Where a unit is done: a process of its own, on whichever machine the cluster has chosen."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

CANCELLED = "cancelled before it began"

_SHELL = ("/bin/sh", "-c", 'trap : HUP INT TERM; "$@"; exit $?', "sh")
"""Between a Ray worker and the unit: Ray kills the direct children of a worker that ends, and the unit is to
save. It notices by the end of its input."""

_CRASHES = frozenset({signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE})
"""Signals that end a process without its doing; the shell gives them as 128 and their number."""


class Keeper:
    """Does one unit; `stop` may be called meanwhile from another thread.

    Args:
        command: What does a unit; it is given the unit as one line of JSON on standard input, which then
            stays open for as long as the unit may work.
    """

    def __init__(self, command: Sequence[str] | None = None) -> None:
        self._command = command or (sys.executable, "-P", "-m", "alseg", "work", "-", "--until-eof")
        self._process: subprocess.Popen[bytes] | None = None
        self._stopped = False
        self._changing = threading.Lock()

    def work(self, unit: Mapping[str, Any], folder: str, threads: int) -> str:
        """Do a unit and return how its process ended, in words.

        Args:
            unit: The unit, as `WorkUnit.as_json` gives it.
            folder: Working folder, that of the process that submits.
            threads: How many it computes with.
        """
        host, root = socket.gethostname(), Path(unit["experiment"]).parent
        for needed, name in ((root, "results folder"), (Path(folder), "working folder")):
            if not needed.is_dir():
                return f"{host} has no {name} {needed}, which all machines of the cluster must share"
        try:
            with self._changing:
                if self._stopped:
                    return CANCELLED
                self._process = process = self._start(root, str(unit["key"]), folder, threads)
                with suppress(BrokenPipeError):  # it has ended already
                    _input(process).write(f"{json.dumps(unit)}\n".encode())
                    _input(process).flush()
        except OSError as error:
            return f"could not be started on {host}: {error}"
        return _in_words(process.wait())

    def stop(self, grace: float) -> None:
        """Have the process save and end, and kill it once ``grace`` seconds are over."""
        with self._changing:
            self._stopped, process = True, self._process
        if process is None:
            return
        if grace > 0:
            with suppress(BrokenPipeError):
                _input(process).close()  # the process then sends itself SIGTERM
            with suppress(subprocess.TimeoutExpired):
                process.wait(grace)
        if process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)

    def _start(self, root: Path, key: str, folder: str, threads: int) -> subprocess.Popen[bytes]:
        """Start the process; what it prints is kept beside the experiment."""
        logs = root / "units"
        logs.mkdir(exist_ok=True)
        with (logs / f"{key}.log").open("ab") as log:
            return subprocess.Popen(
                [*_SHELL, *self._command],
                cwd=folder,
                env=_environment(threads),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )


def _environment(threads: int) -> dict[str, str]:
    """Return this machine's environment without what is Ray's, such as the cluster's token."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    kept.pop("PYTHONBREAKPOINT", None)  # Ray's debugger
    return {**kept, "OMP_NUM_THREADS": str(threads)}


def _in_words(code: int) -> str:
    number = -code if code < 0 else code - 128
    return signal.Signals(number).name if code < 0 or number in _CRASHES else f"exit code {code}"


def _input(process: subprocess.Popen[bytes]) -> IO[bytes]:
    assert process.stdin is not None
    return process.stdin
