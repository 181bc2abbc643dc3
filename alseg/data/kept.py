"""What the files of a data set hold, kept in the experiment's folder: later processes need not open them.

A process that does one unit begins in seconds only if it does not read the header of every image, or every
label map. It still asks the file system for size and time of change of each file, so that nothing that has
changed goes unnoticed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from alseg.contracts import Dataset, Size
from alseg.data.cache import Stamped
from alseg.data.class_counts import read_counts, user_cache, value_counts, write_counts
from alseg.errors import DataError
from alseg.files import WriteError, content_hash, write_atomically
from alseg.storage.lock import exclusive
from alseg.system.archives import read_arrays

FORMAT = 1
"""Part of every file's name; another one when what is kept would differ."""

_LARGEST_SIDE = 65_535
_HEADS = 2**12
"""Bytes of an archive besides its values, at most."""

_FIRST, _SLOW_SECONDS, _THREADS = 64, 0.0005, 16
"""Files that are asked for one after the other; if that takes long for each, the others are in threads."""


def key_of(dataset: Dataset) -> str | None:
    """Return a name for all files of a data set as they are; None where it cannot tell when one changes.

    Args:
        dataset: A split; asked for the stamp of every image, in threads where answers come late.
    """
    if not isinstance(dataset, Stamped):
        return None
    try:
        return content_hash([FORMAT, _stamps(dataset.stamp, len(dataset))])
    except DataError:  # a file is gone, which is told by whatever reads it
        return None


class KeptData:
    """Sizes of images and pixels of label values, of all data sets of an experiment.

    What is damaged, or of other files, is made again; what cannot be written is not missed.

    Args:
        folder: In the experiment's folder; read where it is there. None for nowhere.
        cache: Where pixels of label values are kept besides; None for the user's cache folder.
    """

    def __init__(self, folder: Path | None = None, cache: Path | None = None) -> None:
        self._folder = folder
        self._cache = cache if cache is not None else user_cache()
        self._writes = False
        self._unwritten: list[Callable[[], None]] = []

    def begin(self) -> None:
        """Write what has been found, and from now on what will be: the experiment's folder may be written."""
        self._writes = True
        for write in self._unwritten:
            write()
        self._unwritten.clear()

    def sizes(self, dataset: Dataset, key: str | None) -> tuple[Size, ...]:
        """Return height and width of every image.

        Args:
            dataset: A split.
            key: From `key_of`.

        Raises:
            DataError: As `Dataset.size`.
        """
        if key is None or self._folder is None:
            return _read_headers(dataset)
        file = self._folder / "sizes" / f"{key}.npz"
        kept = _read_sizes(file, len(dataset))
        if kept is not None:
            return kept
        sizes = _read_headers(dataset)
        self._keep(lambda: _write_sizes(file, sizes))
        return sizes

    def value_counts(self, dataset: Dataset, key: str | None) -> NDArray[np.int64]:
        """Return the pixels of each label value in each image, int64 ``(images, 256)``.

        Of several processes that need them, one counts and the others wait for it.

        Args:
            dataset: A split; its label values are the data set's own.
            key: From `key_of`.

        Raises:
            DataError: As `Dataset.label`.
        """
        if key is None:
            return value_counts(dataset)
        name = Path("class-counts") / f"{key}.npz"
        places = [folder / name for folder in (self._folder, self._cache) if folder is not None]
        counts = _first_counts(places, len(dataset))
        if counts is None:
            with self._alone():
                counts = _first_counts(places, len(dataset))
                if counts is None:
                    counts = value_counts(dataset)
                    self._keep_counts(places, counts)
                return counts
        self._keep_counts(places[:1], counts)
        return counts

    def _keep_counts(self, places: list[Path], counts: NDArray[np.int64]) -> None:
        for file in places:
            if file.exists() and read_counts(file, len(counts)) is not None:
                continue
            if self._folder is not None and file.is_relative_to(self._folder):
                self._keep(lambda file=file: write_counts(file, counts))  # type: ignore[misc]
            else:
                with suppress(WriteError):
                    write_counts(file, counts)

    def _keep(self, write: Callable[[], None]) -> None:
        def kept() -> None:
            with suppress(WriteError):
                write()

        if self._writes:
            kept()
        else:
            self._unwritten.append(kept)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other processes of the experiment from counting the same, where its folder is written."""
        if self._folder is None or not self._writes:
            yield
        else:
            with exclusive(self._folder / ".lock"):
                yield


def _stamps(stamp: Callable[[int], str], images: int) -> list[str]:
    """Return all stamps; a network's file system gives many answers at a time as soon as one."""
    started = time.perf_counter()
    stamps = [stamp(index) for index in range(min(images, _FIRST))]
    rest = range(len(stamps), images)
    if time.perf_counter() - started < _SLOW_SECONDS * len(stamps):
        return [*stamps, *map(stamp, rest)]
    with ThreadPoolExecutor(_THREADS) as threads:
        return [*stamps, *threads.map(stamp, rest)]


def _read_headers(dataset: Dataset) -> tuple[Size, ...]:
    return tuple(dataset.size(index) for index in range(len(dataset)))


def _first_counts(places: list[Path], images: int) -> NDArray[np.int64] | None:
    found = (read_counts(file, images) for file in places)
    return next((counts for counts in found if counts is not None), None)


def _read_sizes(file: Path, images: int) -> tuple[Size, ...] | None:
    """Return kept sizes; None where there are none, or the file is not what was written."""
    try:
        sizes = read_arrays(file, 8 * images + _HEADS)["sizes"]
    except Exception:  # a damaged archive raises whatever its first wrong byte leads to
        return None
    if sizes.dtype != np.int32 or sizes.shape != (images, 2):
        return None
    if not (sizes.min() >= 1 and sizes.max() <= _LARGEST_SIDE):
        return None
    return tuple((height, width) for height, width in sizes.tolist())


def _write_sizes(file: Path, sizes: tuple[Size, ...]) -> None:
    array = np.array(sizes, np.int32)
    write_atomically(file, lambda opened: np.savez(opened, sizes=array))
