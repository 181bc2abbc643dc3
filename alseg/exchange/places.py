"""What a user calls a temporary copy: messages name that, and never the copy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alseg.errors import AlsegError
from alseg.exchange.manifest import PackError


@contextmanager
def naming(temporary: Path, shown: Path) -> Iterator[None]:
    """Name what a user knows in messages about a temporary copy of it.

    Args:
        temporary: The copy.
        shown: What it is a copy of.

    Raises:
        PackError: In place of an error that names the copy.
    """
    try:
        yield
    except AlsegError as error:
        text = str(error).replace(str(temporary), str(shown))
        if text == str(error):
            raise
        raise PackError(text) from error
