"""What a call into a plugin may leave changed in the process, without torch: how it is read and put back."""

from __future__ import annotations

import decimal
import gc
import locale
import logging
import multiprocessing
import os
import random
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib import import_module
from typing import Any, NamedTuple

from alseg.system.signals import SIGNALS


class State(NamedTuple):
    """One thing of the process that code can change.

    Attributes:
        name: In words, for messages.
        read: Gives its value, in a microsecond or two; values are compared by ``==``.
        write: Puts a value back.
        told: Whether the user is told: a change would move results, or misplace files. Libraries change the
            others when they are imported.
    """

    name: str
    read: Callable[[], Any]
    write: Callable[[Any], object]
    told: bool = False


_ENVIRONMENT: Any = getattr(os, "environb", os.environ)
_RAW: Mapping[Any, Any] = getattr(_ENVIRONMENT, "_data", _ENVIRONMENT)  # a copy through the front takes 50 us
_FURTHER_SIGNALS = (getattr(signal, name) for name in ("SIGALRM", "SIGCHLD") if hasattr(signal, name))
_HANDLERS = tuple(map(int, (*SIGNALS, *_FURTHER_SIGNALS)))
_handler_of: Callable[[int], Any] = import_module("_signal").getsignal  # signal's own makes an enum of it


def _folder() -> str | None:
    try:
        return os.getcwd()  # noqa: PTH109 - a path object takes ten times as long
    except OSError:  # it has been deleted
        return None


def _go_to(folder: str | None) -> None:
    if folder is not None:
        with suppress(OSError):  # deleted meanwhile; paths of a run are absolute
            os.chdir(folder)


def _set_environment(wanted: Mapping[Any, Any]) -> None:
    for name in set(_ENVIRONMENT) - wanted.keys():
        del _ENVIRONMENT[name]
    for name, value in wanted.items():
        if _ENVIRONMENT.get(name) != value:
            _ENVIRONMENT[name] = value


def _set_path(folders: list[str]) -> None:
    sys.path[:] = folders


def _streams() -> tuple[Any, Any]:
    return sys.stdout, sys.stderr


def _set_streams(streams: tuple[Any, Any]) -> None:
    sys.stdout, sys.stderr = streams


def _warnings() -> tuple[list[Any], Any]:
    return list(warnings.filters), warnings.showwarning


def _set_warnings(before: tuple[list[Any], Any]) -> None:
    warnings.resetwarnings()  # empties the list, and forgets what was decided by it
    warnings.filters.extend(before[0])  # type: ignore[attr-defined]
    warnings.showwarning = before[1]


def _logging() -> tuple[int, int, list[logging.Handler]]:
    return logging.root.level, logging.root.manager.disable, list(logging.root.handlers)


def _set_logging(before: tuple[int, int, list[logging.Handler]]) -> None:
    level, disabled, handlers = before
    logging.root.setLevel(level)
    logging.disable(disabled)
    logging.root.handlers[:] = handlers


def _signals() -> list[Any]:
    if threading.current_thread() is not threading.main_thread():
        return []  # no other thread can change them
    return [_handler_of(number) for number in _HANDLERS]


def _set_signals(handlers: list[Any]) -> None:
    for number, handler in zip(_HANDLERS, handlers, strict=False):
        if handler is not None and _handler_of(number) != handler:
            signal.signal(number, handler)


def _decimals() -> tuple[int, str]:
    context = decimal.getcontext()
    return context.prec, context.rounding


def _set_decimals(before: tuple[int, str]) -> None:
    context = decimal.getcontext()
    context.prec, context.rounding = before


OF_PROCESS = (
    State("the working folder", _folder, _go_to, told=True),
    State("environment variables", lambda: dict(_RAW), _set_environment),
    State("sys.path", lambda: list(sys.path), _set_path),
    State("sys.stdout or sys.stderr", _streams, _set_streams),
    State("filters of warnings", _warnings, _set_warnings),
    State("the root logger", _logging, _set_logging),
    State(
        "the locale",
        lambda: locale.setlocale(locale.LC_ALL),
        lambda before: locale.setlocale(locale.LC_ALL, before),
        told=True,
    ),
    State("the recursion limit", sys.getrecursionlimit, sys.setrecursionlimit),
    State("the switch interval of threads", sys.getswitchinterval, sys.setswitchinterval),
    State("garbage collection", gc.isenabled, lambda on: gc.enable() if on else gc.disable()),
    State(
        "how multiprocessing starts processes",
        lambda: multiprocessing.get_start_method(allow_none=True),
        lambda method: multiprocessing.set_start_method(method, force=True),
    ),
)
"""Shared by all threads."""

OF_THREAD = (
    State("the decimal context", _decimals, _set_decimals, told=True),
    # The main thread's, which changes them itself between its calls, while others are under way elsewhere.
    State("the handlers of signals", _signals, _set_signals, told=True),
)
"""Of each thread its own."""

RANDOM = (State("Python's random state", random.getstate, random.setstate),)
"""Too slow to be read around every call."""
