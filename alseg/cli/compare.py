"""``alseg compare``: a per-class table of methods, from run folders."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from alseg.cli.inputs import MOST_ROUNDS, NumberRange, read_registry
from alseg.cli.options import (
    COSTS,
    baseline_option,
    format_option,
    image_group_option,
    published_option,
    results_argument,
    shown_options,
)
from alseg.text.display import output_width, put, put_json, say

if TYPE_CHECKING:
    from alseg.analysis.comparison import Comparison

_SORT = ("score", "difference", "area", "pixels", "clicks")


@click.command("compare")
@results_argument
@click.option(
    "--round",
    "round_number",
    type=click.IntRange(0, MOST_ROUNDS),
    help="Compare after this round. [default: last]",
)
@click.option(
    "--metric",
    default="miou",
    show_default=True,
    metavar="miou|accuracy|iou:CLASS|aubc",
    help="What to compare.",
)
@click.option(
    "--subset", metavar="NAME", help="Only the classes of this subset of the label space, and their mean."
)
@image_group_option
@baseline_option
@click.option(
    "--x",
    type=click.Choice(COSTS),
    help="Add the area under the curve of the metric over this cost. [default with --metric aubc, and of "
    "--reach: pixels]",
)
@click.option(
    "--sort",
    type=click.Choice(_SORT),
    help="Best or cheapest first. [default: as in the experiment file]",
)
@published_option
@click.option(
    "--ranks",
    is_flag=True,
    help="Add mean ranks, over seeds, for one scenario too. [default: where there are several scenarios]",
)
@click.option(
    "--penalties",
    is_flag=True,
    help="Add the pairwise penalty matrix: in how many rounds each method beats each other significantly.",
)
@click.option(
    "--mixed",
    is_flag=True,
    help="Add a mixed model of several scenarios: methods fixed, scenarios and seeds random.",
)
@click.option(
    "--reach",
    type=NumberRange(0, 1_000, min_open=True),
    metavar="PERCENT",
    help="Add the cost at which methods reach this share of full supervision, such as 95.",
)
@click.option(
    "--images",
    is_flag=True,
    help="Add intervals of differences over seeds and evaluation images together.",
)
@click.option("--bought", is_flag=True, help="Add which classes were bought.")
@shown_options
@format_option("table", "markdown", "csv", "latex", "json")
def command(
    results: tuple[Path, ...],
    image_groups: tuple[str, ...],
    published: bool,
    ranks: bool,
    only: tuple[str, ...],
    references: bool,
    output: str,
    **chosen: Any,
) -> None:
    """Compare the methods in RESULTS: per-class IoU, mean over seeds with 95% interval, and what was spent.

    RESULTS are result folders such as results/quickstart, single run folders, or packs. With --only and
    --no-references rows are left out of the tables and no number changes: all are computed from all rows.
    """
    # Imported here: other commands and --help need neither scipy nor pydantic.
    from alseg.analysis.chosen_images import on_chosen_images
    from alseg.analysis.compare import compare
    from alseg.analysis.options import CompareOptions
    from alseg.analysis.shown_rows import RowFilter, show_rows
    from alseg.exchange.opening import opened

    options = CompareOptions(
        published=read_registry().published_results if published else None,
        ranks=ranks or None,
        **chosen,  # options of the names of fields
    )
    with opened(results) as found:
        comparison = compare(on_chosen_images(found.load(), image_groups), options)
    _print(show_rows(comparison, RowFilter(only, references)), output)


def _print(comparison: Comparison, output: str) -> None:
    """Print a comparison in one of the formats."""
    if output == "table":
        from rich.console import Console

        from alseg.tables.terminal import print_comparison

        console = Console(file=sys.stdout, highlight=False, width=output_width())
        with console.capture() as captured:
            print_comparison(comparison, console)
        # rich has decided on bold type; click writes UTF-8 where the locale says ASCII.
        click.echo(captured.get(), nl=False, color=True)
        return
    from alseg.tables import export, markup

    write = {
        "markdown": markup.as_markdown,
        "latex": markup.as_latex,
        "csv": export.as_csv,
        "json": export.as_json,
    }[output]
    (put_json if output == "json" else put)(write(comparison))
    if output == "csv":
        from alseg.text.printable import printable

        for note in comparison.notes:
            say(f"note: {printable(note)}", err=True)
