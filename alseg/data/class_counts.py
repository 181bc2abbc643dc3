"""Pixels of each label value in each image of a split: counted in parallel, and kept for the next start."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from torch.utils.data import DataLoader
from torch.utils.data import Dataset as TorchDataset

from alseg.contracts import Dataset
from alseg.data.cache import Stamped
from alseg.errors import AlsegError
from alseg.files import WriteError, content_hash, write_atomically

FORMAT = 1
"""Part of every file's name; another one when what is kept would differ."""

_VALUES = 256
_FEW = 64
"""Label maps that are counted before processes would have started."""
_MOST_PROCESSES = 16


def value_counts(dataset: Dataset, folder: Path | None = None) -> NDArray[np.int64]:
    """Return the pixels of each label value in each image, int64 ``(images, 256)``.

    Counts of a data set that can tell when a file has changed (`Stamped`) are kept on disk, under a hash of
    all its stamps. A file that is damaged or of another data set is made again; one that cannot be written
    is not missed.

    Args:
        dataset: A split; its label values are the data set's own.
        folder: Where counts are kept; None for the user's cache folder, such as ``~/.cache/alseg``.

    Raises:
        DataError: As `Dataset.label`.
    """
    if not isinstance(dataset, Stamped):
        return _count(dataset)
    stamps = [dataset.stamp(index) for index in range(len(dataset))]
    file = (folder or user_cache()) / "class-counts" / f"{content_hash([FORMAT, stamps])}.npz"
    kept = _read(file, len(dataset))
    if kept is not None:
        return kept
    counts = _count(dataset)
    with suppress(WriteError):
        _write(file, counts)
    return counts


def user_cache() -> Path:
    """Return the user's cache folder: ``alseg`` in ``$XDG_CACHE_HOME``, or in ``~/.cache``, as torch does."""
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "alseg"


def _count(dataset: Dataset) -> NDArray[np.int64]:
    processes = min(_processors(), _MOST_PROCESSES)
    alone = processes < 2 or len(dataset) < _FEW
    loader: DataLoader[NDArray[np.int64] | AlsegError] = DataLoader(
        _Histograms(dataset), batch_size=None, num_workers=0 if alone else processes
    )
    counts = []
    for found in loader:
        if isinstance(found, AlsegError):
            raise found
        counts.append(np.asarray(found))
    return np.stack(counts)


class _Histograms(TorchDataset[NDArray[np.int64] | AlsegError]):
    """The label maps of a split as counts; errors are handed over, since a worker would reword them."""

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset

    def __len__(self) -> int:
        return len(self._dataset)

    def __getitem__(self, index: int) -> NDArray[np.int64] | AlsegError:
        try:
            label = self._dataset.label(index)
        except AlsegError as error:
            return error
        # Pillow's histogram reads bytes as they are; NumPy's bincount makes eight of each first.
        return np.array(Image.fromarray(np.ascontiguousarray(label)).histogram(), np.int64)


def _processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _read(file: Path, images: int) -> NDArray[np.int64] | None:
    """Return kept counts; None where there are none, or the file is not what was written."""
    try:
        with np.load(file, allow_pickle=False) as archive:  # a ZIP archive, which has checksums
            values, counts = archive["values"], archive["counts"]
    except Exception:  # a damaged archive raises whatever its first wrong byte leads to
        return None
    if values.ndim != 1 or values.dtype != np.uint8 or counts.shape != (images, len(values)):
        return None
    everything = np.zeros((images, _VALUES), np.int64)
    everything[:, values] = counts
    return everything


def _write(file: Path, counts: NDArray[np.int64]) -> None:
    """Keep the columns of values that occur."""
    values = np.flatnonzero(counts.any(axis=0)).astype(np.uint8)
    write_atomically(
        file, lambda opened: np.savez_compressed(opened, values=values, counts=counts[:, values])
    )
