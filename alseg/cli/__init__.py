"""The command line: one command per module.

A command's module is imported when the command is used, so that ``alseg --help`` is immediate and torch is
loaded only to train. Each module ``alseg.cli.NAME`` has a click command called ``command``.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping
from typing import Any

import click

from alseg import version
from alseg.cli.streams import guard_streams
from alseg.errors import AlsegError, nearest
from alseg.system import threads
from alseg.system.leaving import leave_at_once, works_alone
from alseg.system.limits import address_space, exceeded_limit
from alseg.text.display import say
from alseg.text.printable import printable_lines

WRONG_INPUT = 2
"""Exit code for a user's mistake."""
WAITING = 3
"""Exit code of ``alseg run`` where nothing failed and runs wait for people."""
INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it."""

CANCELLED = 128 + 15
"""Exit code of ``alseg run`` where nothing failed and `alseg cancel` has stopped some runs, as by SIGTERM."""

_RESERVE = 8 * 2**20
"""Bytes that are kept where memory is limited, to have some left to say that there is none."""

COMMANDS: Mapping[str, str] = {
    "run": "Run an experiment, or go on with it.",
    "plan": "Tell beforehand what an experiment takes, on any number of GPUs.",
    "status": "Show which runs are done, running, failed or to do.",
    "cancel": "Ask runs that are being done to save and stop.",
    "ask": "Show what runs ask people, and write what these need.",
    "answer": "Take in what people have answered.",
    "compare": "Print a table of results.",
    "report": "Show results on one HTML page.",
    "pack": "Make one archive of results, to publish or to send.",
    "merge": "Make one pack of several.",
    "picture": "Draw learning curves and picks as one PNG.",
    "show": "Draw what a run bought and predicts.",
    "export": "Write a run's labels, predictions or network for other tools.",
    "predict": "Predict any images with the network of a run.",
    "diff": "Print what differs in how two runs were made.",
    "rescore": "Compute metrics anew from stored counts.",
    "eval": "Evaluate a checkpoint.",
    "data": "List, check, look at or make up data sets.",
    "perf": "Time alseg beside the plain way.",
    "plugins": "List what is installed, with parameters.",
    "new": "Write a plugin of your own from a template.",
    "check": "Check that a plugin keeps its contracts.",
    "work": "Do one unit of an experiment; executors start it.",
}
"""Short help of each command; here, so that listing commands imports none of them."""


class WrongInput(click.ClickException):
    """A user's mistake, printed as ``Error: ...`` on standard error."""

    exit_code = WRONG_INPUT

    def show(self, file: Any = None) -> None:
        """Print the mistake; on a terminal its lines are broken where they are too wide."""
        say(f"Error: {self.format_message()}", err=True)


class LazyGroup(click.Group):
    """Imports commands on use, and is the one place where exceptions become messages and exit codes."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands in the order of the help text."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command, or return None where there is no such command."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"alseg.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command to run; an unknown one is answered with the nearest."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            guess = nearest(args[0], COMMANDS)
            hint = f" Did you mean '{guess}'?" if guess else ""
            raise click.UsageError(f"No command '{args[0]}'.{hint} Commands: {', '.join(COMMANDS)}.", ctx)
        return super().resolve_command(ctx, args)

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Be the whole program: guard the streams, read the command line, run the command and exit."""
        guard_streams()
        return super().main(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command, turning mistakes, limits and interrupts into message and exit code."""
        threads.prepare()  # whichever command imports torch
        reserve = bytearray(_RESERVE if address_space() else 0)
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()  # here, where an error can still be told
            return result
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except AlsegError as error:
            raise WrongInput(printable_lines(str(error))) from error
        except KeyboardInterrupt:
            click.echo("Interrupted.", err=True)
            ctx.exit(INTERRUPTED)
        except Exception as error:
            del reserve
            limit = exceeded_limit(error)
            if limit is None:
                raise
            sys.unraisablehook = lambda _: None  # of what is half-imported and runs at exit
            raise WrongInput(limit) from None


def _print_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    """Print the version of the installed distribution and leave."""
    if not wanted or ctx.resilient_parsing:
        return
    click.echo(f"alseg {version.installed_version()}")
    ctx.exit()


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Print the version and leave.",
)
def main() -> None:
    """The benchmark suite for active learning in domain-adaptive semantic segmentation.

    \b
    alseg run quickstart
    alseg compare results/quickstart
    """


def program() -> None:
    """Be the program ``alseg``: run a command, and end the process."""
    try:
        main(prog_name="alseg")
    except SystemExit as ended:
        if "torch" in sys.modules and isinstance(ended.code, int) and works_alone():
            leave_at_once(ended.code)
        raise
