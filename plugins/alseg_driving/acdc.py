"""ACDC: photographs from Switzerland in fog, at night, in rain and in snow."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from alseg.contracts import Dataset, SceneRenderer, Size
from alseg.toolkit.file_layout import Layout, Pair, check_split
from alseg_driving.fake import blocks

LAYOUT = Layout(
    title="ACDC",
    folders=("acdc", "ACDC"),
    markers=("rgb_anon", "gt"),
    download=(
        "Download rgb_anon_trainvaltest.zip and gt_trainval.zip from the ACDC site and unpack both "
        "into {folder}."
    ),
)
SPLITS = ("train", "val", "test")
CONDITIONS = ("fog", "night", "rain", "snow")
Condition = Literal["all", "fog", "night", "rain", "snow"]

_IMAGE_END = "_rgb_anon.png"
_LABEL_END = "_gt_labelTrainIds.png"


def expected(*, condition: Condition, **_: Any) -> dict[str, int]:
    """Return the images per split of one condition, or of all."""
    val = {"all": 406, "night": 106}.get(condition, 100)
    return (
        {"train": 1600, "val": val, "test": 2000}
        if condition == "all"
        else {"train": 400, "val": val, "test": 500}
    )


def build_acdc(*, root: Path | None, split: str, condition: Condition = "all") -> Dataset:
    """Open one split of ACDC.

    Features:

    - 1,600 train, 406 val and 2,000 test images, 1080 x 1920; of each condition 400 train, 100 val (106 at
      night) and 500 test images
    - 19 classes (`cityscapes-19`)
    - groups of images are the recordings
    - the test split has no labels: they are not public

    Format:

    - images: ``rgb_anon/CONDITION/SPLIT/RECORDING/*_rgb_anon.png``, 8-bit RGB
    - label maps: ``gt/CONDITION/SPLIT/RECORDING/*_gt_labelTrainIds.png``, 8-bit grayscale, train ids 0-18,
      255 for void

    Citation: Sakaridis et al., "ACDC: The adverse conditions dataset with correspondences for semantic
    driving scene understanding", ICCV 2021, arXiv:2104.13395.

    Args:
        root: The folder that holds ``acdc/``, or the folder with ``rgb_anon/`` and ``gt/`` itself.
        split: ``train``, ``val`` or ``test``.
        condition: ``fog``, ``night``, ``rain``, ``snow`` or ``all`` of them.

    Raises:
        DataError: If files are missing; says what to download and where to put it.
        AlsegError: If there is no such split.
    """
    from alseg.toolkit.paired_files import PairedFiles
    from alseg_driving.files import in_folders, train_ids

    check_split("acdc", split, SPLITS)
    conditions = CONDITIONS if condition == "all" else (condition,)
    base = LAYOUT.base(root, f"rgb_anon/{conditions[0]}/{split}")
    pairs = []
    for one in conditions:
        images = f"rgb_anon/{one}/{split}"
        for recording, name in in_folders(LAYOUT, base, images, _IMAGE_END):
            image_id = name.removesuffix(_IMAGE_END)
            label = None if split == "test" else f"gt/{one}/{split}/{recording}/{image_id}{_LABEL_END}"
            pairs.append(Pair(image_id, f"{images}/{recording}/{name}", label, recording))
    return PairedFiles(
        title=LAYOUT.title,
        base=base,
        pairs=LAYOUT.checked(
            pairs, base, base / f"rgb_anon/{conditions[0]}/{split}", (_IMAGE_END, _LABEL_END)
        ),
        labels=None if split == "test" else train_ids(LAYOUT.title),
    )


def write_fake(
    root: Path, seed: int = 0, *, count: int = 4, size: Size = (72, 128), scene: SceneRenderer = blocks
) -> None:
    """Write ``root/acdc``, a tiny data set in the real layout and encoding.

    Args:
        root: Folder to write to; the ``scenario.root`` of experiments.
        seed: Seed of the scenes.
        count: Images per split, of one condition after the other.
        size: Height and width of the images, in pixels.
        scene: Renders the scenes, as photographs; blocks of colour by default.
    """
    from alseg_driving.fake import photographs, write_png

    for split in SPLITS:
        for condition in CONDITIONS:
            (root / "acdc/rgb_anon" / condition / split).mkdir(parents=True, exist_ok=True)
    for split, index, image, label in photographs(scene, SPLITS, count, size, seed):
        place = CONDITIONS[index % len(CONDITIONS)]
        recording = f"GOPR{400 + index % len(CONDITIONS):04d}"
        stem = f"{recording}_frame_{index:06d}"
        write_png(root / "acdc/rgb_anon" / place / split / recording / f"{stem}{_IMAGE_END}", image)
        if split != "test":
            write_png(root / "acdc/gt" / place / split / recording / f"{stem}{_LABEL_END}", label)
