"""Learning sizes and classes of many files before the first step, where an earlier process has kept them.

The plain side is a process of an experiment in whose folder nothing is kept: it opens every image for its
size, and every label map for its classes. Importing torch and making the network are left out on both sides.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from alseg.contracts import Dataset, DatasetSpec, Size
from alseg.data.class_counts import value_counts
from alseg.data.kept import KeptData, key_of
from alseg.errors import AlsegError
from alseg.perf.measure import alternate
from alseg.perf.result import Line, Options, Result

_IMAGES, _QUICK_IMAGES = 20_000, 80
_SIZE = (16, 32)
_CLASSES = ("road", "car", "tree", "sky")

_Found = tuple[tuple[Size, ...], NDArray[np.int64]]


def run(options: Options) -> Result:
    """Time both sides with made-up files, listing included.

    Raises:
        AlsegError: If the data set 'folder' is not installed, or both sides find something else.
    """
    spec: DatasetSpec = options.registry.get("datasets", "folder").spec
    images = _QUICK_IMAGES if options.quick else _IMAGES
    with tempfile.TemporaryDirectory(prefix="alseg-perf-") as name:
        folder = Path(name)
        options.on_step(f"{images:,} files are made")
        _write(folder, images)

        def listed() -> Dataset:
            dataset: Dataset = spec.build(
                root=folder, split="train", images="rgb/*.png", labels="seg/{stem}.png", ids=_CLASSES
            )
            return dataset

        def kept() -> _Found:
            dataset, keeper = listed(), KeptData(folder / "data", folder / "cache")
            keeper.begin()
            key = key_of(dataset)
            return keeper.sizes(dataset, key), keeper.value_counts(dataset, key)

        def plain() -> _Found:
            dataset = listed()
            sizes = tuple(dataset.size(index) for index in range(len(dataset)))
            return sizes, value_counts(dataset)

        (sizes, counts), (plain_sizes, plain_counts) = kept(), plain()
        if sizes != plain_sizes or not np.array_equal(counts, plain_counts):
            raise AlsegError("Sizes or classes that were kept are not those of the files.")
        options.on_step("kept, then read again")
        seconds = alternate({"kept": kept, "plain": plain}, options.repeats)
        listing = alternate({"listing": listed}, options.repeats)["listing"]
    line = Line(
        work=f"sizes and classes of {images:,} images",
        ours=seconds["kept"],
        plain=seconds["plain"],
        ratio=seconds["plain"].over(seconds["kept"]),
        notes=["both sides find the same"],
    )
    return Result(
        name="start",
        setting=f"files of {_SIZE[0]} x {_SIZE[1]} pixels on this machine's temporary folder",
        lines=[options.told(line)],
        facts={"listing the files, on both sides": f"{listing.median:.2f} s"},
    )


def _write(folder: Path, images: int) -> None:
    random = np.random.default_rng(0)
    for kind in ("rgb", "seg"):
        (folder / kind).mkdir()
    for index in range(images):
        image = random.integers(0, 256, (*_SIZE, 3), dtype=np.uint8)
        label = random.integers(0, len(_CLASSES), _SIZE, dtype=np.uint8)
        for kind, pixels in (("rgb", image), ("seg", label)):
            Image.fromarray(pixels).save(folder / kind / f"{index:06d}.png", compress_level=0)
