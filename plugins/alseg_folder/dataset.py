"""The data set ``folder``: what its parameters mean."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from annotated_types import Interval

from alseg import AlsegError, DataError, LabelSpace
from alseg.contracts import Dataset, Seed
from alseg_folder.classes import ColorTable, IdTable, Void, read_parameters
from alseg_folder.splits import SplitPlan, Splits, in_share, plan_split, split_names

TileSide = Annotated[int, Interval(ge=32, le=65_536)]
Overlap = Annotated[int, Interval(ge=0, le=16_384)]
Offset = Annotated[int, Interval(ge=-65_535, le=65_535)]

_OF_CLASSES = ("labels", "ids", "colors", "void", "offset", "background")


def build_folder(
    *,
    root: Path | None,
    split: str,
    images: str | None = None,
    labels: str | dict[str, str] | None = None,
    listing: str | None = None,
    splits: Splits | None = None,
    seed: Seed = 0,
    group: str | None = None,
    ids: IdTable | None = None,
    colors: ColorTable | None = None,
    void: Void | None = None,
    others: Literal["refuse", "void"] = "refuse",
    offset: Offset = 0,
    background: str | None = None,
    exclude: str | None = None,
    tile: TileSide | None = None,
    overlap: Overlap = 0,
) -> Dataset:
    """Open one split of a folder of your own images.

    Paths count from ``root``. In patterns, ``*`` is any part of a name, ``**`` any folders, ``{split}`` the
    split, and ``{word}`` any part of a name that ``labels`` and ``group`` use again. They know ``{stem}``
    (file name without suffix), ``{parent}`` (its folder) and ``{path}`` (folders below the fixed part), too.

    Args:
        root: The folder.
        split: A name in ``splits``.
        images: Pattern of the images, such as ``rgb/*.png``.
        labels: Their label files, such as ``seg/{stem}.png``; or, by class, files in which all but 0 is of
            that class. None: images without labels.
        listing: A list (``IMAGE`` or ``IMAGE LABEL`` a line) or CSV file (columns image, label, group, split
            and others) of images: all there are, or those to take of ``images``.
        splits: By name of a split, in the order of shares: a list file; a share such as ``80%``; the text
            that ``{split}`` or the column split has; or a mapping with images, labels, listing, group of its
            own.
        seed: Of shares.
        group: Name of the group that an image is of, such as ``{city}``; shares keep groups together.
        ids: Names of classes by id (``{0: road, 255: null}``, null is void), in a list from 0 on, or a CSV or
            YAML file with name and id.
        colors: Colours of classes (``road: [128, 64, 128]``, or a list of several), or a file with name, r,
            g, b.
        void: Further ids, colours or names of classes that are void.
        others: What ids and colours mean that are not named: ``refuse`` says which they are, or ``void``.
        offset: Added to ids as they are given: 1 where the first class of a list is id 1.
        background: Class of pixels that are in no mask, or whose id or colour is not named.
        exclude: A text file with image ids to leave out, one a line.
        tile: Cut images that are larger into tiles of at most so many pixels a side.
        overlap: Pixels that neighbouring tiles share.

    Raises:
        AlsegError: If parameters contradict each other.
        DataError: If files are missing; says what is there.
    """
    from alseg.toolkit.file_layout import leave_out
    from alseg.toolkit.paired_files import LEAVE_OUT_HINT, PairedFiles
    from alseg.toolkit.tiles import TiledFiles
    from alseg_folder.classes import label_files
    from alseg_folder.files import layout_of, pairs_of

    base = _folder(root)

    def plans(name: str) -> SplitPlan:
        return plan_split(name, SplitPlan(name, images, labels, listing, group), splits)

    plan = plans(split)
    pairs = pairs_of(base, plan)
    if plan.share is not None:
        pairs = in_share(pairs, plan.share, seed)
        if not pairs:
            raise DataError(f"The share of split '{split}' holds no group of images.", "Make it larger.")
    layout = layout_of(base)
    if exclude is not None:
        everywhere = _image_ids(base, names_of_splits(images=images, listing=listing, splits=splits), plans)
        pairs = leave_out(pairs, exclude, layout.title, known=everywhere)
    pairs = list(layout.checked(pairs, base, base))
    given: dict[str, Any] = {"labels": plan.labels, "ids": ids, "background": background}
    reader = None
    if any(pair.label is not None for pair in pairs):
        classes = read_parameters(base, **given, colors=colors, void=void, offset=offset)
        if classes is None:
            raise AlsegError(
                "Data set 'folder' has label files, but nothing says what they mean. Set 'ids' (such as "
                "{0: road, 1: sky}) or 'colors' (such as {road: [128, 64, 128]})."
            )
        reader = label_files(classes, layout.title, **given, others=others)
        if without := next((pair for pair in pairs if pair.label is None), None):
            raise DataError(f"{without.image} has no label file, but others have.", "Name it in the list.")
    files = PairedFiles(
        title=layout.title,
        base=base,
        pairs=tuple(pairs),
        labels=reader,
        hint=LEAVE_OUT_HINT.format(name="folder"),
    )
    if tile is None:
        return files
    if overlap >= tile:
        raise AlsegError(f"'overlap' ({overlap}) must be smaller than 'tile' ({tile}). Make it smaller.")
    return TiledFiles(files, tile, overlap)


def label_space(*, root: Path | None, splits: Splits | None = None, **params: Any) -> LabelSpace | None:
    """Return the classes that parameters give; None where there are no labels.

    Raises:
        AlsegError: As `build_folder`.
    """
    given = {key: params[key] for key in _OF_CLASSES}
    own = [
        value["labels"] for value in (splits or {}).values() if isinstance(value, dict) and "labels" in value
    ]
    masks = next((one for one in own if isinstance(one, dict)), None)
    if masks is not None and not isinstance(given["labels"], dict):
        given["labels"] = masks
    classes = read_parameters(_folder(root), **given)
    return None if classes is None else classes.label_space()


def names_of_splits(
    *, images: str | None = None, listing: str | None = None, splits: Splits | None = None, **_: Any
) -> tuple[str, ...]:
    """Return the names of the splits that parameters give."""
    return split_names(images, listing, splits)


def _image_ids(base: Path, names: tuple[str, ...], plans: Callable[[str], SplitPlan]) -> Iterator[str]:
    """Yield the image ids of all splits that are there: one list of images to leave out serves them all."""
    from alseg_folder.files import pairs_of

    for name in names:
        try:
            yield from (pair.image_id for pair in pairs_of(base, plans(name)))
        except DataError:
            continue  # told when that split is opened


def _folder(root: Path | None) -> Path:
    if root is None:
        raise DataError("Data set 'folder' reads files.", "Set its 'root' to the folder that holds them.")
    return root
