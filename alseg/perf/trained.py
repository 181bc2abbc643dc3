"""Networks that benchmarks train: those of the RIPU paper and a small one, with its recipe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import torch

from alseg.config.sections import Settings
from alseg.contracts import Size
from alseg.data.loading import TrainingLabels
from alseg.data.scenario import Domain, ScenarioData
from alseg.data.target_order import TargetOrder
from alseg.perf.inputs import NUM_CLASSES
from alseg.registry.registry import Registry
from alseg.training.device import make_fabric
from alseg.training.trainer import Trainer

BATCH = 2
"""Images of each domain in a step."""
RATE, HEAD_FACTOR, MOMENTUM, DECAY = 2.5e-4, 10.0, 0.9, 5e-4
_ITERATIONS = 10**6
"""So many that the learning rate stays what it is."""


@dataclass(frozen=True)
class Case:
    """What is trained, and how.

    Attributes:
        title: For people.
        model: Name of the network.
        parameters: Of the network.
        source_size: Height and width of source images in pixels.
        target_size: The same of target images.
        precision: In Lightning Fabric's words, ``32-true`` or ``bf16-mixed``.
        channels_last: Whether images and weights lie in memory with channels last, on both sides.
        compiled: Whether our network is compiled. The plain one never is: it shows what that is worth.
        steps: Of a turn.
    """

    title: str
    model: str
    source_size: Size
    target_size: Size
    parameters: Mapping[str, Any] = field(default_factory=dict)
    precision: Literal["32-true", "bf16-mixed"] = "32-true"
    channels_last: bool = True
    compiled: bool = False
    steps: int = 4


SMALL = Case("FPN, EfficientNet-Lite0", "smp", (96, 192), (96, 192), {"architecture": "FPN"})
"""For processors."""


def of_paper(title: str, model: str, **how: Any) -> Case:
    """Return a network of the RIPU paper at the paper's sizes, with random weights."""
    return Case(
        title, model, (720, 1280), (640, 1280), {"backbone": "resnet101", "weights": "none"}, steps=2, **how
    )


def build_network(case: Case, registry: Registry) -> Any:
    """Return the network with the same weights each time."""
    torch.manual_seed(0)
    return registry.get("models", case.model).spec.build(num_classes=NUM_CLASSES, **case.parameters)


def build_trainer(
    case: Case,
    model: Any,
    source: Domain,
    target: Domain,
    target_labels: TrainingLabels,
    *,
    registry: Registry,
    device: str,
    workers: int = 0,
) -> Trainer:
    """Return what trains a network with RIPU's recipe.

    Args:
        case: The network, and how it is trained.
        model: From `build_network`.
        source: Labelled images.
        target: Images of which some labels are known.
        target_labels: These.
        registry: Where the recipe is looked up.
        device: Where tensors lie: ``cpu`` or ``cuda``.
        workers: Processes that load images of a domain.
    """
    recipe: Any = registry.get("recipes", "ripu").spec.build(
        iterations=_ITERATIONS,
        decay_iterations=_ITERATIONS,
        learning_rate=RATE,
        head_factor=HEAD_FACTOR,
        momentum=MOMENTUM,
        weight_decay=DECAY,
        source_batch=BATCH,
        target_batch=BATCH,
        source_size=case.source_size,
        target_size=case.target_size,
        sampling="shuffle",
    )
    return Trainer(
        make_fabric(Settings(device=device, precision=case.precision)),
        model,
        recipe,
        ScenarioData(label_space=source.label_space, source=source, target=target, evaluation=target),
        target_labels,
        TargetOrder(len(target.dataset), recipe.plan.target, 0),
        0,
        workers,
        channels_last=case.channels_last,
        compiled=case.compiled,
    )
