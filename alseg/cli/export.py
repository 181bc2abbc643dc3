"""``alseg export``: what a run bought and predicts, and its network, as files for other tools."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING

import click

from alseg.cli.inputs import read_registry, require_device
from alseg.cli.options import run_choice_options, saved_run_options
from alseg.text.display import put, say

if TYPE_CHECKING:
    from alseg.inspection.saved_run import SavedRun
    from alseg.registry.registry import Registry

_DATA_FORMATS = ("masks", "coco", "huggingface")
_NETWORK_FORMATS = ("torchscript", "onnx")


@click.command("export")
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "--what",
    type=click.Choice(("picks", "masks", "predictions")),
    help="picks.csv, label maps as far as bought, or predictions on the evaluation images, or those of the "
    "pool where the run has none. [default: masks]",
)
@click.option(
    "--as",
    "kind",
    metavar="FORMAT",
    help="Format of label maps: masks, coco, huggingface or a tool, such as label-studio or cvat; or of the "
    "final network: torchscript or onnx.",
)
@run_choice_options
@click.option("--images/--no-images", default=True, help="With --as, write the images beside the label maps.")
@click.option(
    "--check",
    "checks",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Image on which an exported network is checked. [default: some evaluation images]",
)
@saved_run_options(rounds="Bought up to this round.", output="export", files="Folder for the files.")
def command(
    run: Path,
    what: str | None,
    kind: str | None,
    run_name: str | None,
    method: str | None,
    images: bool,
    checks: tuple[Path, ...],
    round_number: int | None,
    output: Path,
    root: Path | None,
    device: str,
) -> None:
    """Write what RUN bought or predicts, or its network, for other tools.

    RUN is a run folder, or a results folder of which --run or --method names one; of a network, the best run
    is the default. Without --as, masks and predictions are PNG files of one channel at label size, named
    after the image, with the place of the class in the label space (classes.txt) and 255 where there is no
    label.
    """
    _refuse_what_does_not_fit(what, kind, round_number, checks)
    from alseg.deployment.choice import choose_run
    from alseg.inspection.saved_run import SavedRun

    is_network = kind in _NETWORK_FORMATS
    chosen = choose_run(run, name=run_name, method=method, best=is_network)
    if chosen.why:
        say(f"note: Network of {chosen.why}", err=True)
    registry = read_registry()
    revisit = SavedRun(chosen.folder, registry, root)
    require_device(device)
    _refuse_unknown_format(kind, registry, images=images)
    if is_network:
        from alseg.deployment.export_run import export_run

        put(export_run(revisit, registry, kind, checks, root, output), err=True)  # type: ignore[arg-type]
        return
    if kind is not None:
        count = _write_data_set(
            revisit, kind, what, round_number, output, device, registry=registry, images=images
        )
        put(f"Wrote {count:,} label maps as {kind} to {output}.", err=True)
        return
    if what == "picks":
        count = _write_picks(revisit, revisit.last_round(round_number), output)
    elif what == "masks":
        count = _write_masks(revisit, revisit.last_round(round_number), output)
    else:
        count = _write_predictions(revisit, output, device)
    put(f"Wrote {count:,} {what} to {output}.", err=True)


def _refuse_what_does_not_fit(
    what: str | None, kind: str | None, round_number: int | None, checks: tuple[Path, ...]
) -> None:
    """Refuse options that contradict each other.

    Raises:
        click.UsageError: Says which, and what to do.
    """
    if what is None and kind is None:
        raise click.UsageError("Missing option '--what' or '--as': say what is to be written.")
    if what == "predictions" and round_number is not None:
        raise click.UsageError("Predictions are those of the final network: leave out --round.")
    if kind in _NETWORK_FORMATS and (what is not None or round_number is not None):
        raise click.UsageError(f"--as {kind} writes the final network: leave out --what and --round.")
    if kind is not None and what == "picks":
        raise click.UsageError("Picks are a table: leave out --as.")
    if checks and kind not in _NETWORK_FORMATS:
        raise click.UsageError("--check is of networks: add --as torchscript or --as onnx.")


def _refuse_unknown_format(kind: str | None, registry: Registry, *, images: bool) -> None:
    """Refuse a format that there is not, and a task of a tool without images.

    Raises:
        AlsegError: If there is no such format; says which there are.
        click.UsageError: If a tool is to get label maps without images.
    """
    if kind is None or kind in (*_DATA_FORMATS, *_NETWORK_FORMATS):
        return
    from alseg.deployment.tool_labels import tool_formats
    from alseg.errors import AlsegError, unknown_name

    tools = tool_formats(registry)
    if kind not in tools:
        raise AlsegError(unknown_name("format", kind, (*_DATA_FORMATS, *_NETWORK_FORMATS, *tools)))
    if not images:
        raise click.UsageError(f"--as {kind} writes tasks, which need their images: leave out --no-images.")


def _write_data_set(
    revisit: SavedRun,
    kind: str,
    what: str | None,
    round_number: int | None,
    output: Path,
    device: str,
    *,
    registry: Registry,
    images: bool,
) -> int:
    """Write label maps in a format of other tools, and return how many."""
    from alseg.deployment.coco import write_coco
    from alseg.deployment.huggingface import write_huggingface
    from alseg.deployment.labelled import Counted, bought_labels, predicted_labels
    from alseg.deployment.picture_files import write_masks

    if what == "predictions":
        found = predicted_labels(revisit, device)
    else:
        found = bought_labels(revisit, revisit.last_round(round_number))
    if kind in _DATA_FORMATS:
        write = {"coco": write_coco, "huggingface": write_huggingface, "masks": write_masks}[kind]
        return write(found, output, images=images)
    from alseg.deployment.tool_labels import write_for_tool

    counted = Counted(found)
    first = write_for_tool(counted.images, kind, registry, output)
    say(f"Begin with {', '.join(map(str, first))}.")
    return counted.count


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
