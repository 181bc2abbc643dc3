"""Storing what has been bought, reading one image of it, painting label maps."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from alseg.annotation.oracle import Oracle
from alseg.annotation.revealed import RevealedLabels
from alseg.contracts import AnnotationMode, Picks, Size
from alseg.errors import AlsegError
from alseg.perf import reference
from alseg.perf.inputs import pixels_per_round, regions_per_round, spread_positions
from alseg.perf.measure import alternate
from alseg.perf.result import Line, Options, Result
from alseg.storage.ledger import Purchase

_IMAGES = 2975
_QUICK_IMAGES = 20
_ROUNDS = 5
_REGION_PIXELS = 9


class OneLabel:
    """A data set of one image, its label map in memory."""

    def __init__(self, label: NDArray[np.uint8]) -> None:
        self._label = label

    def __len__(self) -> int:
        """Return 1."""
        return 1

    def image_id(self, index: int) -> str:
        """Return a name."""
        return "image"

    def size(self, index: int) -> Size:
        """Return height and width."""
        return self._label.shape[0], self._label.shape[1]

    def image(self, index: int) -> NDArray[np.uint8]:
        """Return a black picture."""
        return np.zeros((*self._label.shape, 3), np.uint8)

    def label(self, index: int) -> NDArray[np.uint8]:
        """Return the label map."""
        return self._label


def run(options: Options) -> Result:
    """Measure bytes per region, and time reading and painting.

    Raises:
        AlsegError: If both sides read or paint something else.
    """
    images = _QUICK_IMAGES if options.quick else _IMAGES
    regions, pixels = regions_per_round(options.size), pixels_per_round(options.size)
    facts: dict[str, str] = {}
    lines: list[Line] = []
    with tempfile.TemporaryDirectory(prefix="alseg-perf-") as folder:
        for name, count in (("regions", regions), ("pixels", pixels)):
            options.on_step(f"writing a round of {name}")
            place = Path(folder) / name
            purchase = _purchase(options.size, images, count)
            seconds = alternate({"ours": partial(purchase.write, place)}, options.repeats)["ours"]
            lines.append(options.told(Line(work=f"write a round of {count * images:,} {name}", ours=seconds)))
            total = sum(file.stat().st_size for file in place.iterdir())
            facts[f"bytes per pick, {count:,} {name} in each of {images:,} images, index included"] = (
                f"{total / (count * images):.2f}"
            )
        options.on_step("reading")
        lines.append(options.told(_reading(Path(folder) / "regions", options)))
    options.on_step("painting")
    lines.append(options.told(_painting(options)))
    return Result(
        name="ledger",
        setting=f"label maps {options.size[0]} x {options.size[1]}",
        lines=lines,
        facts=facts,
    )


def _purchase(size: Size, images: int, count: int) -> Purchase:
    """Return a round in which ``count`` windows of nine pixels were bought in every image."""
    positions = spread_positions(size, count, 1)
    scores = np.linspace(1, 0, count, dtype=np.float32)
    picks = Picks(positions, scores, np.full(count, _REGION_PIXELS, np.int64))
    names = [f"hannover_{index:06d}_000019" for index in range(images)]
    void, clicks = np.zeros(count, np.int64), np.ones(count, np.int64)
    return Purchase.of(dict.fromkeys(names, picks), dict.fromkeys(names, void), dict.fromkeys(names, clicks))


def _reading(folder: Path, options: Options) -> Line:
    """Time reading the positions of the last image, ours from a mapped file, the plain side all of it."""
    wanted = list(Purchase.read(folder).spans)[-1]

    def ours() -> NDArray[np.int32]:
        return Purchase.read(folder, verify=False).positions(wanted)

    def plain() -> NDArray[np.int32]:
        rows = np.load(folder / "ledger.npy")
        start, stop = Purchase.read(folder).spans[wanted]
        return np.stack([rows["y"], rows["x"]], axis=1).astype(np.int32)[start:stop]

    if not np.array_equal(ours(), plain()):
        raise AlsegError("The positions that both sides read differ.")
    seconds = alternate({"ours": ours, "plain": plain}, options.repeats)
    return Line(
        work="read one image's picks",
        ours=seconds["ours"],
        plain=seconds["plain"],
        ratio=seconds["plain"].over(seconds["ours"]),
        notes=["plain: reads and checks the whole file"],
    )


def _painting(options: Options) -> Line:
    """Time painting the label map of an image after all rounds."""
    mode: AnnotationMode = options.registry.get("annotation_modes", "region").spec.build(radius=1)
    count = _ROUNDS * regions_per_round(options.size)
    positions = spread_positions(options.size, count, 1)
    label = np.random.default_rng(1).integers(0, 19, options.size).astype(np.uint8)
    labels = RevealedLabels(OneLabel(label), np.arange(256, dtype=np.uint8), mode=mode)
    oracle = Oracle(labels)
    for part in np.array_split(positions, _ROUNDS):
        nine = np.full(len(part), _REGION_PIXELS, np.int64)
        oracle.answer({"image": Picks(part, np.ones(len(part), np.float32), nine)})

    def ours() -> NDArray[np.uint8]:
        return labels.revealed(0)

    def plain() -> NDArray[np.uint8]:
        return reference.painted_label(label, labels.history.positions("image"), 1)

    if not np.array_equal(ours(), plain()):
        raise AlsegError("The label maps that both sides paint differ.")
    seconds = alternate({"ours": ours, "plain": plain}, options.repeats)
    return Line(
        work=f"paint {count:,} regions bought in {_ROUNDS} rounds",
        ours=seconds["ours"],
        plain=seconds["plain"],
        ratio=seconds["plain"].over(seconds["ours"]),
        notes=["the label map is decoded already; plain: window by window"],
    )
