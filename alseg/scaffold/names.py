"""Names of a new plugin: what may be one, and what follows from it."""

from __future__ import annotations

import importlib.util
import keyword
import re
from dataclasses import dataclass
from importlib import metadata

from alseg.errors import AlsegError
from alseg.registry.registry import KINDS, Registry
from alseg.scaffold.kinds import Template

MOST_CHARACTERS = 24
"""Of a name: longer ones would not fit into the lines of the templates."""

_NAME = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_NOT_TEXT = ("null", "true", "false", "yes", "no", "on", "off")
"""What YAML readers take for something else than text."""


@dataclass(frozen=True)
class Names:
    """What a plugin is called.

    Attributes:
        registered: In experiment files, such as ``rare-class``.
    """

    registered: str

    @property
    def distribution(self) -> str:
        """Name of the distribution and its folder, such as ``alseg-rare-class``."""
        return f"alseg-{self.registered}"

    @property
    def identifier(self) -> str:
        """Name within Python code, such as ``rare_class``."""
        return self.registered.replace("-", "_")

    @property
    def module(self) -> str:
        """Name of the package, such as ``alseg_rare_class``."""
        return f"alseg_{self.identifier}"

    @property
    def title(self) -> str:
        """Begin of the names of classes, such as ``RareClass``."""
        return "".join(word.capitalize() for word in self.registered.split("-"))


def new_names(text: str, template: Template, registry: Registry) -> Names:
    """Return the names of a new plugin.

    Args:
        text: The name that the user gives.
        template: What is to be made.
        registry: What is installed.

    Raises:
        AlsegError: If it is no name of a plugin, or taken by one that is installed; says what to do.
    """
    names = Names(_well_formed(text))
    for kind in template.kinds:
        entry = registry.entries(kind).get(text)
        if entry is not None:
            raise AlsegError(
                f"The name '{text}' is taken: plugin {entry.plugin} registers the {KINDS[kind][0]} '{text}'. "
                "Choose another name."
            )
    if importlib.util.find_spec(names.module) is not None:
        raise AlsegError(
            f"The name '{text}' is taken: a Python module {names.module} is installed. Choose another name."
        )
    if _is_installed(names.distribution):
        raise AlsegError(
            f"The name '{text}' is taken: a distribution {names.distribution} is installed. "
            "Choose another name."
        )
    return names


def _well_formed(text: str) -> str:
    """Return a name, or refuse it with one that would do where there is one."""
    if text.startswith(("alseg-", "alseg_")):
        raise AlsegError(
            f"The name '{text}' begins with 'alseg', which the distribution gets anyway. "
            f"Write '{text[6:] or 'my-name'}'."
        )
    if not _NAME.fullmatch(text):
        likely = _likely(text)
        hint = f" Did you mean '{likely}'?" if likely else ""
        raise AlsegError(
            f"'{text}' is no name of a plugin: it must be lower-case letters and digits with single hyphens, "
            f"and begin with a letter.{hint}"
        )
    if keyword.iskeyword(text) or text in _NOT_TEXT:
        language = "YAML" if text in _NOT_TEXT else "Python"
        raise AlsegError(
            f"The name '{text}' means something else in {language}. Choose another one, such as 'my-{text}'."
        )
    if len(text) > MOST_CHARACTERS:
        raise AlsegError(
            f"The name '{text}' has {len(text)} characters, but {MOST_CHARACTERS} at most fit. Shorten it."
        )
    return text


def _likely(text: str) -> str | None:
    """Return the well-formed name that was probably meant."""
    split = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", text)
    name = re.sub(r"[^a-z0-9]+", "-", split.lower()).strip("-")
    return name if _NAME.fullmatch(name) else None


def _is_installed(distribution: str) -> bool:
    try:
        metadata.distribution(distribution)
    except metadata.PackageNotFoundError:
        return False
    return True
