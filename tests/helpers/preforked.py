"""An interpreter that has imported everything: commands begin at once, each in a process of its own.

``alseg run`` in a process that was started for it imports torch and the networks first, seconds of work.
`python` returns the path of a program that stands for the interpreter. With ``-m alseg``, or another module
of `MODULES`, it has a server copy itself, and the copy does what ``python -m alseg`` does: with the program's
arguments, environment, folder, open files, limits and session. Signals go on to the copy, the copy is killed
if the program is, and the program ends as the copy does. Only the copy's process number is another one.

Whatever else it is asked, the program becomes the interpreter; so it does where memory is limited, or where
variables of the interpreter or the locale are not those of the server. In a copy, it is ``sys.executable``:
workers and executors, which start processes of their own, begin at once as well.

Tests in which the start itself matters use ``sys.executable``.
"""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent

MODULES = (
    "alseg",
    "alseg.cli.rank",
    "alseg.cli.worker",
    "alseg.conformance.worker",
    "alseg_executors.fork_server",
    "badplugins",
    "pairs",
    "rankedtoys",
    "toycommand",
)
"""Modules that a copy can be; a copy of the server is not at the beginning of others."""


TERMINAL = "ALSEG_TEST_TERMINAL"
"""Environment: path of a terminal that is to be the own one of a copy that leads a session."""


@cache
def python() -> str:
    """Return the path of the program, whose server is started with the first call in a process.

    Where processes cannot be copied safely it is the path of the interpreter.
    """
    if not sys.platform.startswith("linux"):
        return sys.executable
    folder = Path(tempfile.mkdtemp(prefix="alseg-preforked-"))  # a socket's path may have 107 characters
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    program = folder / "python"
    interpreter = folder / "interpreter"  # a path without spaces, for the first line
    interpreter.symlink_to(sys.executable)
    content = (HERE / "preforked_client.py").read_text(encoding="utf-8")
    program.write_text(f"#!{interpreter} -IS\n{content}", encoding="utf-8")
    program.chmod(0o700)
    # Copies get the path that is theirs, behind which is the one that the interpreter has of its own.
    environment = {name: text for name, text in os.environ.items() if name != "PYTHONPATH"}
    path = os.pathsep.join(filter(None, sys.path))
    server = subprocess.Popen(
        [sys.executable, str(HERE / "preforked_server.py"), str(folder), sys.executable, path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
        env={**environment, "OMP_NUM_THREADS": "1"},
    )
    atexit.register(_end, server)
    assert server.stdout is not None
    assert server.stdout.readline() == b"ready\n", "the preloaded interpreter could not be started"
    return str(program)


def began_with(rank: int) -> tuple[bool, bool]:
    """Return whether this process has imported torch, and whether it looks for modules where it works."""
    return "torch" in sys.modules, sys.path[0] == str(Path.cwd())


def _end(server: subprocess.Popen[bytes]) -> None:
    assert server.stdin is not None
    with suppress(OSError):
        server.stdin.close()
    server.wait(timeout=60)
