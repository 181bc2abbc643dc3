"""Files and folders that a user wants something in, as options of commands.

One rule holds for all of them: what is there is never replaced without ``--force``, and what cannot be
written is refused before anything is computed.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from alseg.errors import AlsegError
from alseg.files import cannot_write, named_file

Command = TypeVar("Command", bound=Callable[..., Any])

_FORCE = f"{__name__}.force"
"""Key under which a call of a command remembers whether ``--force`` was given."""


def force_option(text: str = "Replace what is there.") -> Callable[[Command], Command]:
    """Add ``--force``, which `OutputFile`, `OutputFolder` and `require_free` heed."""

    def remember(context: click.Context, _: click.Parameter, wanted: bool) -> None:
        context.meta[_FORCE] = wanted

    # Eager: it is read before the options whose values are checked by it.
    return click.option(
        "--force", is_flag=True, is_eager=True, expose_value=False, callback=remember, help=text
    )


class OutputFile(click.Path):
    """A file that a user wants something in."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Return the file; that which a link leads to, so that the link stays.

        Raises:
            WriteError: If it is a folder, a device or a pipe.
            AlsegError: If it is there, and is not to be replaced.
        """
        path = named_file(Path(os.fsdecode(super().convert(value, param, ctx))))
        require_free(path, _name_of(param), ctx)
        return path


class OutputFolder(click.Path):
    """A folder that a user wants files in; it is missing or empty, or files in it may be replaced."""

    def __init__(self) -> None:
        super().__init__(path_type=Path, file_okay=False)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Return the folder.

        Raises:
            WriteError: If nobody can look into it.
            AlsegError: If something is in it, and is not to be replaced.
        """
        path = Path(os.fsdecode(super().convert(value, param, ctx)))
        require_free(path, _name_of(param), ctx)
        return path


def require_free(path: Path, option: str, context: click.Context | None = None) -> None:
    """Refuse a file that is there or a folder that is not empty, unless ``--force`` was given.

    Args:
        path: The file or folder.
        option: By which the user can name another one.
        context: Of the command; the one that runs now where it is None.

    Raises:
        WriteError: If nobody can look into it.
        AlsegError: If it is taken; says what to do.
    """
    context = context or click.get_current_context()
    if context.resilient_parsing or context.meta.get(_FORCE):  # the first: a shell completes what is typed
        return
    try:
        if path.is_dir():
            if any(path.iterdir()):
                raise AlsegError(
                    f"{path} is not empty. Name another folder with {option}, or give --force: files of the "
                    "same names are replaced, the others stay."
                )
        elif path.exists():
            raise AlsegError(f"{path} exists. Name another file with {option}, or replace it with --force.")
    except OSError as error:
        raise cannot_write(path, error) from error


def _name_of(option: click.Parameter | None) -> str:
    return "the option" if option is None else max(option.opts, key=len)
