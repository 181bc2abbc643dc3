from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch.nn import functional

import alseg_ripu
from alseg import AlsegError
from alseg.contracts import Augmentation, Recipe, TrainingBatch
from alseg.toolkit.recipes import SupervisedRecipe
from alseg_ripu.recipe import Ripu

LABELLED = torch.tensor([[[0, 0, 1, 2], [0, 255, 1, 2]]])
UNLABELLED = torch.full((1, 2, 4), 255)


def images(seed: int) -> torch.Tensor:
    return torch.randn(1, 3, 2, 4, generator=torch.Generator().manual_seed(seed))


def batch_of(**changes: Any) -> TrainingBatch:
    given: dict[str, Any] = {
        "source_images": images(0),
        "source_labels": LABELLED,
        "target_images": images(1),
        "target_labels": LABELLED,
    }
    return TrainingBatch(iteration=0, **(given | changes))


def losses_of(recipe: Recipe, batch: TrainingBatch) -> dict[str, float]:
    """Return the losses of a model whose logits are four times its images."""
    return {name: loss.item() for name, loss in recipe.losses(lambda seen: 4 * seen, batch).items()}


def test_the_defaults_are_those_of_the_paper() -> None:
    plan = Ripu().plan
    assert plan.iterations == 40000
    assert (plan.source.batch_size, plan.source.size, plan.source.sampling) == (
        2,
        (720, 1280),
        "class-balanced",
    )
    assert (plan.target.batch_size, plan.target.size, plan.target.sampling) == (2, (640, 1280), "shuffle")
    assert plan.source.augmentation == plan.target.augmentation == Augmentation()


@pytest.mark.parametrize("builder", [Ripu, SupervisedRecipe])
def test_the_share_of_labelled_images_reaches_the_plan(builder: Callable[..., Recipe]) -> None:
    plan = builder(target_sampling="labelled", labelled_share=0.25).plan
    assert (plan.target.sampling, plan.target.labelled_share) == ("labelled", 0.25)
    assert builder().plan.target.sampling == "shuffle"
    for share in (0.0, 1.01):
        with pytest.raises(AlsegError, match=f"labelled_share must be above 0 and at most 1, not {share}"):
            builder(labelled_share=share)


def test_the_learning_rate_decays_over_more_iterations_than_there_are() -> None:
    recipe = Ripu()
    # (1 - 40000 / 62500) ** 0.9 = 0.36 ** 0.9
    assert recipe.learning_rate_factor(0) == 1.0
    assert recipe.learning_rate_factor(40000) == pytest.approx(0.36**0.9)


def test_every_loss_is_there_with_its_weight() -> None:
    losses = losses_of(Ripu(consistency=0.3, negative_learning=2.0), batch_of())
    source, target = 4 * images(0), 4 * images(1)
    assert losses == pytest.approx(
        {
            "source": functional.cross_entropy(source, LABELLED, ignore_index=255).item(),
            "target": functional.cross_entropy(target, LABELLED, ignore_index=255).item(),
            "consistency": 0.3 * alseg_ripu.local_consistency_loss(source, LABELLED).item(),
            "negative": 2.0 * alseg_ripu.negative_learning_loss(target).item(),
        }
    )


def test_distance_and_threshold_reach_their_losses() -> None:
    recipe = Ripu(consistency=1.0, consistency_distance="kl", negative_threshold=0.3)
    losses = losses_of(recipe, batch_of())
    source, target = 4 * images(0), 4 * images(1)
    assert losses["consistency"] == pytest.approx(
        alseg_ripu.local_consistency_loss(source, LABELLED, "kl").item()
    )
    assert losses["negative"] == pytest.approx(alseg_ripu.negative_learning_loss(target, 0.3).item())


def test_while_nothing_is_bought_there_is_no_target_cross_entropy() -> None:
    losses = losses_of(Ripu(), batch_of(target_labels=UNLABELLED))
    assert set(losses) == {"source", "consistency", "negative"}


def test_labels_that_are_known_to_be_missing_are_not_asked_for() -> None:
    # Labels that say otherwise show that nothing was asked.
    losses = losses_of(Ripu(), batch_of(source_labelled=False, target_labelled=False))
    assert set(losses) == {"consistency", "negative"}
    losses = losses_of(Ripu(), batch_of(target_labels=UNLABELLED, target_labelled=True))
    assert losses["target"] == 0.0


def test_source_free_training_has_target_losses_only() -> None:
    losses = losses_of(Ripu(source_batch=0), batch_of(source_images=None, source_labels=None))
    assert set(losses) == {"target", "negative"}


def test_training_on_the_source_alone_has_source_losses_only() -> None:
    losses = losses_of(Ripu(target_batch=0), batch_of(target_images=None, target_labels=None))
    assert set(losses) == {"source", "consistency"}


def test_a_loss_of_weight_zero_is_left_out() -> None:
    losses = losses_of(Ripu(consistency=0.0, negative_learning=0.0), batch_of())
    assert set(losses) == {"source", "target"}


def test_losses_have_gradients() -> None:
    scale = torch.tensor(4.0, requires_grad=True)
    losses = Ripu().losses(lambda seen: scale * seen, batch_of())
    (gradient,) = torch.autograd.grad(torch.stack(list(losses.values())).sum(), scale)
    assert gradient.isfinite() and gradient != 0
