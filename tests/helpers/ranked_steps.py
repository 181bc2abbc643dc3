"""Steps of every recipe by one process and by two together, on stripes: what must come out alike."""

from __future__ import annotations

import importlib
import os
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from alseg.config.sections import Settings
from alseg.contracts import IGNORE_INDEX, Recipe, Size
from alseg.data.scenario import Domain, ScenarioData
from alseg.data.target_order import TargetOrder
from alseg.data.training_answers import TrainingAnswers
from alseg.system.ranks import ALONE, Ranks, joined
from alseg.toolkit.imaging import resize_label_nearest
from alseg.training.device import make_fabric
from alseg.training.trainer import Trainer
from pairs import called_by_two
from toys import STRIPES, Stripes

IDENTITY = np.arange(256, dtype=np.uint8)
SIZE = (16, 32)
IMAGES = 10


@dataclass(frozen=True)
class Case:
    """A network and a recipe.

    Attributes:
        network: ``module:function`` that makes the network of a number of classes.
        recipe: ``module:name`` of a recipe's class.
        keys: Its parameters.
        steps: To take.
        precision: As in settings.
        channels_last: As in experiments.
    """

    network: str
    recipe: str
    keys: Mapping[str, Any] = field(default_factory=dict)
    steps: int = 10
    precision: str = "64-true"
    channels_last: bool = False


@dataclass(frozen=True)
class Steps:
    """What a trainer's steps leave.

    Attributes:
        losses: Of each step.
        gradient: Of the first step, of the network and then the recipe's modules, float64 ``(n,)``.
        weights: After the last step, with buffers, float64 ``(n,)``.
        digest: Of the training state.
        random: The next numbers of torch's generator.
    """

    losses: list[dict[str, float]]
    gradient: torch.Tensor
    weights: torch.Tensor
    digest: str
    random: list[int]


def pyramid(num_classes: int) -> torch.nn.Module:
    """Return FPN on EfficientNet-Lite0 with random weights, frozen batch norms and dropout."""
    from alseg_smp.build import build_smp

    return build_smp(num_classes=num_classes, architecture="FPN", freeze_encoder_norm=True, dropout=0.2)


class Bought:
    """Answers to two questions about every second image: a class for one, a set of classes for the other."""

    def __init__(self, dataset: Stripes) -> None:
        self._dataset = dataset

    def training_label(self, index: int, size: Size) -> NDArray[np.uint8]:
        """Return what was revealed."""
        return self.training_answers(index, size).label

    def training_answers(self, index: int, size: Size) -> TrainingAnswers:
        """Return as many answers as the index says, at most three."""
        label = resize_label_nearest(self._dataset.label(index), size)
        regions, revealed = np.full(size, -1, np.int32), np.full(size, IGNORE_INDEX, np.uint8)
        count = index % 4
        classes = np.zeros((count, 4), np.bool_)
        for question in range(count):
            part = (slice(4 * question, 4 * question + 4), slice(0, 6 + 3 * index))
            regions[part] = question
            found = label[part]
            classes[question, np.unique(found[found != IGNORE_INDEX])] = True
            if question == 0:
                revealed[part] = found
        return TrainingAnswers(revealed, regions, classes)


def trainer_of(case: Case, ranks: Ranks = ALONE) -> Trainer:
    """Return a trainer of a case."""
    domains = [Domain(Stripes(split, IMAGES, SIZE), IDENTITY, STRIPES, 3) for split in ("one", "two")]
    source, target = domains
    recipe = _recipe(case)
    torch.manual_seed(4)
    return Trainer(
        make_fabric(Settings.model_validate({"device": "cpu", "precision": case.precision, "threads": 1})),
        _named(case.network)(3),
        recipe,
        ScenarioData(label_space=STRIPES, source=source, target=target, evaluation=target),
        Bought(target.dataset),  # type: ignore[arg-type]
        TargetOrder(IMAGES, recipe.plan.target, 0, recipe.plan.accumulation),
        0,
        0,
        channels_last=case.channels_last,
        rounds=(3, 6),
        ranks=ranks,
    )


def steps_of(case: Case, ranks: Ranks = ALONE) -> Steps:
    """Take the steps of a case."""
    trainer = trainer_of(case, ranks)
    losses: list[dict[str, float]] = []
    gradients: list[torch.Tensor] = []

    def note(iteration: int, found: Mapping[str, float]) -> None:
        losses.append(dict(found))
        if iteration == 1:
            gradients.append(_flat(p.grad for part in _parts(trainer) for p in part.parameters()))

    trainer.train(case.steps, note)
    return Steps(
        losses=losses,
        gradient=gradients[0],
        weights=_flat(value for part in _parts(trainer) for value in part.state_dict().values()),
        digest=trainer.state.digest(),
        random=torch.randint(2**62, (3,)).tolist(),
    )


def in_two(function: Callable[[Ranks, Any], Any], given: Any, *, seconds: float = 600) -> list[Any]:
    """Call a function in two processes that have joined, and return what it returns in each.

    Args:
        function: Of a module that can be imported; called with the ranks and what is given.
        given: Can be pickled, as what is returned.
        seconds: That a process waits for the other.
    """
    return called_by_two(_joined, _free_port(), function, given, seconds)


def together_and_alone(ranks: Ranks, cases: Sequence[Case]) -> tuple[list[Steps], dict[int, Steps]]:
    """Take the steps of all cases together, and those of every second case alone.

    Returns:
        In the order of the cases; by the case's place.
    """
    together = [steps_of(case, ranks) for case in cases]
    mine = range(ranks.rank, len(cases), ranks.size)
    return together, {place: steps_of(cases[place]) for place in mine}


def _joined(rank: int, port: int, function: Callable[..., Any], given: Any, seconds: float) -> Any:
    os.environ.update(RANK=str(rank), WORLD_SIZE="2", MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
    with joined("cpu", timeout=timedelta(seconds=seconds)) as ranks:
        return function(ranks, given)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _recipe(case: Case) -> Recipe:
    small = {"iterations": 40, "learning_rate": 0.01, "source_batch": 2, "target_batch": 2}
    sizes = {"source_size": None, "target_size": None}
    recipe: Recipe = _named(case.recipe)(**{**small, **sizes, **case.keys})
    return recipe


def _named(name: str) -> Any:
    module, _, function = name.partition(":")
    return getattr(importlib.import_module(module), function)


def _parts(trainer: Trainer) -> list[torch.nn.Module]:
    return [trainer.module, *trainer.state.modules.values()]


def _flat(values: Any) -> torch.Tensor:
    return torch.cat([value.detach().double().flatten().clone() for value in values if value is not None])
