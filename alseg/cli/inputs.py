"""What several commands have in common: sizes on the command line, and loading plugins."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

import click

from alseg.config.specs import DEVICE, MOST_PROCESSES
from alseg.text.display import put

__all__ = [
    "LARGEST_SIDE",
    "MOST_IMAGES",
    "MOST_PROCESSES",
    "MOST_ROUNDS",
    "NumberRange",
    "parse_device",
    "parse_input_size",
    "parse_size",
    "parse_window",
    "read_registry",
    "require_device",
]

if TYPE_CHECKING:
    from alseg.contracts import Size
    from alseg.registry.registry import Registry

LARGEST_SIDE = 65_536
"""In pixels, as in experiment files."""
SMALLEST_WINDOW = 16
"""In pixels."""
MOST_IMAGES = 1_000_000
"""Images that a command takes or makes at a time."""
MOST_ROUNDS = 1_000_000
"""Far more than an experiment file can name."""


class NumberRange(click.FloatRange):
    """A number between bounds; click's own class lets through what is no number, as that is never outside."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the number, or fail with what is possible."""
        number = super().convert(value, param, ctx)
        if math.isnan(number):
            self.fail(f"{value} is not a number from {self.min} to {self.max}.", param, ctx)
        return number


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
    size = int(found[1]), int(found[2])
    if max(size) > LARGEST_SIDE:
        raise click.BadParameter(
            f"'{value}' is too large; height and width can be at most {LARGEST_SIDE} pixels."
        )
    return size


def parse_input_size(context: click.Context, option: click.Parameter, value: str | None) -> Size | str | None:
    """Read an input size such as ``640x1280``, or ``native``; the callback of an option.

    Raises:
        click.BadParameter: If it is neither.
    """
    return value if value == "native" else parse_size(context, option, value)


def parse_window(context: click.Context, option: click.Parameter, value: str | None) -> Size | str | None:
    """Read the size of sliding windows, or ``none``; the callback of an option.

    Raises:
        click.BadParameter: If it is neither, or smaller than `SMALLEST_WINDOW`.
    """
    size = None if value == "none" else parse_size(context, option, value)
    if size is not None and min(size) < SMALLEST_WINDOW:
        raise click.BadParameter(f"both sides must be at least {SMALLEST_WINDOW} pixels.")
    return value if value == "none" else size


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
        from alseg.training.device import find_device

        find_device(device)


def read_registry() -> Registry:
    """Load all plugins; those that do not work are named on standard error."""
    from alseg.registry.loading import load_registry

    registry = load_registry()
    for failure in registry.failures:
        put(f"warning: {failure.message}", err=True)
    return registry
