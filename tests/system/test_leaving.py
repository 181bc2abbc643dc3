from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def ended(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True)


def test_what_is_printed_and_written_is_there_and_exit_functions_are_called(tmp_path: Path) -> None:
    code = """
import atexit, sys
from alseg.system.leaving import leave_at_once
atexit.register(lambda: kept.write("at exit"))
kept = open(sys.argv[1], "w")
data = open(sys.argv[2], "wb")
data.write(b"bytes")
print("printed", end="")
print("told", end="", file=sys.stderr)
leave_at_once(3)
"""
    text, data = tmp_path / "text", tmp_path / "data"
    end = ended(code, str(text), str(data))
    assert (end.returncode, end.stdout, end.stderr) == (3, "printed", "told")
    assert (text.read_text(), data.read_bytes()) == ("at exit", b"bytes")


def test_nothing_is_taken_apart() -> None:
    code = """
from alseg.system.leaving import leave_at_once
class Told:
    def __del__(self):
        print("taken apart")
told = Told()
leave_at_once(0)
"""
    assert ended(code).stdout == ""
    assert ended(code.replace("leave_at_once(0)", "")).stdout == "taken apart\n"


def test_a_file_that_cannot_be_written_keeps_no_process(tmp_path: Path) -> None:
    code = """
import sys
from alseg.system.leaving import leave_at_once
full = open("/dev/full", "w") if sys.platform == "linux" else None
kept = open(sys.argv[1], "w")
if full:
    full.write("lost")
kept.write("kept")
leave_at_once(0)
"""
    end = ended(code, str(tmp_path / "kept"))
    assert (end.returncode, (tmp_path / "kept").read_text()) == (0, "kept")


def test_a_thread_that_python_would_wait_for_is_seen() -> None:
    code = """
import threading
from alseg.system.leaving import works_alone
go_on = threading.Event()
print(works_alone())
threading.Thread(target=go_on.wait, daemon=True).start()
print(works_alone())
threading.Thread(target=go_on.wait).start()
print(works_alone())
go_on.set()
"""
    assert ended(code).stdout.split() == ["True", "True", "False"]
