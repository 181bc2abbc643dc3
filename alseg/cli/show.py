"""``alseg show``: pictures of what a run bought and predicts, as PNG files."""

from __future__ import annotations

from pathlib import Path

import click

from alseg.cli.inputs import read_catalog

_IMAGES = 3


@click.command("show")
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "--image", "images", multiple=True, metavar="ID", help="Image of the pool; several times for more."
)
@click.option("--round", "round_number", type=click.IntRange(min=1), help="Picks up to this round.")
@click.option(
    "-o",
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("pictures"),
    show_default=True,
    help="Folder for the pictures.",
)
@click.option(
    "--root",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the data sets. [default: the run's]",
)
@click.option("--device", default="auto", show_default=True, help="Where the network runs.")
def command(
    run: Path,
    images: tuple[str, ...],
    round_number: int | None,
    output: Path,
    root: Path | None,
    device: str,
) -> None:
    """Draw what RUN, a run folder, bought and predicts: photograph, picks, bought labels, prediction, truth.

    Without --image, a few images of the pool. Picks of the round are orange, those of earlier rounds blue.
    Predictions and uncertainty are those of the final network, and left out where the run is not done.
    """
    import numpy as np

    from alseg.labels import colorize
    from alseg.pictures import draw_picks, heat, write_png
    from alseg.revisit import Revisit, evenly

    revisit = Revisit(run, read_catalog(), root)
    last = revisit.last_round(round_number)
    pool = revisit.pool
    indices = revisit.find(pool, images) if images else evenly(len(pool.dataset), _IMAGES)
    oracle = revisit.oracle(last)
    for index in indices:
        start = output / pool.dataset.image_id(index)
        photograph = pool.dataset.image(index)
        pictures = {
            "photo": photograph,
            "truth": colorize(pool.truth(index), revisit.space),
        }
        if last:
            picks = draw_picks(photograph, revisit.bought_in(index, last), last)
            pictures[f"picks-round-{last}"] = picks
            pictures[f"bought-round-{last}"] = colorize(oracle.revealed(index), revisit.space)
        for kind, pixels in pictures.items():
            write_png(start.with_name(f"{start.name}_{kind}.png"), pixels)
    if (run / "weights.pt").is_file():
        highest = float(np.log(len(revisit.space.classes)))
        for prediction in revisit.predict(pool, indices, device):
            start = output / pool.dataset.image_id(prediction.index)
            classes = colorize(prediction.classes, revisit.space)
            write_png(start.with_name(f"{start.name}_prediction.png"), classes)
            write_png(start.with_name(f"{start.name}_uncertainty.png"), heat(prediction.uncertainty, highest))
    else:
        click.echo("note: no predictions: the run is not done.", err=True)
    click.echo(f"Wrote pictures of {len(indices)} images to {output}.", err=True)
