"""Arguments and options that several commands have, each with one name, type and help text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from alseg.cli.inputs import MOST_ROUNDS, parse_device
from alseg.cli.outputs import OutputFile, OutputFolder, force_option
from alseg.text.display import output_width, put, say_command, wrap

Command = TypeVar("Command", bound=Callable[..., Any])

FOLDER = click.Path(path_type=Path, file_okay=False)
"""The type of an option that names a folder."""

RESULTS = Path("results")
"""Folder under which experiments get their own."""

experiment_argument = click.argument("file", type=click.Path(path_type=Path))
"""An experiment file, or the name of an experiment of alseg; `find_experiment` tells which."""


def _list_experiments(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    """Print the experiments that come with alseg, and leave."""
    if not wanted or context.resilient_parsing:
        return
    from alseg.config.shipped import headline, shipped_experiments

    shipped = shipped_experiments()
    indent = max(map(len, shipped), default=0) + 4
    width = output_width()
    for name, file in shipped.items():
        put("\n".join(wrap(headline(file), width, f"  {name}".ljust(indent), " " * indent)))
    for folder in {file.parent for file in shipped.values()}:
        say_command("To change one, copy its file from", str(folder))
    context.exit()


list_option = click.option(
    "--list",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_list_experiments,
    help="List the experiments that come with alseg, and leave.",
)

results_argument = click.argument("results", nargs=-1, required=True, type=click.Path(path_type=Path))
"""Result folders or run folders, at least one."""

baseline_option = click.option(
    "--baseline",
    metavar="METHOD",
    help="Label of the method to take differences to. [default: the method with random acquisition]",
)

image_group_option = click.option(
    "--image-group",
    "image_groups",
    multiple=True,
    metavar="PATTERN",
    help="Compute all metrics on the evaluation images of these groups only, such as 'frankfurt*'. May be "
    "repeated. [default: all images]",
)

COSTS = ("pixels", "valid-pixels", "clicks", "images")
"""Keys of `alseg.analysis.cost_axes.COST_AXES`, which commands need before scipy is imported."""

_SHOWN = (
    click.option(
        "--only",
        multiple=True,
        metavar="method=PATTERN",
        help="Only these methods, such as 'method=RIPU*', and the references, which buy no labels. Where a "
        "pattern matches a reference, only such references. May be repeated.",
    ),
    click.option(
        "--no-references",
        "references",
        is_flag=True,
        flag_value=False,
        default=True,
        help="Leave out the methods that buy no labels.",
    ),
)


def shown_options(command: Command) -> Command:
    """Add ``--only`` and ``--no-references``, the fields of `alseg.analysis.shown_rows.RowFilter`."""
    for option in reversed(_SHOWN):
        command = option(command)
    return command


published_option = click.option(
    "--published", is_flag=True, help="Add what papers print about the same data sets, marked as published."
)


_CHOICE = (
    click.option("--run", "run_name", metavar="NAME", help="Run of a results folder, by its folder's name."),
    click.option("--method", metavar="LABEL", help="Method of a results folder, by its label."),
)


def run_choice_options(command: Command) -> Command:
    """Add ``--run``, which is ``run_name`` in the command, and ``--method``: one run of a results folder."""
    for option in reversed(_CHOICE):
        command = option(command)
    return command


def json_option(text: str = "Print JSON for programs.") -> Callable[[Command], Command]:
    """Add ``--json``, which is ``as_json`` in the command."""
    return click.option("--json", "as_json", is_flag=True, help=text)


def format_option(*formats: str) -> Callable[[Command], Command]:
    """Add ``--format``, which is ``output`` in the command; the first is the default."""
    return click.option(
        "--format",
        "output",
        type=click.Choice(formats),
        default=formats[0],
        show_default=True,
        help="Output format.",
    )


def file_option(default: str, text: str) -> Callable[[Command], Command]:
    """Add ``--output`` for one file, and ``--force``, which replaces it."""
    output = click.option(
        "-o", "--output", type=OutputFile(), default=Path(default), show_default=True, help=text
    )
    return lambda command: output(force_option("Replace the file if it is there.")(command))


def root_option(text: str) -> Callable[[Command], Command]:
    """Add ``--root``, the folder of the data sets; None where it is not given."""
    return click.option("--root", type=FOLDER, help=text)


def device_option(text: str) -> Callable[[Command], Command]:
    """Add ``--device`` in the words of ``settings.device``."""
    return click.option("--device", callback=parse_device, default="auto", show_default=True, help=text)


def saved_run_options(*, rounds: str, output: str, files: str) -> Callable[[Command], Command]:
    """Add ``--round``, ``--output``, ``--force``, ``--root`` and ``--device`` to a command that opens a run.

    Args:
        rounds: Help text of ``--round``, which is ``round_number`` in the command.
        output: Default of ``--output``, a folder.
        files: Its help text.
    """
    options: tuple[Callable[[Command], Command], ...] = (
        click.option("--round", "round_number", type=click.IntRange(1, MOST_ROUNDS), help=rounds),
        click.option(
            "-o", "--output", type=OutputFolder(), default=Path(output), show_default=True, help=files
        ),
        force_option("Write into a folder that is not empty, and replace files of the same names."),
        root_option("Folder of the data sets. [default: the run's]"),
        device_option("Where the network runs."),
    )

    def add(command: Command) -> Command:
        for option in reversed(options):  # click lists the last that was added first
            command = option(command)
        return command

    return add
