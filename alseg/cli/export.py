"""``alseg export``: what a run bought and predicts, as files for other tools."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING

import click

from alseg.cli.inputs import read_registry, require_device
from alseg.cli.options import saved_run_options
from alseg.text.display import put

if TYPE_CHECKING:
    from alseg.inspection.saved_run import SavedRun


@click.command("export")
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "--what",
    type=click.Choice(("picks", "masks", "predictions")),
    required=True,
    help="picks.csv, label maps as far as bought, or predictions on the evaluation images, or those of the "
    "pool where the run has none.",
)
@saved_run_options(rounds="Bought up to this round.", output="export", files="Folder for the files.")
def command(
    run: Path, what: str, round_number: int | None, output: Path, root: Path | None, device: str
) -> None:
    """Write what RUN, a run folder, bought or predicts, for other tools.

    Masks and predictions are PNG files of one channel at label size, named after the image, with the place of
    the class in the label space (classes.txt) and 255 where there is no label.
    """
    from alseg.inspection.saved_run import SavedRun

    if what == "predictions" and round_number is not None:
        raise click.UsageError("Predictions are those of the final network: leave out --round.")
    revisit = SavedRun(run, read_registry(), root)
    require_device(device)
    if what == "picks":
        count = _write_picks(revisit, revisit.last_round(round_number), output)
    elif what == "masks":
        count = _write_masks(revisit, revisit.last_round(round_number), output)
    else:
        count = _write_predictions(revisit, output, device)
    put(f"Wrote {count:,} {what} to {output}.", err=True)


def _write_picks(revisit: SavedRun, last: int, output: Path) -> int:
    """Write one line per question in the order asked; needs no data set."""
    from alseg.files import write_text
    from alseg.text.printable import csv_cell

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    proposed = any("proposed" in (each.rows.dtype.names or ()) for each in revisit.purchases.values())
    columns = ("y", "x", "score", "pixels", "void", "clicks", *(["proposed"] if proposed else []))
    writer.writerow(("round", "image", *columns))
    count = 0
    for number, purchase in revisit.purchases.items():
        if number > last:
            continue
        for image_id in purchase.spans:
            for row in purchase.of_image(image_id).tolist():
                writer.writerow((number, csv_cell(image_id), *row))
                count += 1
    write_text(output / "picks.csv", text.getvalue())
    return count


def _write_masks(revisit: SavedRun, last: int, output: Path) -> int:
    """Write the label maps of all images that were asked about, or of all where everything is known."""
    from alseg.inspection.pictures import write_png

    labels = revisit.labels(last)
    touched = {
        image_id
        for number, purchase in revisit.purchases.items()
        if number <= last
        for image_id in purchase.spans
    }
    count = 0
    for index, image_id in enumerate(revisit.pool.image_ids):
        if image_id in touched or revisit.target_labels == "all":
            write_png(output / f"{image_id}.png", labels.revealed(index))
            count += 1
    _write_classes(revisit, output)
    return count


def _write_predictions(revisit: SavedRun, output: Path, device: str) -> int:
    from alseg.inspection.pictures import write_png

    split = revisit.evaluation
    if split is None:
        put("note: the run has no evaluation images, so predictions are those on the pool.", err=True)
        split = revisit.pool
    count = len(split.dataset)
    for index, predicted in revisit.predict(split, range(count), device):
        write_png(output / f"{split.dataset.image_id(index)}.png", predicted.classes)
    _write_classes(revisit, output)
    return count


def _write_classes(revisit: SavedRun, output: Path) -> None:
    from alseg.files import write_text
    from alseg.text.printable import printable

    write_text(output / "classes.txt", "".join(f"{printable(name)}\n" for name in revisit.space.names))
