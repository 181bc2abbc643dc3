"""What names of folders and files say: images, label maps, splits."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

Role = Literal["image", "label", "other"]

_LABEL_WORDS = frozenset(
    [
        "label",
        "labels",
        "lbl",
        "mask",
        "masks",
        "gt",
        "ground",
        "truth",
        "groundtruth",
        "seg",
        "segm",
        "segmentation",
        "segmentations",
        "semantic",
        "semantics",
        "semseg",
        "ann",
        "anns",
        "annot",
        "annots",
        "annotation",
        "annotations",
        "manual",
    ]
)
_IMAGE_WORDS = frozenset(
    ["image", "images", "img", "imgs", "rgb", "photo", "photos", "picture", "pictures", "jpegimages", "left"]
)
_OTHER_WORDS = frozenset(
    [
        "instance",
        "instances",
        "inst",
        "depth",
        "disparity",
        "panoptic",
        "polygon",
        "polygons",
        "normal",
        "normals",
        "flow",
        "confidence",
        "overlay",
        "preview",
        "thumbnail",
        "thumbnails",
    ]
)
_TAIL_LABEL_WORDS = frozenset({"l", "color", "colour", "id", "ids", "trainids", "labelids"})
_SPLITS = {
    "train": ("train", "training", "trn"),
    "val": ("val", "valid", "validation", "dev"),
    "test": ("test", "testing"),
}
_SPLIT_NAMES = {word: name for name, words in _SPLITS.items() for word in words}
_SPLIT_WORDS = "|".join(sorted(_SPLIT_NAMES, key=len, reverse=True))
_LEADING = re.compile(rf"({_SPLIT_WORDS})([_\-.]?)([a-z]+.*)", re.IGNORECASE)
_TRAILING = re.compile(rf"(.+[_\-.])({_SPLIT_WORDS})", re.IGNORECASE)
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


class SplitPart(NamedTuple):
    """A folder named after a split.

    Attributes:
        template: Its name with ``{split}``.
        text: What ``{split}`` stands for.
    """

    template: str
    text: str


def words_of(name: str) -> list[str]:
    """Return the words of a name in lower case; capitals begin words."""
    return [word.lower() for word in _WORD.findall(name)]


def role_of(name: str, *, is_tail: bool = False) -> Role | None:
    """Return what a folder or part of a file name says of the files; None where it says nothing.

    Args:
        name: Such as ``leftImg8bit``.
        is_tail: It is the end of file names, where ``L`` and ``color`` mean label maps.
    """
    words = set(words_of(name)) | {name.strip("_-. ").lower()}
    if words & _OTHER_WORDS:
        return "other"
    if words & _LABEL_WORDS or (is_tail and words & _TAIL_LABEL_WORDS):
        return "label"
    return "image" if words & _IMAGE_WORDS else None


def split_part(name: str) -> SplitPart | None:
    """Return the split in a folder's name: ``train``, ``trainannot``, ``images_val``; None without."""
    if name.lower() in _SPLIT_NAMES:
        return SplitPart("{split}", name)
    leading = _LEADING.fullmatch(name)
    if leading and (leading[2] or role_of(leading[3])) and role_of(leading[3]):
        return SplitPart("{split}" + leading[2] + leading[3], leading[1])
    trailing = _TRAILING.fullmatch(name)
    if trailing and role_of(trailing[1]):
        return SplitPart(trailing[1] + "{split}", trailing[2])
    return None


def split_name(text: str) -> str | None:
    """Return ``train``, ``val`` or ``test`` for a text that has such a word; None for others."""
    known = [_SPLIT_NAMES[word] for word in words_of(text) if word in _SPLIT_NAMES]
    return known[0] if known else None
