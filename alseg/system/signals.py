"""Asking a process to stop: signals become a request, which is honoured where nothing is lost."""

from __future__ import annotations

import multiprocessing
import os
import signal
import stat
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import FrameType

from alseg.system.ranks import Ranks

SIGNALS = tuple(
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGUSR2", "SIGHUP", "SIGBREAK")
    if hasattr(signal, name)  # Windows has SIGINT, SIGTERM and SIGBREAK, other systems all but the last
)
"""Ctrl-C, schedulers, schedulers before the time limit, a closed terminal, Ctrl-Break."""

ONE_PRESS_SECONDS = 0.5
"""Within this time, another Ctrl-C is the same one: programs that start others hand it on to them."""

_SAVING = b"\nSaving and stopping. Another Ctrl-C stops at once, without saving.\n"


class Interrupted(KeyboardInterrupt):
    """The user or the system asked the process to stop; everything has been saved."""


@dataclass
class StopRequest:
    """Set by a signal handler, honoured at the next safe point.

    Attributes:
        signal: The signal's number, or None.
        at_once: Whether a second Ctrl-C stopped the work where it was.
        working: Whether there is work that must come to a safe point; otherwise a signal stops at once.
    """

    signal: int | None = None
    at_once: bool = False
    working: bool = False
    _sheltering: bool = False

    @property
    def name(self) -> str:
        """The signal's name; it must be set."""
        return signal.Signals(self.signal or 0).name

    def agreed(self, ranks: Ranks) -> bool:
        """Return whether any of the processes that do a run together was asked to stop: then this one is.

        Raises:
            LostRank: If another one has ended.
        """
        code = ranks.agreed(self.signal or 0)
        if code and self.signal is None:
            self.signal = code
        return code > 0

    @contextmanager
    def sheltered(self) -> Iterator[None]:
        """Let what is done here come to its end, even at a second Ctrl-C, which stops at once afterwards.

        For steps of a moment that must be done whole or not at all.

        Raises:
            KeyboardInterrupt: Afterwards, if there was a second Ctrl-C.
        """
        self._sheltering = True
        try:
            yield
        finally:
            self._sheltering = False
        if self.at_once:
            raise KeyboardInterrupt

    def check(self) -> None:
        """Stop here if asked to.

        Raises:
            Interrupted: If there was a signal.
        """
        if self.signal is not None:
            raise Interrupted


@contextmanager
def listening(*, until_exit: bool = False) -> Iterator[StopRequest]:
    """Turn signals into a request to stop, however many there are.

    Only a second Ctrl-C at the terminal stops at once, with a KeyboardInterrupt. Signals that are ignored,
    as by nohup, stay ignored. Outside the main thread nobody can listen: nothing changes there.

    Args:
        until_exit: Whether the process leaves afterwards; once it was asked to stop, it then ignores signals.

    Raises:
        Interrupted: At a signal while the request's ``working`` is False.
    """
    stop = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    handler = _Handler(stop)
    previous = {number: signal.getsignal(number) for number in SIGNALS}
    mine = [number for number, before in previous.items() if before != signal.SIG_IGN]
    for number in mine:
        signal.signal(number, handler)
    try:
        yield stop
    finally:
        for number in mine:
            leaving = until_exit and stop.signal is not None
            signal.signal(number, signal.SIG_IGN if leaving else previous[number] or signal.SIG_DFL)


class _Handler:
    """What happens at a signal."""

    def __init__(self, stop: StopRequest) -> None:
        self._stop = stop
        self._process = os.getpid()
        self._first = 0.0

    def __call__(self, number: int, _: FrameType | None) -> None:
        stop = self._stop
        if os.getpid() != self._process:
            return  # a loader's process, which ends when this one wants it to
        if number == getattr(signal, "SIGHUP", None):
            _let_go_of_terminal()
        if stop.signal is None:
            stop.signal, self._first = number, time.monotonic()
            if not stop.working:
                raise Interrupted
            if number == signal.SIGINT and _at_terminal():
                with suppress(OSError):
                    os.write(2, _SAVING)  # print() might be what the signal has interrupted
        elif (
            number == stop.signal == signal.SIGINT
            and time.monotonic() - self._first >= ONE_PRESS_SECONDS
            and _at_terminal()
        ):
            stop.at_once = True
            if not stop._sheltering:
                raise KeyboardInterrupt


def _at_terminal() -> bool:
    """Whether Ctrl-C can come from a person: the process is in the foreground of a terminal."""
    if not hasattr(os, "tcgetpgrp"):
        return True  # Windows knows no other origin
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)


def _let_go_of_terminal() -> None:
    """Write to nowhere what would go to a terminal that is gone: every write there is an error."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        with suppress(OSError):
            if stat.S_ISCHR(os.fstat(descriptor).st_mode):
                os.dup2(nowhere, descriptor)
    os.close(nowhere)


# ----------------------------------------------------------------------------------------------------
# Processes that load images. Terminals and schedulers send signals to them, too, and a loader that dies
# of one fails the run instead of letting it save.


@contextmanager
def starting_workers() -> Iterator[None]:
    """Keep signals from processes that are started meanwhile; here they arrive afterwards."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    previous = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, previous)


def leave_signals_to_parent(_: int = 0) -> None:
    """Make a loader's process heed no signal but SIGTERM of the process that wants it; it gets its number."""
    parent = multiprocessing.parent_process()
    if parent is None or not hasattr(signal, "pthread_sigmask"):
        return
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)  # not every way to start a process hands the mask on
    if hasattr(signal, "sigwaitinfo"):
        try:
            threading.Thread(target=_heed_parent, args=(parent.pid,), daemon=True).start()
            return
        except RuntimeError:  # no further thread is allowed; deaf to its parent, the process would never end
            pass
    # Nothing tells here who sends a signal.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])


def _heed_parent(parent: int | None) -> None:
    while True:
        received = signal.sigwaitinfo(SIGNALS)
        if received.si_signo == signal.SIGTERM and received.si_pid == parent:
            os._exit(0)
