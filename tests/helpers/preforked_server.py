"""The process that is copied; see `preforked`.

``python preforked_server.py FOLDER INTERPRETER PATH`` imports everything, prints ``ready``, and listens at
``FOLDER/socket`` until its standard input ends.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import marshal
import multiprocessing.spawn  # noqa: F401 - keeps the interpreter as its own, before another program stands for it
import os
import pkgutil
import resource
import runpy
import select
import signal
import socket
import sys
import threading
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import Any

import unsynced
from preforked import MODULES, TERMINAL

LIBRARIES = (
    "torch",
    "torch._dynamo",
    "torch.distributed",
    "lightning_fabric",
    "segmentation_models_pytorch",
    "cv2",
)
HELPERS = ("preloaded", "toys_installed")
_OUT_OF_THE_WAY = 500


def preload(modules: tuple[str, ...]) -> None:
    """Import all of alseg and its plugins, except programs."""
    for name in LIBRARIES:
        importlib.import_module(name)
    roots = {"alseg", *(point.module for point in metadata.entry_points(group="alseg"))}
    for root in sorted(root for root in roots if root.startswith("alseg")):
        package = importlib.import_module(root)
        for found in pkgutil.walk_packages(package.__path__, f"{root}."):
            if (
                not found.name.endswith(".__main__")
                and found.name not in modules
                and "triton" not in found.name
            ):
                with suppress(Exception):  # what an extra that is not installed would be needed for
                    importlib.import_module(found.name)
    for name in HELPERS:
        importlib.import_module(name)


def serve(listener: socket.socket) -> tuple[socket.socket, list[socket.socket]] | None:
    """Start copies until standard input ends; in a copy, return its client, and sockets of the server."""
    ready = select.poll()
    ready.register(0, select.POLLIN)
    ready.register(listener, select.POLLIN)
    copies: dict[int, tuple[int, int, socket.socket]] = {}
    clients: dict[int, int] = {}
    while True:
        for descriptor, event in ready.poll():
            if descriptor == 0:
                return None
            if descriptor == listener.fileno():
                client, _ = listener.accept()
                process = os.fork()
                if process == 0:
                    return client, [listener, *(each for _, _, each in copies.values())]
                ending = os.pidfd_open(process)
                copies[ending] = (process, ending, client)
                clients[client.fileno()] = process
                ready.register(ending, select.POLLIN)
                ready.register(client, 0)  # tells when the other side has ended
            elif descriptor in copies:
                process, ending, client = copies.pop(descriptor)
                code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
                with suppress(OSError):
                    client.sendall(code.to_bytes(4, "little", signed=True))
                if clients.pop(client.fileno(), None) is not None:
                    ready.unregister(client)
                ready.unregister(ending)
                os.close(ending)
                client.close()
            elif event & select.POLLHUP and descriptor in clients:
                os.kill(clients.pop(descriptor), signal.SIGKILL)
                ready.unregister(descriptor)


def become(client: socket.socket, base: list[str]) -> list[str]:
    """Become what a client asks for; return the module and its arguments."""
    head, files, _, _ = socket.recv_fds(client, 4, 250)
    length, content = int.from_bytes(head, "little"), b""
    while len(content) < length:
        content += client.recv(length - len(content))
    request: dict[str, Any] = marshal.loads(content)
    if request["leads"]:
        os.setsid()
    take_files(client, request["files"], files)
    os.umask(request["mask"])
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    terminal = os.environ.pop(TERMINAL, None)
    if terminal is not None:
        os.close(os.open(terminal, os.O_RDWR))  # the first that a session opens is its own
    for kind, limits in request["limits"].items():
        resource.setrlimit(kind, limits)
    for number in request["ignored"]:
        signal.signal(number, signal.SIG_IGN)
    given = [entry for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry]
    sys.path[:] = [*([] if request["safe"] else [request["folder"]]), *given, *base]
    importlib.invalidate_caches()
    open_streams()
    threads = os.environ.get("OMP_NUM_THREADS", "")
    if threads.isdigit() and threads != "1":
        import torch

        torch.set_num_threads(int(threads))
    arguments: list[str] = request["arguments"]
    return arguments


def take_files(client: socket.socket, numbers: list[int], files: list[int]) -> None:
    """Have the client's open files under its numbers, and no others; tell it this process's number."""
    import fcntl

    held = [fcntl.fcntl(file, fcntl.F_DUPFD_CLOEXEC, _OUT_OF_THE_WAY) for file in files]
    answering = fcntl.fcntl(client, fcntl.F_DUPFD_CLOEXEC, _OUT_OF_THE_WAY)
    client.detach()
    os.closerange(0, _OUT_OF_THE_WAY)
    for number, file in zip(numbers, held, strict=True):
        os.dup2(file, number)
        os.close(file)
    os.write(answering, os.getpid().to_bytes(4, "little"))
    os.close(answering)


def open_streams() -> None:
    """Have standard streams as the interpreter makes them; None for one that is closed."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        before = getattr(sys, name)
        stream = None
        with suppress(OSError):
            os.fstat(number)
            stream = open(  # noqa: SIM115 - as long as the process
                number,
                "r" if number == 0 else "w",
                buffering=1 if number == 2 or os.isatty(number) else -1,
                encoding=before.encoding,
                errors=before.errors,
                closefd=False,
            )
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def end_at_once(code: int) -> None:
    """Exit as the interpreter does, except that nobody takes apart what was imported, which takes a while."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    try:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None and not stream.closed:
                stream.flush()
    except OSError:
        sys.exit(code)  # the interpreter tells
    os._exit(code)


def main() -> None:
    """Serve; in a copy, be the program that is asked for."""
    folder, interpreter, path = sys.argv[1:]
    base = sys.path[1:]
    sys.path[1:1] = [entry for entry in path.split(os.pathsep) if entry]
    sys.executable = str(Path(folder, "python"))
    preload(MODULES)
    unsynced.install()
    threads = len(list(Path("/proc/self/task").iterdir()))
    assert threads == 1, "a library has started a thread, which copies would lack"
    variables = {
        name: value for name, value in os.environ.items() if name.startswith(("PYTHON", "LC_", "LANG"))
    }
    for name in ("PYTHONPATH", "PYTHONUNBUFFERED"):
        variables.pop(name, None)
    Path(folder, "settings").write_bytes(marshal.dumps((interpreter, MODULES, variables)))
    gc.collect()
    gc.freeze()  # what is there stays there, and is shared with all copies
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(f"{folder}/socket")
    listener.listen(64)
    os.write(1, b"ready\n")
    served = serve(listener)
    if served is None:
        os._exit(0)
    client, others = served
    for other in others:
        other.detach()
    module, *arguments = become(client, base)
    sys.argv = [module, *arguments]
    for name in (module, "preforked"):
        sys.modules.pop(name, None)
    code: object = None
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as ending:
        code = ending.code
    if code is not None and not isinstance(code, int):
        sys.exit(code)  # type: ignore[call-overload]
    end_at_once(code or 0)


if __name__ == "__main__":
    main()
