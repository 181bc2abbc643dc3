"""A SLURM cluster of two nodes on this machine: the real programs, listening on the loopback only."""

from __future__ import annotations

import getpass
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from process_trees import kill_at_once

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scancel", "scontrol", "sinfo")
"""Of Debian's packages slurm-wlm and munge."""

NODES = ("n1", "n2")

CONFIGURATION = """\
ClusterName=alseg
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.sock,cred_expire=5
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/log/slurmctld.log
SlurmdLogFile={folder}/log/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=2,bf_interval=2,batch_sched_delay=0,defer_batch=0
JobRequeue=1
KillWait=10
MinJobAge=600
MpiDefault=none
ReturnToService=2
SlurmctldTimeout=60
SlurmdTimeout=60
PartitionName=all Nodes=n1,n2 Default=YES MaxTime=INFINITE State=UP OverSubscribe=NO
"""


def missing_program() -> str | None:
    """Return a program of SLURM that is not installed; None where all are."""
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    return next((name for name in PROGRAMS if shutil.which(name, path=path) is None), None)


@dataclass(frozen=True)
class SlurmCluster:
    """A cluster that is up.

    Attributes:
        folder: What its programs write.
        environment: With which commands of SLURM, and alseg, use it.
    """

    folder: Path
    environment: dict[str, str]

    def call(self, *command: str) -> str:
        """Return what a command of SLURM prints."""
        done = subprocess.run(
            command,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode == 0, (command, done.stderr)
        return done.stdout

    def job_of(self, process: int) -> str:
        """Return the number of the job that a process is part of."""
        for line in (Path("/proc") / str(process) / "environ").read_text().split("\0"):
            if line.startswith("SLURM_JOB_ID="):
                return line.partition("=")[2]
        raise AssertionError(f"process {process} is part of no job")

    def minutes(self, job: str) -> int:
        """Return how many whole minutes a job has worked."""
        seconds = [
            int(part) for part in reversed(self.call("squeue", "-h", "-j", job, "-o", "%M").split(":"))
        ]
        return sum(part * 60**power for power, part in enumerate(seconds)) // 60

    def start_node(self, node: str) -> None:
        """Start the daemon of a node."""
        self.call("slurmd", "-N", node)

    def lose_node(self, node: str) -> None:
        """Kill a node's daemon and jobs at once, as when its power fails, and have the cluster notice it."""
        jobs = self.call("squeue", "-h", "-w", node, "-o", "%A").split()
        kill_at_once([_read_pid(self.folder / f"slurmd-{node}.pid"), *self._stewards(jobs)])
        self.call("scontrol", "update", f"nodename={node}", "state=down", "reason=lost")

    def return_node(self, node: str) -> None:
        """Start a lost node again."""
        self.start_node(node)
        until(lambda: "down" not in self.call("sinfo", "-h", "-n", node, "-o", "%T"))

    def _stewards(self, jobs: list[str]) -> list[int]:
        """Return what looks after steps of jobs: processes with titles such as ``slurmstepd: [7.0]``."""
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdecimal():
                continue
            with suppress(OSError):
                title = (entry / "cmdline").read_bytes().decode(errors="replace")
                ours = f"SLURM_CONF={self.folder}/".encode() in (entry / "environ").read_bytes()
                if ours and title.startswith(tuple(f"slurmstepd: [{job}." for job in jobs)):
                    found.append(int(entry.name))
        return found


@contextmanager
def slurm_cluster() -> Iterator[SlurmCluster]:
    """Start a cluster of two nodes with a core each, and end it afterwards."""
    # Not in a folder of pytest, into which only its owner may look: munged refuses that.
    with tempfile.TemporaryDirectory(prefix="alseg-slurm-") as name:
        folder = Path(name)
        outer = {key: value for key, value in os.environ.items() if not key.startswith(("SLURM_", "SBATCH_"))}
        path = f"{os.environ['PATH']}:/usr/sbin:/sbin"
        cluster = SlurmCluster(folder, {**outer, "PATH": path, "SLURM_CONF": str(folder / "slurm.conf")})
        _configure(folder)
        try:
            _start(cluster)
            yield cluster
        finally:
            with suppress(AssertionError, subprocess.TimeoutExpired):  # it did not start, or is broken
                cluster.call("scancel", f"--user={os.getuid()}")
                until(lambda: not cluster.call("squeue", "-h"))
            _end(folder)


def _start(cluster: SlurmCluster) -> None:
    folder = cluster.folder
    cluster.call(
        *("munged", f"--socket={folder}/munge.sock", f"--key-file={folder}/munge.key"),
        *(f"--log-file={folder}/log/munged.log", f"--pid-file={folder}/munged.pid"),
        f"--seed-file={folder}/munged.seed",
    )
    cluster.call("slurmctld")
    for node in NODES:
        cluster.start_node(node)
    until(lambda: cluster.call("sinfo", "-h", "-N", "-o", "%T").split() == ["idle", "idle"])


def until(condition: Callable[[], object], seconds: float = 120) -> None:
    """Wait until something holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)


def _configure(folder: Path) -> None:
    """Write the cluster's files; ports are those that are free now."""
    for name in ("state", "log", *(f"spool-{node}" for node in NODES)):
        (folder / name).mkdir(parents=True)
    folder.chmod(0o755)
    key = folder / "munge.key"
    key.write_bytes(secrets.token_bytes(1024))
    key.chmod(0o600)
    host = socket.gethostname().partition(".")[0]
    controller, *ports = _free_ports(1 + len(NODES))
    text = CONFIGURATION.format(host=host, controller=controller, user=getpass.getuser(), folder=folder)
    for node, port in zip(NODES, ports, strict=True):
        text += f"NodeName={node} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs=1 RealMemory=4000\n"
    (folder / "slurm.conf").write_text(text)


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(each.getsockname()[1]) for each in sockets]
    for each in sockets:
        each.close()
    return ports


def _end(folder: Path) -> None:
    """End the daemons by the numbers that they have written, and wait for them."""
    pids = [_read_pid(folder / f"{name}.pid") for name in ("slurmd-n1", "slurmd-n2", "slurmctld", "munged")]
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
    for pid in pids:
        until(lambda pid=pid: not Path(f"/proc/{pid}").exists())


def _read_pid(file: Path) -> int:
    """Return the process that a daemon has noted; one that does not exist where it has not."""
    with suppress(OSError, ValueError):
        return int(file.read_text())
    return 2**31 - 1
