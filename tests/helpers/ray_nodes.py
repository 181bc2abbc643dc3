"""A Ray cluster of two nodes for a test, in namespaces of its own that know loopback only."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from process_trees import kill_at_once

MOST_SECONDS = 600
"""A head is up in 20 seconds; it takes longer on a busy machine."""

ADDRESS = "127.0.0.1:26379"
NODES = ("127.0.0.1", "127.0.0.2")
STORE_BYTES = 100_000_000

_UNSHARE = ("unshare", "--net", "--pid", "--mount", "--fork", "--kill-child", "--mount-proc")


def why_not() -> str | None:
    """Return why no such namespaces can be made here; None where they can."""
    for tool in ("unshare", "nsenter", "setpriv", "ip"):
        if shutil.which(tool) is None:
            return f"there is no {tool}"
    tried = subprocess.run([*_UNSHARE, "ip", "link", "set", "lo", "up"], capture_output=True, text=True)
    return tried.stderr.strip() if tried.returncode else None


@dataclass(frozen=True)
class Nodes:
    """The cluster.

    Attributes:
        python: Has alseg and ray.
        init: First process of the namespaces, as it is called outside.
        environment: Of all that is started there.
        folder: Logs of the nodes.
    """

    python: Path
    init: int
    environment: Mapping[str, str]
    folder: Path

    def popen(self, command: Sequence[str], **options: object) -> subprocess.Popen[str]:
        """Start a program in the namespaces; `inner` is its process, what is returned only waits for it."""
        entering = ["nsenter", f"--target={self.init}", "--net", "--pid", "--mount", "--"]
        return subprocess.Popen(  # type: ignore[call-overload,no-any-return]
            [*entering, *command], env=dict(self.environment), text=True, stdin=subprocess.DEVNULL, **options
        )

    def run(self, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        """Run a program in the namespaces to its end."""
        process = self.popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        out, told = process.communicate(timeout=2 * MOST_SECONDS)
        return subprocess.CompletedProcess(command, process.returncode, out, told)

    def signal(self, process: str, number: signal.Signals) -> None:
        """Send a signal to a process, as the namespaces call it."""
        done = self.run(["kill", f"-{number.name.removeprefix('SIG')}", process])
        assert done.returncode == 0, done.stderr

    def start(self, address: str) -> None:
        """Start a node and wait until it is up; the first address is the head's."""
        is_head = address == NODES[0]
        role = ["--head", f"--port={ADDRESS.rpartition(':')[2]}", f"--temp-dir={self.folder}/ray"]
        role += ["--include-dashboard=false"]
        log = self.folder / f"{address}.log"
        with log.open("w") as file:
            process = self.popen(
                [
                    *(str(self.python), "-m", "ray.scripts.scripts", "start", "--block", "--num-cpus=1"),
                    *(f"--node-ip-address={address}", f"--object-store-memory={STORE_BYTES}"),
                    *("--disable-usage-stats", *(role if is_head else [f"--address={ADDRESS}"])),
                ],
                stdout=file,
                stderr=subprocess.STDOUT,
            )
        end = time.monotonic() + MOST_SECONDS
        while "Ray runtime started" not in log.read_text():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.1)

    def lose(self, address: str) -> None:
        """Kill all of a node at once, as when its power fails."""
        kill_at_once(self.processes("ray.scripts.scripts", f"--node-ip-address={address}"))

    def cut_off(self, address: str) -> None:
        """Kill a node's raylet, at which the cluster loses the node; what works there notices."""
        [raylet] = self.processes("raylet/raylet", f"--node_ip_address={address}")
        os.kill(raylet, signal.SIGKILL)

    def processes(self, *words: str) -> list[int]:
        """Return the processes in the namespaces whose command has all words."""
        found = []
        mine = Path(f"/proc/{self.init}/ns/pid").readlink()
        for entry in Path("/proc").iterdir():
            with suppress(OSError):
                if entry.name.isdigit() and (entry / "ns/pid").readlink() == mine:
                    command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                    if all(word in command for word in words):
                        found.append(int(entry.name))
        return found


def inner(process: subprocess.Popen[str]) -> int:
    """Return the process, as it is called outside, that `Nodes.popen` has started in the namespaces."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    end = time.monotonic() + 60
    while not (found := children.read_text().split()):
        assert time.monotonic() < end and process.poll() is None
        time.sleep(0.02)
    return int(found[0])


@contextmanager
def two_nodes(python: Path) -> Iterator[Nodes]:
    """Start a cluster with a token; all of its processes end with the namespaces.

    Args:
        python: Has alseg and ray.
    """
    folder = Path(tempfile.mkdtemp(prefix="ray-", dir="/tmp"))  # paths of sockets must be short
    token = folder / "token"
    token.write_text(secrets.token_hex(32))
    token.chmod(0o600)
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "PYTHONPATH") if name in os.environ}
    environment = {
        **kept,
        "HOME": str(folder),
        "XDG_CACHE_HOME": str(folder / "cache"),
        "OMP_NUM_THREADS": "1",
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN_PATH": str(token),
        # Otherwise Ray kills units when the memory of this machine is nearly full, whoever has filled it.
        "RAY_memory_monitor_refresh_ms": "0",
    }
    # The first process of the namespaces reaps those that end; the others end with it, and it with us.
    first = ("sh", "-c", "ip link set lo up && echo up && while :; do sleep 3600 & wait; done")
    holder = subprocess.Popen(
        ["setpriv", "--pdeathsig=KILL", "--", *_UNSHARE, *first], stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout is not None and holder.stdout.readline() == "up\n"
        nodes = Nodes(python, inner(holder), environment, folder)
        for address in NODES:
            nodes.start(address)
        yield nodes
    finally:
        holder.kill()
        holder.communicate()
        shutil.rmtree(folder, ignore_errors=True)
