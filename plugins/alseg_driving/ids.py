"""Raw label ids of Cityscapes, which GTAV shares."""

from __future__ import annotations

CLASS_IDS = (7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33)
"""The raw id of each of the 19 classes, in train-id order (`cityscapesscripts.helpers.labels`)."""

VOID_IDS = frozenset(range(34)) - frozenset(CLASS_IDS)
"""The other ids that Cityscapes defines, such as 4 static or 10 rail track."""

LICENSE_PLATE = 255
"""Id -1, as it is stored in 8 bits."""
