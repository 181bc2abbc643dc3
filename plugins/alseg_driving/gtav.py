"""GTAV: scenes from the game Grand Theft Auto V."""

from __future__ import annotations

from pathlib import Path

from alseg.contracts import Dataset, SceneRenderer, Size
from alseg.toolkit.file_layout import Layout, Pair, check_split, leave_out
from alseg_driving.fake import blocks

LAYOUT = Layout(
    title="GTAV",
    folders=("gtav",),
    markers=("images", "labels"),
    download=(
        "Download the ten image and label archives (01_images.zip to 10_labels.zip) of 'Playing for Data' "
        "and unpack all of them into {folder}."
    ),
)
SPLITS = ("train",)

_LICENSE_PLATE = 34


def build_gtav(*, root: Path | None, split: str, exclude: str | None = None) -> Dataset:
    """Open GTAV.

    Features:

    - 24,966 images, about 1052 x 1914, all of them in ``train``, as in the literature on adaptation to
      Cityscapes
    - 19 classes (`cityscapes-19`), annotated with the ids of Cityscapes
    - a few images and label maps differ in size, and some files are damaged in common mirrors: every
      message about such a file says how to leave it out

    Format:

    - images: ``images/%05d.png``, 8-bit RGB
    - label maps: ``labels/%05d.png``, palette PNG whose indices are ids 0-33 (34 or 255 for licence plates)

    Citation: Richter et al., "Playing for data: ground truth from computer games", ECCV 2016,
    arXiv:1608.02192.

    Args:
        root: The folder that holds ``gtav/``, or the folder with ``images/`` and ``labels/`` itself.
        split: ``train``.
        exclude: A text file with the ids of images to leave out, such as ``00017``, one a line.

    Raises:
        DataError: If files are missing; says what to download and where to put it.
        AlsegError: If there is no such split.
    """
    from alseg.toolkit.paired_files import LEAVE_OUT_HINT, PairedFiles
    from alseg_driving.files import label_ids
    from alseg_driving.ids import train_ids_problem

    check_split("gtav", split, SPLITS)
    base = LAYOUT.base(root, "images")
    names = LAYOUT.image_names(base, "images", ".png")
    pairs = [Pair(name.removesuffix(".png"), f"images/{name}", f"labels/{name}") for name in names]
    return PairedFiles(
        title=LAYOUT.title,
        base=base,
        pairs=LAYOUT.checked(leave_out(pairs, exclude, LAYOUT.title), base, base / "images"),
        labels=label_ids(LAYOUT.title, _LICENSE_PLATE),
        hint=LEAVE_OUT_HINT.format(name="gtav"),
        judge_ids=train_ids_problem,
    )


def write_fake(
    root: Path, seed: int = 0, *, count: int = 4, size: Size = (66, 120), scene: SceneRenderer = blocks
) -> None:
    """Write ``root/gtav``, a tiny data set in the real layout and encoding.

    Args:
        root: Folder to write to; the ``scenario.root`` of experiments.
        seed: Seed of the scenes.
        count: Images.
        size: Height and width of the images, in pixels.
        scene: Renders the scenes, as renderings; blocks of colour by default.
    """
    from alseg_driving.fake import palette_of, raw_ids, write_png
    from alseg_driving.ids import CLASS_IDS
    from alseg_driving.spaces import CITYSCAPES_19

    palette = palette_of(dict(zip(CLASS_IDS, (info.color for info in CITYSCAPES_19.classes), strict=True)))
    for index in range(count):
        image, label = scene(index, domain="render", split="train", height=size[0], width=size[1], seed=seed)
        write_png(root / "gtav/images" / f"{index + 1:05d}.png", image)
        ids = raw_ids(label, dict(enumerate(CLASS_IDS)), void=0)
        write_png(root / "gtav/labels" / f"{index + 1:05d}.png", ids, palette=palette)
