"""IDD: photographs from roads in India."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from alseg import LabelSpace
from alseg.contracts import Dataset, SceneRenderer, Size
from alseg.toolkit.file_layout import Layout, Pair, check_split
from alseg_driving.fake import blocks
from alseg_driving.spaces import CITYSCAPES_19, IDD_26

LAYOUT = Layout(
    title="IDD",
    folders=("idd", "IDD_Segmentation", "idd/IDD_Segmentation"),
    markers=("leftImg8bit", "gtFine"),
    download=(
        "Download 'IDD Segmentation (IDD 20k Part I)' from the IDD site, unpack it so that leftImg8bit and "
        "gtFine lie in {folder}, and draw its label maps by createLabels.py of AutoNUE/public-code: "
        "--id-type csTrainId for cityscapes-19, --id-type level3Id for idd-26."
    ),
)
SPLITS = ("train", "val", "test")
Classes = Literal["cityscapes-19", "idd-26"]

_IMAGE_ENDS = ("_leftImg8bit.png", "_leftImg8bit.jpg")
_LABEL_ENDS = {"cityscapes-19": "_gtFine_labelcsTrainIds.png", "idd-26": "_gtFine_labellevel3Ids.png"}
_VOID_ID = 255


def label_space(*, classes: Classes, **_: Any) -> LabelSpace:
    """Return the classes in which label maps are given, see `build_idd`."""
    return IDD_26 if classes == IDD_26.name else CITYSCAPES_19


def build_idd(*, root: Path | None, split: str, classes: Classes = "cityscapes-19") -> Dataset:
    """Open one split of IDD Segmentation.

    Features:

    - 6,993 train, 981 val and 2,029 test images (part I), most of them 1080 x 1920; groups are the drives
    - 19 classes (`cityscapes-19`), or 26 of its own (`idd-26`, level 3 of its hierarchy)
    - the test split has no labels: they are not public

    Format:

    - images: ``leftImg8bit/SPLIT/DRIVE/*_leftImg8bit.png`` (part II: ``.jpg``)
    - label maps, drawn from polygons: ``gtFine/SPLIT/DRIVE/*_gtFine_labelcsTrainIds.png``, 8-bit grayscale,
      train ids 0-18, or ``*_gtFine_labellevel3Ids.png``, ids 0-25; 255 for void

    Citation: Varma et al., "IDD: A dataset for exploring problems of autonomous navigation in unconstrained
    environments", WACV 2019, arXiv:1811.10200.

    Args:
        root: The folder that holds ``idd/``, or the folder with ``leftImg8bit/`` and ``gtFine/`` itself.
        split: ``train``, ``val`` or ``test``.
        classes: Label space of the label maps: ``cityscapes-19`` or ``idd-26``.

    Raises:
        DataError: If files are missing; says what to download and where to put it.
        AlsegError: If there is no such split.
    """
    from alseg.toolkit.label_files import IdLabels, class_table
    from alseg.toolkit.paired_files import PairedFiles
    from alseg_driving.files import in_folders

    check_split("idd", split, SPLITS)
    images, label_end = f"leftImg8bit/{split}", _LABEL_ENDS[classes]
    base = LAYOUT.base(root, images)
    pairs = []
    for drive, name in in_folders(LAYOUT, base, images, *_IMAGE_ENDS):
        frame = name.removesuffix(_IMAGE_ENDS[0]).removesuffix(_IMAGE_ENDS[1])
        label = None if split == "test" else f"gtFine/{split}/{drive}/{frame}{label_end}"
        pairs.append(Pair(f"{drive}_{frame}", f"{images}/{drive}/{name}", label, drive))
    ids = {index: index for index in range(len(label_space(classes=classes).classes))}
    return PairedFiles(
        title=LAYOUT.title,
        base=base,
        pairs=LAYOUT.checked(pairs, base, base / images, (_IMAGE_ENDS[0], label_end)),
        labels=None if split == "test" else IdLabels(class_table(ids, frozenset({_VOID_ID})), LAYOUT.title),
    )


def write_fake(
    root: Path, seed: int = 0, *, count: int = 4, size: Size = (72, 128), scene: SceneRenderer = blocks
) -> None:
    """Write ``root/idd``, a tiny data set in the real layout, with label maps of both kinds.

    Args:
        root: Folder to write to; the ``scenario.root`` of experiments.
        seed: Seed of the scenes.
        count: Images per split.
        size: Height and width of the images, in pixels.
        scene: Renders the scenes, as photographs; blocks of colour by default.
    """
    from alseg import toolkit
    from alseg_driving.fake import photographs, write_png

    to_level3 = toolkit.labels.translation(CITYSCAPES_19, IDD_26)
    for split, index, image, label in photographs(scene, SPLITS, count, size, seed):
        drive, frame = f"{index % 2}", f"{index:06d}"
        write_png(root / "idd/leftImg8bit" / split / drive / f"{frame}{_IMAGE_ENDS[0]}", image)
        if split != "test":
            place = root / "idd/gtFine" / split / drive
            write_png(place / f"{frame}{_LABEL_ENDS['cityscapes-19']}", label)
            write_png(place / f"{frame}{_LABEL_ENDS['idd-26']}", to_level3[label])
