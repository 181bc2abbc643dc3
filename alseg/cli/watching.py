"""``alseg status --watch``: a view that is drawn again and again; lines of changes where no terminal is."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rich.cells import chop_cells
from rich.console import Console
from rich.live import Live
from rich.text import Text

from alseg.cli.standing_lines import fitted, heading, name_of, said_of, sections, summary
from alseg.launch.watcher import Watcher
from alseg.text.display import asked_width, output_width, put, say, wrap
from alseg.text.printable import printable

if TYPE_CHECKING:
    from alseg.launch.standings import ExperimentStanding

LOOK_SECONDS = 1.0
"""Between two looks; more where a look takes long, as on a slow file system."""

QUIET_SECONDS = 120.0
"""After this long without anybody at work there is nothing to watch; a run may take that long to begin."""

_LONGEST_SECONDS = 10.0
"""Between two looks, however long a look takes; the first one loads plugins."""

_ALL = 10**9
"""Lines; more than there are."""

_SHARE = 0.05
"""Share of the time that looking may take."""


def watch(folder: Path, *, look_seconds: float = LOOK_SECONDS, quiet_seconds: float = QUIET_SECONDS) -> None:
    """Show where an experiment stands until all runs have ended or nobody is at work any more.

    Args:
        folder: Its results folder.
        look_seconds: Between two looks.
        quiet_seconds: How long nobody may be at work.

    Raises:
        AlsegError: If the folder holds no results.
        KeyboardInterrupt: At Ctrl-C.
    """
    standings = _standings(Watcher(folder), look_seconds, quiet_seconds)
    first = next(standings)
    for note in first.notes:
        say(f"note: {printable(note)}", err=True)
    console = Console(file=sys.stdout)
    draws = console.is_terminal and not console.is_dumb_terminal
    last = (_draw if draws else _tell)(first, standings)
    if not last.has_ended:
        put(f"Nothing is at work in {folder}. `alseg run` goes on with what is left.")


def _standings(watcher: Watcher, look_seconds: float, quiet_seconds: float) -> Iterator[ExperimentStanding]:
    """Yield where the experiment stands, again and again until there is nothing to wait for."""
    busy = time.monotonic()
    while True:
        began = time.monotonic()
        found = watcher.look()
        yield found
        now = time.monotonic()
        if not found.is_quiet:
            busy = now
        if (found.has_ended and found.is_quiet) or now - busy >= quiet_seconds:
            return
        time.sleep(max(look_seconds, min((now - began) / _SHARE, _LONGEST_SECONDS)))


def _draw(first: ExperimentStanding, standings: Iterator[ExperimentStanding]) -> ExperimentStanding:
    """Draw each standing in the place of the one before; the last one stays."""
    last = first
    console = Console(file=sys.stdout, width=asked_width(sys.stdout))
    # Each standing is drawn when it is known; nothing has to be drawn in between.
    with Live(_view(first), console=console, auto_refresh=False, vertical_overflow="crop") as live:
        for last in standings:
            live.update(_view(last), refresh=True)
        live.update(_view(last, whole=True), refresh=True)
    return last


def _view(found: ExperimentStanding, *, whole: bool = False) -> Text:
    """Return what is drawn; a word that is wider than the terminal goes on in the next line."""
    width = output_width()
    height = _ALL if whole else shutil.get_terminal_size().lines - 1
    lines = fitted(_head(found, width), sections(found, width), height)
    return Text("\n".join(part for line in lines for part in chop_cells(line, width) or [""]), no_wrap=True)


def _head(found: ExperimentStanding, width: int) -> list[str]:
    return [line for text in (heading(found), summary(found)) for line in wrap(text, width, "", "  ")]


def _tell(first: ExperimentStanding, standings: Iterator[ExperimentStanding]) -> ExperimentStanding:
    """Print where the experiment stands, then a line for each change."""
    width, last = output_width(), first
    put("\n".join(fitted(_head(first, width), sections(first, width), _ALL)))
    before = _said(first)
    for last in standings:
        now = _said(last)
        ended = dict.fromkeys(before.keys() - now.keys(), "ended")
        for name, words in {**ended, **now}.items():
            if before.get(name) != words:
                say(f"{datetime.now():%Y-%m-%d %H:%M:%S} {name}: {words}")
        before = now
    if last is not first:
        say(summary(last))
    return last


def _said(found: ExperimentStanding) -> dict[str, str]:
    """Return what is said of each unit, by its name."""
    return {name_of(unit): said_of(unit) for unit in found.units}
