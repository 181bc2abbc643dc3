"""A whole training step, from decoded images to changed weights, beside the same in bare PyTorch."""

from __future__ import annotations

import copy
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from alseg.contracts import Size
from alseg.data.sampling import ShuffledOrder
from alseg.data.scenario import Domain
from alseg.errors import AlsegError
from alseg.perf import reference
from alseg.perf.inputs import NUM_CLASSES, smooth_logits, sparse_labels
from alseg.perf.measure import alternate_with_faults, peak_extra_bytes
from alseg.perf.result import Line, Options, Result
from alseg.perf.trained import (
    BATCH,
    DECAY,
    HEAD_FACTOR,
    MOMENTUM,
    RATE,
    SMALL,
    Case,
    build_network,
    build_trainer,
    of_paper,
)
from alseg.seeding import derive
from alseg.training.trainer import StepLosses

_QUICK_SIZE = (64, 64)
_IMAGES = 8
_COMPARED_STEPS = 2
"""The second has the first one's changes of weights in it; after some more, roundings decide."""
_TOLERANCE = 1e-3
_ROUGH_TOLERANCE = 5e-2
"""After two steps in bfloat16, which has three digits, and on a GPU, where float32 may be rounded to TF32."""


_LARGE = [
    of_paper(f"{title}, {precision}{layout}", model, precision=precision, channels_last=last)
    for title, model in (("DeepLab-v2", "deeplab-v2"), ("DeepLab-v3+", "deeplab-v3plus"))
    for precision, layout, last in (
        ("32-true", "", False),
        ("32-true", ", channels last", True),
        ("bf16-mixed", "", False),
        ("bf16-mixed", ", channels last", True),
    )
] + [
    of_paper(
        "DeepLab-v2, bf16-mixed, channels last, compiled", "deeplab-v2", precision="bf16-mixed", compiled=True
    )
]
"""For GPUs."""


def run(options: Options) -> Result:
    """Time steps of RIPU's recipe.

    Raises:
        AlsegError: If the losses of both sides differ.
    """
    small = replace(SMALL, source_size=_QUICK_SIZE, target_size=_QUICK_SIZE)
    cases = _LARGE if options.device == "cuda" else [SMALL]
    if options.quick:
        cases = [
            replace(small, title=f"{small.title}, {precision}", precision=precision)
            for precision in ("32-true", "bf16-mixed")
        ]
    first = cases[0]
    sizes = [f"{height} x {width}" for height, width in (first.source_size, first.target_size)]
    return Result(
        name="training",
        setting=(
            f"{BATCH} source images of {sizes[0]} and {BATCH} target images of {sizes[1]} in memory, "
            "RIPU's four losses, SGD, the same layout of memory and the same precision on both sides"
        ),
        lines=[options.told(_line(case, options)) for case in cases],
    )


def _line(case: Case, options: Options) -> Line:
    """Time steps of one network.

    Raises:
        AlsegError: If the losses of both sides differ.
    """
    options.on_step(case.title)
    both = _Sides(case, options)
    ours, plain = both.ours(_COMPARED_STEPS), both.plain(_COMPARED_STEPS)
    tolerance = _TOLERANCE if case.precision == "32-true" and options.device == "cpu" else _ROUGH_TOLERANCE
    if ours.keys() != plain.keys() or any(
        abs(ours[name] - plain[name]) > tolerance * abs(plain[name]) for name in plain
    ):
        raise AlsegError(
            f"{case.title}: the losses of both sides differ after {_COMPARED_STEPS} steps: {ours}, {plain}."
        )
    seconds, faults = alternate_with_faults({"ours": both.ours, "plain": both.plain}, options.repeats)
    return Line(
        work=f"{case.title}: a step",
        ours=seconds["ours"].scaled(1 / case.steps),
        plain=seconds["plain"].scaled(1 / case.steps),
        ratio=seconds["plain"].over(seconds["ours"]),
        peak_bytes=peak_extra_bytes(both.ours, options.device),
        plain_peak_bytes=peak_extra_bytes(both.plain, options.device),
        faults=faults["ours"],
        plain_faults=faults["plain"],
        notes=[f"the losses of the first {_COMPARED_STEPS} steps are the same to {tolerance:g}"],
    )


class _Images:
    """A data set in memory."""

    def __init__(self, size: Size, seed: int) -> None:
        self._size = size
        random = np.random.default_rng(seed)
        self._images = [random.integers(0, 256, (*size, 3), dtype=np.uint8) for _ in range(_IMAGES)]
        seeds = range(seed, seed + _IMAGES)
        labels = torch.stack([smooth_logits(size, number).argmax(dim=0) for number in seeds])
        self._labels = labels.to(torch.uint8).numpy()
        self._bought = sparse_labels(labels).to(torch.uint8).numpy()

    def __len__(self) -> int:
        return _IMAGES

    def image_id(self, index: int) -> str:
        return str(index)

    def size(self, index: int) -> Size:
        return self._size

    def image(self, index: int) -> NDArray[np.uint8]:
        return self._images[index]

    def label(self, index: int) -> NDArray[np.uint8]:
        label: NDArray[np.uint8] = self._labels[index]
        return label

    def training_label(self, index: int, size: Size) -> NDArray[np.uint8]:
        """Return what is bought, as `alseg.data.loading.TrainingLabels`."""
        bought: NDArray[np.uint8] = self._bought[index]
        return bought

    def sample(self, index: int, *, whole: bool) -> tuple[torch.Tensor, torch.Tensor]:
        """Return an image, uint8 ``(3, H, W)``, and its whole label map or what is bought."""
        image = np.ascontiguousarray(self._images[index].transpose(2, 0, 1))
        return torch.from_numpy(image), torch.from_numpy((self._labels if whole else self._bought)[index])


@cache
def _images(size: Size, seed: int) -> _Images:
    """Return a data set in memory, made once: nothing changes it."""
    return _Images(size, seed)


class _Sides:
    """The same network twice, one trained by `Trainer` and one by hand, on the same draws."""

    def __init__(self, case: Case, options: Options) -> None:
        registry = options.registry
        self._case, self._device = case, options.device
        source, target = _images(case.source_size, 0), _images(case.target_size, _IMAGES)
        space = registry.get("label_spaces", "cityscapes-19").spec
        domains = [
            Domain(images, np.arange(256, dtype=np.uint8), space, NUM_CLASSES) for images in (source, target)
        ]
        model = build_network(case, registry)
        self._model: Any = copy.deepcopy(model).to(self._device).train()
        if case.channels_last:
            self._model = self._model.to(memory_format=torch.channels_last)
        self._mean, self._std = (
            torch.tensor(values, device=self._device).view(1, 3, 1, 1)
            for values in (self._model.mean, self._model.std)
        )
        self._trainer = build_trainer(
            case, model, domains[0], domains[1], target, registry=registry, device=self._device
        )
        groups: list[dict[str, Any]] = [
            {"params": list(self._model.backbone_parameters())},
            {"params": list(self._model.head_parameters()), "lr": RATE * HEAD_FACTOR},
        ]
        self._optimizer = torch.optim.SGD(
            groups,
            lr=RATE,
            momentum=MOMENTUM,
            weight_decay=DECAY,
        )
        self._draws = [
            (images, ShuffledOrder(_IMAGES, domain, 0), domain == "source")
            for images, domain in ((source, "source"), (target, "target"))
        ]
        self._iteration = 0

    def ours(self, steps: int | None = None) -> dict[str, float]:
        """Take steps, those of a turn unless given, and return the losses of the last."""
        losses: dict[str, float] = {}

        def keep(_: int, values: StepLosses) -> None:
            losses.update(values)

        self._trainer.train(self._trainer.iteration + (steps or self._case.steps), keep)
        return losses

    def plain(self, steps: int | None = None) -> dict[str, float]:
        """Take steps, those of a turn unless given, and return the losses of the last."""
        for _ in range(steps or self._case.steps):
            losses = self._plain_step()
        return losses

    def _plain_step(self) -> dict[str, float]:
        torch.manual_seed(derive("step", 0, self._iteration))  # the same dropout
        first = self._iteration * BATCH
        self._iteration += 1
        inputs, targets = [], []
        for dataset, order, whole in self._draws:
            drawn = [dataset.sample(order.image(draw), whole=whole) for draw in range(first, first + BATCH)]
            images, labels = (torch.stack(tensors).to(self._device) for tensors in zip(*drawn, strict=True))
            inputs.append((images.float() / 255 - self._mean) / self._std)
            targets.append(labels.long())
        if inputs[0].shape == inputs[1].shape:  # then in one pass, in which batch norm sees both
            source, target = torch.split(self._logits(torch.cat(inputs)), BATCH)
        else:
            source, target = map(self._logits, inputs)
        losses = reference.step_losses(source, target, *targets)
        self._optimizer.zero_grad()
        torch.stack(list(losses.values())).sum().backward()  # type: ignore[no-untyped-call]
        self._optimizer.step()
        return {name: float(loss.detach()) for name, loss in losses.items()}

    def _logits(self, images: torch.Tensor) -> torch.Tensor:
        """Return float32 logits at the size of the images."""
        half = self._case.precision != "32-true"
        with torch.autocast(self._device, dtype=torch.bfloat16, enabled=half):
            logits = self._model(images)
        return F.interpolate(logits.float(), images.shape[-2:], mode="bilinear", align_corners=True)
