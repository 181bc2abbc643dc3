"""Confusion counts of a round, and whether they and its purchase are whole."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from alseg.errors import DamageError
from alseg.files import write_atomically
from alseg.storage.layout import METRICS_NAME
from alseg.storage.ledger import ARRAY_NAME, Purchase
from alseg.system.archives import check_archive, names_of, read_arrays
from alseg.system.regular_file import naming_damage

COUNTS_NAME = "confusion.npz"
"""Predictions on the evaluation images."""

NEW_ANSWERS_NAME = "new-answers.npz"
"""Predictions of the answers that a round bought, made before training with them."""

HELD_OUT_NAME = "held-out.npz"
"""Predictions of the answers that are held out of training."""

LARGEST_COUNTS = 2**29
"""Bytes of a file of confusion counts, folded or not: 370,000 images of 19 classes, 5,800 of 150."""

_MOST_PIXELS = 2**40
"""More than any image has."""


def refuse_damaged_round(folder: Path, classes: int) -> None:
    """Check a round's confusion counts and whether its purchase is whole, as far as they are there.

    Published results come without ledgers, so what is missing is no damage here. Of a purchase only the size
    is checked: no number of a table comes from it, and the ledgers of many runs are gigabytes. Whoever reads
    one compares its checksum.

    Args:
        folder: A round's folder.
        classes: Number of classes of the run; counts of others are damaged.

    Raises:
        DamageError: If a file is damaged, or a part of a purchase is missing; names it.
    """
    for name in (COUNTS_NAME, NEW_ANSWERS_NAME, HELD_OUT_NAME):
        if (folder / name).exists():
            refuse_damaged_counts(folder / name, classes)
    # Before a round is committed, another process may be between writing one and the other.
    half = (folder / METRICS_NAME).exists() and (folder / ARRAY_NAME).exists()
    if half or Purchase.committed(folder):
        Purchase.refuse_partial(folder)


def write_counts(path: Path, counts: NDArray[np.int32], image_ids: list[str], groups: list[str]) -> None:
    """Write confusion counts per image, int32 ``(N, C, C)``, compressed, with names and groups of images."""
    ids, sequences = np.array(image_ids, np.str_), np.array(groups, np.str_)
    write_atomically(
        path, lambda file: np.savez_compressed(file, image_ids=ids, groups=sequences, counts=counts)
    )


def read_counts(path: Path) -> NDArray[np.int32]:
    """Read confusion counts per image, int32 ``(N, C, C)``.

    Raises:
        DamageError: If the file is missing or damaged; names it.
    """
    return read_image_counts(path)[1].astype(np.int32)


def read_image_counts(path: Path) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Read confusion counts per image.

    Returns:
        The image ids, and int64 ``(N, C, C)``, rows ground truth, columns prediction.

    Raises:
        DamageError: If the file is missing or damaged; names it.
    """
    refuse_damaged_counts(path)
    with naming_damage(path, _no_arrays):
        content = read_arrays(path, LARGEST_COUNTS, ("image_ids", "counts"))
        ids, counts = names_of(content["image_ids"]), content["counts"]
    if counts.ndim != 3 or counts.shape[1] != counts.shape[2] or len(ids) != len(counts):
        raise DamageError(
            f"{path} is damaged: its counts of {len(ids)} images have the shape {counts.shape}."
        )
    if counts.dtype.kind not in "iu" or (
        counts.size and not 0 <= counts.min() <= counts.max() < _MOST_PIXELS
    ):
        raise DamageError(f"{path} is damaged: its counts are not all whole numbers of at least 0.")
    return ids, counts.astype(np.int64)


def refuse_damaged_counts(path: Path, classes: int | None = None) -> None:
    """Check the checksums of a round's confusion counts and their shape, without making arrays of them.

    Args:
        path: The file.
        classes: Number of classes that it must count; None for any.

    Raises:
        DamageError: If the file is missing or damaged; names it.
    """
    with naming_damage(path, _broken_archive):
        heads = check_archive(path, LARGEST_COUNTS, ("image_ids", "counts"))
    shape = heads["counts"].shape if "counts" in heads else ()
    if classes is not None and shape[1:] != (classes, classes):
        raise DamageError(f"{path} is damaged: its counts have the shape {shape}, of {classes} classes.")


def read_image_groups(path: Path, image_ids: Sequence[str]) -> tuple[str, ...]:
    """Return the group of each image in a file of confusion counts; the images' names where it has none.

    Raises:
        DamageError: If the file is damaged; names it.
    """
    with naming_damage(path, lambda error: "is damaged: its groups of images cannot be read."):
        content = read_arrays(path, LARGEST_COUNTS, ("groups",))
        groups = names_of(content["groups"]) if "groups" in content else tuple(image_ids)
    if len(groups) != len(image_ids):
        raise DamageError(f"{path} is damaged: it has groups for {len(groups)} of {len(image_ids)} images.")
    return groups


def _no_arrays(error: Exception) -> str:
    """Say that a file is no archive of arrays; what NumPy says of some tells how to unpickle objects."""
    return "is damaged: it holds something else than arrays of numbers and names."


def _broken_archive(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"is damaged: it holds no {error.args[0]}.npy."
    return f"is damaged: {error}."
