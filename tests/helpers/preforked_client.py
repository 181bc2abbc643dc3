"""The program that stands for the interpreter; see `preforked`. It imports little, so as to begin at once."""

# ruff: noqa: PTH100, PTH109, PTH120, PTH123, PTH208, SIM105

import _signal
import marshal
import os
import sys
from _socket import AF_UNIX, SCM_RIGHTS, SOCK_STREAM, SOL_SOCKET, socket
from array import array
from resource import RLIM_INFINITY, RLIMIT_AS, RLIMIT_FSIZE, RLIMIT_NOFILE, RLIMIT_NPROC, getrlimit

HANDED_ON = (
    _signal.SIGINT,
    _signal.SIGTERM,
    _signal.SIGHUP,
    _signal.SIGUSR1,
    _signal.SIGUSR2,
    _signal.SIGQUIT,
)
STARTING = ("PYTHONPATH", "PYTHONUNBUFFERED")
"""Variables of the interpreter that a copy heeds; the others, and the locale, must be those of the server."""


def main() -> None:
    folder = os.path.dirname(os.path.abspath(__file__))
    with open(f"{folder}/settings", "rb") as file:
        interpreter, modules, variables = marshal.load(file)
    arguments = sys.argv[1:]
    safe = arguments[:1] == ["-P"]
    asked = arguments[2:] if safe else arguments[1:]  # a module and its arguments
    of_module = arguments[: len(arguments) - len(asked)] in (["-m"], ["-P", "-m"]) and asked
    if not of_module or asked[0] not in modules or started_with() != variables:
        os.execv(interpreter, [interpreter, *arguments])
    _signal.pthread_sigmask(_signal.SIG_BLOCK, HANDED_ON)
    files = open_files()
    server = socket(AF_UNIX, SOCK_STREAM)
    server.connect(f"{folder}/socket")
    ask(server, asked, files, safe)
    for number in files:
        os.close(number)
    copy = int.from_bytes(server.recv(4), "little")
    if copy == 0:
        os._exit(70)
    for number in HANDED_ON:
        if _signal.getsignal(number) != _signal.SIG_IGN:
            _signal.signal(number, lambda given, _: hand_on(copy, given))
    _signal.pthread_sigmask(_signal.SIG_UNBLOCK, HANDED_ON)
    ending = server.recv(4)
    code = int.from_bytes(ending, "little", signed=True) if ending else 70
    if code < 0:
        if -code not in (_signal.SIGKILL, _signal.SIGSTOP):
            _signal.signal(-code, _signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)


def started_with() -> "dict[str, str] | None":
    """Return what must be as in the server, of which None never is."""
    if getrlimit(RLIMIT_AS)[0] != RLIM_INFINITY:
        return None
    return {
        name: value
        for name, value in os.environ.items()
        if name.startswith(("PYTHON", "LC_", "LANG")) and name not in STARTING
    }


def open_files() -> "list[int]":
    found = []
    for name in os.listdir("/proc/self/fd"):
        try:
            os.fstat(int(name))
        except OSError:  # the list itself
            continue
        found.append(int(name))
    return found


def hand_on(copy: int, number: int) -> None:
    try:
        os.kill(copy, number)
    except ProcessLookupError:
        pass


def ask(server: socket, arguments: "list[str]", files: "list[int]", safe: bool) -> None:
    mask = os.umask(0)
    os.umask(mask)
    content = marshal.dumps(
        {
            "arguments": arguments,
            "environment": dict(os.environ),
            "folder": os.getcwd(),
            "files": files,
            "safe": safe,
            "leads": os.getsid(0) == os.getpid(),
            "mask": mask,
            "ignored": [
                n for n in range(1, 65) if n != _signal.SIGPIPE and _signal.getsignal(n) == _signal.SIG_IGN
            ],
            "limits": {kind: getrlimit(kind) for kind in (RLIMIT_FSIZE, RLIMIT_NOFILE, RLIMIT_NPROC)},
        }
    )
    head = len(content).to_bytes(4, "little")
    server.sendmsg([head], [(SOL_SOCKET, SCM_RIGHTS, array("i", files))] if files else [])
    server.sendall(content)


main()
