"""What driving data sets share: files in folders of sequences, and label maps by ids of Cityscapes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from alseg.toolkit.file_layout import Layout
from alseg.toolkit.label_files import IdLabels, class_table
from alseg_driving.ids import CLASS_IDS, LICENSE_PLATE, VOID_IDS

VOID_TRAIN_ID = 255


def in_folders(layout: Layout, base: Path, place: str, *suffixes: str) -> Iterator[tuple[str, str]]:
    """Yield the files that lie one folder below ``base/place``, in order.

    Args:
        layout: Of the data set.
        base: The data set's own folder.
        place: Path below it, such as ``leftImg8bit/train``.
        suffixes: Ends of names, such as ``.png``.

    Yields:
        Name of the folder, of a city or a sequence, and name of the file.

    Raises:
        DataError: If there is no such folder; says what to download.
    """
    for folder in layout.image_names(base, place, suffix=""):
        if (base / place / folder).is_dir():
            names = (
                name for suffix in suffixes for name in layout.image_names(base, f"{place}/{folder}", suffix)
            )
            yield from ((folder, name) for name in sorted(names))


def label_ids(title: str, *void: int) -> IdLabels:
    """Return what reads label maps with the label ids of Cityscapes, 0-33 and 255 for licence plates.

    Args:
        title: The data set's name in messages.
        void: Further ids that mean void.
    """
    classes = {raw_id: index for index, raw_id in enumerate(CLASS_IDS)}
    return IdLabels(class_table(classes, VOID_IDS | {LICENSE_PLATE, *void}), title)


def train_ids(title: str) -> IdLabels:
    """Return what reads label maps with the train ids of Cityscapes: 0-18, and 255 for void."""
    classes = {index: index for index in range(len(CLASS_IDS))}
    return IdLabels(
        class_table(classes, frozenset({VOID_TRAIN_ID})),
        title,
        remedy="Use the label maps with train ids (0-18 and 255), not those with label ids, as they come.",
    )
