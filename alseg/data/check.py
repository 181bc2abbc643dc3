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

from alseg.contracts import Dataset, LabelSpace, Size
from alseg.data.evidence import Fault, Findings, SplitEvidence, examine
from alseg.data.rules import sample, split_problems, split_warnings
from alseg.errors import AlsegError

_IMAGES_PER_PROCESS = 32
"""Fewest images that are worth starting another process for."""


@dataclass
class SplitReport:
    """What was found in one split.

    Attributes:
        split: Its name.
        images: Images looked at.
        faults: What is wrong with single images, in the order of the split.
        problems: What is wrong with the split as a whole.
        warnings: What is doubtful about it, and may be right all the same.
        notes: What is worth knowing and no problem.
        sizes: Images by size, of those with a usable size.
        evidence: Of the usable label maps.
    """

    split: str
    images: int = 0
    faults: list[Fault] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    sizes: Counter[Size] = field(default_factory=Counter)
    evidence: SplitEvidence = field(default_factory=SplitEvidence)

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults and not self.problems

    @property
    def faulty_images(self) -> dict[str, list[Fault]]:
        """Image id to what is wrong with it, in order."""
        found: dict[str, list[Fault]] = {}
        for fault in self.faults:
            found.setdefault(fault.image_id, []).append(fault)
        return found


def default_jobs(images: int) -> int:
    """Return how many processes are worth it: all processors for large data sets, one for small ones."""
    affinity = getattr(os, "sched_getaffinity", None)  # not on every system
    processors = len(affinity(0)) if affinity else os.cpu_count() or 1
    return max(1, min(processors, images // _IMAGES_PER_PROCESS))


def check_split(
    dataset: Dataset,
    split: str,
    space: LabelSpace,
    *,
    jobs: int = 1,
    on_image: Callable[[], None] = lambda: None,
) -> SplitReport:
    """Decode every image and label map of a split and count classes.

    Args:
        dataset: The split.
        split: Its name, for the report.
        space: The label space of its label maps.
        jobs: Processes; 1 works in this one.
        on_image: Called after every image.

    Raises:
        AlsegError: If a process was killed, usually for want of memory.
        ValueError: If ``jobs`` is not positive.
    """
    if jobs < 1:
        raise ValueError(f"jobs must be positive, got {jobs}")
    report = SplitReport(split, images=len(dataset))
    with closing(_all_findings(dataset, space, min(jobs, len(dataset)))) as all_findings:
        for findings in all_findings:
            report.faults += findings.faults
            if findings.size is not None:
                report.sizes[findings.size] += 1
            if findings.label is not None:
                report.evidence.add(findings.label)
            on_image()
    report.problems += split_problems(report.evidence, space, dataset)
    if not report.problems:
        report.warnings += split_warnings(report.evidence, space)
    return report


# ----------------------------------------------------------------------------------------------------
# Several processes. They are spawned, so that no lock or thread of this one is copied into them.


def _all_findings(dataset: Dataset, space: LabelSpace, jobs: int) -> Generator[Findings]:
    """Yield the findings of every image in order."""
    if jobs <= 1:
        closely = frozenset(sample(len(dataset)))
        yield from (examine(dataset, index, space, closely=index in closely) for index in range(len(dataset)))
        return
    spawn = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(jobs, spawn, initializer=_enter_worker, initargs=(dataset, space))
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


_worker_data: list[tuple[Dataset, LabelSpace, frozenset[int]]] = []
"""The data set of this worker process, its label space and which label maps are looked at closely, sent once
instead of with every image."""


def _enter_worker(dataset: Dataset, space: LabelSpace) -> None:
    _worker_data[:] = [(dataset, space, frozenset(sample(len(dataset))))]
    threading.Thread(target=_leave_with_parent, daemon=True).start()


def _leave_with_parent() -> None:
    """End this process when the one that started it was killed and can no longer say so."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _check_in_worker(index: int) -> Findings:
    dataset, space, closely = _worker_data[0]
    return examine(dataset, index, space, closely=index in closely)
