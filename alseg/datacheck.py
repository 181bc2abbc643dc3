"""Verifying a data set before anyone trains on it: every file is decoded, every pixel counted. No torch."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from alseg.contracts import IGNORE_INDEX, Dataset, Size
from alseg.errors import AlsegError, DataError

_IMAGES_PER_PROCESS = 32
"""Fewest images that are worth starting another process for."""

_T = TypeVar("_T")


@dataclass(frozen=True)
class Fault:
    """What is wrong with one image or its label map.

    Attributes:
        image_id: The image.
        message: What is wrong, with the file and what to do.
    """

    image_id: str
    message: str


@dataclass
class SplitReport:
    """What was found in one split.

    Attributes:
        split: Its name.
        images: Images looked at.
        faults: What is wrong with single images, in the order of the split.
        problems: What is wrong with the split as a whole.
        notes: What is worth knowing and no problem.
        sizes: Images by size, of those with a usable size.
        pixels: int64 ``(256,)``: pixels by class index, 255 for void, of usable label maps.
        showing: int64 ``(256,)``: images with such a pixel.
    """

    split: str
    images: int = 0
    faults: list[Fault] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    sizes: Counter[Size] = field(default_factory=Counter)
    pixels: NDArray[np.int64] = field(default_factory=lambda: np.zeros(256, np.int64))
    showing: NDArray[np.int64] = field(default_factory=lambda: np.zeros(256, np.int64))

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults and not self.problems

    @property
    def faulty_images(self) -> dict[str, list[str]]:
        """Image id to what is wrong with it, in order."""
        found: dict[str, list[str]] = {}
        for fault in self.faults:
            found.setdefault(fault.image_id, []).append(fault.message)
        return found


@dataclass(frozen=True)
class ImageFindings:
    """What was found in one image and its label map.

    Attributes:
        faults: What is wrong.
        size: Height and width, or None where they cannot be used.
        pixels: int64 ``(256,)``, pixels by class index; None where the label map cannot be used.
    """

    faults: tuple[Fault, ...]
    size: Size | None
    pixels: NDArray[np.int64] | None


def default_jobs(images: int) -> int:
    """Return how many processes are worth it: all processors for large data sets, one for small ones."""
    affinity = getattr(os, "sched_getaffinity", None)  # not on every system
    processors = len(affinity(0)) if affinity else os.cpu_count() or 1
    return max(1, min(processors, images // _IMAGES_PER_PROCESS))


def check_split(
    dataset: Dataset,
    split: str,
    num_classes: int,
    *,
    jobs: int = 1,
    on_image: Callable[[], None] = lambda: None,
) -> SplitReport:
    """Decode every image and label map of a split and count classes.

    Args:
        dataset: The split.
        split: Its name, for the report.
        num_classes: Number of classes of its label space.
        jobs: Processes; 1 works in this one.
        on_image: Called after every image.

    Raises:
        AlsegError: If a process was killed, usually for want of memory.
        ValueError: If ``jobs`` is not positive.
    """
    if jobs < 1:
        raise ValueError(f"jobs must be positive, got {jobs}")
    report = SplitReport(split, images=len(dataset))
    with closing(_all_findings(dataset, num_classes, min(jobs, len(dataset)))) as all_findings:
        for findings in all_findings:
            report.faults += findings.faults
            if findings.size is not None:
                report.sizes[findings.size] += 1
            if findings.pixels is not None:
                report.pixels += findings.pixels
                report.showing += findings.pixels > 0
            on_image()
    return report


def check_image(dataset: Dataset, index: int, num_classes: int) -> ImageFindings:
    """Decode one image and its label map.

    Args:
        dataset: The split.
        index: The image's index.
        num_classes: Number of classes of the label space.
    """
    image_id = dataset.image_id(index)
    messages: list[str] = []
    size = _attempt(lambda: dataset.size(index), messages)
    image = _attempt(lambda: dataset.image(index), messages)
    label = _attempt(lambda: dataset.label(index), messages)
    pixels = None if label is None else np.bincount(label.ravel(), minlength=256)
    if pixels is not None and (foreign := np.flatnonzero(pixels[num_classes:IGNORE_INDEX])).size:
        listed = ", ".join(map(str, (foreign + num_classes).tolist()))
        messages.append(
            f"The label map of {image_id} holds classes that its label space does not have: {listed}."
        )
        pixels = None
    if size is not None:
        for what, array in (("image", image), ("label map", label)):
            if array is not None and array.shape[:2] != size:
                height, width = array.shape[:2]
                messages.append(
                    f"The {what} of {image_id} is {width} x {height} pixels, not {size[1]} x {size[0]}."
                )
    # A file that cannot be opened is told about by size() and again by image() or label().
    faults = tuple(Fault(image_id, message) for message in dict.fromkeys(messages))
    return ImageFindings(faults, size, pixels)


def _attempt(read: Callable[[], _T], messages: list[str]) -> _T | None:
    try:
        return read()
    except DataError as error:
        messages.append(str(error))
        return None


# ----------------------------------------------------------------------------------------------------
# Several processes. They are spawned, so that no lock or thread of this one is copied into them.


def _all_findings(dataset: Dataset, num_classes: int, jobs: int) -> Generator[ImageFindings]:
    """Yield the findings of every image in order."""
    if jobs <= 1:
        yield from (check_image(dataset, index, num_classes) for index in range(len(dataset)))
        return
    spawn = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(jobs, spawn, initializer=_enter_worker, initargs=(dataset, num_classes))
    try:
        with _interrupts_ignored():  # inherited: Ctrl-C reaches this process alone, which ends the others
            # One by one: an interrupt waits for what has been handed out.
            all_findings = pool.map(_check_in_worker, range(len(dataset)))
        yield from all_findings
    except BrokenProcessPool as error:
        raise AlsegError(
            "A process that checked images was killed, usually for want of memory. Try a smaller --jobs."
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    """Ignore Ctrl-C for a moment; only the main thread can, and only it is interrupted."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)


_worker_data: list[tuple[Dataset, int]] = []
"""The data set of this worker process and its number of classes, sent once instead of with every image."""


def _enter_worker(dataset: Dataset, num_classes: int) -> None:
    _worker_data[:] = [(dataset, num_classes)]
    threading.Thread(target=_leave_with_parent, daemon=True).start()


def _leave_with_parent() -> None:
    """End this process when the one that started it was killed and can no longer say so."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _check_in_worker(index: int) -> ImageFindings:
    dataset, num_classes = _worker_data[0]
    return check_image(dataset, index, num_classes)
