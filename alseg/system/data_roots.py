"""Folders of data sets as an experiment file names them; ``~`` and ``${NAME}`` are what each host has."""

from __future__ import annotations

import os
import re
from pathlib import Path

from alseg.errors import AlsegError

_VARIABLE = re.compile(r"\$\{(\w+)\}")


def data_root(root: str) -> Path:
    """Return the folder of data sets on this host.

    Args:
        root: With ``~`` for the home folder, and ``${NAME}`` for variables of the environment.

    Raises:
        AlsegError: If there is no such variable; names it.
    """

    def value(found: re.Match[str]) -> str:
        name = found[1]
        if not os.environ.get(name):
            raise AlsegError(
                f"The folder of data sets is {root}, but the variable {name} is not set here. Set it to the "
                "folder that this host has, on every host that does runs."
            )
        return os.environ[name]

    return Path(_VARIABLE.sub(value, root)).expanduser()
