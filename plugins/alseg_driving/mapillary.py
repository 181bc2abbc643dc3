"""Mapillary Vistas: photographs of streets all over the world."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from alseg import IGNORE_INDEX, LabelSpace, toolkit
from alseg.contracts import Dataset, SceneRenderer, Size
from alseg.toolkit.file_layout import Layout, Pair, check_split, leave_out
from alseg_driving.fake import blocks
from alseg_driving.mapillary_classes import AS_CITYSCAPES, MAPILLARY_65, MAPILLARY_123
from alseg_driving.spaces import CITYSCAPES_19

if TYPE_CHECKING:
    from alseg.toolkit.label_files import IdLabels

LAYOUT = Layout(
    title="Mapillary Vistas",
    folders=("mapillary",),
    markers=("training", "validation"),
    download=(
        "Download Mapillary Vistas (v1.2 or v2.0) from the Mapillary site and unpack it so that training and "
        "validation lie in {folder}."
    ),
)
FOLDERS = {"train": "training", "val": "validation", "test": "testing"}
SPLITS = tuple(FOLDERS)
SPACES = {"v1.2": MAPILLARY_65, "v2.0": MAPILLARY_123}
Version = Literal["v1.2", "v2.0"]
Classes = Literal["cityscapes-19", "all"]


def label_space(*, version: Version, classes: Classes, **_: Any) -> LabelSpace:
    """Return the classes in which label maps are given, see `build_mapillary`."""
    return SPACES[version] if classes == "all" else CITYSCAPES_19


def build_mapillary(
    *,
    root: Path | None,
    split: str,
    version: Version = "v1.2",
    classes: Classes = "cityscapes-19",
    exclude: str | None = None,
) -> Dataset:
    """Open one split of Mapillary Vistas.

    Features:

    - 18,000 train, 2,000 val and 5,000 test images of many sizes, 8.9 megapixels in the mean
    - 19 classes (`cityscapes-19`), made of those of its own by the definitions of Cityscapes: road with lane
      markings, crosswalks and bike lanes, sidewalk with curbs, rider of three kinds; what Cityscapes does not
      evaluate is void. Papers differ in where curbs, crosswalks and the like belong. Or all: `mapillary-65`
      (v1.2) or `mapillary-123` (v2.0), for a mapping of your own in ``scenario.label_space``
    - the test split has no labels: they are not public

    Format:

    - images: ``training/images/*.jpg``, ``validation/images/*.jpg``, ``testing/images/*.jpg``
    - label maps: ``training/VERSION/labels/*.png``, or ``training/labels/*.png`` in archives of v1.2 alone;
      palette PNG whose indices are ids 0-65 (v1.2) or 0-123 (v2.0), the last of which is void

    Citation: Neuhold et al., "The Mapillary Vistas dataset for semantic understanding of street scenes", ICCV
    2017.

    Args:
        root: The folder that holds ``mapillary/``, or the folder with ``training/`` itself.
        split: ``train``, ``val`` or ``test``.
        version: Of the annotations, ``v1.2`` or ``v2.0``.
        classes: ``cityscapes-19`` or ``all``.
        exclude: A text file with the ids of images to leave out, one a line.

    Raises:
        DataError: If files are missing; says what to download and where to put it.
        AlsegError: If there is no such split.
    """
    from alseg.toolkit.paired_files import LEAVE_OUT_HINT, PairedFiles

    check_split("mapillary", split, SPLITS)
    images = f"{FOLDERS[split]}/images"
    base = LAYOUT.base(root, images)
    labels = f"{FOLDERS[split]}/{version}/labels"
    if version == "v1.2" and not (base / labels).is_dir():
        labels = f"{FOLDERS[split]}/labels"
    stems = [name.removesuffix(".jpg") for name in LAYOUT.image_names(base, images, ".jpg")]
    pairs = [
        Pair(stem, f"{images}/{stem}.jpg", None if split == "test" else f"{labels}/{stem}.png")
        for stem in stems
    ]
    return PairedFiles(
        title=LAYOUT.title,
        base=base,
        pairs=LAYOUT.checked(leave_out(pairs, exclude, LAYOUT.title), base, base / images, (".jpg", ".png")),
        labels=None if split == "test" else _labels(SPACES[version], classes),
        hint=LEAVE_OUT_HINT.format(name="mapillary"),
    )


def write_fake(
    root: Path, seed: int = 0, *, count: int = 4, size: Size = (72, 96), scene: SceneRenderer = blocks
) -> None:
    """Write ``root/mapillary``, a tiny data set in the real layout, with label maps of both versions.

    Args:
        root: Folder to write to; the ``scenario.root`` of experiments.
        seed: Seed of the scenes.
        count: Images per split.
        size: Height and width of the images, in pixels.
        scene: Renders the scenes, as photographs; blocks of colour by default.
    """
    from alseg_driving.fake import palette_of, photographs, raw_ids, write_jpeg, write_png

    base = root / "mapillary"
    for split, index, image, label in photographs(scene, SPLITS, count, size, seed):
        stem = f"made-up-{index:06d}"
        write_jpeg(base / FOLDERS[split] / "images" / f"{stem}.jpg", image)
        for version, own in SPACES.items() if split != "test" else ():
            ids = raw_ids(label, _examples(own), void=len(own.classes))
            colors = {raw_id: info.color for raw_id, info in enumerate(own.classes)}
            write_png(
                base / FOLDERS[split] / version / "labels" / f"{stem}.png", ids, palette=palette_of(colors)
            )


def _labels(own: LabelSpace, classes: Classes) -> IdLabels:
    """Return what reads label maps of one version, in all its classes or in those of Cityscapes."""
    from alseg.toolkit.label_files import IdLabels, class_table

    void = frozenset({len(own.classes)})
    if classes == "all":
        return IdLabels(class_table({index: index for index in range(len(own.classes))}, void), LAYOUT.title)
    indices = toolkit.labels.translation(own, AS_CITYSCAPES)[: len(own.classes)].tolist()
    saved_as = {**_examples(own), IGNORE_INDEX: len(own.classes)}
    return IdLabels(class_table(dict(enumerate(indices)), void), LAYOUT.title, saved_as=saved_as)


def _examples(own: LabelSpace) -> dict[int, int]:
    """Return an id for each class of Cityscapes: that of the same name, or else one that the class holds."""
    table = toolkit.labels.translation(own, AS_CITYSCAPES)[: len(own.classes)].tolist()
    of_parts = {index: raw_id for raw_id, index in enumerate(table) if index != IGNORE_INDEX}
    of_names = {
        index: own.names.index(name) for index, name in enumerate(CITYSCAPES_19.names) if name in own.names
    }
    return of_parts | of_names
