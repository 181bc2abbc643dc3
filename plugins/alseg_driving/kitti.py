"""KITTI semantics: photographs from Karlsruhe with the label ids of Cityscapes."""

from __future__ import annotations

from pathlib import Path

from alseg.contracts import Dataset, SceneRenderer, Size
from alseg.toolkit.file_layout import Layout, Pair, check_split
from alseg_driving.fake import blocks

LAYOUT = Layout(
    title="KITTI semantics",
    folders=("kitti", "data_semantics", "kitti/data_semantics"),
    markers=("training", "testing"),
    download=(
        "Download data_semantics.zip from the KITTI site and unpack it so that training lies in {folder}."
    ),
)
FOLDERS = {"train": "training", "test": "testing"}
SPLITS = tuple(FOLDERS)


def build_kitti(*, root: Path | None, split: str) -> Dataset:
    """Open KITTI's images with semantic labels.

    Features:

    - 200 train images, about 375 x 1242, and 200 test images, whose labels are not public
    - 19 classes (`cityscapes-19`), annotated with the label ids of Cityscapes

    Format:

    - images: ``training/image_2/%06d_10.png`` and ``testing/image_2/%06d_10.png``, 8-bit RGB
    - label maps: ``training/semantic/%06d_10.png``, 8-bit grayscale, ids 0-33 (255 for licence plates)

    Citation: Alhaija et al., "Augmented reality meets computer vision: efficient data generation for urban
    driving scenes", IJCV 2018, arXiv:1708.01566.

    Args:
        root: The folder that holds ``kitti/`` or ``data_semantics/``, or the one with ``training/`` itself.
        split: ``train`` or ``test``.

    Raises:
        DataError: If files are missing; says what to download and where to put it.
        AlsegError: If there is no such split.
    """
    from alseg.toolkit.paired_files import PairedFiles
    from alseg_driving.files import label_ids
    from alseg_driving.ids import train_ids_problem

    check_split("kitti", split, SPLITS)
    images = f"{FOLDERS[split]}/image_2"
    base = LAYOUT.base(root, images)
    is_labelled = split == "train"
    pairs = [
        Pair(
            name.removesuffix(".png"),
            f"{images}/{name}",
            f"training/semantic/{name}" if is_labelled else None,
        )
        for name in LAYOUT.image_names(base, images, "_10.png")
    ]
    return PairedFiles(
        title=LAYOUT.title,
        base=base,
        pairs=LAYOUT.checked(pairs, base, base / images, ("_10.png", ".png")),
        labels=label_ids(LAYOUT.title) if is_labelled else None,
        judge_ids=train_ids_problem,
    )


def write_fake(
    root: Path, seed: int = 0, *, count: int = 4, size: Size = (48, 152), scene: SceneRenderer = blocks
) -> None:
    """Write ``root/kitti``, a tiny data set in the real layout and encoding.

    Args:
        root: Folder to write to; the ``scenario.root`` of experiments.
        seed: Seed of the scenes.
        count: Images per split.
        size: Height and width of the images, in pixels.
        scene: Renders the scenes, as photographs; blocks of colour by default.
    """
    from alseg_driving.fake import photographs, raw_ids, write_png
    from alseg_driving.ids import CLASS_IDS

    for split, index, image, label in photographs(scene, SPLITS, count, size, seed):
        write_png(root / "kitti" / FOLDERS[split] / "image_2" / f"{index:06d}_10.png", image)
        if split == "train":
            ids = raw_ids(label, dict(enumerate(CLASS_IDS)), void=0)
            write_png(root / "kitti/training/semantic" / f"{index:06d}_10.png", ids)
