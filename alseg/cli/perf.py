"""``alseg perf``: time alseg beside the plain way."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from alseg.cli.inputs import MOST_PROCESSES, parse_size, read_registry
from alseg.cli.options import json_option
from alseg.cli.outputs import OutputFile, force_option, require_free
from alseg.errors import AlsegError
from alseg.perf import BENCHMARKS, ON_GPU
from alseg.text.display import output_width, put, put_json, say

if TYPE_CHECKING:
    from alseg.contracts import Size

_SIZE = (1024, 2048)
_QUICK_SIZE = (64, 128)
_FILE = click.Path(dir_okay=False, path_type=Path)
_SMALLEST_SIDE = 32
"""In pixels; smaller label maps have no room for the picks of a round."""


def _perf_size(context: click.Context, option: click.Parameter, value: str | None) -> Size | None:
    """Read the size of label maps.

    Raises:
        click.BadParameter: If it is none, or one that nothing can be measured with.
    """
    size = parse_size(context, option, value)
    if size is not None and min(size) < _SMALLEST_SIDE:
        raise click.BadParameter(
            f"'{value}' is too small; height and width must be at least {_SMALLEST_SIDE} pixels."
        )
    return size


@click.command("perf")
@click.argument(
    "names", nargs=-1, metavar=f"[{'|'.join(BENCHMARKS)}]...", type=click.Choice(list(BENCHMARKS))
)
@click.option("--size", callback=_perf_size, metavar="HxW", help="Of label maps. [default: 1024x2048]")
@click.option("--threads", type=click.IntRange(1, MOST_PROCESSES), help="Threads. [default: torch's choice]")
@click.option("--repeats", type=click.IntRange(1, 1_000_000), help="Turns. [default: 5]")
@click.option(
    "--device",
    type=click.Choice(["cpu", "cuda"]),
    default="cpu",
    help="Where to measure what can run on a GPU.",
)
@click.option("--quick", is_flag=True, help="Only see that everything works: small maps, one turn.")
@json_option()
@click.option(
    "--record",
    type=_FILE,
    metavar="FILE",
    help="Add what was measured to this file, which keeps one entry a commit.",
)
@click.option("--history", type=_FILE, metavar="FILE", help="Measure nothing: show such a file.")
@click.option(
    "-o",
    "--output",
    type=OutputFile(),
    metavar="PAGE.md",
    help="With --history: write a page, and a drawing PAGE.svg beside it.",
)
@force_option("Replace page and drawing if they are there.")
def command(
    names: tuple[str, ...],
    size: Size | None,
    threads: int | None,
    repeats: int | None,
    device: str,
    quick: bool,
    as_json: bool,
    record: Path | None,
    history: Path | None,
    output: Path | None,
) -> None:
    """Time alseg beside a plain way that is obviously right, in turns, and compare the results of both.

    Without a name, everything is measured that the device can run; that takes some minutes.
    """
    if output is not None and history is None:
        raise click.UsageError("--output writes the page of a --history; name its file.")
    if history is not None:
        _show(history, output, as_json=as_json)
        return
    if record is not None and quick:
        raise click.UsageError(
            "What --quick measures says nothing, so --record does not keep it. Leave one out."
        )
    elsewhere = [name for name in names if name not in ON_GPU]
    if device == "cuda" and elsewhere:
        raise click.UsageError(
            f"{', '.join(elsewhere)} cannot be measured on a GPU. "
            f"With --device cuda, measure {', '.join(ON_GPU)}."
        )
    import importlib

    import torch

    from alseg.perf import output as written
    from alseg.perf.history import entry_of, read_history
    from alseg.perf.history import record as add_to_history
    from alseg.perf.result import Options, Result
    from alseg.training.device import find_device

    find_device(device)  # one that is not there is told now

    if threads is not None:
        torch.set_num_threads(threads)
    options = Options(
        registry=read_registry(),
        size=size or (_QUICK_SIZE if quick else _SIZE),
        threads=torch.get_num_threads(),
        repeats=repeats or (1 if quick else 5),
        device=device,
        quick=quick,
        on_step=lambda step: say(f"  {step}", err=True),
        on_line=lambda line: say(f"    {written.line_text(line)}", err=True),
    )
    if record is not None and record.exists():
        read_history(record)  # a file that cannot be added to is told now, not after minutes
    environment = written.machine(options)
    results: list[Result] = []
    if not as_json:
        say(written.machine_text(environment))
    for name in dict.fromkeys(names or (ON_GPU if device == "cuda" else BENCHMARKS)):
        put(f"measuring {name}", err=True)
        results.append(importlib.import_module(f"alseg.perf.{name}").run(options))
        if not as_json:  # at once: what is done stays said when a later one is stopped
            say(written.result_text(results[-1], output_width()))
    if record is not None:
        add_to_history(record, entry_of(results, environment, options))
    if as_json:
        put_json(json.dumps(written.as_json(results, environment), indent=1))


def _show(history: Path, page: Path | None, *, as_json: bool) -> None:
    """Print a history, or write its page."""
    from alseg.files import write_atomically, write_text
    from alseg.perf.history import read_history
    from alseg.perf.history_page import as_markdown, as_svg, as_text

    entries = read_history(history)
    if not entries:
        raise AlsegError(f"{history} has no entry. `alseg perf --record {history}` adds one.")
    if page is not None:
        chart = page.with_suffix(".svg")
        require_free(chart, "--output")
        drawing = as_svg(entries)
        write_atomically(chart, lambda file: file.write(drawing))
        write_text(page, as_markdown(entries, chart.name))
        say(f"Wrote {page} and {chart}.")
    elif as_json:
        put_json(json.dumps([entry.model_dump(mode="json") for entry in entries], indent=1))
    else:
        say(as_text(entries, output_width()))
