"""LoveDA: aerial photographs of towns and of the country in China."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from alseg.contracts import Dataset, SceneRenderer, Size
from alseg.toolkit.file_layout import Layout, Pair, check_split
from alseg_driving import blocks

LAYOUT = Layout(
    title="LoveDA",
    folders=("loveda", "LoveDA"),
    markers=("Train", "Val"),
    download="Download Train.zip, Val.zip and Test.zip of LoveDA from Zenodo and unpack them into {folder}.",
)
FOLDERS = {"train": "Train", "val": "Val", "test": "Test"}
SPLITS = tuple(FOLDERS)
AREAS = {"urban": "Urban", "rural": "Rural"}
Area = Literal["all", "urban", "rural"]
IMAGES = {
    "all": {"train": 2522, "val": 1669, "test": 1796},
    "urban": {"train": 1156, "val": 677, "test": 820},
    "rural": {"train": 1366, "val": 992, "test": 976},
}


def expected(*, area: Area, **_: Any) -> dict[str, int]:
    """Return the images per split of one area, or of both."""
    return IMAGES[area]


def build_loveda(*, root: Path | None, split: str, area: Area = "all") -> Dataset:
    """Open one split of LoveDA.

    Features:

    - 2,522 train, 1,669 val and 1,796 test images, 1024 x 1024, 0.3 m a pixel
    - urban: 1,156 train, 677 val, 820 test; rural: 1,366 train, 992 val, 976 test
    - 7 classes (`loveda-7`), background among them
    - the test split has no labels: they are not public

    Format:

    - images: ``Train/Urban/images_png/N.png`` and so on, 8-bit RGB
    - label maps: ``Train/Urban/masks_png/N.png`` and so on, 8-bit grayscale, ids 1-7, 0 for no data

    Citation: Wang et al., "LoveDA: A remote sensing land-cover dataset for domain adaptive semantic
    segmentation", NeurIPS 2021 Datasets and Benchmarks, arXiv:2110.08733.

    Args:
        root: The folder that holds ``loveda/``, or the folder with ``Train/`` and ``Val/`` itself.
        split: ``train``, ``val`` or ``test``.
        area: ``urban``, ``rural`` or ``all``.

    Raises:
        DataError: If files are missing; says what to download and where to put it.
        AlsegError: If there is no such split.
    """
    from alseg.toolkit.label_files import IdLabels, class_table
    from alseg.toolkit.paired_files import PairedFiles
    from alseg_aerial.spaces import LOVEDA_7

    check_split("loveda", split, SPLITS)
    places = [f"{FOLDERS[split]}/{name}" for key, name in AREAS.items() if area in ("all", key)]
    base = LAYOUT.base(root, f"{places[0]}/images_png")
    pairs = [
        Pair(
            name.removesuffix(".png"),
            f"{place}/images_png/{name}",
            None if split == "test" else f"{place}/masks_png/{name}",
        )
        for place in places
        for name in LAYOUT.image_names(base, f"{place}/images_png", ".png")
    ]
    ids = {index + 1: index for index in range(len(LOVEDA_7.classes))}
    return PairedFiles(
        title=LAYOUT.title,
        base=base,
        pairs=LAYOUT.checked(pairs, base, base / places[0] / "images_png"),
        labels=None if split == "test" else IdLabels(class_table(ids, frozenset({0})), LAYOUT.title),
    )


def write_fake(
    root: Path, seed: int = 0, *, count: int = 4, size: Size = (96, 96), scene: SceneRenderer = blocks
) -> None:
    """Write ``root/loveda``, a tiny data set in the real layout and encoding.

    Args:
        root: Folder to write to; the ``scenario.root`` of experiments.
        seed: Seed of the scenes.
        count: Images per split, urban and rural by turns.
        size: Height and width of the images, in pixels.
        scene: Renders the scenes, urban ones as renderings; blocks of colour by default.
    """
    from alseg_aerial.fake import STREETS_AS_LAND, ids_from_1
    from alseg_aerial.spaces import LOVEDA_7
    from alseg_driving import write_png

    areas = list(AREAS.values())
    for number in range(count * len(SPLITS)):
        split, area = SPLITS[number // count], areas[number % len(areas)]
        image, label = scene(
            number,
            domain="render" if area == "Urban" else "camera",
            split="train" if split == "train" else "val",
            height=size[0],
            width=size[1],
            seed=seed,
        )
        for each in areas:
            (root / "loveda" / FOLDERS[split] / each / "images_png").mkdir(parents=True, exist_ok=True)
        place = root / "loveda" / FOLDERS[split] / area
        write_png(place / "images_png" / f"{number}.png", image)
        if split != "test":
            ids = ids_from_1(label, LOVEDA_7, STREETS_AS_LAND, "background")
            write_png(place / "masks_png" / f"{number}.png", ids)
