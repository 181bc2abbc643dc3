"""The files of the data set ``newname``."""

from __future__ import annotations

from pathlib import Path

from alseg.contracts import Dataset, SceneRenderer, Size
from alseg.toolkit.file_layout import Layout, Pair, check_split

LAYOUT = Layout(
    title="newname",
    folders=("newname",),
    markers=("images",),
    download="Download IMAGES.zip and LABELS.zip from SITE and unpack both into {folder}.",
)
SPLITS = ("train", "val")
VOID_ID = 0
ID_OF_CLASS = {0: 1, 1: 2, 2: 3, 3: 4}
"""Class index to the id in label files."""


def build_newname(*, root: Path | None, split: str) -> Dataset:
    """Open one split.

    Args:
        root: The folder that holds ``newname``, or ``newname`` itself.
        split: ``train`` or ``val``.

    Raises:
        DataError: If files are missing; says what to download and where to put it.
    """
    from alseg.toolkit.label_files import IdLabels, class_table
    from alseg.toolkit.paired_files import PairedFiles

    check_split(LAYOUT.title, split, SPLITS)
    images, labels = f"images/{split}", f"labels/{split}"
    base = LAYOUT.base(root, images)
    names = LAYOUT.image_names(base, images, ".png")
    pairs = [Pair(name.removesuffix(".png"), f"{images}/{name}", f"{labels}/{name}") for name in names]
    table = class_table({raw_id: index for index, raw_id in ID_OF_CLASS.items()}, void=frozenset({VOID_ID}))
    return PairedFiles(
        title=LAYOUT.title,
        base=base,
        pairs=LAYOUT.checked(pairs, base, base / images),
        labels=IdLabels(table, LAYOUT.title),
    )


def write_fake(
    root: Path,
    seed: int = 0,
    *,
    count: int = 4,
    size: Size = (72, 128),
    scene: SceneRenderer,
) -> None:
    """Write ``root/newname``, a tiny data set in the real layout and encoding.

    Args:
        root: Folder to write to; the ``root`` of experiments.
        seed: Seed of the scenes.
        count: Images per split.
        size: Height and width of the images, in pixels.
        scene: Renders street scenes with labels in ``cityscapes-19``.
    """
    import numpy as np
    from PIL import Image

    table = np.full(256, VOID_ID, np.uint8)
    # Indices of cityscapes-19: road, sidewalk, building, vegetation, car.
    for found, index in {0: 0, 1: 0, 2: 1, 8: 2, 13: 3}.items():
        table[found] = ID_OF_CLASS[index]
    for split in SPLITS:
        for index in range(count):
            image, label = scene(
                index, domain="camera", split=split, height=size[0], width=size[1], seed=seed
            )
            for kind, pixels in (("images", image), ("labels", table[label])):
                path = root / "newname" / kind / split / f"{index:04}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray(pixels).save(path)
