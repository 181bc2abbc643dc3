"""``alseg picture``: one PNG file with learning curves and what methods asked for."""

from __future__ import annotations

from pathlib import Path

import click

from alseg.cli.inputs import read_registry
from alseg.cli.options import (
    COSTS,
    file_option,
    image_group_option,
    results_argument,
    root_option,
    shown_options,
)
from alseg.text.display import put


@click.command("picture")
@results_argument
@file_option("overview.png", "The PNG file.")
@shown_options
@image_group_option
@click.option(
    "--x",
    type=click.Choice(("iterations", *COSTS)),
    default="iterations",
    show_default=True,
    help="What the horizontal axis shows: training iterations, or what was spent until then. References are "
    "lines across a cost.",
)
@click.option(
    "--image",
    "image_id",
    metavar="ID",
    help="Image of the pool. [default: one that most methods asked about]",
)
@root_option("Folder of the data sets, for the photograph. [default: the runs']")
def command(
    results: tuple[Path, ...],
    output: Path,
    only: tuple[str, ...],
    references: bool,
    image_groups: tuple[str, ...],
    x: str,
    image_id: str | None,
    root: Path | None,
) -> None:
    """Draw the learning curves of RESULTS, and a photograph with what methods asked about it.

    RESULTS are result folders such as results/quickstart, single run folders, or packs, of which there is no
    photograph; runs need not be done. 'alseg run' draws the same as overview.png into the results folder when
    it ends.
    """
    # Imported here: --help needs no scipy.
    from alseg.analysis.shown_rows import RowFilter
    from alseg.overview.write import write_overview

    chosen = RowFilter(only, references)
    notes = write_overview(
        results,
        output,
        read_registry(),
        root=root,
        image_id=image_id,
        x=x,
        chosen=chosen,
        image_groups=image_groups,
    )
    for note in notes:
        put(f"note: {note}", err=True)
    put(f"Wrote {output}.", err=True)
