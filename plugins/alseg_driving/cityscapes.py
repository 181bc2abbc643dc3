"""Cityscapes: photographs of German streets with fine annotations."""

from __future__ import annotations

from pathlib import Path

from alseg.contracts import Dataset, SceneRenderer, Size
from alseg.toolkit.file_layout import Layout, Pair, check_split
from alseg_driving.fake import blocks

LAYOUT = Layout(
    title="Cityscapes",
    folders=("cityscapes",),
    markers=("leftImg8bit", "gtFine"),
    download=(
        "Download leftImg8bit_trainvaltest.zip and gtFine_trainvaltest.zip from the Cityscapes site and "
        "unpack both into {folder}."
    ),
)
SPLITS = ("train", "val")

_IMAGE_END = "_leftImg8bit.png"
_LABEL_END = "_gtFine_labelIds.png"


def build_cityscapes(*, root: Path | None, split: str) -> Dataset:
    """Open one split of Cityscapes.

    Features:

    - 2,975 train and 500 val images, 1024 x 2048, of 21 cities
    - 19 classes (`cityscapes-19`) of 34 annotated ones; the others are void, about an eighth of val
    - the test split is not offered: its labels are not public

    Format:

    - images: ``leftImg8bit/SPLIT/CITY/*_leftImg8bit.png``, 8-bit RGB
    - label maps: ``gtFine/SPLIT/CITY/*_gtFine_labelIds.png``, 8-bit grayscale, ids 0-33 (255 for licence
      plates)

    Citation: Cordts et al., "The Cityscapes dataset for semantic urban scene understanding", CVPR 2016,
    arXiv:1604.01685.

    Args:
        root: The folder that holds ``cityscapes/``, or the folder with ``leftImg8bit/`` and ``gtFine/``
            itself.
        split: ``train`` or ``val``.

    Raises:
        DataError: If files are missing; says what to download and where to put it.
        AlsegError: If there is no such split.
    """
    from alseg.toolkit.paired_files import PairedFiles
    from alseg_driving.files import in_folders, label_ids
    from alseg_driving.ids import train_ids_problem

    check_split("cityscapes", split, SPLITS)
    images = f"leftImg8bit/{split}"
    base = LAYOUT.base(root, images)
    pairs = []
    for city, name in in_folders(LAYOUT, base, images, _IMAGE_END):
        image_id = name.removesuffix(_IMAGE_END)
        label = f"gtFine/{split}/{city}/{image_id}{_LABEL_END}"
        # CITY_SEQUENCE_FRAME: frames of a sequence follow each other.
        sequence = image_id.rpartition("_")[0]
        pairs.append(Pair(image_id, f"{images}/{city}/{name}", label, sequence))
    return PairedFiles(
        title=LAYOUT.title,
        base=base,
        pairs=LAYOUT.checked(pairs, base, base / images, (_IMAGE_END, _LABEL_END)),
        labels=label_ids(LAYOUT.title),
        judge_ids=train_ids_problem,
    )


def write_fake(
    root: Path, seed: int = 0, *, count: int = 4, size: Size = (64, 128), scene: SceneRenderer = blocks
) -> None:
    """Write ``root/cityscapes``, a tiny data set in the real layout and encoding.

    Args:
        root: Folder to write to; the ``scenario.root`` of experiments.
        seed: Seed of the scenes.
        count: Images per split.
        size: Height and width of the images, in pixels.
        scene: Renders the scenes, as photographs; blocks of colour by default.
    """
    from alseg_driving.fake import raw_ids, write_png
    from alseg_driving.ids import CLASS_IDS

    for split, city, first in (("train", "aachen", 0), ("val", "frankfurt", count)):
        for index in range(first, first + count):
            image, label = scene(
                index, domain="camera", split=split, height=size[0], width=size[1], seed=seed
            )
            stem = f"{city}_{index:06d}_000019"
            write_png(root / "cityscapes/leftImg8bit" / split / city / f"{stem}{_IMAGE_END}", image)
            ids = raw_ids(label, dict(enumerate(CLASS_IDS)), void=0)
            write_png(root / "cityscapes/gtFine" / split / city / f"{stem}{_LABEL_END}", ids)
