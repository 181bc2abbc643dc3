"""Starting the processes that do a run together, and seeing them to their end.

On one machine they are started here, meet by a file and exchange over the loopback interface: torch's own
launcher ends processes 30 seconds after it has asked them to stop, too soon to save, and listens on all
networks. On several machines srun of SLURM starts them, and they meet at the first one.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, MutableMapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from alseg.errors import AlsegError
from alseg.system.signals import StopRequest

GRACE_SECONDS = 120.0
"""How long a process may save when it is asked to stop, or when another one has ended."""

MEETING_VARIABLE = "ALSEG_RANKS_MEET_AT"
"""The file by which processes of one machine meet."""

JOB_VARIABLE = "SLURM_JOB_ID"
"""Set in a job of SLURM."""

_LOOK_SECONDS = 0.05
_LONGEST_LINE = 2000
_FIRST_PORT, _PORTS = 20000, 20000


@dataclass(frozen=True)
class RankEnding:
    """How one of the processes ended.

    Attributes:
        who: Which one, in words.
        code: Its exit code; below 0 the signal that ended it.
        last_line: The last it said on standard error, where that was kept; may be empty.
    """

    who: str
    code: int
    last_line: str = ""

    @property
    def text(self) -> str:
        """How it ended, in words."""
        how = f"exit code {self.code}" if self.code >= 0 else signal.Signals(-self.code).name
        return f"{self.who} ended with {how}" + (f": {self.last_line}" if self.last_line else "")


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
    started = {}
    for rank in range(count):
        environment = _environment(rank, count, folder, threads)
        with _log(folder, rank).open("wb") as log:
            process = _started(command, request, environment, None if rank == 0 else log.fileno())
        started[f"rank {rank}"] = process
    return _seen_to_end(started, folder, stop)


def run_srun(
    command: Sequence[str], nodes: int, per_node: int, request: bytes, stop: StopRequest, threads: int
) -> RankEnding | None:
    """Do as `run_ranks` on the machines of the job of SLURM that this process is in.

    Args:
        command: What each process is.
        nodes: Machines.
        per_node: Processes on each.
        request: As for `run_ranks`.
        stop: What this process is asked.
        threads: Of each process on the CPU.

    Raises:
        AlsegError: If this process is in no such job.
    """
    environment = {**meeting_in_job(os.environ), "OMP_NUM_THREADS": str(threads)}
    environment["SRUN_CPUS_PER_TASK"] = str(threads)  # a job's own is that of the process that calls srun
    process = _started(srun_command(command, nodes, per_node), request, environment, None)
    return _seen_to_end({"srun": process}, None, stop)


def srun_command(command: Sequence[str], nodes: int, per_node: int) -> list[str]:
    """Return the command that starts another one on several machines, and leaves the others time to save."""
    return [
        "srun",
        "--overlap",  # this process may be a step of the job, which has all of its cores
        f"--nodes={nodes}",
        f"--ntasks={nodes * per_node}",  # else it is what the environment says of the job
        f"--ntasks-per-node={per_node}",
        "--distribution=block",  # the first process is on this machine, where its report is read
        "--kill-on-bad-exit=0",
        "--input=all",
        *command,
    ]


def meeting_in_job(environ: Mapping[str, str]) -> dict[str, str]:
    """Return where processes of a job of SLURM meet, as torch's variables.

    Args:
        environ: Of a process in the job.

    Raises:
        AlsegError: If it is in none.
    """
    job, nodes = environ.get(JOB_VARIABLE, ""), environ.get("SLURM_JOB_NODELIST", "")
    if not job.isdigit() or not nodes:
        raise AlsegError(
            "settings.nodes is more than 1, but this process is in no job of SLURM, whose srun starts the "
            "others. Use --on slurm, or set settings.nodes to 1."
        )
    listed = subprocess.run(
        ["scontrol", "show", "hostnames", nodes], capture_output=True, text=True, timeout=60, check=False
    )
    first = listed.stdout.split()[:1]
    if not first:
        raise AlsegError(f"scontrol names no machine of {nodes}: {listed.stderr.strip() or 'no output'}.")
    return {"MASTER_ADDR": first[0], "MASTER_PORT": str(_FIRST_PORT + int(job) % _PORTS)}


def take_task_of_srun(environ: MutableMapping[str, str]) -> None:
    """Name this process as torch does, where srun has started it."""
    if "RANK" in environ:
        return
    names = {"RANK": "SLURM_PROCID", "WORLD_SIZE": "SLURM_NTASKS", "LOCAL_RANK": "SLURM_LOCALID"}
    environ.update({name: environ[given] for name, given in names.items() if given in environ})


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
    command: Sequence[str], request: bytes, environment: Mapping[str, str], log: int | None
) -> subprocess.Popen[bytes]:
    # A session of its own: Ctrl-C reaches this process alone, which passes it on.
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=log,
        start_new_session=True,
        env={**os.environ, **environment},
    )
    with suppress(BrokenPipeError):  # it has ended already
        assert process.stdin is not None
        process.stdin.write(request)
        process.stdin.flush()
    return process


def _seen_to_end(
    started: Mapping[str, subprocess.Popen[bytes]], folder: Path | None, stop: StopRequest
) -> RankEnding | None:
    try:
        return _first_to_end_badly(started, folder, stop)
    except BaseException:  # another Ctrl-C
        for process in started.values():
            process.kill()
        raise
    finally:
        for process in started.values():
            process.wait()
            with suppress(OSError):
                assert process.stdin is not None
                process.stdin.close()


def _first_to_end_badly(
    started: Mapping[str, subprocess.Popen[bytes]], folder: Path | None, stop: StopRequest
) -> RankEnding | None:
    first: RankEnding | None = None
    kill_at: float | None = None
    while True:
        working = [process for process in started.values() if process.poll() is None]
        first = first or _ended_badly(started, folder)
        if not working:
            return first
        wanted = stop.signal or (signal.SIGTERM if first is not None else None)
        if wanted is not None and kill_at is None:
            kill_at = time.monotonic() + GRACE_SECONDS
            for process in working:
                with suppress(ProcessLookupError):
                    process.send_signal(wanted)
        if kill_at is not None and time.monotonic() >= kill_at:
            for process in working:
                process.kill()
        time.sleep(_LOOK_SECONDS)


def _ended_badly(started: Mapping[str, subprocess.Popen[bytes]], folder: Path | None) -> RankEnding | None:
    """Return how one ended that was killed, or else one that failed; None if there is none."""
    ended = [(process.returncode, who) for who, process in started.items() if process.returncode]
    if not ended:
        return None
    code, who = min(ended)
    line = "" if folder is None else _last_line(_log(folder, int(who.rpartition(" ")[2])))
    return RankEnding(who, code, line)


def _log(folder: Path, rank: int) -> Path:
    return folder / f"rank-{rank}.log"


def _last_line(log: Path) -> str:
    with suppress(OSError):
        lines = log.read_bytes()[-_LONGEST_LINE:].decode("utf-8", "replace").splitlines()
        return next((line.strip() for line in reversed(lines) if line.strip()), "")
    return ""
