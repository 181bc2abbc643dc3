"""BDD100K: photographs from the United States, of which 10,000 are annotated for semantic segmentation."""

from __future__ import annotations

from pathlib import Path

from alseg.contracts import Dataset, SceneRenderer, Size
from alseg.toolkit.file_layout import Layout, Pair, check_split, leave_out
from alseg_driving.fake import blocks

LAYOUT = Layout(
    title="BDD100K",
    folders=("bdd100k",),
    markers=("images", "labels"),
    download=(
        "Download bdd100k_images_10k.zip (10K Images) and bdd100k_sem_seg_labels_trainval.zip (Segmentation) "
        "from the BDD100K site and unpack them so that images/10k and labels/sem_seg/masks lie in {folder}."
    ),
)
SPLITS = ("train", "val", "test")


def build_bdd100k(*, root: Path | None, split: str, exclude: str | None = None) -> Dataset:
    """Open one split of BDD100K's semantic segmentation.

    Features:

    - 7,000 train, 1,000 val and 2,000 test images, 720 x 1280, each from a drive of its own
    - 19 classes (`cityscapes-19`)
    - the test split has no labels: they are not public

    Format:

    - images: ``images/10k/SPLIT/*.jpg``
    - label maps: ``labels/sem_seg/masks/SPLIT/*.png``, 8-bit grayscale, train ids 0-18, 255 for void

    Citation: Yu et al., "BDD100K: A diverse driving dataset for heterogeneous multitask learning", CVPR 2020,
    arXiv:1805.04687.

    Args:
        root: The folder that holds ``bdd100k/``, or the folder with ``images/`` and ``labels/`` itself.
        split: ``train``, ``val`` or ``test``.
        exclude: A text file with the ids of images to leave out, such as ``0004a4c0-d4dff0ad``, one a line.

    Raises:
        DataError: If files are missing; says what to download and where to put it.
        AlsegError: If there is no such split.
    """
    from alseg.toolkit.paired_files import LEAVE_OUT_HINT, PairedFiles
    from alseg_driving.files import train_ids

    check_split("bdd100k", split, SPLITS)
    images, labels = f"images/10k/{split}", f"labels/sem_seg/masks/{split}"
    base = LAYOUT.base(root, images)
    stems = [name.removesuffix(".jpg") for name in LAYOUT.image_names(base, images, ".jpg")]
    pairs = [
        Pair(stem, f"{images}/{stem}.jpg", None if split == "test" else f"{labels}/{stem}.png")
        for stem in stems
    ]
    return PairedFiles(
        title=LAYOUT.title,
        base=base,
        pairs=LAYOUT.checked(leave_out(pairs, exclude, LAYOUT.title), base, base / images, (".jpg", ".png")),
        labels=None if split == "test" else train_ids(LAYOUT.title),
        hint=LEAVE_OUT_HINT.format(name="bdd100k"),
    )


def write_fake(
    root: Path, seed: int = 0, *, count: int = 4, size: Size = (72, 128), scene: SceneRenderer = blocks
) -> None:
    """Write ``root/bdd100k``, a tiny data set in the real layout and encoding.

    Args:
        root: Folder to write to; the ``scenario.root`` of experiments.
        seed: Seed of the scenes.
        count: Images per split.
        size: Height and width of the images, in pixels.
        scene: Renders the scenes, as photographs; blocks of colour by default.
    """
    from alseg_driving.fake import photographs, write_jpeg, write_png

    for split, index, image, label in photographs(scene, SPLITS, count, size, seed):
        stem = f"{index:08x}-{index:08x}"
        write_jpeg(root / "bdd100k/images/10k" / split / f"{stem}.jpg", image)
        if split != "test":
            write_png(root / "bdd100k/labels/sem_seg/masks" / split / f"{stem}.png", label)
