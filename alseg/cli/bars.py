"""A bar for one long piece of work: drawn on a terminal, a line now and then elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from alseg.cli.progress import PlainReporter
from alseg.text.printable import printable


@contextmanager
def progress_bar(name: str, total: int) -> Iterator[Callable[[], None]]:
    """Show on standard error how far a piece of work is.

    Args:
        name: What is done, such as ``checking gtav train``.
        total: Number of steps.

    Yields:
        A function to be called after every step.
    """
    console = Console(stderr=True)
    if not console.is_terminal or console.is_dumb_terminal:
        reporter = PlainReporter(console)
        reporter.phase(name, total)
        yield reporter.advance
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    # Transient: results follow on standard output, where a finished bar says nothing.
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(escape(printable(name)), total=total)
        yield lambda: progress.advance(task)
