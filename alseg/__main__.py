"""``python -m alseg`` is the command ``alseg``."""

from __future__ import annotations

from alseg.cli import program

program()
