"""``alseg show``: pictures of what a run bought and predicts, as PNG files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from alseg.cli.inputs import MOST_ROUNDS, parse_device, read_registry, require_device
from alseg.text.display import put

if TYPE_CHECKING:
    from alseg.contracts import LabelSpace
    from alseg.storage.examples import Example

_IMAGES = 3


@click.command("show")
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "--image", "images", multiple=True, metavar="ID", help="Image of the pool; several times for more."
)
@click.option(
    "--round",
    "round_number",
    type=click.IntRange(1, MOST_ROUNDS),
    help="What this round bought, and why. [default: the last]",
)
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
@click.option(
    "--device", callback=parse_device, default="auto", show_default=True, help="Where the network runs."
)
def command(
    run: Path,
    images: tuple[str, ...],
    round_number: int | None,
    output: Path,
    root: Path | None,
    device: str,
) -> None:
    """Draw what RUN, a run folder, bought and predicts, with a legend.

    Photograph, ground truth, picks and labels bought; score, impurity, uncertainty and prediction that the
    picks of the round were made on, where the run has kept them; and those of the final network, unless
    --round is given. Without --image, the images that the run has kept maps of, or a few. Picks of the round
    are orange, those of earlier rounds blue.
    """
    from alseg.data.subset import evenly
    from alseg.inspection.legend import draw_legend
    from alseg.inspection.pictures import draw_picks, write_png
    from alseg.inspection.saved_run import SavedRun
    from alseg.toolkit.labels import colorize

    revisit = SavedRun(run, read_registry(), root)
    require_device(device)
    last = revisit.last_round(round_number)
    pool = revisit.pool
    kept = revisit.examples(last) if last else {}
    final = revisit.examples() if round_number is None else {}
    if images:
        indices = revisit.find(pool, images)
    else:
        known = set(kept) | set(final)
        indices = [index for index, image_id in enumerate(pool.image_ids) if image_id in known]
        indices = indices or evenly(len(pool.dataset), _IMAGES)
    labels = revisit.labels(last)
    drawing = _Drawing(output, revisit.space)
    for index in indices:
        image_id = pool.dataset.image_id(index)
        start, photograph = output / image_id, pool.dataset.image(index)
        pictures = {"photo": photograph, "truth": colorize(pool.truth(index), revisit.space)}
        if last:
            bought_in = revisit.bought_in(image_id, pool.dataset.size(index))
            pictures[f"picks-round-{last}"] = draw_picks(photograph, bought_in, last)
            pictures[f"bought-round-{last}"] = colorize(labels.revealed(index), revisit.space)
        for kind, pixels in pictures.items():
            write_png(start.with_name(f"{start.name}_{kind}.png"), pixels)
        if image_id in kept:
            drawing.maps(image_id, kept[image_id], f"-round-{last}")
        elif last:
            put(f"note: no maps of {image_id} were kept in round {last}.", err=True)
    if round_number is None and (run / "weights.pt").is_file():
        for index, maps in revisit.predict(pool, indices, device):
            drawing.maps(pool.dataset.image_id(index), maps, "")
    elif round_number is None:
        for image_id in (pool.dataset.image_id(index) for index in indices):
            if image_id in final:
                drawing.maps(image_id, final[image_id], "")
        if not final:
            put("note: no final predictions: the run is not done.", err=True)
    write_png(output / "legend.png", draw_legend(revisit.space, drawing.scales))
    put(f"Wrote pictures of {len(indices)} images to {output}.", err=True)


class _Drawing:
    """Writes maps and remembers what their colours stand for.

    Args:
        output: The folder.
        space: Gives the classes' colours.
    """

    def __init__(self, output: Path, space: LabelSpace) -> None:
        self._output, self._space = output, space
        self._scales: dict[str, tuple[str, str]] = {}

    def maps(self, image_id: str, example: Example, ending: str) -> None:
        """Write the maps of one image, each named after image, map and ending."""
        from alseg.inspection.legend import map_title, scale_texts
        from alseg.inspection.pictures import heat, write_png
        from alseg.toolkit.labels import colorize

        start = self._output / image_id
        classes = colorize(example.classes, self._space)
        write_png(start.with_name(f"{start.name}_prediction{ending}.png"), classes)
        for name, texts in scale_texts(example, len(self._space.classes)).items():
            steps = getattr(example, name)
            write_png(start.with_name(f"{start.name}_{name}{ending}.png"), heat(steps))
            title = f"score of {image_id}" if name == "score" else map_title(name, example)
            self._scales[title] = texts

    @property
    def scales(self) -> list[tuple[str, str, str]]:
        """Each map's title, lowest and highest value."""
        return [(title, low, high) for title, (low, high) in self._scales.items()]
