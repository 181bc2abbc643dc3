from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from alseg.system.python import python_module


@pytest.mark.parametrize("looks_there", [False, True])
def test_a_file_of_the_working_folder_takes_no_place_unless_it_does_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, looks_there: bool
) -> None:
    (tmp_path / "platform.py").write_text("print('mine')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*([""] if looks_there else []), *(each for each in sys.path if each)])
    ended = subprocess.run(python_module("platform"), capture_output=True, text=True, check=True)
    assert (ended.stdout == "mine\n") == looks_there
