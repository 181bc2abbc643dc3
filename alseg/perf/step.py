"""What acquisition costs next to what cannot be spared: decoding and the network's forward pass."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch

from alseg.annotation.oracle import Oracle
from alseg.annotation.revealed import RevealedLabels
from alseg.contracts import AnnotationMode, DatasetSpec, ScoreAcquisition, Size, TargetView
from alseg.data.fake import write_fake
from alseg.data.inference_samples import InferenceSamples
from alseg.data.loading import normalise
from alseg.inference.predict import network_outputs, resize_logits
from alseg.perf import poolpass
from alseg.perf.inputs import NUM_CLASSES, regions_per_round
from alseg.perf.measure import settle
from alseg.perf.result import Line, Options, Result, Spread
from alseg.seeding import image_token

T = TypeVar("T")

_IMAGES = 4
_DATASET = "cityscapes"
_INPUT_SIZE = (640, 1280)
_QUICK_SIZE = (64, 128)

PARTS = {
    "decode": "decode and resize the image",
    "forward": "forward pass",
    "resize": "resize logits to the size of the label map",
    "score": "score (RIPU, k = 1)",
    "pick": "pick",
    "answer": "answer and bill",
}
"""Parts of a round's pass over the pool, in order; the last three are acquisition."""

ACQUISITION = ("score", "pick", "answer")


@dataclass(frozen=True)
class Network:
    """A network to compare with.

    Attributes:
        title: For people.
        name: Of the model.
        parameters: Of the model.
    """

    title: str
    name: str
    parameters: dict[str, Any]


NETWORKS = (
    Network("DeepLab-v2, ResNet-101", "deeplab-v2", {"weights": "none"}),
    Network("DeepLab-v3+, EfficientNet-Lite0", "smp", {}),
)
"""That of the RIPU paper, and a small one."""


def run(options: Options) -> Result:
    """Time the parts of a pass over the pool for each network, image after image, and whole passes.

    Raises:
        AlsegError: If a network, a method or a data set is not installed.
    """
    label_size = _QUICK_SIZE if options.quick else options.size
    input_size = _QUICK_SIZE if options.quick else _INPUT_SIZE
    lines: list[Line] = []
    facts: dict[str, str] = {}
    with tempfile.TemporaryDirectory(prefix="alseg-perf-") as folder:
        write_fake(options.registry, _DATASET, Path(folder), count=_IMAGES, size=label_size)
        for network in NETWORKS[1:] if options.quick else NETWORKS:
            options.on_step(network.title)
            one_by_one = _Parts(network, Path(folder), input_size, options)
            seconds = one_by_one.seconds()
            for part in PARTS:
                lines.append(options.told(Line(work=f"{network.title}: {PARTS[part]}", ours=seconds[part])))
            facts |= _shares(network.title, seconds)
            if network is NETWORKS[-1]:
                passes = poolpass.lines(
                    network.title, one_by_one.model, one_by_one.dataset, input_size, options
                )
                lines += map(options.told, passes)
    return Result(
        name="step",
        setting=(
            f"made-up Cityscapes images, label maps {label_size[0]} x {label_size[1]}, network input "
            f"{input_size[0]} x {input_size[1]}, one image per batch, {regions_per_round(label_size):,} "
            "regions per image, per image"
        ),
        lines=lines,
        facts=facts,
    )


def _shares(title: str, seconds: dict[str, Spread]) -> dict[str, str]:
    acquisition = sum(seconds[part].median for part in ACQUISITION)
    everything = sum(part.median for part in seconds.values())
    forward = seconds["forward"].median
    return {
        f"{title}: acquisition, share of the pass": f"{acquisition / everything:.1%}",
        f"{title}: acquisition, in forward passes": f"{acquisition / forward:.3f}",
    }


class _Parts:
    """A pass over a few images, its parts timed one by one."""

    def __init__(self, network: Network, folder: Path, input_size: Size, options: Options) -> None:
        registry = options.registry
        spec: DatasetSpec = registry.get("datasets", _DATASET).spec
        torch.manual_seed(0)
        build_model = registry.get("models", network.name).spec.build
        self.model: Any = build_model(num_classes=NUM_CLASSES, **network.parameters).eval().to(options.device)
        self._device = options.device
        self.dataset = spec.build(root=folder, split="train")
        self._samples = InferenceSamples(self.dataset, input_size)
        self._acquisition: ScoreAcquisition = registry.get("acquisitions", "ripu").spec.build(radius=1)
        self._mode: AnnotationMode = registry.get("annotation_modes", "region").spec.build(radius=1)
        self._repeats = options.repeats
        self._seconds: dict[str, list[float]] = {part: [] for part in PARTS}

    def seconds(self) -> dict[str, Spread]:
        """Return the seconds of each part per image, one value per turn and image."""
        for turn in range(1 + self._repeats):
            for index in range(len(self.dataset)):
                self._go_through(index)
            if turn == 0:
                self._seconds = {part: [] for part in PARTS}  # the first turn warms up
        return {part: Spread(values) for part, values in self._seconds.items()}

    @torch.inference_mode()
    def _go_through(self, index: int) -> None:
        _, image, _ = self._timed("decode", lambda: self._samples[index])
        inputs = normalise(image[None].to(self._device), self.model.mean, self.model.std)
        outputs, _ = self._timed("forward", lambda: network_outputs(self.model, inputs))
        size = self.dataset.size(index)
        input_size = (inputs.shape[-2], inputs.shape[-1])
        logits = self._timed("resize", lambda: resize_logits(resize_logits(outputs, input_size), size)[0])
        image_id = self.dataset.image_id(index)
        view = TargetView(image_token(image_id), logits, torch.Generator())
        score = self._timed("score", lambda: self._acquisition.score(view))
        nothing = np.zeros((0, 2), np.int32)
        pixels = 9 * regions_per_round(size)
        picks = self._timed("pick", lambda: self._mode.propose(score, nothing, pixels))
        labels = RevealedLabels(self.dataset, np.arange(256, dtype=np.uint8), mode=self._mode)
        oracle = Oracle(labels)
        self._timed("answer", lambda: oracle.answer({image_id: picks}))

    def _timed(self, part: str, work: Callable[[], T]) -> T:
        started = time.perf_counter()
        outcome = work()
        settle()
        self._seconds[part].append(time.perf_counter() - started)
        return outcome
