"""The recipes in a small loop of their own: what a step computes, and how the teacher follows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional

import alseg_recipes
from alseg.contracts import IGNORE_INDEX, TrainingBatch
from alseg.registry.parameters import check_parameters
from alseg_recipes._mixed_batch import WeightedBatch, mixed_with_source, pseudo_labels
from alseg_recipes.daformer import DAFormer
from alseg_recipes.mean_teacher import MeanTeacher

CLASSES = 3
SMALL: dict[str, Any] = {"source_size": None, "target_size": None, "crop": None}


class Net(nn.Module):
    """A convolution with batch norm and dropout."""

    mean = (0.5, 0.5, 0.5)
    std = (0.25, 0.25, 0.25)

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.body = nn.Sequential(
            nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.Dropout2d(0.5)
        )
        self.head = nn.Conv2d(8, CLASSES, 1)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.head(self.body(images))
        return logits

    def backbone_parameters(self) -> list[nn.Parameter]:
        return list(self.body.parameters())

    def head_parameters(self) -> list[nn.Parameter]:
        return list(self.head.parameters())


def batch_of(
    iteration: int = 0,
    *,
    bought: int = 0,
    target_size: tuple[int, int] = (16, 24),
    source: bool = True,
    target: bool = True,
) -> TrainingBatch:
    """Return two images of each domain; of the target the first rows have been bought."""
    random = torch.Generator().manual_seed(iteration)
    labels = torch.randint(0, CLASSES, (2, *target_size), generator=random)
    labels[:, bought:] = IGNORE_INDEX
    source_labels = torch.arange(24).expand(2, 16, 24) * CLASSES // 24
    return TrainingBatch(
        iteration=iteration,
        source_images=functional.one_hot(source_labels, 3).movedim(-1, 1).float() if source else None,
        source_labels=source_labels if source else None,
        target_images=torch.rand((2, 3, *target_size), generator=random) if target else None,
        target_labels=labels if target else None,
        source_labelled=source or None,
        target_labelled=bought > 0 if target else None,
    )


class Loop:
    """Takes steps as the core does; ``calls`` lists the images and the network of each forward pass."""

    def __init__(self, recipe: MeanTeacher) -> None:
        self.recipe, self.network = recipe, Net().train()
        self.modules = recipe.modules(self.network)
        self.optimizer = recipe.make_optimizer(self.network)
        self.calls: list[tuple[torch.Tensor, nn.Module]] = []

    def forward(self, images: torch.Tensor, network: nn.Module | None = None) -> torch.Tensor:
        used = network or self.network
        self.calls.append((images, used))
        logits: torch.Tensor = used(images)
        return logits

    def losses(self, batch: TrainingBatch) -> Mapping[str, torch.Tensor]:
        torch.manual_seed(batch.iteration)
        for module in (self.network, *self.modules.values()):
            module.train()
        return self.recipe.losses(self.forward, batch, self.modules)

    def step(self, batch: TrainingBatch) -> dict[str, float]:
        losses = self.losses(batch)
        self.optimizer.zero_grad()
        torch.stack(list(losses.values())).sum().backward()
        self.optimizer.step()
        self.recipe.after_step(self.network, self.modules, batch.iteration)
        return {name: loss.item() for name, loss in losses.items()}

    def state(self) -> dict[str, torch.Tensor]:
        parts = {"network": self.network, **self.modules}
        return {
            f"{part}.{name}": value.clone()
            for part, module in parts.items()
            for name, value in module.state_dict().items()
        }


def test_every_recipe_is_offered_with_usable_parameters() -> None:
    specs = alseg_recipes.register_recipes()
    assert {"mean-teacher", "daformer"} <= {spec.name for spec in specs}
    for spec in specs:
        check_parameters(spec)
        assert spec.build().plan.iterations > 0


def test_daformer_has_the_released_schedule() -> None:
    recipe = DAFormer()
    optimizer = recipe.make_optimizer(Net())
    assert isinstance(optimizer, torch.optim.AdamW)
    assert [group["lr"] for group in optimizer.param_groups] == pytest.approx([6e-5, 6e-4])
    assert {group["weight_decay"] for group in optimizer.param_groups} == {0.01}
    # Half of the warm-up, then linear decay to 0 at 40,000.
    assert recipe.learning_rate_factor(750) == pytest.approx(0.5 * (1 - 750 / 40_000), rel=1e-5)
    assert recipe.learning_rate_factor(20_000) == 0.5
    plan = recipe.plan
    assert (plan.source.sampling, plan.source.crop, plan.target.crop) == (
        "rare-class",
        (512, 512),
        (512, 512),
    )
    # 15 and 120 of 512 rows.
    assert [round(512 * share) for share in (recipe.ignore_top, recipe.ignore_bottom)] == [15, 120]


def test_a_step_has_three_losses_where_labels_have_been_bought_and_two_before() -> None:
    loop = Loop(MeanTeacher(**SMALL))
    assert set(loop.step(batch_of(0))) == {"source", "mixed"}
    assert set(loop.step(batch_of(1, bought=2))) == {"source", "target", "mixed"}


def test_without_target_images_or_the_loss_on_mixed_ones_no_teacher_is_asked() -> None:
    for recipe, batch in (
        (MeanTeacher(**SMALL), batch_of(target=False)),
        (MeanTeacher(**SMALL, mixed=0.0), batch_of()),
    ):
        loop = Loop(recipe)
        assert set(loop.step(batch)) == {"source"}
        assert all(network is loop.network for _, network in loop.calls)


def test_the_teacher_takes_the_first_weights_and_averages_the_next() -> None:
    loop = Loop(MeanTeacher(**SMALL, learning_rate=0.1))
    loop.step(batch_of(0))
    first = [parameter.detach().clone() for parameter in loop.network.parameters()]
    taught = list(loop.modules["teacher"].parameters())
    assert all(torch.equal(one, other) for one, other in zip(first, taught, strict=True))
    loop.step(batch_of(1))
    for one, two, average in zip(first, loop.network.parameters(), taught, strict=True):
        torch.testing.assert_close(average, (one + two.detach()) / 2)
    assert any(not torch.equal(one, two) for one, two in zip(first, loop.network.parameters(), strict=True))


def test_the_teacher_gathers_its_own_statistics_without_dropout_or_gradient() -> None:
    loop = Loop(MeanTeacher(**SMALL))
    loop.losses(batch_of())
    teacher: Any = loop.modules["teacher"]
    assert teacher.body[1].training and not teacher.body[3].training
    assert teacher.body[1].num_batches_tracked == 1
    assert not any(parameter.requires_grad for parameter in teacher.parameters())
    # The network has seen the source and the mix.
    assert loop.network.body[1].num_batches_tracked == 2


class Fixed(nn.Module):
    """A teacher that knows class 1 on the left half, and nothing on the right."""

    mean, std = Net.mean, Net.std

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        logits = torch.zeros((len(images), CLASSES, *images.shape[-2:]))
        logits[:, 1, :, : images.shape[-1] // 2] = 20
        return logits


def labelled_by_fixed(batch: TrainingBatch, top: float = 0.0, bottom: float = 0.0) -> WeightedBatch:
    return pseudo_labels(lambda images, network: network(images), batch, Fixed(), 0.968, top, bottom)


def test_the_share_of_sure_pixels_is_the_weight_of_all() -> None:
    target = labelled_by_fixed(batch_of())
    assert (target.labels[..., :12] == 1).all()
    assert (target.weights == 0.5).all()


def test_rows_at_the_border_have_no_weight_but_count_as_sure() -> None:
    # Of 16 rows, 0.25 are 4 and 0.125 are 2.
    weights = labelled_by_fixed(batch_of(), 0.25, 0.125).weights
    assert weights[0, :, 0].tolist() == [0.0] * 4 + [0.5] * 10 + [0.0] * 2


def test_bought_labels_override_pseudo_labels_in_every_row() -> None:
    batch = batch_of(bought=2)
    assert batch.target_labels is not None
    target = labelled_by_fixed(batch, 0.25)
    assert torch.equal(target.labels[:, :2], batch.target_labels[:, :2])
    assert (target.weights[:, :2] == 1).all() and (target.weights[:, 2:4] == 0).all()
    assert (target.weights[:, 4:] == 0.5).all()


def test_source_classes_cover_the_target_with_weight_one() -> None:
    batch = batch_of()
    target = labelled_by_fixed(batch)
    mix = mixed_with_source(batch, target, torch.Generator().manual_seed(0), "image")
    pasted = mix.weights == 1
    # Two of three classes, each a third of the image.
    assert pasted.float().mean() == pytest.approx(2 / 3)
    assert batch.source_images is not None and batch.source_labels is not None
    assert torch.equal(mix.labels[pasted], batch.source_labels[pasted])
    assert torch.equal(mix.labels[~pasted], target.labels[~pasted])
    everywhere = pasted[:, None].expand_as(mix.images)
    assert torch.equal(mix.images[everywhere], batch.source_images[everywhere])
    assert torch.equal(mix.images[~everywhere], target.images[~everywhere])


def test_a_source_of_another_size_is_resized_and_one_that_is_missing_leaves_the_target() -> None:
    batch = batch_of(target_size=(8, 12))
    mix = mixed_with_source(batch, labelled_by_fixed(batch), torch.Generator().manual_seed(0), "batch")
    assert mix.images.shape == (2, 3, 8, 12) and mix.labels.shape == (2, 8, 12)
    assert (mix.weights == 1).float().mean() == pytest.approx(2 / 3)
    alone = batch_of(source=False)
    target = labelled_by_fixed(alone)
    assert mixed_with_source(alone, target, torch.Generator(), "image") is target


def test_mixed_images_are_augmented_and_those_of_the_batch_stay() -> None:
    batch = batch_of(bought=1)
    untouched = {
        name: value.clone() for name, value in vars(batch).items() if isinstance(value, torch.Tensor)
    }
    loop = Loop(MeanTeacher(**SMALL, jitter_probability=1.0))
    loop.losses(batch)
    for name, value in untouched.items():
        assert torch.equal(getattr(batch, name), value)
    augmented = loop.calls[-1][0]
    plain = Loop(MeanTeacher(**SMALL, jitter_probability=0.0, blur=0.0))
    plain.losses(batch)
    assert not torch.allclose(augmented, plain.calls[-1][0])


@pytest.mark.parametrize("recipe", [MeanTeacher, DAFormer])
def test_a_stopped_loop_goes_on_to_the_same_bytes(recipe: type[MeanTeacher]) -> None:
    def fresh() -> Loop:
        return Loop(recipe(**SMALL, learning_rate=0.05, warmup=0))

    batches = [batch_of(number, bought=2 * (number > 2)) for number in range(6)]
    through = fresh()
    found = [through.step(batch) for batch in batches]
    stopped = fresh()
    for batch in batches[:3]:
        stopped.step(batch)
    resumed = fresh()
    parts = {"network": stopped.network, **stopped.modules}
    for name, module in {"network": resumed.network, **resumed.modules}.items():
        module.load_state_dict(parts[name].state_dict())
    resumed.optimizer.load_state_dict(stopped.optimizer.state_dict())
    assert [resumed.step(batch) for batch in batches[3:]] == found[3:]
    for name, value in through.state().items():
        assert torch.equal(value, resumed.state()[name]), name
    assert through.state()["updates.count"] == 6
