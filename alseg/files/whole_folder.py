"""Folders of many files, written whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alseg.errors import AlsegError
from alseg.files.write_errors import cannot_write


def require_vacant(target: Path) -> None:
    """Refuse a folder that cannot be written whole, since something is there.

    Raises:
        AlsegError: If it is a file, or something is in it.
        WriteError: If nobody can look into it.
    """
    try:
        is_taken = os.path.lexists(target) and not (target.is_dir() and not any(target.iterdir()))
    except OSError as error:
        raise cannot_write(target, error) from error
    if is_taken:
        raise AlsegError(
            f"{target} is there already, and is never replaced. Move it away, or name another place."
        )


@contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """Give an empty folder that becomes ``target`` at the end of the block; an exception leaves nothing.

    Args:
        target: The folder; missing, or empty.

    Raises:
        AlsegError: If something is in it already.
        WriteError: If it cannot be written.
    """
    require_vacant(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}."))
    except OSError as error:
        raise cannot_write(target.parent, error) from error
    try:
        yield unfinished
        unfinished.chmod(0o755)
        unfinished.rename(target)
    except OSError as error:
        raise cannot_write(target, error) from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
