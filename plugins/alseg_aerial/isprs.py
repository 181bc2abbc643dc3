"""ISPRS Potsdam and Vaihingen: orthophotos, whole or as the tiles of MMSegmentation's converters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from annotated_types import Interval

from alseg import AlsegError
from alseg.contracts import Dataset, SceneRenderer, Size
from alseg.toolkit.file_layout import Layout, Pair, check_split
from alseg_aerial.spaces import ISPRS_6
from alseg_driving import blocks

TileSide = Annotated[int, Interval(ge=32, le=65_536)]
Overlap = Annotated[int, Interval(ge=0, le=16_384)]

SPLITS = ("train", "val")
USUAL_TILE = 512
"""Side of the tiles of MMSegmentation's converters, in pixels."""
_VOID_ID = 0
"""Black in colours: boundaries of 3 pixels, which are not evaluated."""
_PARTS_OF_TILE = 4
"""``_LEFT_TOP_RIGHT_BOTTOM`` at the end of a tile's name."""


@dataclass(frozen=True)
class Survey:
    """One of the two cities.

    Attributes:
        name: Of the data set.
        layout: Where it lies.
        areas: Names of the orthophotos of each split.
        images: Path of an orthophoto; ``{area}`` stands for its name.
        labels: Paths of its label map, whole, and without boundaries.
        images_in: Images per split, in tiles of the usual size.
    """

    name: str
    layout: Layout
    areas: dict[str, tuple[str, ...]]
    images: str
    labels: tuple[str, str]
    images_in: dict[str, int]

    def expected(self, *, tile: TileSide, overlap: Overlap, **_: Any) -> dict[str, int]:
        """Return the images per split; none are known where tiles are not as usual."""
        return self.images_in if (tile, overlap) == (USUAL_TILE, 0) else {}

    def write_fake(
        self,
        root: Path,
        seed: int = 0,
        *,
        count: int = 4,
        size: Size = (96, 96),
        scene: SceneRenderer = blocks,
    ) -> None:
        """Write a tiny data set in the layout and encoding of tiles, below ``root``.

        Args:
            root: Folder to write to; the ``scenario.root`` of experiments.
            seed: Seed of the scenes.
            count: Images per split, of one orthophoto after the other.
            size: Height and width of the images, in pixels.
            scene: Renders the scenes, as photographs; blocks of colour by default.
        """
        from alseg_aerial.fake import STREETS_AS_CITY, ids_from_1
        from alseg_driving import photographs, write_png

        for split, index, image, label in photographs(scene, SPLITS, count, size, seed):
            areas = self.areas[split]
            row, number = divmod(index % count, len(areas))
            top = row * size[0]
            name = f"{areas[number]}_0_{top}_{size[1]}_{top + size[0]}.png"
            write_png(root / self.name / "img_dir" / split / name, image)
            ids = ids_from_1(label, ISPRS_6, STREETS_AS_CITY, "clutter")
            write_png(root / self.name / "ann_dir" / split / name, ids)


def open_split(
    survey: Survey, root: Path | None, split: str, *, eroded: bool, tile: int, overlap: int
) -> Dataset:
    """Open one split: the tiles of ``img_dir`` where there are some, or else the orthophotos, cut into tiles.

    Args:
        survey: The city.
        root: As for every data set.
        split: ``train`` or ``val``.
        eroded: Of orthophotos, whether label maps have no boundaries.
        tile: Of orthophotos, most pixels of a tile's side.
        overlap: Pixels that neighbouring tiles share.

    Raises:
        DataError: If files are missing; says what to download and where to put it.
        AlsegError: If there is no such split, or tiles are not larger than what they share.
    """
    from alseg.toolkit.label_files import ColorLabels, IdLabels, class_table
    from alseg.toolkit.paired_files import PairedFiles
    from alseg.toolkit.tiles import TiledFiles

    check_split(survey.name, split, SPLITS)
    if overlap >= tile:
        raise AlsegError(f"'overlap' ({overlap}) must be smaller than 'tile' ({tile}). Make it smaller.")
    layout = survey.layout
    base = layout.base(root, survey.images.partition("/")[0])
    if (base / "img_dir").is_dir():
        pairs: Sequence[Pair] = _tiles(layout, base, split)
        ids = {index + 1: index for index in range(len(ISPRS_6.classes))}
        return PairedFiles(
            title=layout.title,
            base=base,
            pairs=layout.checked(pairs, base, base / "img_dir" / split),
            labels=IdLabels(class_table(ids, frozenset({_VOID_ID})), layout.title),
        )
    pairs = [
        Pair(area, survey.images.format(area=area), survey.labels[eroded].format(area=area), area)
        for area in survey.areas[split]
    ]
    colors = {info.color: index for index, info in enumerate(ISPRS_6.classes)}
    files = PairedFiles(
        title=layout.title,
        base=base,
        pairs=layout.checked(pairs, base, (base / pairs[0].image).parent, (".tif", ".tif")),
        labels=ColorLabels(tuple(sorted(colors.items())), layout.title, others=255),
    )
    return TiledFiles(files, tile, overlap)


def _tiles(layout: Layout, base: Path, split: str) -> list[Pair]:
    pairs = []
    for name in layout.image_names(base, f"img_dir/{split}", ".png"):
        stem = name.removesuffix(".png")
        area = stem.rsplit("_", _PARTS_OF_TILE)[0]
        pairs.append(Pair(stem, f"img_dir/{split}/{name}", f"ann_dir/{split}/{name}", area))
    return pairs
