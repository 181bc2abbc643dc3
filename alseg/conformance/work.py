"""Made-up work of components: what is timed, and what is watched for reading labels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from inspect import signature
from typing import Any

import torch

from alseg.conformance.contracts import told
from alseg.contracts import (
    AcquisitionSpec,
    Passes,
    PoolView,
    PreparingAcquisition,
    RecipeSpec,
    Size,
    TargetView,
    TrainingBatch,
)
from alseg.seeding import image_token
from alseg.testing import observe, parts_of_views
from alseg.testing.made_answers import made_batch_answers
from alseg.testing.made_images import MadeImage, Showing, random_logits
from alseg.testing.small_network import CLASS_NAMES, CLASSES, SmallNetwork, losses_of, modules_of

Work = Callable[[], object]

_FEATURES = 64
_REGION_SIDE = 32


def acquisition_work(
    spec: AcquisitionSpec, params: Mapping[str, Any], *, size: Size, images: int, num_classes: int
) -> Work:
    """Return a decision about a pool of made-up images, in the first round.

    Args:
        spec: Of the acquisition, which is built now.
        params: For ``build``.
        size: Height and width of the images in pixels.
        images: Of the pool.
        num_classes: Of the predictions.

    Raises:
        NotCheckedError: If it cannot be built here.
    """
    acquisition = told(spec).build(**params)
    if spec.kind == "select":
        return lambda: acquisition.select(_features(images))
    passes = getattr(acquisition, "passes", None) if "moments" in spec.needs else None
    showing = Showing(spec, spec.units[0], passes if isinstance(passes, Passes) else None)
    pool = [
        MadeImage(f"image {index}", random_logits(size, num_classes, index), index, side=_REGION_SIDE)
        for index in range(images)
    ]

    def views() -> list[TargetView]:
        return [showing.target(image, torch.zeros(image.size, dtype=torch.bool)) for image in pool]

    if spec.kind == "score":
        ready = views()
        return lambda: [acquisition.score(view) for view in ready]
    return lambda: _decide(acquisition, views(), [showing.source(image) for image in pool[:1]], spec)


def recipe_work(spec: RecipeSpec, params: Mapping[str, Any], *, size: Size) -> tuple[Work, int]:
    """Return the losses of a training step and their gradients, on a network of two convolutions.

    Args:
        spec: Of the recipe, which is built now.
        params: For ``build``.
        size: Height and width of the images in pixels.

    Returns:
        The work, and the images of a step.

    Raises:
        NotCheckedError: If it cannot be built here.
    """
    offered = {"class_names": CLASS_NAMES} if "class_names" in signature(spec.build).parameters else {}
    recipe = told(spec).build(**offered, **params)
    network = SmallNetwork()
    modules = modules_of(f"'{spec.name}'", recipe, network)
    batch = _batch(recipe.plan, size)

    def step() -> None:
        losses = losses_of(recipe, network, modules, batch)
        if losses:
            torch.stack(list(losses.values())).sum().backward()  # type: ignore[no-untyped-call]

    return step, recipe.plan.source.batch_size + recipe.plan.target.batch_size


def _decide(acquisition: Any, views: list[TargetView], source: list[Any], spec: AcquisitionSpec) -> None:
    observations = observe(acquisition, views, source if "source" in spec.observes else None)
    parts = parts_of_views(views, count=2)
    if not isinstance(acquisition, PreparingAcquisition):
        acquisition.rank(observations, parts)
        return
    statistics = acquisition.prepare(observations, parts)
    for view in views:
        acquisition.score(replace(view, statistics=statistics))


def _features(images: int) -> PoolView:
    return PoolView(
        image_ids=tuple(image_token(f"image-{index}") for index in range(images)),
        features=torch.rand((images, _FEATURES), generator=torch.Generator().manual_seed(0)),
        bought=torch.zeros(images, dtype=torch.bool),
        count=images // 2,
        generator=torch.Generator().manual_seed(0),
    )


def _batch(plan: Any, size: Size) -> TrainingBatch:
    generator = torch.Generator().manual_seed(0)

    def domain(rows: int) -> tuple[torch.Tensor | None, torch.Tensor | None, bool | None]:
        if rows == 0:
            return None, None, None
        images = torch.randn((rows, 3, *size), generator=generator)
        return images, torch.randint(0, CLASSES, (rows, *size), generator=generator), True

    source, target = domain(plan.source.batch_size), domain(plan.target.batch_size)
    answers = made_batch_answers(target[1], CLASSES) if plan.target.regions else {}
    return TrainingBatch(
        iteration=0,
        source_images=source[0],
        source_labels=source[1],
        source_labelled=source[2],
        target_images=target[0],
        target_labels=target[1],
        target_labelled=target[2],
        **answers,
    )
