"""Files that a user wants something in, as options of commands."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from alseg.files import named_file


class OutputFile(click.Path):
    """A file that a user wants something in; what cannot be one is refused before anything is computed."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Return the file; that which a link leads to, so that the link stays.

        Raises:
            WriteError: If it is a folder, a device or a pipe.
        """
        return named_file(Path(os.fsdecode(super().convert(value, param, ctx))))
