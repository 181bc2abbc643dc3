"""How long a network waits for its images: steps fed from files, beside the same steps fed from memory.

On a GPU the share of a step that is waiting is that in which the GPU has nothing to do.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from alseg.contracts import DataPlan, Dataset, DatasetSpec, LabelSpace, Size
from alseg.data.fake import write_fake
from alseg.data.loading import DenseLabels, TrainingSamples
from alseg.data.scenario import Domain
from alseg.errors import AlsegError
from alseg.perf.inputs import NUM_CLASSES
from alseg.perf.loading import FILES, Files
from alseg.perf.measure import settle
from alseg.perf.result import Line, Options, Result, Spread
from alseg.perf.trained import BATCH, SMALL, Case, build_network, build_trainer, of_paper

_LARGE = of_paper("DeepLab-v2, ResNet-101, bf16-mixed", "deeplab-v2", precision="bf16-mixed")
_Domains = tuple[Domain, Domain]
"""Of the source and of the target."""

_WORKERS, _WORKERS_BESIDE_A_GPU, _QUICK_WORKERS = (0, 1, 2), (0, 2, 8, 16), (0, 1)
_IMAGES = 8
_LEAST_STEPS = 16
_IDENTITY = np.arange(256, dtype=np.uint8)
_QUICK_FILES, _QUICK_INPUT = (64, 128), (64, 64)


def run(options: Options) -> Result:
    """Time steps of RIPU's recipe on images from made-up files, with more and more workers.

    Raises:
        AlsegError: If a data set is not installed, or the samples of both sides differ.
    """
    case = _LARGE if options.device == "cuda" else SMALL
    counts: Sequence[int] = _WORKERS_BESIDE_A_GPU if options.device == "cuda" else _WORKERS
    source, target = FILES[:2]
    if options.quick:
        case = replace(SMALL, source_size=_QUICK_INPUT, target_size=_QUICK_INPUT)
        counts = _QUICK_WORKERS
        source, target = (replace(files, size=_QUICK_FILES) for files in (source, target))
    with tempfile.TemporaryDirectory(prefix="alseg-perf-") as name:
        options.on_step("files are made")
        read = (
            _domain(source, Path(name), options),
            _domain(target, Path(name), options),
        )
        memory = (_held(read[0], case.source_size), _held(read[1], case.target_size))
        for one, other, size in zip(read, memory, (case.source_size, case.target_size), strict=True):
            _compare(one.dataset, other.dataset, size)
        lines = [options.told(_line(case, workers, read, memory, options)) for workers in counts]
    images = [
        f"{BATCH} images of {files.dataset} {_in_words(files.size)} at {_in_words(size)}"
        for files, size in ((source, case.source_size), (target, case.target_size))
    ]
    return Result(
        name="feeding",
        setting=(
            f"{case.title}, RIPU's four losses; {' and '.join(images)} with whole label maps, PNG files made "
            "up in the data sets' layout; plain: the same from memory, decoded and resized beforehand"
        ),
        lines=lines,
        facts={f"{line.work}: share that is waiting": _waiting(line) for line in lines},
    )


def _in_words(size: Size) -> str:
    return " x ".join(map(str, size))


def _waiting(line: Line) -> str:
    assert line.ratio is not None
    return f"{max(0.0, 1 - line.ratio.median):.0%}"


def _domain(files: Files, folder: Path, options: Options) -> Domain:
    """Return made-up files of a data set."""
    write_fake(options.registry, files.dataset, folder, count=_IMAGES, size=files.size)
    spec: DatasetSpec = options.registry.get("datasets", files.dataset).spec
    space: LabelSpace = options.registry.get("label_spaces", "cityscapes-19").spec
    return Domain(spec.build(root=folder, split="train"), _IDENTITY, space, NUM_CLASSES)


def _held(domain: Domain, size: Size) -> Domain:
    """Return the same images in memory, at the size at which a network sees them."""
    return replace(domain, dataset=_Held(domain, size))


class _Held:
    """Images and label maps that were decoded and resized beforehand."""

    def __init__(self, domain: Domain, size: Size) -> None:
        plan = DataPlan(batch_size=BATCH, size=size)
        samples = TrainingSamples(
            domain.dataset, DenseLabels(domain.dataset, domain.translation), plan, "perf"
        )
        indices = range(len(domain.dataset))
        self._ids, self._size = [domain.dataset.image_id(index) for index in indices], size
        self._samples = [[part.numpy() for part in samples[index, index]] for index in indices]

    def __len__(self) -> int:
        return len(self._ids)

    def image_id(self, index: int) -> str:
        return self._ids[index]

    def size(self, index: int) -> Size:
        return self._size

    def image(self, index: int) -> NDArray[np.uint8]:
        image: NDArray[np.uint8] = self._samples[index][0].transpose(1, 2, 0)
        return image

    def label(self, index: int) -> NDArray[np.uint8]:
        label: NDArray[np.uint8] = self._samples[index][1]
        return label


def _line(case: Case, workers: int, files: _Domains, memory: _Domains, options: Options) -> Line:
    """Time steps with so many workers for each domain, on both sides."""
    work = f"a step with settings.workers={workers}"
    options.on_step(work)
    sides = {
        "ours": _steps(case, workers, files, options),
        "plain": _steps(case, workers, memory, options),
    }
    found: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(options.repeats):
        for name, side in sides.items():
            found[name].append(side())
    seconds = {name: Spread(values) for name, values in found.items()}
    return Line(
        work=work,
        ours=seconds["ours"],
        plain=seconds["plain"],
        ratio=seconds["plain"].over(seconds["ours"]),
    )


def _compare(one: Dataset, other: Dataset, size: Size) -> None:
    """Compare the first sample of both sides.

    Raises:
        AlsegError: If they differ.
    """
    plan = DataPlan(batch_size=BATCH, size=size)
    first, second = (
        TrainingSamples(dataset, DenseLabels(dataset, _IDENTITY), plan, "perf")[0, 0]
        for dataset in (one, other)
    )
    if not all(map(torch.equal, first, second)):
        raise AlsegError(f"{one.image_id(0)}: the training samples of both sides differ.")


def _steps(case: Case, workers: int, domains: _Domains, options: Options) -> Callable[[], float]:
    """Return what takes steps with a network of its own and returns the seconds of one.

    Workers begin anew with each call. Steps are timed once each worker has delivered a batch, and at least
    twice as many, so that batches that were prepared in the meantime count for little.
    """
    model: Any = build_network(case, options.registry)
    source, target = domains
    labels = DenseLabels(target.dataset, target.translation)
    trainer = build_trainer(
        case, model, source, target, labels, registry=options.registry, device=options.device, workers=workers
    )
    untimed, timed = max(2, workers), 2 if options.quick else max(_LEAST_STEPS, 2 * workers)

    def steps() -> float:
        first, started = trainer.iteration, time.perf_counter()

        def follow(iteration: int, _: object) -> None:
            nonlocal started
            if iteration == first + untimed:
                settle()
                started = time.perf_counter()

        trainer.train(first + untimed + timed, follow)
        settle()
        return (time.perf_counter() - started) / timed

    return steps
