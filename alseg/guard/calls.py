"""Calls into plugins: what one leaves changed in the process is put back, and what it ends with has a name.

Every call goes through `guarded`, so that a method gets the same process whatever others have run before it.
The price is two readings of the process, 20 to 40 microseconds; see docs/plugins.md for what is put back.
"""

from __future__ import annotations

import sys
import threading
import warnings
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from types import TracebackType
from typing import Any, Literal, TypeVar

from alseg.errors import AlsegError
from alseg.guard import state as process_state
from alseg.guard import timeouts
from alseg.guard.at_work import AtWork
from alseg.guard.state import State

T = TypeVar("T")


class PluginError(AlsegError):
    """A plugin ended a call in a way that no caller expects; the message names plugin, method and remedy."""


@dataclass
class _Watch:
    """What is done about the calls of a run.

    Attributes:
        notes: Where calls under way are noted.
        tell: Given one line about each change that is put back, once for each plugin.
        seconds: That a call may take.
        told: What has been told.
    """

    notes: AtWork | None = None
    tell: Callable[[str], None] = lambda line: None
    seconds: float | None = None
    told: set[str] = field(default_factory=set)


_watch = _Watch()
_lock = threading.Lock()
_active = 0
_before: list[Any] = []
"""The process before the first of the calls that are under way: what one of them changes is none of it."""
_here = threading.local()
_names: dict[int, tuple[weakref.ref[Any], str]] = {}


@contextmanager
def watching(
    *, notes: AtWork | None, tell: Callable[[str], None], seconds: float | None = None
) -> Iterator[None]:
    """Note, tell and limit the calls made meanwhile.

    Args:
        notes: Where calls under way are noted; None for nowhere.
        tell: Given one line about a change that was put back and would have moved results.
        seconds: That one call may take, see `alseg.guard.timeouts`; None for any time.
    """
    global _watch
    outer, _watch = _watch, _Watch(notes, tell, seconds)
    try:
        yield
    finally:
        _watch = outer


def name(made: T, words: str) -> T:
    """Remember what messages call an object, such as ``recipe 'rare' of plugin rare (alseg-rare 0.1)``."""
    key = id(made)
    with suppress(TypeError):  # what cannot be referred to weakly is called by its type
        _names[key] = weakref.ref(made, lambda _: _names.pop(key, None)), words
    return made


def name_of(made: object, otherwise: str = "") -> str:
    """Return what an object is called, ``otherwise`` or its type where `name` was never told."""
    reference, words = _names.get(id(made), (None, ""))
    if reference is not None and reference() is made:
        return words
    return otherwise or f"{type(made).__module__}.{type(made).__qualname__}"


class guarded:  # noqa: N801 - reads as a word where it is used
    """A call into a plugin, as a context manager.

    On the way out the process is as it was: see `alseg.guard.state` and `alseg.guard.numeric_state`. Calls
    inside a call of the same thread belong to the outer one.

    Args:
        made: The plugin's object, or what it is called.
        call: The method and what it is about, for messages.

    Raises:
        PluginError: If the plugin tried to end the process, or took too long.
    """

    __slots__ = ("_call", "_local", "_made", "_outermost", "_place", "_timer")

    def __init__(self, made: object, call: str) -> None:
        self._made, self._call = made, call

    def __enter__(self) -> None:
        self._outermost = not getattr(_here, "inside", False)
        if not self._outermost:
            return
        global _active, _before
        shared, local = _states()
        self._local = [state.read() for state in local]
        with _lock:
            if _active == 0:
                _before = [state.read() for state in shared]
            _active += 1
        _here.inside = True
        watch = _watch
        self._place = watch.notes.begin(self.text) if watch.notes is not None else None
        self._timer = None if watch.seconds is None else timeouts.start(watch.seconds)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> Literal[False]:
        if self._outermost:
            try:
                if self._timer is not None:
                    timeouts.stop(self._timer)
            finally:  # the time may be up at this very moment
                self._put_back()
                if _watch.notes is not None:
                    _watch.notes.end(self._place)
                _here.inside = False
        if error is not None and not isinstance(error, Exception | KeyboardInterrupt):
            raise PluginError(self._ended(error)) from error
        return False

    @property
    def text(self) -> str:
        """What is under way."""
        made = self._made
        return f"{made if isinstance(made, str) else name_of(made)}: {self._call}"

    def _put_back(self) -> None:
        global _active
        shared, local = _states()
        with _lock:
            try:
                self._write(shared, _before)
            finally:
                _active -= 1
        self._write(local, self._local)

    def _write(self, states: Sequence[State], values: Sequence[Any]) -> None:
        # Where the call has imported torch, there is more to read than there was.
        for state, before in zip(states, values, strict=False):
            if state.read() != before:
                state.write(before)
                self._tell(state)

    def _tell(self, state: State) -> None:
        made = self._made if isinstance(self._made, str) else name_of(self._made)
        line = f"{made} changed {state.name}, which was put back: it would have moved other results."
        if state.told and line not in _watch.told:
            _watch.told.add(line)
            _watch.tell(line)

    def _ended(self, error: BaseException) -> str:
        if isinstance(error, timeouts.TimedOut):
            return (
                f"{self.text} took longer than {_watch.seconds:g} s (settings.call_timeout). Allow more, or "
                "mend the plugin."
            )
        what = f"called sys.exit({error.code!r})" if isinstance(error, SystemExit) else f"raised {error!r}"
        return f"{self.text} {what}, which would end the process. A plugin must raise an Exception instead."


@contextmanager
def random_state_kept() -> Iterator[None]:
    """Put the global random states of Python, NumPy and torch's processor back afterwards.

    It takes a fifth of a millisecond, so it stands around phases instead of calls.
    """
    states = [(state, state.read()) for state in _random_states()]
    try:
        yield
    finally:
        for state, before in states:
            state.write(before)


def _states() -> tuple[Sequence[State], Sequence[State]]:
    """Return what threads share and what each has of its own."""
    return _all_states() if "torch" in sys.modules else (process_state.OF_PROCESS, process_state.OF_THREAD)


@cache
def _all_states() -> tuple[Sequence[State], Sequence[State]]:
    import torch

    from alseg.guard import numeric_state

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # where it matters, another message says that the driver is too old
        kernels = numeric_state.OF_KERNELS if torch.cuda.is_available() else ()
    shared = (*process_state.OF_PROCESS, *numeric_state.OF_PROCESS, *kernels)
    return shared, (*process_state.OF_THREAD, *numeric_state.OF_THREAD)


def _random_states() -> Sequence[State]:
    if "torch" not in sys.modules:
        return process_state.RANDOM
    from alseg.guard import numeric_state

    return (*process_state.RANDOM, *numeric_state.RANDOM)
