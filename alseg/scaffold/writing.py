"""A new distribution on the disk."""

from __future__ import annotations

from pathlib import Path

from alseg.errors import AlsegError
from alseg.files import cannot_write, whole_folder
from alseg.scaffold.kinds import Template
from alseg.scaffold.names import Names
from alseg.scaffold.rendering import rendered


def write_distribution(template: Template, names: Names, into: Path) -> Path:
    """Write a complete distribution into a folder of its own, whole or not at all.

    Args:
        template: What to make.
        names: Of the plugin.
        into: The folder that gets the distribution's folder; made if it does not exist.

    Returns:
        The distribution's folder.

    Raises:
        AlsegError: If there is something of this name already.
        WriteError: If the folder cannot be written.
    """
    contents = rendered(template, names)
    folder = into / names.distribution
    try:
        if folder.exists() or folder.is_symlink():
            raise AlsegError(
                f"{folder} is there already, and is never overwritten. Choose another name, or another "
                "folder with --into."
            )
    except OSError as error:
        raise cannot_write(folder, error) from error
    with whole_folder(folder) as unfinished:
        for path, content in contents.items():
            file = unfinished / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
    return folder
