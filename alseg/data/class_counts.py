"""Pixels of each label value in each image of a split: counted in parallel, and their file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from torch.utils.data import DataLoader
from torch.utils.data import Dataset as TorchDataset

from alseg.contracts import Dataset
from alseg.errors import AlsegError
from alseg.files import write_atomically
from alseg.system.archives import read_arrays

_VALUES = 256
_FEW = 64
"""Label maps that are counted before processes would have started."""
_MOST_PROCESSES = 16
_AT_A_TIME = 16
_HEADS = 2**12
"""Bytes of an archive besides its values, at most."""


def value_counts(dataset: Dataset) -> NDArray[np.int64]:
    """Return the pixels of each label value in each image, int64 ``(images, 256)``; reads all label maps.

    Args:
        dataset: A split; its label values are the data set's own.

    Raises:
        DataError: As `Dataset.label`.
    """
    processes = min(_processors(), _MOST_PROCESSES)
    alone = processes < 2 or len(dataset) < _FEW
    loader: DataLoader[NDArray[np.int64] | AlsegError] = DataLoader(
        _Histograms(dataset),
        batch_size=None,
        num_workers=0 if alone else processes,
        collate_fn=_as_it_is,  # a tensor from another process keeps a file open as long as it lives
    )
    counts = []
    for found in loader:
        if isinstance(found, AlsegError):
            raise found
        counts.append(found)
    return np.concatenate(counts)


def user_cache() -> Path:
    """Return the user's cache folder: ``alseg`` in ``$XDG_CACHE_HOME``, or in ``~/.cache``, as torch does."""
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "alseg"


class _Histograms(TorchDataset[NDArray[np.int64] | AlsegError]):
    """The label maps of a split as counts, some at a time; errors are handed over: workers reword them."""

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset

    def __len__(self) -> int:
        return -(-len(self._dataset) // _AT_A_TIME)

    def __getitem__(self, index: int) -> NDArray[np.int64] | AlsegError:
        first = index * _AT_A_TIME
        images = range(first, min(first + _AT_A_TIME, len(self._dataset)))
        try:
            return np.stack([_histogram(self._dataset.label(image)) for image in images])
        except AlsegError as error:
            return error


def _histogram(label: NDArray[np.uint8]) -> NDArray[np.int64]:
    # Pillow's histogram reads bytes as they are; NumPy's bincount makes eight of each first.
    return np.array(Image.fromarray(np.ascontiguousarray(label)).histogram(), np.int64)


def _as_it_is(found: Any) -> Any:
    return found


def _processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def read_counts(file: Path, images: int) -> NDArray[np.int64] | None:
    """Return kept counts; None where there are none, or the file is not what was written."""
    try:
        arrays = read_arrays(file, images * _VALUES * 8 + _HEADS)
        values, counts = arrays["values"], arrays["counts"]
    except Exception:  # a damaged archive raises whatever its first wrong byte leads to
        return None
    if values.ndim != 1 or values.dtype != np.uint8 or counts.shape != (images, len(values)):
        return None
    if counts.dtype != np.int64 or (counts.size and counts.min() < 0):
        return None
    everything = np.zeros((images, _VALUES), np.int64)
    everything[:, values] = counts
    return everything


def write_counts(file: Path, counts: NDArray[np.int64]) -> None:
    """Keep the columns of values that occur.

    Raises:
        WriteError: If the file cannot be written.
    """
    values = np.flatnonzero(counts.any(axis=0)).astype(np.uint8)
    kept = np.ascontiguousarray(counts[:, values])
    write_atomically(file, lambda opened: np.savez_compressed(opened, values=values, counts=kept))
