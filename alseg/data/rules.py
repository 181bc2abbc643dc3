"""What makes a split unusable or doubtful: the same rules for ``alseg data check`` and runs. No torch."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from alseg.contracts import IGNORE_INDEX, ChecksIds, Dataset, LabelSpace
from alseg.data.evidence import SplitEvidence
from alseg.toolkit.labels import canonical_name

LABELS_READ = 64
"""How many label maps of each split are looked at closely, and decoded before a run, spread evenly."""

MOST_VOID = 0.5
"""Largest share of void pixels of a split.

Real ones stay far below (Cityscapes val 12.6%, CamVid 3%), and wrong ids go far beyond: train ids in place of
the label ids of Cityscapes make most pixels void. A data set that is labelled by points or strokes has an
attribute ``most_void``.
"""

_AS_THEY_COME = "Use the label maps as they come in the archive."

_INTERPOLATED_SHARE = 0.9
_INTERPOLATED_IDS = 3
_INTERPOLATED_PIXELS = 10
"""Label maps look interpolated where this share of the pixels of so many ids lies between the two neighbours'
values. Of genuine classes, thin poles come closest, with under a half."""

_THIN = frozenset({"wall", "fence", "pole", "traffic light", "traffic sign", "sign symbol"})
_NEVER_AT_THE_TOP = _THIN | {
    "road",
    "sidewalk",
    "pavement",
    "terrain",
    "person",
    "pedestrian",
    "rider",
    "bicyclist",
    "car",
}
_NEVER_AT_THE_BOTTOM = _THIN | {"sky", "building"}
_PAVED = frozenset({"sidewalk", "pavement"})
"""Fill the bottom only where there is hardly any road."""
_LEAST_SHARE = 0.4
"""Of the labelled pixels of the band that a class must fill before it counts as out of place."""
_LITTLE_ROAD = 0.02


def sample(count: int) -> list[int]:
    """Return the indices of up to `LABELS_READ` images, spread evenly, in order."""
    spread = np.linspace(0, count - 1, min(count, LABELS_READ)).round().astype(int)
    return [int(index) for index in np.unique(spread)]


def split_problems(evidence: SplitEvidence, space: LabelSpace, dataset: Dataset) -> list[str]:
    """Return what makes a whole split unusable.

    Args:
        evidence: Of its label maps, or some of them.
        space: The label space of its label maps.
        dataset: The split; its own check of ids is asked.
    """
    if not evidence.label_maps:
        return []
    total, void = int(evidence.pixels.sum()), int(evidence.pixels[IGNORE_INDEX])
    if total == void:
        ids = f" (ids {_listed(sorted(evidence.ids))})" if evidence.ids else ""
        return [f"No label map shows a class of label space {space.name}, only void{ids}. {_AS_THEY_COME}"]
    if isinstance(dataset, ChecksIds) and (problem := dataset.ids_problem(evidence.ids)) is not None:
        return [problem]
    most_void: float = getattr(dataset, "most_void", MOST_VOID)
    if void > most_void * total:
        return [
            f"{100 * void / total:.0f}% of all pixels are void, more than {100 * most_void:.0f}%: "
            f"the ids do not mean what the data set takes them for. {_AS_THEY_COME}"
        ]
    return []


def split_warnings(evidence: SplitEvidence, space: LabelSpace) -> list[str]:
    """Return what is doubtful about a split and may be right all the same; arguments as `split_problems`."""
    closeup = evidence.closeup
    if closeup is None:
        return []
    warnings = []
    enough = closeup.id_pixels >= _INTERPOLATED_PIXELS
    thin = np.flatnonzero(enough & (closeup.id_between >= _INTERPOLATED_SHARE * closeup.id_pixels)).tolist()
    if len(thin) >= _INTERPOLATED_IDS:
        warnings.append(
            f"The label maps look resized by interpolation: ids {_listed(thin)} appear only as thin lines "
            "between a lower and a higher id. Resize label maps by the nearest pixel."
        )
    misplaced = list(_misplaced(closeup.top, closeup.bottom, space))
    if misplaced:
        warnings.append(
            f"The ids look shifted, as by reduce_zero_label: {' and '.join(misplaced)}. Compare a label map "
            "with its image."
        )
    return warnings


def _misplaced(top: NDArray[np.int64], bottom: NDArray[np.int64], space: LabelSpace) -> Iterator[str]:
    """Yield what lies where it never does in pictures of streets."""
    names = [canonical_name(name) for name in space.names]
    if not {"sky", "road"} <= set(names):
        return
    for band, place, never in ((top, "top", _NEVER_AT_THE_TOP), (bottom, "bottom", _NEVER_AT_THE_BOTTOM)):
        shares = band[: len(names)] / max(1, band[: len(names)].sum())
        most = int(shares.argmax())
        share = shares[most]
        is_paved = names[most] in _PAVED and shares[names.index("road")] < _LITTLE_ROAD
        if (names[most] in never or is_paved) and share >= _LEAST_SHARE:
            yield f"{space.names[most]} fills {100 * share:.0f}% of the {place} of the images"


def _listed(numbers: list[int]) -> str:
    return ", ".join(map(str, numbers[:10])) + (", ..." if len(numbers) > 10 else "")
