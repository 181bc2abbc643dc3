"""Starting the processes that do a run together, on one machine, and seeing them to their end.

Torch's own launcher ends processes 30 seconds after it has asked them to stop, too soon to save, and listens
on all networks; so they are started here. They meet by a file and exchange over the loopback interface.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from alseg.system.signals import StopRequest

GRACE_SECONDS = 120.0
"""How long a process may save when it is asked to stop, or when another one has ended."""

_LOOK_SECONDS = 0.05
_LONGEST_LINE = 2000

MEETING_VARIABLE = "ALSEG_RANKS_MEET_AT"
"""The file by which processes of one machine meet."""


@dataclass(frozen=True)
class RankEnding:
    """How one of the processes ended.

    Attributes:
        rank: Which one.
        code: Its exit code; below 0 the signal that ended it.
        last_line: The last it said on standard error, where that was kept; may be empty.
    """

    rank: int
    code: int
    last_line: str = ""

    @property
    def text(self) -> str:
        """How it ended, in words."""
        how = f"exit code {self.code}" if self.code >= 0 else signal.Signals(-self.code).name
        return f"rank {self.rank} ended with {how}" + (f": {self.last_line}" if self.last_line else "")


def run_ranks(
    command: Sequence[str], count: int, request: bytes, folder: Path, stop: StopRequest, threads: int
) -> RankEnding | None:
    """Have a command done by several processes that know of each other, and wait for all of them.

    What the first one prints is seen; of the others, standard error is kept in the folder. A signal that this
    process gets goes on to them, and another Ctrl-C kills them.

    Args:
        command: What each of them is.
        count: How many.
        request: One line for the standard input of each, which then stays open as long as this process lives.
        folder: Of this group alone.
        stop: What this process is asked.
        threads: Of each on the CPU.

    Returns:
        The first that ended otherwise than with exit code 0; None if all did so.
    """
    processes = [
        _started(command, request, folder, _environment(rank, count, folder, threads))
        for rank in range(count)
    ]
    try:
        return _seen_to_end(processes, folder, stop)
    except BaseException:  # another Ctrl-C
        for process in processes:
            process.kill()
        raise
    finally:
        for process in processes:
            process.wait()
            with suppress(OSError):
                assert process.stdin is not None
                process.stdin.close()


def _environment(rank: int, count: int, folder: Path, threads: int) -> dict[str, str]:
    loopback = "lo0" if sys.platform == "darwin" else "lo"
    return {
        "RANK": str(rank),
        "WORLD_SIZE": str(count),
        "LOCAL_RANK": str(rank),
        MEETING_VARIABLE: str(folder / "meeting"),
        "GLOO_SOCKET_IFNAME": loopback,
        "NCCL_SOCKET_IFNAME": loopback,
        "OMP_NUM_THREADS": str(threads),
    }


def _started(
    command: Sequence[str], request: bytes, folder: Path, environment: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    rank = environment["RANK"]
    with _log(folder, int(rank)).open("wb") as log:
        # A session of its own: Ctrl-C reaches this process alone, which passes it on.
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=None if rank == "0" else log,
            start_new_session=True,
            env={**os.environ, **environment},
        )
    with suppress(BrokenPipeError):  # it has ended already
        assert process.stdin is not None
        process.stdin.write(request)
        process.stdin.flush()
    return process


def _seen_to_end(
    processes: Sequence[subprocess.Popen[bytes]], folder: Path, stop: StopRequest
) -> RankEnding | None:
    first: RankEnding | None = None
    asked: int | None = None
    kill_at = float("inf")
    while True:
        working = [process for process in processes if process.poll() is None]
        first = first or _first_bad(processes, folder)
        if not working:
            return first
        wanted = stop.signal or (signal.SIGTERM if first is not None else None)
        if wanted is not None and asked is None:
            asked, kill_at = wanted, time.monotonic() + GRACE_SECONDS
            for process in working:
                with suppress(ProcessLookupError):
                    process.send_signal(wanted)
        if time.monotonic() >= kill_at:
            for process in working:
                process.kill()
        time.sleep(_LOOK_SECONDS)


def _first_bad(processes: Sequence[subprocess.Popen[bytes]], folder: Path) -> RankEnding | None:
    """Return how one ended that was killed, or else one that failed; None if there is none."""
    ended = [(process.returncode, rank) for rank, process in enumerate(processes) if process.returncode]
    if not ended:
        return None
    code, rank = min(ended)
    return RankEnding(rank, code, _last_line(_log(folder, rank)))


def _log(folder: Path, rank: int) -> Path:
    return folder / f"rank-{rank}.log"


def _last_line(log: Path) -> str:
    with suppress(OSError):
        lines = log.read_bytes()[-_LONGEST_LINE:].decode("utf-8", "replace").splitlines()
        return next((line.strip() for line in reversed(lines) if line.strip()), "")
    return ""
