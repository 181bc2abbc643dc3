"""The page: content, style, program and charting library in one HTML file that asks no other host."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from importlib import metadata, resources
from pathlib import Path
from string import Template
from typing import Any

from alseg import version
from alseg.errors import AlsegError
from alseg.files import write_text
from alseg.text.printable import printable, printable_content


def write_page(content: Mapping[str, Any], title: str, path: Path) -> None:
    """Write the report.

    Args:
        content: From `alseg.report.content.report_content`.
        title: For the heading and the browser's tab.
        path: The HTML file.

    Raises:
        AlsegError: If the file cannot be written, or the charting library is missing.
    """
    _write(path, page(content, title))


def write_leaderboard(content: Mapping[str, Any], title: str, path: Path) -> None:
    """Write the leaderboard.

    Args:
        content: From `alseg.report.leaderboard.leaderboard_content`.
        title: For the heading and the browser's tab.
        path: The HTML file.

    Raises:
        AlsegError: If the file cannot be written.
    """
    _write(path, leaderboard_page(content, title))


def leaderboard_page(content: Mapping[str, Any], title: str) -> str:
    """Return the leaderboard as HTML."""
    return Template(_own("leaderboard.html")).substitute(
        title=html.escape(printable(title)),
        version=html.escape(version.installed_version()),
        style=_own("page.css") + _own("leaderboard.css"),
        content=_as_json(content),
        script=_own("common.js") + _own("leaderboard.js"),
    )


def page(content: Mapping[str, Any], title: str) -> str:
    """Return the report as HTML."""
    return Template(_own("page.html")).substitute(
        title=html.escape(printable(title)),
        version=html.escape(version.installed_version()),
        style=_own("page.css"),
        content=_as_json(content),
        plotly=_plotly(),
        script=_own("common.js") + _own("page.js"),
    )


def _write(path: Path, text: str) -> None:
    write_text(path, text)
    path.chmod(0o644)  # the temporary file it was is private; a report is for others


def _own(name: str) -> str:
    """Return a file of this package."""
    return resources.files("alseg.report").joinpath(name).read_text(encoding="utf-8")


def _as_json(content: Mapping[str, Any]) -> str:
    return _inside_script(json.dumps(printable_content(content), ensure_ascii=False, allow_nan=False))


def _inside_script(text: str) -> str:
    """Return JSON that a script element can hold: no ``<`` can end it or begin a comment."""
    escaped = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
    for character, escape in escaped.items():
        text = text.replace(character, escape)
    return text


def _plotly() -> str:
    """Return plotly.js as the Python package ships it."""
    try:
        # The file alone: importing the package would take longer than the rest of the report.
        file = metadata.distribution("plotly").locate_file("plotly/package_data/plotly.min.js")
        return Path(str(file)).read_text(encoding="utf-8").replace("</script", "<\\/script")
    except (metadata.PackageNotFoundError, OSError) as error:
        raise AlsegError(f"The report needs plotly, which is missing: {error}. pip install plotly") from error
