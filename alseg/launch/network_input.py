"""Whether every network takes the inputs that it will be given, asked before any training starts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import torch

from alseg.config.experiment import RunSpec
from alseg.contracts import DataPlan, Recipe, Size
from alseg.data.scenario import Domain, ScenarioData
from alseg.engine.assembly import Assembler
from alseg.errors import AlsegError
from alseg.files import content_hash
from alseg.guard.calls import guarded
from alseg.launch.passed_checks import PassedChecks

_MOST_SIZES = 4
"""Native sizes of a domain that are tried: smallest ones first."""


def check_models(
    specs: Sequence[RunSpec],
    assembler: Assembler,
    data: ScenarioData,
    recipes: Mapping[int, Recipe],
    passed: PassedChecks | None = None,
) -> None:
    """Build every network once and run it on an empty image of each input size it will be given.

    Args:
        specs: Runs of one experiment.
        assembler: Builds networks.
        data: Where native sizes count, they are those of its images.
        recipes: The recipe of each method, by the method's order in the file.
        passed: Networks that were checked before; those that are checked now are added.

    Raises:
        AlsegError: If a network cannot take an input, or predicts another number of classes.
    """
    sizes: dict[str, set[Size]] = {}
    examples: dict[str, RunSpec] = {}
    for spec in specs:
        key = content_hash(spec.model.as_json())
        examples.setdefault(key, spec)
        sizes.setdefault(key, set()).update(_input_sizes(spec, recipes[spec.method.order], data))
    passed = PassedChecks() if passed is None else passed
    for key, spec in examples.items():
        inputs = sorted(sizes[key])
        checked = content_hash([key, inputs, len(data.label_space.classes)])
        if checked not in passed.networks:
            _check_model(spec, assembler, data, inputs)
            passed.networks.add(checked)


def _input_sizes(spec: RunSpec, recipe: Recipe, data: ScenarioData) -> Iterator[Size]:
    """Yield the sizes in which a run's network sees images: cuts in training, windows in predictions."""
    for plan, domain in ((recipe.plan.source, data.source), (recipe.plan.target, data.target)):
        if plan.batch_size and plan.crop is not None:
            yield plan.crop
        elif plan.batch_size:
            yield from _sizes(plan, domain)
    if spec.evaluation.size:
        evaluated = [spec.evaluation.size]
    else:
        evaluated = _sizes(recipe.plan.target, data.evaluation) if data.evaluation else []
    asked = _sizes(recipe.plan.target, data.target) if spec.method.acquisition is not None else []
    window = spec.evaluation.window
    for height, width in (*evaluated, *asked):
        yield (height, width) if window is None else (min(height, window[0]), min(width, window[1]))


def _sizes(plan: DataPlan, domain: Domain) -> list[Size]:
    return [plan.size] if plan.size is not None else sorted(set(domain.sizes))[:_MOST_SIZES]


def _check_model(spec: RunSpec, assembler: Assembler, data: ScenarioData, sizes: Sequence[Size]) -> None:
    num_classes = len(data.label_space.classes)
    model = assembler.model(spec.model, num_classes, spec.seed).eval()
    for height, width in sizes:
        with torch.inference_mode(), guarded(model, "checks before training"):
            try:
                logits = model(torch.zeros((1, 3, height, width)))
            except (RuntimeError, ValueError) as error:
                raise AlsegError(
                    f"Model '{spec.model.name}' cannot take an input of {height} x {width} pixels: {error}"
                ) from error
        if logits.shape[1] != num_classes:
            raise AlsegError(
                f"Model '{spec.model.name}' predicts {logits.shape[1]} classes; label space "
                f"{data.label_space.name} has {num_classes}."
            )
