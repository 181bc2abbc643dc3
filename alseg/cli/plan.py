"""``alseg plan``: what an experiment will take, on machines that need not be here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from alseg.cli.inputs import NumberRange, read_registry
from alseg.cli.options import FOLDER, experiment_argument, json_option
from alseg.config.shipped import find_experiment
from alseg.errors import AlsegError
from alseg.text.display import output_width, put_json, say

if TYPE_CHECKING:
    from alseg.config.experiment import Experiment

_MOST_DEVICES = 100_000
_LONGEST_SECONDS = 1e7
_NUMBERS = (1, 8, 64)
"""Numbers of devices where nobody asks for others."""
REQUEUE_SECONDS = 121.0
"""From the end of a job of SLURM that was requeued until it may begin again, as measured with SLURM 22.05."""


def _parse_seconds(
    _: click.Context, __: click.Parameter, values: tuple[str, ...]
) -> tuple[tuple[str, float], ...]:
    """Read ``SECONDS`` or ``METHOD=SECONDS``; the callback of an option.

    Raises:
        click.BadParameter: If a value is neither.
    """
    found = []
    for value in values:
        pattern, _sign, text = value.rpartition("=")
        try:
            seconds = float(text)
        except ValueError:
            seconds = -1.0
        if not 0 < seconds <= _LONGEST_SECONDS:
            raise click.BadParameter(
                f"'{value}' names no seconds; write a number above 0 such as 0.45, or METHOD=0.45 for the "
                "methods whose labels fit a pattern."
            )
        found.append((pattern or "*", seconds))
    return tuple(found)


def _parse_devices(_: click.Context, __: click.Parameter, value: str | None) -> tuple[int, ...]:
    """Read numbers of devices such as ``1,8,64``; the callback of an option.

    Raises:
        click.BadParameter: If one is none.
    """
    if value is None:
        return ()
    numbers = [text.strip() for text in value.split(",")]
    if not all(text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= _MOST_DEVICES for text in numbers):
        raise click.BadParameter(
            f"'{value}' is no list of numbers from 1 to {_MOST_DEVICES:,}; write 64, or 1,8,64 to compare."
        )
    return tuple(sorted(set(map(int, numbers))))


@click.command("plan")
@experiment_argument
@click.argument("overrides", nargs=-1, metavar="[KEY=VALUE]...")
@click.option("--only", multiple=True, metavar="KEY=PATTERN", help="Only some runs, as in 'alseg run'.")
@click.option(
    "--on", "executor", metavar="EXECUTOR", help="Where: local:N means N devices; others need --gpus."
)
@click.option(
    "--gpus",
    "devices",
    callback=_parse_devices,
    metavar="N[,N]...",
    help="Devices to use; several numbers are compared. [default: those of --on, else 1,8,64]",
)
@click.option(
    "--seconds-per-step",
    callback=_parse_seconds,
    multiple=True,
    metavar="[METHOD=]SECONDS",
    help="Of an optimiser step. May be repeated for patterns of labels; the last that fits counts.",
)
@click.option(
    "--seconds-per-image",
    callback=_parse_seconds,
    multiple=True,
    metavar="[METHOD=]SECONDS",
    help="Of a prediction of one image, for questions and evaluation; likewise.",
)
@click.option(
    "--start-seconds",
    type=NumberRange(0, 86_400),
    default=10.0,
    show_default=True,
    help="From the start of a process until it trains.",
)
@click.option(
    "--measured",
    multiple=True,
    type=FOLDER,
    help="Results folder whose runs were timed, besides the experiment's own. May be repeated.",
)
@click.option(
    "--minutes",
    type=NumberRange(1, 1e6),
    help="Time limit of a job; what is not done then is submitted again.",
)
@click.option(
    "--requeue-seconds",
    type=NumberRange(0, 1e6),
    default=REQUEUE_SECONDS,
    show_default=True,
    help="With --minutes: from the end of a job until it may begin again.",
)
@click.option("--left", is_flag=True, help="Plan only what the results folder does not hold yet.")
@click.option(
    "--results",
    type=FOLDER,
    default=Path("results"),
    show_default=True,
    help="Folder in which the experiment has its own.",
)
@json_option("The same as JSON; times are seconds, [low, likeliest, high].")
def command(**given: Any) -> None:
    """Plan the experiment in FILE: units, device-hours, wall time.

    FILE may be the name of an experiment that comes with alseg; `alseg run --list` lists them.
    Neither data nor a GPU is needed. Seconds come from options, else from runs that were done before:

    \b
    alseg plan gta2city --on slurm --gpus 64 \\
      --seconds-per-step 0.5 --seconds-per-image 0.1
    """
    from alseg.config.experiment import read_experiment

    registry = read_registry()
    experiment = read_experiment(
        find_experiment(given["file"], "plan"), given["overrides"], registry=registry
    )
    specs = experiment.runs(given["only"])
    devices = given["devices"] or _devices_of(given["executor"], experiment)

    # Torch is imported from here on: mistakes are told at once.
    from alseg.planning.forecast import forecast
    from alseg.planning.measured import read_samples
    from alseg.planning.rates import GivenSeconds
    from alseg.planning.schedule import TimeLimit
    from alseg.planning.text import forecast_json, forecast_text

    own = given["results"] / experiment.name
    minutes, delay = given["minutes"], given["requeue_seconds"]
    found = forecast(
        experiment,
        specs,
        registry,
        GivenSeconds(
            step=given["seconds_per_step"], image=given["seconds_per_image"], start=given["start_seconds"]
        ),
        read_samples([own, *given["measured"]]),
        devices,
        # No experiment has a folder of this name in its own: everything is to do.
        (own if given["left"] else own / "planned").absolute(),
        TimeLimit(seconds=60 * minutes, delay=delay) if minutes is not None else None,
        file=str(given["file"]),
    )
    for note in found.notes:
        say(f"note: {note}", err=True)
    if given["as_json"]:
        put_json(json.dumps(forecast_json(found), indent=1, allow_nan=False))
    else:
        say(forecast_text(found, output_width()))


def _devices_of(executor: str | None, experiment: Experiment) -> tuple[int, ...]:
    """Return how many devices an executor has.

    Raises:
        AlsegError: If it does not say so.
    """
    chosen = experiment.settings.executor
    text = executor if executor is not None else chosen.text if chosen is not None else None
    if text is None:
        return _NUMBERS
    name, _, address = text.partition(":")
    if name == "local" and address.isascii() and address.isdigit() and 1 <= int(address[:9]) <= _MOST_DEVICES:
        return (int(address),)
    if name == "local":
        raise AlsegError(f"--on {text} names no number of processes. Write local:4, for instance.")
    if executor is None:
        return _NUMBERS
    raise AlsegError(f"--on {text} does not say how many devices there are. Give their number: --gpus 64.")
