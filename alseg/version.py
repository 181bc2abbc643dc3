"""The version of alseg that is installed."""

from __future__ import annotations

from importlib import metadata


def installed_version() -> str:
    """Return the version of the installed distribution, such as ``0.1.0``.

    Between releases it is such as ``0.1.1.dev7+g4dc81618a``; ``0+unknown`` where alseg is on the path without
    being installed.
    """
    try:
        return metadata.version("alseg")
    except metadata.PackageNotFoundError:
        return "0+unknown"
