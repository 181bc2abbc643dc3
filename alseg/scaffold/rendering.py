"""Files of a template with the names of a plugin in place of placeholders.

Templates are valid Python with the name ``newname``, so that linters and type checkers read them as they lie.
A leading ``dot_`` in the name of a file or folder stands for a dot: git and other tools heed such files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import PurePosixPath

from alseg.errors import AlsegError
from alseg.scaffold.kinds import Template
from alseg.scaffold.names import Names

ABOUT = "about.md"
"""File of a template that becomes the first paragraph of README.md."""

_COMMON = "common"
_TEXT = (".md", ".py", ".toml", ".yaml", ".yml", "gitignore")
_NAME = re.compile(r"Newname|newname")


def rendered(template: Template, names: Names) -> dict[PurePosixPath, bytes]:
    """Return the content of each file of the distribution, by its path below the distribution's folder.

    Raises:
        AlsegError: If a class of the plugin would have the name of something that the template uses.
    """
    root = files("alseg.scaffold") / "templates"
    found = {**template_files(root / _COMMON), **template_files(root / template.folder)}
    about = found.pop(PurePosixPath(ABOUT)).decode()
    words = {
        "newabout": about.strip(),
        "newdescription": f"{template.title[:1].upper()}{template.title[1:]} for alseg",
        "newmodule": template.module,
        "newrun": template.run,
    }
    _refuse_clashes(found, names)
    result = {}
    for path, content in found.items():
        if path.name.endswith(_TEXT):
            text = content.decode()
            for word, meaning in words.items():
                text = text.replace(word, meaning)
            content = renamed(text, names).encode()
        result[PurePosixPath(renamed(str(path), names))] = content
    return result


def renamed(text: str, names: Names) -> str:
    """Return text with a plugin's names in place of ``newname`` and ``Newname``."""

    def name_for(match: re.Match[str]) -> str:
        if match[0] == "Newname":
            return names.title
        before, after = text[match.start() - 1 : match.start()], text[match.end() : match.end() + 1]
        return names.identifier if "_" in (before, after) else names.registered

    return _NAME.sub(name_for, text)


def template_files(folder: Traversable) -> dict[PurePosixPath, bytes]:
    """Return the content of each file below a folder, but for caches of Python and of linters."""
    return dict(_walk(folder))


def _walk(folder: Traversable, prefix: str = "") -> Iterator[tuple[PurePosixPath, bytes]]:
    for item in folder.iterdir():
        if item.name.startswith((".", "__pycache__")):
            continue
        name = re.sub(r"^dot_", ".", item.name)
        if item.is_dir():
            yield from _walk(item, f"{prefix}{name}/")
        else:
            yield PurePosixPath(prefix + name), item.read_bytes()


def _refuse_clashes(found: dict[PurePosixPath, bytes], names: Names) -> None:
    code = "\n".join(content.decode() for path, content in found.items() if path.suffix == ".py")
    used = set(re.findall(r"\w+", code))
    made = {word.replace("Newname", names.title) for word in used if word.startswith("Newname")}
    if clashes := sorted(made & used):
        raise AlsegError(
            f"The name '{names.registered}' would make a class {clashes[0]}, which alseg or the template has "
            f"already. Choose another one, such as 'my-{names.registered}'."
        )
