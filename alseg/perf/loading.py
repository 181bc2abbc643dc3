"""Decoding, resizing and mapping labels for training, one process, one image after the other."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from alseg.contracts import DataPlan, Dataset, DatasetSpec, Size
from alseg.data.cache import CachedDataset
from alseg.data.fake import write_fake
from alseg.data.loading import DenseLabels, TrainingSamples
from alseg.errors import AlsegError
from alseg.perf import reference
from alseg.perf.measure import alternate
from alseg.perf.result import Line, Options, Result

_Sample = tuple[NDArray[np.uint8], NDArray[np.uint8]]

_IMAGES = 4
_QUICK_SIZE = (64, 128)
_ROUNDING = 2
"""By how much a resized pixel may differ: torch and Pillow round weights of the same filter differently."""


@dataclass(frozen=True)
class Files:
    """One data set's files and how the plain side reads them.

    Attributes:
        dataset: Its name.
        size: Of the files' images.
        training_size: What they are resized to.
        images: Pattern of the image files below the data set's folder.
        labels: Pattern of the label files.
        read_ids: Label file to raw ids.
    """

    dataset: str
    size: Size
    training_size: Size
    images: str
    labels: str
    read_ids: Callable[[Path], NDArray[np.uint8] | NDArray[np.uint16]]


FILES = (
    Files("gtav", (1052, 1914), (720, 1280), "images/*.png", "labels/*.png", reference.ids_of),
    Files(
        "cityscapes",
        (1024, 2048),
        (640, 1280),
        "leftImg8bit/train/*/*.png",
        "gtFine/train/*/*_labelIds.png",
        reference.ids_of,
    ),
    Files("synthia", (760, 1280), (720, 1280), "RGB/*.png", "GT/LABELS/*.png", reference.ids_of_16_bits),
)
"""The data sets of the RIPU paper, with its training sizes."""


def run(options: Options) -> Result:
    """Time training samples of made-up files in the formats of the real data sets.

    Raises:
        AlsegError: If a data set is not installed, or the samples of both sides differ.
    """
    lines: list[Line] = []
    facts: dict[str, str] = {}
    with tempfile.TemporaryDirectory(prefix="alseg-perf-") as folder:
        for files in FILES:
            options.on_step(files.dataset)
            measured, mebibytes = _lines(files, Path(folder), options)
            lines += map(options.told, measured)
            facts[f"{files.dataset}, image file"] = f"{mebibytes:.2f} MiB"
    return Result(
        name="loading",
        setting="PNG files made up in the layout and encoding of the data set, one process, per image",
        lines=lines,
        facts=facts,
    )


def _lines(files: Files, folder: Path, options: Options) -> tuple[list[Line], float]:
    size = _QUICK_SIZE if options.quick else files.size
    training_size = (48, 96) if options.quick else files.training_size
    base = write_fake(options.registry, files.dataset, folder, count=_IMAGES, size=size)
    spec: DatasetSpec = options.registry.get("datasets", files.dataset).spec
    dataset = spec.build(root=folder, split="train")
    translation = np.arange(256, dtype=np.uint8)
    plan = DataPlan(batch_size=1, size=training_size)
    kept = CachedDataset(dataset, folder / "cache")
    pairs = list(zip(sorted(base.glob(files.images)), sorted(base.glob(files.labels)), strict=True))
    classes = _classes_of(dataset.raw_ids())

    def ours(dataset: Dataset) -> Iterator[_Sample]:
        samples = TrainingSamples(dataset, DenseLabels(dataset, translation), plan, "perf")
        for index in range(len(pairs)):
            image, label = samples[(index, index)]
            yield image.numpy(), label.numpy()

    def plain() -> Iterator[_Sample]:
        for image_file, label_file in pairs:
            yield reference.training_sample(image_file, files.read_ids(label_file), classes, training_size)

    for one, two, other in zip(ours(dataset), ours(kept), plain(), strict=True):
        if not (_same(one, other) and _same(two, other)):
            raise AlsegError(f"{files.dataset}: the training samples of both sides differ.")
    sides = {
        "decoded": lambda: [None for _ in ours(dataset)],
        "kept": lambda: [None for _ in ours(kept)],
        "plain": lambda: [None for _ in plain()],
    }
    seconds = alternate(sides, options.repeats)
    title = f"{files.dataset} {size[0]} x {size[1]} to {training_size[0]} x {training_size[1]}"
    works = {"decoded": f"{title}, decoded each time", "kept": f"{title}, kept by settings.cache"}
    lines = [
        Line(
            work=work,
            ours=seconds[side].scaled(1 / len(pairs)),
            plain=seconds["plain"].scaled(1 / len(pairs)),
            ratio=seconds["plain"].over(seconds[side]),
            notes=[f"the samples of all sides are the same, pixels within {_ROUNDING} of 255"],
        )
        for side, work in works.items()
    ]
    return lines, sum(image.stat().st_size for image, _ in pairs) / len(pairs) / 2**20


def _same(ours: _Sample, plain: _Sample) -> bool:
    difference = np.abs(ours[0].astype(np.int16) - plain[0])
    return int(difference.max()) <= _ROUNDING and np.array_equal(ours[1], plain[1])


def _classes_of(raw_ids: NDArray[np.uint8]) -> Mapping[int, int]:
    """Return raw id to class, from the table of the raw id of each class; void ids are left out."""
    void = raw_ids[255]
    return {int(raw_id): index for index, raw_id in enumerate(raw_ids) if raw_id != void}
