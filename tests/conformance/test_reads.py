from __future__ import annotations

import ctypes.util
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from alseg.conformance.reads import check_reads


def test_looking_for_a_library_of_the_system_reads_no_label() -> None:
    check_reads(lambda: ctypes.util.find_library("c"), None)


def test_counting_cores_reads_no_label() -> None:
    def count() -> None:
        with suppress(FileNotFoundError):  # where there is no such program
            subprocess.run(["lscpu", "--parse=core"], capture_output=True)

    check_reads(count, None)


def test_another_program_may_read_labels() -> None:
    with pytest.raises(AssertionError, match=f"^It starts {sys.executable} while it decides"):
        check_reads(lambda: subprocess.run([sys.executable, "-c", ""], check=True), None)


def test_a_file_of_the_system_or_of_the_plugin_is_no_label(tmp_path: Path) -> None:
    own = tmp_path / "weights.txt"
    own.write_text("1")
    check_reads(own.read_text, tmp_path.resolve())
    with pytest.raises(AssertionError, match=f"^It opens {own} while it decides"):
        check_reads(own.read_text, None)
