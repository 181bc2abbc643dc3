"""Which images are of a split: by folder, by list, by a column, or by a seeded share."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from alseg import AlsegError, unknown_name
from alseg.toolkit.file_layout import Pair

SplitValue = str | dict[str, str | dict[str, str] | None]
Splits = dict[str, SplitValue]

_SHARE = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*%")
_LISTS = (".txt", ".csv", ".lst", ".tsv")
_KEYS = ("images", "labels", "listing", "group")


@dataclass(frozen=True)
class SplitPlan:
    """Where the images of a split are.

    Attributes:
        name: What ``{split}`` and the column ``split`` say for it.
        images: Pattern of the images; None where a list names them.
        labels: Template of the label files, one for each class, or None without labels.
        listing: A list or table of images, or None.
        group: Template of group names, or None.
        share: Start and end of its share of all images, 0-1; None where it has all of them.
    """

    name: str
    images: str | None
    labels: str | dict[str, str] | None
    listing: str | None
    group: str | None
    share: tuple[float, float] | None = None


def split_names(images: str | None, listing: str | None, splits: Splits | None) -> tuple[str, ...]:
    """Return the names of the splits: those of ``splits``, else ``train`` and, by folder or list, ``val``."""
    if splits:
        return tuple(splits)
    return ("train", "val") if listing is not None or "{split}" in (images or "") else ("train",)


def plan_split(split: str, shared: SplitPlan, splits: Splits | None) -> SplitPlan:
    """Return where the images of one split are.

    Args:
        split: Its name.
        shared: What all splits share.
        splits: The parameter.

    Raises:
        AlsegError: If there is no such split, or its value cannot be used.
    """
    names = split_names(shared.images, shared.listing, splits)
    if split not in names:
        raise AlsegError(unknown_name("split of folder", split, names))
    given = (splits or {}).get(split, split)
    if isinstance(given, dict):
        if wrong := [key for key in given if key not in _KEYS]:
            raise AlsegError(unknown_name(f"key of split '{split}'", wrong[0], _KEYS))
        return replace(shared, name=split, **given)  # type: ignore[arg-type]
    if _SHARE.fullmatch(given):
        return replace(shared, name=split, share=_share_of(split, splits or {}))
    if given.lower().endswith(_LISTS):
        return replace(shared, name=split, listing=given)
    return replace(shared, name=given)


def in_share(pairs: Sequence[Pair], share: tuple[float, float], seed: int) -> list[Pair]:
    """Return the images whose group falls into a share; a group is never divided.

    Groups are ordered by a hash of their names, so that the order of files plays no part.

    Args:
        pairs: All images.
        share: Start and end, 0-1.
        seed: Another one divides the images in another way.
    """
    sizes: dict[str, int] = {}
    for pair in pairs:
        sizes[_group(pair)] = sizes.get(_group(pair), 0) + 1
    order = sorted(sizes, key=lambda name: hashlib.sha256(f"{seed}\n{name}".encode()).hexdigest())
    taken, before = set(), 0
    for name in order:
        middle = (before + sizes[name] / 2) / len(pairs)
        before += sizes[name]
        if share[0] <= middle < share[1]:
            taken.add(name)
    return [pair for pair in pairs if _group(pair) in taken]


def _share_of(split: str, splits: Mapping[str, SplitValue]) -> tuple[float, float]:
    """Return the share of a split: shares follow each other in the order of the file."""
    end = 0.0
    found = (0.0, 0.0)
    for name, given in splits.items():
        match = _SHARE.fullmatch(given) if isinstance(given, str) else None
        if match is not None:
            start, end = end, end + float(match[1]) / 100
            found = (start, end) if name == split else found
    if end > 1 + 1e-9:
        raise AlsegError(f"The shares of 'splits' add up to {100 * end:g}%. Make them 100% or less.")
    return found


def _group(pair: Pair) -> str:
    return pair.image_id if pair.group is None else pair.group
