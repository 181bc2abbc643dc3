"""The end of a process that has nothing left to do, without a second or two of taking torch apart."""

from __future__ import annotations

import atexit
import ctypes
import gc
import io
import os
import sys
import threading
from contextlib import suppress
from typing import NoReturn


def leave_at_once(code: int) -> NoReturn:
    """End the process without giving back its memory piece by piece, for which torch takes its time.

    What is registered to be done at exit is done, and what is not yet written to open files is written.

    Args:
        code: The exit code.
    """
    atexit._run_exitfuncs()
    for file in (sys.stdout, sys.stderr, *_open_files()):
        with suppress(Exception):  # closed, or nobody reads it any more; as when Python ends
            file.flush()
    if os.name == "posix":
        ctypes.CDLL(None).fflush(None)  # of what libraries print themselves
    os._exit(code)


def works_alone() -> bool:
    """Whether no other thread is at work that the end of the process would wait for."""
    return all(thread is threading.main_thread() or thread.daemon for thread in threading.enumerate())


def _open_files() -> list[io.TextIOWrapper | io.BufferedWriter]:
    """Return files that nobody has closed, those first that write to others."""
    found = [each for each in gc.get_objects() if type(each) in (io.TextIOWrapper, io.BufferedWriter)]
    return sorted(found, key=lambda file: isinstance(file, io.BufferedWriter))
