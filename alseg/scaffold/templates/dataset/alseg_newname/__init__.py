"""The data set ``newname``. Every alseg command loads it, so it imports no torch."""

from __future__ import annotations

from alseg import ClassInfo, DatasetSpec, LabelSpace, hookimpl

from .dataset import SPLITS, build_newname, write_fake

CLASSES = LabelSpace(
    name="newname",
    summary="Four classes of streets.",
    source="A template of alseg; name the paper or site of your data set.",
    classes=(
        ClassInfo("road", (128, 64, 128), includes=("sidewalk",)),
        ClassInfo("building", (70, 70, 70), includes=("wall", "fence")),
        ClassInfo("vegetation", (107, 142, 35), includes=("terrain",)),
        ClassInfo("vehicle", (0, 0, 142), includes=("car", "truck", "bus", "train")),
    ),
)
"""Class names as the field spells them. Classes of other label spaces are found by name and ``includes``."""

ALSEG_CONTRACT = "1.0"
"""For which contract with plugins this was written; `alseg plugins` shows it."""


@hookimpl
def register_label_spaces() -> list[LabelSpace]:
    """Offer ``newname``."""
    return [CLASSES]


@hookimpl
def register_datasets() -> list[DatasetSpec]:
    """Offer ``newname``."""
    return [
        DatasetSpec(
            name="newname",
            summary="Images and label maps in PNG files, four classes.",
            source="A template of alseg; name your paper, with year and identifier.",
            build=build_newname,
            label_space=CLASSES.name,
            splits=SPLITS,
            write_fake=write_fake,
            # expected={"train": 1000, "val": 100} tells incomplete copies
        )
    ]
