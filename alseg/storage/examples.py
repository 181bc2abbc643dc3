"""Examples: what a network said about a few pool images, kept as small maps for people to look at.

`rounds/NN/examples.npz` is what the picks of a round were made on, `examples.npz` of the run what the final
network says. No photograph and no label is kept: many data sets may not be passed on. Nothing of a run
depends on these files; one that is missing or damaged is as good as none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from alseg.contracts import Size
from alseg.files import write_atomically
from alseg.system.archives import names_of, read_arrays

NAME = "examples.npz"
FORMAT = 1

LONGEST_SIDE = 512
"""Pixels of a kept map's longer side at most."""

MOST_IMAGES = 50
"""Most images of which examples can be kept."""

HIGH_IMPURITY = float(np.log(3))
"""Entropy in nats of three classes in equal shares: more is rare, and the usual two would be hard to see."""

_MOST_PIXELS = 2**27
"""More than any photograph has: the size of an image decides how much memory its picks take."""

_LARGEST_SIDE = 2**16

_MAPS = ("classes", "uncertainty", "impurity", "score")
_LARGEST_CONTENT = MOST_IMAGES * len(_MAPS) * LONGEST_SIDE**2 + 2**20
"""Bytes that a file can unfold to: no more is read of one that pretends to hold more."""


@dataclass(frozen=True)
class Example:
    """What a network said about one image.

    Attributes:
        size: Height and width of the image's label map, in pixels.
        classes: uint8 ``(h, w)``, the prediction, sampled.
        uncertainty: uint8 ``(h, w)``, mean entropy of the class distribution: 255 is log C.
        impurity: uint8 ``(h, w)``, mean entropy of the classes predicted in the window around a pixel: 255 is
            `HIGH_IMPURITY` or more.
        radius: Reach of that window to each side, in pixels of the label map.
        score: uint8 ``(h, w)``, highest score of the acquisition, from 0 for the lowest to 255 for the
            highest of ``score_range``; None where it gave no map.
        score_range: Scores that 0 and 255 stand for; those beyond are cut off.
    """

    size: Size
    classes: NDArray[np.uint8]
    uncertainty: NDArray[np.uint8]
    impurity: NDArray[np.uint8]
    radius: int
    score: NDArray[np.uint8] | None = None
    score_range: tuple[float, float] = (0.0, 0.0)


def kept_size(size: Size, longest: int = LONGEST_SIDE) -> Size:
    """Return the size of the maps that are kept of an image: its own, or smaller in the same proportions."""
    scale = min(1.0, longest / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def write_examples(folder: Path, examples: Mapping[str, Example]) -> None:
    """Write examples, image id to example, into a run's or a round's folder.

    Raises:
        WriteError: If the file cannot be written.
    """
    arrays: dict[str, NDArray[np.generic]] = {
        "format": np.array(FORMAT),
        "image_ids": np.array(list(examples)),
        "sizes": np.array([each.size for each in examples.values()], np.int64).reshape(-1, 2),
        "radius": np.array([each.radius for each in examples.values()], np.int64),
        "score_ranges": np.array([each.score_range for each in examples.values()]).reshape(-1, 2),
    }
    for place, example in enumerate(examples.values()):
        for name in _MAPS:
            values = getattr(example, name)
            if values is not None:
                arrays[f"{name}_{place}"] = values
    # numpy's stubs take the arrays' names for its own options.
    write_atomically(folder / NAME, lambda file: np.savez_compressed(file, **arrays))  # type: ignore[arg-type]


def read_examples(folder: Path, classes: int) -> dict[str, Example]:
    """Read the examples in a run's or a round's folder.

    Args:
        folder: The folder.
        classes: Number of classes; a file with others is damaged.

    Returns:
        Image id to example; empty where there is no file, or none that can be read.
    """
    path = folder / NAME
    try:
        return _unpacked(read_arrays(path, _LARGEST_CONTENT), classes)
    except Exception:  # numpy and zipfile raise many types for a damaged archive
        return {}


def _unpacked(content: Mapping[str, NDArray[np.generic]], classes: int) -> dict[str, Example]:
    """Return what an archive holds.

    Raises:
        ValueError: If something does not fit together.
        KeyError: If something is missing.
    """
    if int(content["format"]) != FORMAT:
        raise ValueError("another format")
    names = names_of(content["image_ids"])
    sizes, radius, ranges = content["sizes"], content["radius"], content["score_ranges"]
    if sizes.shape != (len(names), 2) or radius.shape != (len(names),) or ranges.shape != sizes.shape:
        raise ValueError("numbers of images differ")
    if not np.isfinite(ranges).all():
        raise ValueError("a range is not finite")
    if radius.dtype.kind not in "iu" or (
        radius.size and not 0 <= radius.min() <= radius.max() <= _LARGEST_SIDE
    ):
        raise ValueError("a window of no size")
    examples = {}
    for place, name in enumerate(names):
        size = (int(sizes[place, 0]), int(sizes[place, 1]))
        if min(size) < 1 or max(size) > _LARGEST_SIDE or size[0] * size[1] > _MOST_PIXELS:
            raise ValueError(f"an image of {size} pixels")
        maps = [
            _checked_map(content[f"{kind}_{place}"], size)
            for kind in _MAPS
            if kind != "score" or f"score_{place}" in content
        ]
        if int(maps[0].max()) >= classes:
            raise ValueError("a class that there is not")
        examples[name] = Example(
            size=size,
            classes=maps[0],
            uncertainty=maps[1],
            impurity=maps[2],
            radius=int(radius[place]),
            score=maps[3] if len(maps) > len(_MAPS) - 1 else None,
            score_range=(float(ranges[place, 0]), float(ranges[place, 1])),
        )
    return examples


def _checked_map(values: NDArray[np.generic], size: Size) -> NDArray[np.uint8]:
    if values.dtype != np.uint8 or values.shape != kept_size(size):
        raise ValueError(f"a map is {values.dtype} {values.shape}")
    return values.astype(np.uint8)
