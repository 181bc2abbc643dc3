"""Synscapes: photorealistic renderings of street scenes."""

from __future__ import annotations

from pathlib import Path

from alseg.contracts import Dataset, SceneRenderer, Size
from alseg.toolkit.file_layout import Layout, Pair, check_split, leave_out
from alseg_driving.fake import blocks

LAYOUT = Layout(
    title="Synscapes",
    folders=("synscapes", "Synscapes"),
    markers=("img",),
    download="Request Synscapes on its site and unpack it so that img/rgb and img/class lie in {folder}.",
)
SPLITS = ("train",)


def build_synscapes(*, root: Path | None, split: str, exclude: str | None = None) -> Dataset:
    """Open Synscapes.

    Features:

    - 25,000 images, 720 x 1440, each of a scene of its own, all of them in ``train``
    - 19 classes (`cityscapes-19`), annotated with the label ids of Cityscapes

    Format:

    - images: ``img/rgb/N.png``, 8-bit RGB; the larger ones in ``img/rgb-2k`` are not used
    - label maps: ``img/class/N.png``, 8-bit grayscale, ids 0-33 (255 for licence plates)

    Citation: Wrenninge and Unger, "Synscapes: A photorealistic synthetic dataset for street scene parsing",
    2018, arXiv:1810.08705.

    Args:
        root: The folder that holds ``synscapes/``, or the folder with ``img/`` itself.
        split: ``train``.
        exclude: A text file with the ids of images to leave out, such as ``17``, one a line.

    Raises:
        DataError: If files are missing; says what to download and where to put it.
        AlsegError: If there is no such split.
    """
    from alseg.toolkit.paired_files import LEAVE_OUT_HINT, PairedFiles
    from alseg_driving.files import label_ids
    from alseg_driving.ids import train_ids_problem

    check_split("synscapes", split, SPLITS)
    base = LAYOUT.base(root, "img/rgb")
    names = LAYOUT.image_names(base, "img/rgb", ".png")
    pairs = [Pair(name.removesuffix(".png"), f"img/rgb/{name}", f"img/class/{name}") for name in names]
    return PairedFiles(
        title=LAYOUT.title,
        base=base,
        pairs=LAYOUT.checked(leave_out(pairs, exclude, LAYOUT.title), base, base / "img/rgb"),
        labels=label_ids(LAYOUT.title),
        hint=LEAVE_OUT_HINT.format(name="synscapes"),
        judge_ids=train_ids_problem,
    )


def write_fake(
    root: Path, seed: int = 0, *, count: int = 4, size: Size = (64, 128), scene: SceneRenderer = blocks
) -> None:
    """Write ``root/synscapes``, a tiny data set in the real layout and encoding.

    Args:
        root: Folder to write to; the ``scenario.root`` of experiments.
        seed: Seed of the scenes.
        count: Images.
        size: Height and width of the images, in pixels.
        scene: Renders the scenes, as renderings; blocks of colour by default.
    """
    from alseg_driving.fake import raw_ids, write_png
    from alseg_driving.ids import CLASS_IDS

    for index in range(count):
        image, label = scene(index, domain="render", split="train", height=size[0], width=size[1], seed=seed)
        write_png(root / "synscapes/img/rgb" / f"{index + 1}.png", image)
        ids = raw_ids(label, dict(enumerate(CLASS_IDS)), void=0)
        write_png(root / "synscapes/img/class" / f"{index + 1}.png", ids)
