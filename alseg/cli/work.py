"""``alseg work``: do one unit of an experiment; executors start it."""

from __future__ import annotations

import json
import os
import signal
import threading
from pathlib import Path

import click

from alseg.contracts import WorkUnit
from alseg.errors import AlsegError
from alseg.text.display import put

LONGEST_UNIT = 2**24
"""Bytes of a unit; a run's name has a hundred or so."""


@click.command("work")
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@click.option(
    "--until-eof",
    is_flag=True,
    help="With '-': read one line, and save and stop when standard input ends.",
)
def command(file: Path, until_eof: bool) -> None:
    """Do the unit in FILE, a JSON object; '-' reads it from standard input.

    `alseg run FILE --on EXECUTOR` makes units and has them done, so you need this command only to write an
    executor. It ends like `alseg run`: exit code 0, 1 where the run failed, 3 where it waits for people.
    """
    from alseg.system.signals import Interrupted, listening

    unit = _read_unit(file, until_eof=until_eof)
    context = click.get_current_context()
    with listening(until_exit=True) as stop:
        if until_eof:
            threading.Thread(target=_stop_with_input, daemon=True).start()
        try:
            from alseg.cli.progress import make_reporter
            from alseg.launch.work import do_unit

            reporter = make_reporter()
            try:
                outcome = do_unit(unit, reporter, stop)
            finally:
                reporter.close()
        except Interrupted:
            put(f"Stopped by {stop.name} before anything was done; nothing is lost.", err=True)
            context.exit(128 + (stop.signal or 0))
        if outcome.signal is not None:
            saved = "without saving" if stop.at_once else "all is saved"
            put(f"Stopped by {signal.Signals(outcome.signal).name}, {saved}.", err=True)
    context.exit(outcome.exit_code)


def _read_unit(file: Path, *, until_eof: bool) -> WorkUnit:
    """Read a unit.

    Raises:
        AlsegError: If there is none.
    """
    from_input = str(file) == "-"
    try:
        text = _from_input(until_newline=until_eof) if from_input else file.read_bytes()
        return WorkUnit.from_json(json.loads(text))
    except (OSError, ValueError) as error:
        where = "Standard input" if from_input else str(file)
        raise AlsegError(
            f"{where} holds no unit: {error}. Units are written by `alseg run FILE --on EXECUTOR`."
        ) from error


def _from_input(*, until_newline: bool) -> bytes:
    """Return standard input, or its first line; never more than a unit is long."""
    # Not through sys.stdin, which would read ahead, and whose lock would be held when the interpreter ends.
    text = b""
    while len(text) <= LONGEST_UNIT and (part := os.read(0, 1 if until_newline else 65536)):
        text += part
        if until_newline and part == b"\n":
            break
    return text


def _stop_with_input() -> None:
    """Save and stop when the process that started this one has ended or closes the pipe."""
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
