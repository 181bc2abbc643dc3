"""Units on standard input, a line each, for as long as the process that writes them is there."""

from __future__ import annotations

import os
import queue
import signal
import threading

LONGEST_UNIT = 2**24
"""Bytes of a unit; a run's name has a hundred or so."""


class UnitLines:
    """Reads standard input in a thread; at its end, the unit in hand is to save and stop.

    Not through sys.stdin, whose lock would be held when the interpreter ends.
    """

    def __init__(self) -> None:
        self._lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._at_work = self._ended = False
        threading.Thread(target=self._read, daemon=True).start()

    def next(self) -> bytes:
        """Wait for the next line, without a unit in hand; empty at the end of standard input."""
        with self._lock:
            self._at_work = False
        return self._lines.get()

    def begin(self) -> None:
        """Say that there is a unit in hand."""
        with self._lock:
            self._at_work = True
            if self._ended:
                os.kill(os.getpid(), signal.SIGTERM)

    def _read(self) -> None:
        text = b""
        while len(text) <= LONGEST_UNIT and (part := os.read(0, 65536)):
            *lines, text = (text + part).split(b"\n")
            for line in lines:
                self._lines.put(line)
        self._lines.put(text)
        with self._lock:
            self._ended = True
            if self._at_work:
                os.kill(os.getpid(), signal.SIGTERM)
