"""Dark Zurich: photographs from Zurich by day, at twilight and at night."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from alseg.contracts import Dataset, SceneRenderer, Size
from alseg.toolkit.file_layout import Layout, Pair, check_split
from alseg_driving.fake import blocks

LAYOUT = Layout(
    title="Dark Zurich",
    folders=("dark-zurich", "dark_zurich", "Dark_Zurich"),
    markers=("rgb_anon", "gt"),
    download=(
        "Download Dark_Zurich_train_anon.zip, Dark_Zurich_val_anon.zip and "
        "Dark_Zurich_test_anon_withoutGt.zip from the Dark Zurich site and unpack them so that rgb_anon and "
        "gt lie in {folder}."
    ),
)
SPLITS = ("train", "val", "test")
TIMES = ("night", "twilight", "day")
Time = Literal["night", "twilight", "day"]

_IMAGE_END = "_rgb_anon.png"
_LABEL_END = "_gt_labelTrainIds.png"


def expected(*, time: Time, **_: Any) -> dict[str, int]:
    """Return the images per split, of ``train`` at one time."""
    return {"train": {"night": 2416, "twilight": 2920, "day": 3041}[time], "val": 50, "test": 151}


def build_dark_zurich(*, root: Path | None, split: str, time: Time = "night") -> Dataset:
    """Open one split of Dark Zurich.

    Features:

    - train: 2,416 images at night, 2,920 at twilight, 3,041 by day, without labels; groups are the recordings
    - val: 50 images at night with labels; test: 151 images at night, whose labels are not public
    - 1080 x 1920; 19 classes (`cityscapes-19`)

    Format:

    - images: ``rgb_anon/SPLIT/TIME/RECORDING/*_rgb_anon.png``, 8-bit RGB
    - label maps: ``gt/val/night/RECORDING/*_gt_labelTrainIds.png``, 8-bit grayscale, train ids 0-18, 255 for
      void

    Citation: Sakaridis et al., "Guided curriculum model adaptation and uncertainty-aware evaluation for
    semantic nighttime image segmentation", ICCV 2019, arXiv:1901.05946.

    Args:
        root: The folder that holds ``dark-zurich/``, or the folder with ``rgb_anon/`` and ``gt/`` itself.
        split: ``train``, ``val`` or ``test``.
        time: Of ``train``: ``night``, ``twilight`` or ``day``. The other splits are at night.

    Raises:
        DataError: If files are missing; says what to download and where to put it.
        AlsegError: If there is no such split.
    """
    from alseg.toolkit.paired_files import PairedFiles
    from alseg_driving.files import in_folders, train_ids

    check_split("dark-zurich", split, SPLITS)
    images = f"rgb_anon/{split}/{time if split == 'train' else 'night'}"
    base = LAYOUT.base(root, images)
    pairs = []
    for recording, name in in_folders(LAYOUT, base, images, _IMAGE_END):
        image_id = name.removesuffix(_IMAGE_END)
        label = f"gt/val/night/{recording}/{image_id}{_LABEL_END}" if split == "val" else None
        pairs.append(Pair(image_id, f"{images}/{recording}/{name}", label, recording))
    return PairedFiles(
        title=LAYOUT.title,
        base=base,
        pairs=LAYOUT.checked(pairs, base, base / images, (_IMAGE_END, _LABEL_END)),
        labels=train_ids(LAYOUT.title) if split == "val" else None,
    )


def write_fake(
    root: Path, seed: int = 0, *, count: int = 4, size: Size = (72, 128), scene: SceneRenderer = blocks
) -> None:
    """Write ``root/dark-zurich``, a tiny data set in the real layout and encoding.

    Args:
        root: Folder to write to; the ``scenario.root`` of experiments.
        seed: Seed of the scenes.
        count: Images per split, of ``train`` at each time.
        size: Height and width of the images, in pixels.
        scene: Renders the scenes, as photographs; blocks of colour by default.
    """
    from alseg_driving.fake import photographs, write_png

    base = root / "dark-zurich"
    for split, index, image, label in photographs(scene, SPLITS, count, size, seed):
        for number, time in enumerate(TIMES if split == "train" else TIMES[:1]):
            recording = f"GOPR{350 + 10 * SPLITS.index(split) + number:04d}"
            stem = f"{recording}_frame_{index:06d}"
            write_png(base / "rgb_anon" / split / time / recording / f"{stem}{_IMAGE_END}", image)
            if split == "val":
                write_png(base / "gt/val/night" / recording / f"{stem}{_LABEL_END}", label)
