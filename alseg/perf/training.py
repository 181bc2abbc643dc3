"""A whole training step, from decoded images to changed weights, beside the same in bare PyTorch."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from alseg.config.sections import Settings
from alseg.contracts import Size
from alseg.data.sampling import ShuffledOrder
from alseg.data.scenario import Domain, ScenarioData
from alseg.data.target_order import TargetOrder
from alseg.errors import AlsegError
from alseg.perf import reference
from alseg.perf.inputs import NUM_CLASSES, smooth_logits, sparse_labels
from alseg.perf.measure import alternate_with_faults, peak_extra_bytes
from alseg.perf.result import Line, Options, Result
from alseg.seeding import derive
from alseg.training.device import make_fabric
from alseg.training.trainer import StepLosses, Trainer

_SIZE = (96, 192)
_QUICK_SIZE = (64, 64)
_IMAGES = 8
_BATCH = 2
_STEPS = 4
_RATE, _HEAD_FACTOR, _MOMENTUM, _DECAY = 2.5e-4, 10.0, 0.9, 5e-4
_ITERATIONS = 10**6
"""So many that the learning rate stays what it is."""
_COMPARED_STEPS = 2
"""The second has the first one's changes of weights in it; after some more, roundings decide."""
_TOLERANCE = 1e-3


def run(options: Options) -> Result:
    """Time steps of RIPU's recipe.

    Raises:
        AlsegError: If the losses of both sides differ.
    """
    size = _QUICK_SIZE if options.quick else _SIZE
    options.on_step("steps of a small network")
    both = _Sides(size, options)
    ours, plain = both.ours(_COMPARED_STEPS), both.plain(_COMPARED_STEPS)
    if ours.keys() != plain.keys() or any(
        abs(ours[name] - plain[name]) > _TOLERANCE * abs(plain[name]) for name in plain
    ):
        raise AlsegError(f"The losses of both sides differ after {_COMPARED_STEPS} steps: {ours}, {plain}.")
    seconds, faults = alternate_with_faults({"ours": both.ours, "plain": both.plain}, options.repeats)
    line = Line(
        work=f"{_STEPS} steps",
        ours=seconds["ours"],
        plain=seconds["plain"],
        ratio=seconds["plain"].over(seconds["ours"]),
        peak_bytes=peak_extra_bytes(both.ours),
        plain_peak_bytes=peak_extra_bytes(both.plain),
        faults=faults["ours"],
        plain_faults=faults["plain"],
        notes=["the losses of the first steps are the same"],
    )
    return Result(
        name="training",
        setting=(
            f"FPN, EfficientNet-Lite0, {_BATCH} source and {_BATCH} target images of {size[0]} x {size[1]} "
            "in memory, RIPU's four losses, SGD, channels last on both sides"
        ),
        lines=[line],
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


class _Sides:
    """The same network twice, one trained by `Trainer` and one by hand, on the same draws."""

    def __init__(self, size: Size, options: Options) -> None:
        registry = options.registry
        self._size = size
        source, target = _Images(size, 0), _Images(size, _IMAGES)
        space = registry.get("label_spaces", "cityscapes-19").spec
        domains = [
            Domain(images, np.arange(256, dtype=np.uint8), space, NUM_CLASSES) for images in (source, target)
        ]
        recipe: Any = registry.get("recipes", "ripu").spec.build(
            iterations=_ITERATIONS,
            decay_iterations=_ITERATIONS,
            learning_rate=_RATE,
            head_factor=_HEAD_FACTOR,
            momentum=_MOMENTUM,
            weight_decay=_DECAY,
            source_batch=_BATCH,
            target_batch=_BATCH,
            source_size=size,
            target_size=size,
            sampling="shuffle",
        )
        torch.manual_seed(0)
        model: Any = registry.get("models", "smp").spec.build(num_classes=NUM_CLASSES, architecture="FPN")
        self._model: Any = copy.deepcopy(model).to(memory_format=torch.channels_last).train()
        self._mean, self._std = (
            torch.tensor(values).view(1, 3, 1, 1) for values in (self._model.mean, self._model.std)
        )
        self._trainer = Trainer(
            make_fabric(Settings(device="cpu")),
            model,
            recipe,
            ScenarioData(label_space=space, source=domains[0], target=domains[1], evaluation=domains[1]),
            target,
            TargetOrder(_IMAGES, recipe.plan.target, 0),
            0,
            0,
            channels_last=True,
        )
        groups: list[dict[str, Any]] = [
            {"params": list(self._model.backbone_parameters())},
            {"params": list(self._model.head_parameters()), "lr": _RATE * _HEAD_FACTOR},
        ]
        self._optimizer = torch.optim.SGD(
            groups,
            lr=_RATE,
            momentum=_MOMENTUM,
            weight_decay=_DECAY,
        )
        self._draws = [
            (images, ShuffledOrder(_IMAGES, domain, 0), domain == "source")
            for images, domain in ((source, "source"), (target, "target"))
        ]
        self._iteration = 0

    def ours(self, steps: int = _STEPS) -> dict[str, float]:
        """Take steps and return the losses of the last."""
        losses: dict[str, float] = {}

        def keep(_: int, values: StepLosses) -> None:
            losses.update(values)

        self._trainer.train(self._trainer.iteration + steps, keep)
        return losses

    def plain(self, steps: int = _STEPS) -> dict[str, float]:
        """Take steps and return the losses of the last."""
        for _ in range(steps):
            losses = self._plain_step()
        return losses

    def _plain_step(self) -> dict[str, float]:
        torch.manual_seed(derive("step", 0, self._iteration))  # the same dropout
        first = self._iteration * _BATCH
        self._iteration += 1
        images, labels = [], []
        for dataset, order, whole in self._draws:
            for draw in range(first, first + _BATCH):
                image, label = dataset.sample(order.image(draw), whole=whole)
                images.append(image)
                labels.append(label)
        inputs = (torch.stack(images).float() / 255 - self._mean) / self._std
        targets = torch.stack(labels).long()
        logits = F.interpolate(self._model(inputs), self._size, mode="bilinear", align_corners=True)
        losses = reference.step_losses(logits[:_BATCH], logits[_BATCH:], targets[:_BATCH], targets[_BATCH:])
        self._optimizer.zero_grad()
        torch.stack(list(losses.values())).sum().backward()  # type: ignore[no-untyped-call]
        self._optimizer.step()
        return {name: float(loss.detach()) for name, loss in losses.items()}
