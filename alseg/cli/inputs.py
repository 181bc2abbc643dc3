"""What several commands have in common: sizes on the command line, and loading plugins."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from alseg.files import named_file
from alseg.runspec import DEVICE
from alseg.terminal import put

if TYPE_CHECKING:
    from alseg.contracts import Size
    from alseg.plugins import Catalog


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


def parse_size(_: click.Context, __: click.Parameter, value: str | None) -> Size | None:
    """Read a size such as ``640x1280``, height first as everywhere in alseg; the callback of an option.

    Raises:
        click.BadParameter: If it is none.
    """
    if value is None:
        return None
    found = re.fullmatch(r"([1-9]\d{0,4})x([1-9]\d{0,4})", value)
    if found is None:
        raise click.BadParameter(f"'{value}' is no size; write HEIGHTxWIDTH in pixels, such as 640x1280.")
    return int(found[1]), int(found[2])


def parse_device(_: click.Context, __: click.Parameter, value: str) -> str:
    """Read a device in the words of ``settings.device``; the callback of an option.

    Raises:
        click.BadParameter: If it is none.
    """
    if not re.fullmatch(DEVICE, value):
        raise click.BadParameter(f"'{value}' is none of auto, cpu, cuda, cuda:N and mps.")
    return value


def require_device(device: str) -> None:
    """Refuse a device that is not there, before data is read.

    Raises:
        AlsegError: If it is not there; says what is.
    """
    if device not in ("auto", "cpu"):  # for these, torch need not be imported
        from alseg.devices import find_device

        find_device(device)


def read_catalog() -> Catalog:
    """Load all plugins; those that do not work are named on standard error."""
    from alseg.plugins import load_catalog

    catalog = load_catalog()
    for failure in catalog.failures:
        put(f"warning: {failure.message}", err=True)
    return catalog
