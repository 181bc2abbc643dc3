"""``alseg predict``: label maps of any images, by the network of a run or an exported one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from alseg.cli.inputs import NumberRange, parse_input_size, parse_window, read_registry, require_device
from alseg.cli.options import FOLDER, device_option, run_choice_options
from alseg.text.display import put, say

SOME_FAILED = 1
"""Exit code where an image could not be used."""


@click.command("predict")
@click.argument("model", type=click.Path(path_type=Path))
@click.argument("images", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=FOLDER,
    default=Path("predictions"),
    show_default=True,
    help="Folder for the files.",
)
@run_choice_options
@click.option("--overlays", is_flag=True, help="Write the images under the colours of their classes, too.")
@click.option("--confidence", is_flag=True, help="Write the probability of each pixel's class, too.")
@click.option(
    "--size", callback=parse_input_size, metavar="HxW|native", help="Input size. [default: the run's]"
)
@click.option("--flip/--no-flip", default=None, help="Average with mirrored images. [default: the run's]")
@click.option(
    "--window",
    callback=parse_window,
    metavar="HxW|none",
    help="Sliding windows, in pixels of the input size. [default: the run's]",
)
@click.option(
    "--overlap",
    type=NumberRange(0, 0.9),
    help="Share of a window that the next one covers, too. [default: the run's]",
)
@device_option("Where the network runs.")
@click.option("--force", is_flag=True, help="Replace files that alseg predict has written.")
def command(
    model: Path,
    images: tuple[Path, ...],
    output: Path,
    run_name: str | None,
    method: str | None,
    overlays: bool,
    confidence: bool,
    device: str,
    force: bool,
    **changes: Any,
) -> None:
    """Predict the class of each pixel of IMAGES: files, and folders with all that is below.

    MODEL is a run folder, a results folder (its best run, unless --run or --method says which), or a file of
    'alseg export'. OUTPUT/masks gets a PNG of class indices for each image, classes.csv their names.
    """
    from alseg.deployment.images import find_images

    files = find_images(images, output)
    require_device(device)
    # Imported here: they load torch, and mistakes are told before.
    from alseg.cli.bars import progress_bar
    from alseg.deployment.choice import choose_run
    from alseg.deployment.network import Changes, open_network
    from alseg.deployment.predictions import PredictionFolder, predict_files

    where = PredictionFolder(folder=output, overlays=overlays, confidence=confidence, overwrite=force)
    where.refuse_foreign(files)
    if not model.is_file():
        chosen = choose_run(model, name=run_name, method=method)
        if chosen.why:
            say(f"note: Network of {chosen.why}", err=True)
        model = chosen.folder
    elif run_name is not None or method is not None:
        raise click.UsageError(
            "--run and --method choose from a results folder; an exported file is one network."
        )
    network = open_network(model, read_registry(), Changes(**changes), device)
    where.write_legend(network)
    with progress_bar(f"predicting with {network.name}", len(files)) as advance:
        problems = predict_files(
            network,
            files,
            where,
            on_image=advance,
            on_problem=lambda problem: put(f"warning: {problem}", err=True),
        )
    put(f"Wrote predictions of {len(files) - problems:,} of {len(files):,} images to {output}.", err=True)
    if problems:
        click.get_current_context().exit(SOME_FAILED)
