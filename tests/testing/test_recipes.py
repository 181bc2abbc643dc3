from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
import torch

from alseg.contracts import DerivationView, RecipeSpec, SegmentationModel, TrainingBatch
from alseg.testing import check_recipe
from alseg.toolkit.recipes import SupervisedRecipe
from stateful import Memory, Modules, TeacherRecipe

Forward = Callable[[torch.Tensor], torch.Tensor]


def spec(build: Callable[..., object]) -> RecipeSpec:
    return RecipeSpec(name="mine", summary="A recipe.", source="a paper", build=build)


class Unplanned(SupervisedRecipe):
    def __post_init__(self) -> None:
        self.plan = None  # type: ignore[assignment]


class Negative(SupervisedRecipe):
    def learning_rate_factor(self, iteration: int) -> float:
        return -1.0


class Foreign(SupervisedRecipe):
    def make_optimizer(self, model: SegmentationModel) -> torch.optim.Optimizer:
        return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)


class PerPixel(SupervisedRecipe):
    def losses(self, forward: Forward, batch: TrainingBatch) -> Mapping[str, torch.Tensor]:
        assert batch.source_images is not None
        return {"pixels": forward(batch.source_images).square()}


class OverNothing(SupervisedRecipe):
    def losses(self, forward: Forward, batch: TrainingBatch) -> Mapping[str, torch.Tensor]:
        assert batch.target_images is not None and batch.target_labels is not None
        losses = forward(batch.target_images).logsumexp(1)
        return {"mean": losses[batch.target_labels != 255].mean()}


class Spoiling(SupervisedRecipe):
    def losses(self, forward: Forward, batch: TrainingBatch) -> Mapping[str, torch.Tensor]:
        assert batch.source_images is not None
        batch.source_images.mul_(2)
        return super().losses(forward, batch)


class Constant(SupervisedRecipe):
    def losses(self, forward: Forward, batch: TrainingBatch) -> Mapping[str, torch.Tensor]:
        return {"constant": torch.tensor(1.0)}


class Trusting(SupervisedRecipe):
    def losses(self, forward: Forward, batch: TrainingBatch) -> Mapping[str, torch.Tensor]:
        if batch.source_labelled is None:
            batch = replace(batch, source_labels=None)
        return super().losses(forward, batch)


class Steep(SupervisedRecipe):
    def losses(self, forward: Forward, batch: TrainingBatch) -> Mapping[str, torch.Tensor]:
        assert batch.source_images is not None
        logits = forward(batch.source_images)
        return {"root": (logits - logits.detach()).sum().abs().sqrt()}  # the slope of a root at 0 is infinite


class Growing(SupervisedRecipe):
    steps = 0

    def losses(self, forward: Forward, batch: TrainingBatch) -> Mapping[str, torch.Tensor]:
        if batch.source_labelled is not None:
            self.steps += 1
        return {name: loss + self.steps for name, loss in super().losses(forward, batch).items()}


def test_a_recipe_that_keeps_the_contract_passes() -> None:
    check_recipe(spec(SupervisedRecipe), power=0.5)


@pytest.mark.parametrize("batches", [{"source_batch": 0}, {"target_batch": 0}])
def test_a_recipe_of_one_domain_passes(batches: dict[str, Any]) -> None:
    check_recipe(spec(SupervisedRecipe), **batches)


class OfSets(SupervisedRecipe):
    """Reads which question revealed a pixel, and the sets of its answer."""

    seen: list[tuple[torch.Tensor | None, torch.Tensor | None]] = []  # noqa: RUF012 - read by the test

    def __post_init__(self) -> None:
        super().__post_init__()
        self.plan = replace(self.plan, target=replace(self.plan.target, regions=True))

    def losses(self, forward: Any, batch: TrainingBatch) -> Mapping[str, torch.Tensor]:
        self.seen.append((batch.target_regions, batch.target_classes))
        return super().losses(forward, batch)


class OfSourceSets(SupervisedRecipe):
    def __post_init__(self) -> None:
        super().__post_init__()
        self.plan = replace(self.plan, source=replace(self.plan.source, regions=True))


def test_a_recipe_that_asks_for_regions_gets_them() -> None:
    OfSets.seen.clear()
    check_recipe(spec(OfSets))
    sizes, several = set(), 0
    for regions, classes in OfSets.seen:
        assert regions is not None and regions.dtype == torch.int64
        assert classes is not None and classes.dtype == torch.bool
        assert classes.shape == (len(regions), int(regions.max()) + 1, 5)
        sizes.add(classes.shape[1])
        several += int((classes.sum(-1) > 1).sum())
    # Stripes of 8 columns in 32 or 24, none where nothing is labelled.
    assert sizes == {0, 3, 4}
    assert several > 0
    check_recipe(spec(OfSets), target_batch=0)


FIRST = "everything labelled, inputs of one size"


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (Unplanned, "'mine': plan must be a TrainingPlan, got NoneType"),
        (OfSourceSets, "'mine': plan.source asks for regions, which only target labels have"),
        (Negative, "'mine': learning_rate_factor(0) must be a finite number, at least 0, got -1.0"),
        (Foreign, "'mine': the optimiser has parameters that are not the network's"),
        (PerPixel, f"'mine', {FIRST}: loss 'pixels' must be a float scalar"),
        (
            OverNothing,
            "'mine', no target pixel labelled, inputs of one size: loss 'mean' is nan; "
            "leave it out or return 0",
        ),
        (Spoiling, f"'mine', {FIRST}: it changes the batch's source_images"),
        (Constant, f"'mine', {FIRST}: the losses do not depend on the network"),
        (Trusting, f"'mine', {FIRST}: losses differ where source_labelled and target_labelled are None"),
        (Steep, f"'mine', {FIRST}: gradients of backbone.weight are not finite"),
        (
            Growing,
            # Where nothing is labelled there are no losses that could differ.
            "'mine', no target pixel labelled, inputs of two sizes: the same step gives other losses after "
            "others; keep no state between steps, and draw with torch's global generator",
        ),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_recipe_that_breaks_the_contract_fails(build: Callable[..., object], message: str) -> None:
    with pytest.raises(AssertionError) as caught:
        check_recipe(spec(build))
    assert str(caught.value).partition("\nassert")[0] == message


def test_a_recipe_with_state_passes() -> None:
    teacher = RecipeSpec(
        name="mine",
        summary="A recipe.",
        source="a paper",
        build=FourClasses,
        provides=("output:domain",),
    )
    check_recipe(teacher, derive_at=0.5)


class FourClasses(TeacherRecipe):
    def modules(self, model: SegmentationModel) -> Modules:
        made = super().modules(model)
        return {**made, "discriminator": torch.nn.Conv2d(4, 1, 1), "memory": Memory(4)}


class Forgetful(FourClasses):
    def after_step(self, model: SegmentationModel, modules: Modules, iteration: int) -> None:
        steps = getattr(modules["teacher"], "steps", 0) + 1
        modules["teacher"].steps = steps  # type: ignore[assignment]
        for parameter in modules["teacher"].parameters():
            parameter.add_(steps)


class Restless(FourClasses):
    def derive(self, view: DerivationView, modules: Modules) -> torch.Tensor:
        modules["memory"].mean.add_(1)  # type: ignore[operator, union-attr]
        return torch.zeros(view.size, dtype=torch.uint8)


class Beyond(FourClasses):
    def derive(self, view: DerivationView, modules: Modules) -> torch.Tensor:
        return torch.full(view.size, 4, dtype=torch.uint8)


class Fickle(FourClasses):
    draws = 0

    def derive(self, view: DerivationView, modules: Modules) -> torch.Tensor:
        self.draws += 1
        return torch.full(view.size, self.draws % 2, dtype=torch.uint8)


class Unseeded(FourClasses):
    def modules(self, model: SegmentationModel) -> Modules:
        torch.seed()
        return super().modules(model)


class Same(FourClasses):
    def modules(self, model: SegmentationModel) -> Modules:
        return {**super().modules(model), "teacher": model}  # type: ignore[dict-item]


class Twice(FourClasses):
    def make_optimizers(
        self, model: SegmentationModel, modules: Modules
    ) -> Mapping[str, torch.optim.Optimizer]:
        return {"first": self.make_optimizer(model), "second": self.make_optimizer(model)}


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (
            Forgetful,
            "'mine': module 'teacher' goes on to other values from what is kept of it; keep all state in "
            "parameters and persistent buffers of modules",
        ),
        (Restless, "'mine': outputs or derive change module 'memory'; only steps may"),
        (Beyond, "'mine': derive returned class 4 of 4; void is 255"),
        (
            Fickle,
            "'mine': derive returns another label map when called again; draw with view.generator",
        ),
        (
            Unseeded,
            "'mine': module 'discriminator' begins with other values a second time; draw with torch's global "
            "generator",
        ),
        (
            Same,
            "'mine': module 'teacher' has parameters of the network; return a copy: copy.deepcopy(model)",
        ),
        (Twice, "'mine': optimiser 'second' trains what another one trains"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_recipe_with_state_that_breaks_the_contract_fails(
    build: Callable[..., object], message: str
) -> None:
    with pytest.raises(AssertionError) as caught:
        check_recipe(replace(spec(build), provides=("output:domain",)), derive_at=0.5)
    assert str(caught.value).partition("\nassert")[0] == message
