"""What a round leaves besides its metrics, as far as those who only read results must know it. No torch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from alseg.errors import AlsegError
from alseg.storage.ledger import ARRAY_NAME, Purchase
from alseg.storage.run_files import METRICS_NAME
from alseg.system.archives import check_archive, names_of, read_arrays

COUNTS_NAME = "confusion.npz"

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
        AlsegError: If a file is damaged, or a part of a purchase is missing; names it.
    """
    if (folder / COUNTS_NAME).exists():
        refuse_damaged_counts(folder / COUNTS_NAME, classes)
    # Before a round is committed, another process may be between writing one and the other.
    half = (folder / METRICS_NAME).exists() and (folder / ARRAY_NAME).exists()
    if half or Purchase.committed(folder):
        Purchase.refuse_partial(folder)


def read_image_counts(path: Path) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Read confusion counts per image.

    Returns:
        The image ids, and int64 ``(N, C, C)``, rows ground truth, columns prediction.

    Raises:
        AlsegError: If the file is missing or damaged; names it.
    """
    refuse_damaged_counts(path)
    no_arrays = AlsegError(f"{path} is damaged: it holds something else than arrays of numbers and names.")
    try:
        content = read_arrays(path, LARGEST_COUNTS, ("image_ids", "counts"))
        ids, counts = names_of(content["image_ids"]), content["counts"]
    except FileNotFoundError as error:
        raise AlsegError(f"{path} is missing.") from error
    except AlsegError:
        raise
    except Exception as error:  # numpy raises many types; some of its texts tell how to unpickle objects
        raise no_arrays from error
    if counts.ndim != 3 or counts.shape[1] != counts.shape[2] or len(ids) != len(counts):
        raise AlsegError(f"{path} is damaged: its counts of {len(ids)} images have the shape {counts.shape}.")
    if counts.dtype.kind not in "iu" or (
        counts.size and not 0 <= counts.min() <= counts.max() < _MOST_PIXELS
    ):
        raise AlsegError(f"{path} is damaged: its counts are not all whole numbers of at least 0.")
    return ids, counts.astype(np.int64)


def refuse_damaged_counts(path: Path, classes: int | None = None) -> None:
    """Check the checksums of a round's confusion counts and their shape, without making arrays of them.

    Args:
        path: The file.
        classes: Number of classes that it must count; None for any.

    Raises:
        AlsegError: If the file is missing or damaged; names it.
    """
    try:
        heads = check_archive(path, LARGEST_COUNTS, ("image_ids", "counts"))
    except FileNotFoundError as error:
        raise AlsegError(f"{path} is missing.") from error
    except AlsegError:
        raise
    except KeyError as error:
        raise AlsegError(f"{path} is damaged: it holds no {error.args[0]}.npy.") from error
    except Exception as error:  # zipfile raises many types for a damaged archive
        raise AlsegError(f"{path} is damaged: {error}.") from error
    shape = heads["counts"].shape if "counts" in heads else ()
    if classes is not None and shape[1:] != (classes, classes):
        raise AlsegError(f"{path} is damaged: its counts have the shape {shape}, of {classes} classes.")


def read_image_groups(path: Path, image_ids: Sequence[str]) -> tuple[str, ...]:
    """Return the group of each image in a file of confusion counts; the images' names where it has none.

    Raises:
        AlsegError: If the file is damaged; names it.
    """
    try:
        content = read_arrays(path, LARGEST_COUNTS, ("groups",))
        groups = names_of(content["groups"]) if "groups" in content else tuple(image_ids)
    except AlsegError:
        raise
    except Exception as error:  # numpy raises many types; some of its texts tell how to unpickle objects
        raise AlsegError(f"{path} is damaged: its groups of images cannot be read.") from error
    if len(groups) != len(image_ids):
        raise AlsegError(f"{path} is damaged: it has groups for {len(groups)} of {len(image_ids)} images.")
    return groups
