"""How long a call into a plugin may take.

In Python code of the main thread the call is ended by an exception. Code outside Python hears of no
exception: after twice the time, and in other threads at once, a watchdog prints where all threads are and
ends the process.
"""

from __future__ import annotations

import faulthandler
import signal
import sys
import threading
from dataclasses import dataclass
from types import FrameType
from typing import Any

GRACE = 2.0
"""Times the limit after which the process is ended."""


class TimedOut(BaseException):
    """A call has taken too long; no Exception, so that a plugin does not take it for one of its own."""


@dataclass(frozen=True)
class Timer:
    """A running limit.

    Attributes:
        previous: The handler of SIGALRM before; None where there is no alarm.
    """

    previous: Any


def start(seconds: float) -> Timer:
    """Limit what the current thread does from now on."""
    faulthandler.dump_traceback_later(GRACE * seconds, exit=True, file=sys.__stderr__ or 2)
    in_main = threading.current_thread() is threading.main_thread()
    if not in_main or not hasattr(signal, "setitimer"):
        return Timer(None)
    previous = signal.signal(signal.SIGALRM, _end)
    # Again and again: whoever catches everything may have caught the first one.
    signal.setitimer(signal.ITIMER_REAL, seconds, seconds)
    return Timer(previous)


def stop(timer: Timer) -> None:
    """Lift the limit."""
    if timer.previous is not None:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, timer.previous)
    faulthandler.cancel_dump_traceback_later()


def _end(_: int, __: FrameType | None) -> None:
    raise TimedOut
