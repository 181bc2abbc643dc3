"""How the processes that do a run together part: one fails, is stopped or is lost, and all know it."""

from __future__ import annotations

import signal
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from alseg.engine.context import RunContext
from alseg.engine.waiting import Waiting
from alseg.system.ranks import LostRank, Word
from alseg.system.signals import Interrupted


class OtherRankFailed(Exception):  # noqa: N818 - the error is another process's
    """Another of the processes that do a run together has failed; the message names it and its error.

    Args:
        word: What it said.

    Attributes:
        trace: Where it failed.
    """

    def __init__(self, word: Word) -> None:
        super().__init__(word.text)
        self.trace = word.trace


@contextmanager
def together(context: RunContext, in_words: Callable[[BaseException], str]) -> Iterator[None]:
    """Do something on all ranks, until all of them are done.

    A rank that fails or is stopped leaves word. The others, which miss it at their next exchange, end by what
    it says.

    Args:
        context: Has the ranks, and the request to stop.
        in_words: Says what failed, in one line.

    Raises:
        OtherRankFailed: If another rank has failed.
        Interrupted: If this rank or another one was asked to stop.
        LostRank: If another rank has ended without a word.
    """
    ranks, stop = context.ranks, context.stop
    if ranks.size == 1:
        yield
        return
    try:
        yield
        ranks.agreed(0)  # nobody is done before all are
    except Waiting:  # for people, which all of them do
        raise
    except (LostRank, KeyboardInterrupt) as missed:
        word = ranks.word()
        if word is not None and word.signal is None:
            raise OtherRankFailed(word) from missed
        if isinstance(missed, LostRank) and word is None:
            raise
        if stop.signal is None:
            stop.signal = signal.SIGINT if word is None else word.signal
        ranks.leave_word(signal=stop.signal)
        raise Interrupted from missed
    except BaseException as failure:
        ranks.leave_word(error=in_words(failure), trace=traceback.format_exc())
        raise


def trace_of(failure: BaseException) -> str:
    """Return where something failed, on whichever rank, for the log; called while it is handled."""
    return failure.trace if isinstance(failure, OtherRankFailed) else traceback.format_exc()
