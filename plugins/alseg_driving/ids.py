"""Raw label ids of Cityscapes, which GTAV shares."""

from __future__ import annotations

from collections.abc import Mapping

CLASS_IDS = (7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33)
"""The raw id of each of the 19 classes, in train-id order (`cityscapesscripts.helpers.labels`)."""

VOID_IDS = frozenset(range(34)) - frozenset(CLASS_IDS)
"""The other ids that Cityscapes defines, such as 4 static or 10 rail track."""

LICENSE_PLATE = 255
"""Id -1, as it is stored in 8 bits."""

_TRAIN_IDS = range(19)


def train_ids_problem(ids: Mapping[int, int]) -> str | None:
    """Say whether label maps hold the train ids 0-18 in place of the label ids 0-33.

    Train ids stop where the label ids of vegetation, sky, people and vehicles are, one of which any split of
    street scenes shows.

    Args:
        ids: Raw id to the number of label maps that show it.

    Returns:
        Problem and remedy, or None.
    """
    if any(_TRAIN_IDS.stop <= raw_id <= CLASS_IDS[-1] for raw_id in ids):
        return None
    return (
        "No label map shows an id 19-33, such as 21 vegetation, 23 sky or 26 car: these look like train ids "
        "(0-18). Use the label maps with label ids, such as *_gtFine_labelIds.png."
    )
