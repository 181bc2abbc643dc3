"""``alseg work``: do units of an experiment; executors start it."""

from __future__ import annotations

import json
import os
import signal
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from alseg.cli.unit_lines import LONGEST_UNIT, UnitLines
from alseg.contracts import WorkUnit
from alseg.errors import AlsegError
from alseg.system.leaving import leave_at_once
from alseg.text.display import put

if TYPE_CHECKING:
    from alseg.launch.kept_preparation import KeptPreparation
    from alseg.launch.outcome import UnitOutcome
    from alseg.system.signals import StopRequest


MOST_DESCRIPTOR = 2**31 - 1
"""The largest number that a file descriptor can have."""


@click.command("work")
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@click.option(
    "--until-eof",
    is_flag=True,
    help="With '-': read one line, and save and stop when standard input ends.",
)
@click.option(
    "--in-turn",
    type=click.IntRange(0, MOST_DESCRIPTOR),
    metavar="DESCRIPTOR",
    help="With '-' and --until-eof: do further units, a line each; after each that ended with 0, write an "
    "empty line to this file descriptor.",
)
def command(file: Path, until_eof: bool, in_turn: int | None) -> None:
    """Do the unit in FILE, a JSON object; '-' reads it from standard input.

    `alseg run FILE --on EXECUTOR` makes units and has them done, so you need this command only to write an
    executor. It ends like `alseg run`: exit code 0, 1 where the run failed, 3 where it waits for people.
    """
    from alseg.system.signals import Interrupted, listening

    if in_turn is not None and not (until_eof and str(file) == "-"):
        raise click.UsageError("--in-turn reads units from standard input: give '-' and --until-eof, too.")
    context = click.get_current_context()
    with listening(until_exit=True) as stop:
        try:
            lines = UnitLines() if until_eof else None
            unit = _read_unit(file, lines)
            if lines is not None:
                lines.begin()
            from alseg.launch.kept_preparation import KeptPreparation  # imports torch

            kept = KeptPreparation()
            outcome = _do(unit, stop, kept)
            if in_turn is not None and lines is not None:
                outcome = _do_more(outcome, stop, kept, lines, in_turn)
        except Interrupted:
            put(f"Stopped by {stop.name} before anything was done; nothing is lost.", err=True)
            context.exit(128 + (stop.signal or 0))
        if outcome.signal is not None:
            saved = "without saving" if stop.at_once else "all is saved"
            put(f"Stopped by {signal.Signals(outcome.signal).name}, {saved}.", err=True)
    context.exit(outcome.exit_code)


def _do(unit: WorkUnit, stop: StopRequest, kept: KeptPreparation) -> UnitOutcome:
    """Do a unit and show it."""
    from alseg.cli.progress import make_reporter
    from alseg.launch.work import do_unit

    with closing(make_reporter()) as reporter:
        return do_unit(unit, reporter, stop, kept)


def _do_more(
    outcome: UnitOutcome, stop: StopRequest, kept: KeptPreparation, lines: UnitLines, descriptor: int
) -> UnitOutcome:
    """Do further units, each with a log of its own, as long as all is well.

    Does not return when there are no more.

    Args:
        outcome: Of the first unit.
        stop: Set when the process should save and stop.
        kept: What the first unit has prepared.
        lines: The units.
        descriptor: Told of each that is done.

    Returns:
        How the unit ended after which there is to be no other.
    """
    while outcome.exit_code == 0 and stop.signal is None:  # a signal may have come when all was done
        stop.working = False
        os.write(descriptor, b"\n")
        line = lines.next()
        if not line:
            leave_at_once(0)
        unit = _parsed(line, "Standard input")
        lines.begin()
        _print_to(Path(unit.experiment).parent / "units" / f"{unit.key}.log")
        outcome = _do(unit, stop, kept)
    return outcome


def _print_to(log: Path) -> None:
    """Have all that is printed from now on written to the end of a file."""
    sys.stdout.flush()
    sys.stderr.flush()
    log.parent.mkdir(exist_ok=True)
    file = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    for descriptor in (1, 2):
        os.dup2(file, descriptor)
    os.close(file)


def _read_unit(file: Path, lines: UnitLines | None) -> WorkUnit:
    """Read a unit.

    Raises:
        AlsegError: If there is none.
    """
    if str(file) != "-":
        try:
            return _parsed(file.read_bytes(), str(file))
        except OSError as error:
            raise _no_unit(str(file), error) from error
    return _parsed(lines.next() if lines is not None else _all_of_input(), "Standard input")


def _parsed(text: bytes, where: str) -> WorkUnit:
    """Return the unit that a text is.

    Raises:
        AlsegError: If it is none.
    """
    try:
        return WorkUnit.from_json(json.loads(text))
    except ValueError as error:
        raise _no_unit(where, error) from error


def _no_unit(where: str, error: Exception) -> AlsegError:
    return AlsegError(f"{where} holds no unit: {error}. Units are written by `alseg run FILE --on EXECUTOR`.")


def _all_of_input() -> bytes:
    """Return standard input; not more of it than a unit is long."""
    text = b""
    while len(text) <= LONGEST_UNIT and (part := os.read(0, 65536)):
        text += part
    return text
