"""Further processes of Python, which import what this one imports."""

from __future__ import annotations

import os
import sys


def python_module(name: str) -> tuple[str, ...]:
    """Return the command that runs a module in another process.

    ``python -m`` alone looks for modules in the working folder first, so that a file ``random.py`` there
    would take the place of Python's own. The program ``alseg`` does not look there, nor do its processes.

    Args:
        name: Of the module.
    """
    looks_there = any(path == "" or os.path.realpath(path) == os.path.realpath(".") for path in sys.path)
    return (sys.executable, *(() if looks_there else ("-P",)), "-m", name)
