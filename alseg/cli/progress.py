"""What a person sees while an experiment runs: bars on a terminal, plain lines elsewhere.

Everything here writes to standard error, so that standard output stays free for results.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from alseg.contracts import RoundReport
from alseg.text.display import asked_width, fit
from alseg.text.printable import printable_lines

if TYPE_CHECKING:
    from alseg.engine.reporter import Reporter

HEARTBEAT_SECONDS = 30.0
"""How often a long phase shows a sign of life where there are no bars."""


def round_line(report: RoundReport, rounds: int) -> str:
    """Say in one line what a round brought."""
    cost = report.cost
    images = f"{cost.images:,} image{'' if cost.images == 1 else 's'}"
    clicks = "1 click" if cost.clicks == 1 else f"{cost.clicks:,} clicks"
    spent = f"{cost.pixels:,} px, {clicks}, {images}" if cost.pixels else "no labels"
    known = f"mIoU {report.miou:5.2f}" if report.evaluated else _of_answers(report)
    return "  ".join([f"round {report.round}/{rounds}", f"iteration {report.iteration}", known, spent])


def _of_answers(report: RoundReport) -> str:
    """Say how the network predicts answers, where there are no evaluation labels."""
    found, told = report.of_answers, []
    if "estimate_from_held_out_answers/miou_of_answers" in found:
        count = found["estimate_from_held_out_answers/answers"]
        score = found["estimate_from_held_out_answers/miou_of_answers"]
        told.append(f"estimate from {count:,.0f} held-out answers {score:.2f}")
    if "prequential/accuracy_of_answers" in found:
        told.append(f"accuracy on new answers {found['prequential/accuracy_of_answers']:.2f}")
    return "  ".join(told) or "no evaluation labels"


def _shown(text: str) -> str:
    """Return text as markup that shows it, with characters that steer a terminal escaped."""
    return escape(printable_lines(text))


class _Speed:
    """Steps per second of the current phase, and how much longer it takes."""

    def __init__(self) -> None:
        self.start(0, 0)

    def start(self, total: int, done: int) -> None:
        self.total, self.done, self._first, self._since = total, done, done, time.monotonic()

    def step(self) -> None:
        self.done += 1

    def text(self) -> str:
        rate = (self.done - self._first) / max(time.monotonic() - self._since, 1e-9)
        return f"{rate:.1f}/s" if rate >= 0.1 else f"{1 / max(rate, 1e-9):.0f} s each"


class PlainReporter:
    """Lines, for logs and pipes.

    Args:
        console: Where to write.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._speed = _Speed()
        self._phase = ""
        self._last_sign = time.monotonic()

    def run_started(self, place: int, total: int, label: str, seed: int) -> None:
        """Print a heading."""
        self.note(f"[{place}/{total}] {label}, seed {seed}")

    def phase(self, name: str, total: int, done: int = 0) -> None:
        """Remember the phase; it shows only if it takes long."""
        self._phase, self._last_sign = name, time.monotonic()
        self._speed.start(total, done)

    def advance(self, detail: str = "") -> None:
        """Print a line when the last one is long ago."""
        self._speed.step()
        if time.monotonic() - self._last_sign >= HEARTBEAT_SECONDS:
            self._last_sign = time.monotonic()
            done = f"{self._speed.done}/{self._speed.total}"
            self.note(f"  {self._phase} {done}  {self._speed.text()}  {detail}".rstrip())

    def round_finished(self, report: RoundReport, rounds: int) -> None:
        """Print the round's result."""
        self.note(f"  {round_line(report, rounds)}")

    def run_ended(self, state: str, seconds: float) -> None:
        """Print how the run ended."""
        self.note(f"  {state} after {seconds:.0f} s")

    def note(self, text: str) -> None:
        """Print a line; several where a dumb terminal or COLUMNS says that it is too wide."""
        text, width = printable_lines(text), asked_width(self._console.file)
        self._console.print(
            fit(text, width) if width else text, markup=False, highlight=False, soft_wrap=True
        )

    def close(self) -> None:
        """Nothing to clean up."""


class BarReporter:
    """Bars on a terminal: runs, and the current phase with loss, speed and time left.

    Args:
        console: A terminal.
    """

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            TextColumn("{task.fields[detail]}", style="dim"),
            TimeRemainingColumn(),
            console=console,
            expand=True,
        )
        self._runs = self._progress.add_task("runs", total=1, detail="")
        self._current = self._progress.add_task("", total=1, detail="", visible=False)
        self._speed = _Speed()
        self._progress.start()

    def run_started(self, place: int, total: int, label: str, seed: int) -> None:
        """Print a heading and move the runs bar."""
        self._progress.update(self._runs, total=total, completed=place - 1)
        self._print(f"[bold]{_shown(label)}[/bold], seed {seed}")

    def phase(self, name: str, total: int, done: int = 0) -> None:
        """Restart the phase bar."""
        self._speed.start(total, done)
        self._progress.reset(
            self._current, description=f"  {_shown(name)}", total=total, completed=done, visible=True
        )
        self._progress.update(self._current, detail="")

    def advance(self, detail: str = "") -> None:
        """Move the phase bar."""
        self._speed.step()
        self._progress.update(
            self._current, advance=1, detail=_shown(f"{detail}  {self._speed.text()}".strip())
        )

    def round_finished(self, report: RoundReport, rounds: int) -> None:
        """Print the round's result above the bars."""
        self.note(f"  {round_line(report, rounds)}")

    def run_ended(self, state: str, seconds: float) -> None:
        """Move the runs bar; say so where the run did not succeed."""
        self._progress.update(self._runs, advance=1)
        if state != "done":
            self._print(f"  [red]{_shown(state)}[/red] after {seconds:.0f} s")

    def note(self, text: str) -> None:
        """Print a line above the bars; several where it is too wide."""
        self._print(escape(fit(printable_lines(text), self._progress.console.width)))

    def close(self) -> None:
        """Remove the phase bar and stop drawing."""
        self._progress.update(self._current, visible=False)
        self._progress.stop()

    def _print(self, markup: str) -> None:
        self._progress.console.print(markup, highlight=False)


def make_reporter() -> Reporter:
    """Return bars where standard error is a terminal that can draw them, lines elsewhere."""
    console = Console(stderr=True)
    if console.is_terminal and not console.is_dumb_terminal:
        return BarReporter(console)
    return PlainReporter(console)
