"""SYNTHIA-RAND-CITYSCAPES: rendered scenes."""

from __future__ import annotations

from pathlib import Path

from alseg import toolkit
from alseg.contracts import Dataset, SceneRenderer, Size
from alseg.toolkit.file_layout import Layout, Pair, check_split, leave_out
from alseg_driving.fake import blocks

LAYOUT = Layout(
    title="SYNTHIA",
    folders=("synthia", "synthia/RAND_CITYSCAPES", "RAND_CITYSCAPES"),
    markers=("RGB", "GT"),
    download=(
        "Download SYNTHIA_RAND_CITYSCAPES from the SYNTHIA site and unpack it "
        "so that RGB and GT lie in {folder}."
    ),
)
SPLITS = ("train",)

RAW_IDS = {
    "road": 3,
    "sidewalk": 4,
    "building": 2,
    "wall": 21,
    "fence": 5,
    "pole": 7,
    "traffic light": 15,
    "traffic sign": 9,
    "vegetation": 6,
    "terrain": 16,
    "sky": 1,
    "person": 10,
    "rider": 17,
    "car": 8,
    "truck": 18,
    "bus": 19,
    "train": 20,
    "motorcycle": 12,
    "bicycle": 11,
}
"""Raw id of each Cityscapes class."""

DEFINED_IDS = frozenset(range(23))
"""0 void; 13 parking slot, 14 road work and 22 lane marking have no counterpart in Cityscapes."""


def build_synthia(*, root: Path | None, split: str, exclude: str | None = None) -> Dataset:
    """Open SYNTHIA-RAND-CITYSCAPES.

    Features:

    - 9,400 images, 760 x 1280, all of them in ``train``, as in the literature on adaptation to Cityscapes
    - 16 classes (`synthia-16`); terrain, truck, train, parking slot, road work and lane marking are void,
      as in that literature

    Format:

    - images: ``RGB/%07d.png``, 8-bit RGB
    - label maps: ``GT/LABELS/%07d.png``, 16-bit RGB PNG with the class id 0-22 in red and the instance in
      green

    Citation: Ros et al., "The SYNTHIA dataset: a large collection of synthetic images for semantic
    segmentation of urban scenes", CVPR 2016.

    Args:
        root: The folder that holds ``synthia/`` or ``RAND_CITYSCAPES/``, or the folder with ``RGB/`` and
            ``GT/`` itself.
        split: ``train``.
        exclude: A text file with the ids of images to leave out, such as ``0000017``, one a line.

    Raises:
        DataError: If files are missing; says what to download and where to put it.
        AlsegError: If there is no such split.
    """
    from alseg.toolkit.label_files import IdLabels, class_table
    from alseg.toolkit.paired_files import LEAVE_OUT_HINT, PairedFiles
    from alseg_driving.spaces import SYNTHIA_16

    check_split("synthia", split, SPLITS)
    base = LAYOUT.base(root, "RGB")
    names = LAYOUT.image_names(base, "RGB", ".png")
    pairs = [Pair(name.removesuffix(".png"), f"RGB/{name}", f"GT/LABELS/{name}") for name in names]
    return PairedFiles(
        title=LAYOUT.title,
        base=base,
        pairs=LAYOUT.checked(leave_out(pairs, exclude, LAYOUT.title), base, base / "RGB"),
        labels=IdLabels(
            class_table({RAW_IDS[name]: index for index, name in enumerate(SYNTHIA_16.names)}, DEFINED_IDS),
            LAYOUT.title,
            read_ids=toolkit.imaging.read_label16,
            content="label16",
        ),
        hint=LEAVE_OUT_HINT.format(name="synthia"),
    )


def write_fake(
    root: Path, seed: int = 0, *, count: int = 4, size: Size = (76, 128), scene: SceneRenderer = blocks
) -> None:
    """Write ``root/synthia``, a tiny data set in the real layout and encoding.

    Args:
        root: Folder to write to; the ``scenario.root`` of experiments.
        seed: Seed of the scenes.
        count: Images.
        size: Height and width of the images, in pixels.
        scene: Renders the scenes, as renderings; blocks of colour by default.
    """
    import numpy as np

    from alseg_driving.fake import raw_ids, write_png, write_png16
    from alseg_driving.spaces import CITYSCAPES_19

    id_of = {index: RAW_IDS[name] for index, name in enumerate(CITYSCAPES_19.names)}
    for index in range(count):
        image, label = scene(index, domain="render", split="train", height=size[0], width=size[1], seed=seed)
        write_png(root / "synthia/RGB" / f"{index:07d}.png", image)
        pixels = np.zeros((*label.shape, 3), np.uint16)
        pixels[..., 0] = raw_ids(label, id_of, void=0)
        # Instances count from 1 across classes, so numbers beyond one byte are usual in the real files.
        pixels[..., 1] = pixels[..., 0] * np.uint16(100)
        write_png16(root / "synthia/GT/LABELS" / f"{index:07d}.png", pixels)
