"""``alseg show``: pictures of what a run bought and predicts, as PNG files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from alseg.cli.inputs import read_registry, require_device
from alseg.cli.options import saved_run_options
from alseg.text.display import put

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from alseg.annotation.revealed import RevealedLabels
    from alseg.inspection.saved_run import SavedRun, Split
    from alseg.storage.examples import Example

_IMAGES = 3


@click.command("show")
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "--image", "images", multiple=True, metavar="ID", help="Image of the pool; several times for more."
)
@saved_run_options(
    rounds="What this round bought, and why. [default: the last]",
    output="pictures",
    files="Folder for the pictures.",
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
    from alseg.inspection.legend import draw_legend
    from alseg.inspection.pictures import write_png
    from alseg.inspection.saved_run import SavedRun

    revisit = SavedRun(run, read_registry(), root)
    require_device(device)
    last = revisit.last_round(round_number)
    pool = revisit.pool
    kept = revisit.examples(last) if last else {}
    final = revisit.examples() if round_number is None else {}
    indices = revisit.find(pool, images) if images else _of_interest(pool, {*kept, *final})
    drawing, labels = _Drawing(output, revisit), revisit.labels(last)
    for index in indices:
        image_id = pool.dataset.image_id(index)
        drawing.bought(index, last, labels)
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


def _of_interest(pool: Split, known: set[str]) -> list[int]:
    """Return the places of images that maps were kept of, or of a few."""
    from alseg.data.subset import evenly

    with_maps = [index for index, image_id in enumerate(pool.image_ids) if image_id in known]
    return with_maps or evenly(len(pool.dataset), _IMAGES)


class _Drawing:
    """Writes pictures and remembers what the colours of maps stand for.

    Args:
        output: The folder.
        revisit: The run.
    """

    def __init__(self, output: Path, revisit: SavedRun) -> None:
        self._output, self._revisit, self._space = output, revisit, revisit.space
        self._scales: dict[str, tuple[str, str]] = {}

    def bought(self, index: int, last: int, labels: RevealedLabels) -> None:
        """Write photograph and ground truth of an image of the pool, and what was bought up to a round.

        Args:
            index: Place of the image in the pool.
            last: The round; 0 for none.
            labels: What was known after the purchase of that round.
        """
        from alseg.inspection.pictures import draw_picks
        from alseg.toolkit.labels import colorize

        pool = self._revisit.pool
        image_id, photograph = pool.dataset.image_id(index), pool.dataset.image(index)
        pictures = {"photo": photograph}
        if pool.labelled:
            pictures["truth"] = colorize(pool.truth(index), self._space)
        if last:
            bought_in = self._revisit.bought_in(image_id, pool.dataset.size(index))
            pictures[f"picks-round-{last}"] = draw_picks(photograph, bought_in, last)
            pictures[f"bought-round-{last}"] = colorize(labels.revealed(index), self._space)
        for kind, pixels in pictures.items():
            self._write(image_id, kind, pixels)

    def maps(self, image_id: str, example: Example, ending: str) -> None:
        """Write the maps of one image, each named after image, map and ending."""
        from alseg.inspection.legend import map_title, scale_texts
        from alseg.inspection.pictures import heat
        from alseg.toolkit.labels import colorize

        self._write(image_id, f"prediction{ending}", colorize(example.classes, self._space))
        for name, texts in scale_texts(example, len(self._space.classes)).items():
            self._write(image_id, f"{name}{ending}", heat(getattr(example, name)))
            title = f"score of {image_id}" if name == "score" else map_title(name, example)
            self._scales[title] = texts

    def _write(self, image_id: str, kind: str, pixels: NDArray[np.uint8]) -> None:
        from alseg.inspection.pictures import write_png

        start = self._output / image_id
        write_png(start.with_name(f"{start.name}_{kind}.png"), pixels)

    @property
    def scales(self) -> list[tuple[str, str, str]]:
        """Each map's title, lowest and highest value."""
        return [(title, low, high) for title, (low, high) in self._scales.items()]
