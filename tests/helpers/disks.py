"""File systems of their own, and things that happen to a results folder while a run is at work."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from toys import Silent


def mount(folder: Path, options: str) -> None:
    """Mount a file system of its own at a folder, or skip the test."""
    folder.mkdir(exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    try:
        completed = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        pytest.skip(f"cannot mount: {error}")
    if completed.returncode != 0:
        pytest.skip(f"cannot mount: {completed.stderr.strip()}")


class AtEvent(Silent):
    """Does something at the n-th step of a phase."""

    def __init__(self, phase: str, number: int, action: Callable[[], object]) -> None:
        super().__init__()
        self._phase, self._left, self._action = phase, number, action

    def advance(self, detail: str = "") -> None:
        if self.phases[-1] == self._phase:
            self._left -= 1
            if self._left == 0:
                self._action()
