from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.nn import functional

from alseg.contracts import Derivation, DerivationView, Recipe, TrainingBatch
from alseg.toolkit.recipes import SupervisedRecipe
from alseg.toolkit.set_losses import merged_positive_loss, prototypical_loss
from alseg_recipes.mulactseg import MulActSeg

REGIONS = torch.tensor([[[0, 0, 1, 1, 2, -1]]])
SETS = torch.tensor([[[1, 0, 0, 0], [0, 1, 1, 0], [1, 0, 0, 1]]]).bool()
"""Of three classes and void: one class, two classes, a class and void."""

LABELS = torch.tensor([[[0, 0, 255, 255, 255, 255]]])


def images(seed: int) -> torch.Tensor:
    return torch.randn(1, 3, 1, 6, generator=torch.Generator().manual_seed(seed))


def batch_of(**changes: Any) -> TrainingBatch:
    given: dict[str, Any] = {
        "source_images": images(0),
        "source_labels": torch.tensor([[[0, 0, 1, 2, 0, 255]]]),
        "target_images": images(1),
        "target_labels": LABELS,
        "target_regions": REGIONS,
        "target_classes": SETS,
    }
    return TrainingBatch(iteration=0, **(given | changes))


def losses_of(recipe: Recipe, batch: TrainingBatch) -> dict[str, float]:
    """Return the losses of a model whose logits are a tenth of its images."""
    return {name: loss.item() for name, loss in recipe.losses(lambda seen: seen / 10, batch).items()}


def test_the_plan_asks_for_regions() -> None:
    plan = MulActSeg().plan
    assert plan.target.regions
    assert not plan.source.regions


def test_regions_with_several_classes_have_losses_of_their_own() -> None:
    # A tenth over the temperature 0.1 leaves the images.
    source, target = images(0), images(1)
    several = REGIONS.masked_fill(REGIONS == 0, -1)
    expected = {
        "source": functional.cross_entropy(source, batch_of().source_labels, ignore_index=255).item(),
        "target": 16 * functional.cross_entropy(target[..., :2], LABELS[..., :2]).item(),
        "merged-positive": 8 * merged_positive_loss(target, several, SETS).item(),
        "prototypical": prototypical_loss(target, several, SETS).item(),
    }
    assert losses_of(MulActSeg(), batch_of()) == pytest.approx(expected, rel=1e-5)


def test_the_temperature_of_logits_is_not_that_of_rare_class_sampling() -> None:
    plan = MulActSeg(sampling="rare-class", temperature=0.5).plan
    assert plan.source.rare_temperature == 0.01


def test_with_weights_of_1_it_weighs_both_domains_as_plain_does() -> None:
    # By default a labelled target pixel counts 16 times as much, which is meant for training without source.
    even = MulActSeg(cross_entropy=1, merged_positive=0, prototypical=0, temperature=1)
    assert losses_of(even, batch_of()) == losses_of(SupervisedRecipe(), batch_of())


def test_weights_and_temperature_can_be_set() -> None:
    target = images(1) / 20
    several = REGIONS.masked_fill(REGIONS == 0, -1)
    recipe = MulActSeg(cross_entropy=2.0, merged_positive=3.0, prototypical=0.0, temperature=2.0)
    losses = losses_of(recipe, batch_of(source_images=None, source_labels=None))
    expected = {
        "target": 2 * functional.cross_entropy(target[..., :2], LABELS[..., :2]).item(),
        "merged-positive": 3 * merged_positive_loss(target, several, SETS).item(),
    }
    assert losses == pytest.approx(expected, rel=1e-5)


def test_pixels_with_pseudo_labels_are_left_to_the_cross_entropy() -> None:
    labels = torch.tensor([[[0, 0, 1, 2, 0, 255]]])
    losses = losses_of(MulActSeg(), batch_of(target_labels=labels))
    assert losses.keys() == {"source", "target"}
    expected = 16 * functional.cross_entropy(images(1), labels, ignore_index=255).item()
    assert losses["target"] == pytest.approx(expected, rel=1e-5)


def test_void_pixels_of_an_answer_pixel_by_pixel_are_not_trained() -> None:
    # The second region has its classes 1 and void, each at one pixel, and so has the third 0 and void.
    labels = torch.tensor([[[0, 0, 1, 255, 0, 255]]])
    assert losses_of(MulActSeg(), batch_of(target_labels=labels)).keys() == {"source", "target"}


@pytest.mark.parametrize("sets", [None, torch.zeros((1, 0, 4), dtype=torch.bool), SETS[:, :1]])
def test_without_sets_of_several_classes_it_is_cross_entropy(sets: torch.Tensor | None) -> None:
    regions = None if sets is None else REGIONS.clamp(max=sets.shape[1] - 1)
    batch = batch_of(target_regions=regions, target_classes=sets)
    assert losses_of(MulActSeg(), batch).keys() == {"source", "target"}


def view_of_answers(
    sets: torch.Tensor | None, regions: torch.Tensor | None = None, **changes: Any
) -> DerivationView:
    probs = torch.tensor([[0.8, 0.3, 0.1, 0.2, 0.2], [0.1, 0.6, 0.1, 0.2, 0.2], [0.1, 0.1, 0.8, 0.6, 0.6]])
    given: dict[str, Any] = {
        "image_id": "0" * 16,
        "logits": probs[:, None].log(),
        "generator": torch.Generator(),
        # Of twice the length, which does not matter.
        "features": 2 * torch.tensor([[1.0, 0.8, 0.0, 0.9, 0.1], [0.0, 0.6, 1.0, 0.1, 1.0]])[:, None],
        "regions": regions,
        "revealed": torch.full((1, 5), 255, dtype=torch.uint8),
        "asked": torch.tensor([[0, 0, 0, -1, -1]], dtype=torch.int32),
        "sets": sets,
    }
    return DerivationView(**(given | changes))


PARTITION = torch.tensor([[7, 7, 7, 3, 3]], dtype=torch.int32)
CLASSES = torch.tensor([[1, 0, 1, 1]]).bool()
"""The question's answer: the classes 0 and 2, and void."""


def test_pseudo_labels_follow_the_prototypes_of_the_set() -> None:
    labels = MulActSeg().derive(view_of_answers(CLASSES, PARTITION), {})
    # The prototypes are the first and the third pixel. The second is more like the first: 0.8 to 0.6. Of the
    # neighbour the fourth is: cosine 0.994 is more than 0.8, the lower median of class 0. The fifth has 0.995
    # with the third, whose own cosine, the median, is 1.
    assert labels is not None
    assert (labels.dtype, labels.tolist()) == (torch.uint8, [[0, 0, 2, 0, 255]])


def test_without_partition_or_expansion_only_regions_asked_about_are_labelled() -> None:
    recipe = MulActSeg(expand=False)
    for labels in (
        recipe.derive(view_of_answers(CLASSES, PARTITION), {}),
        MulActSeg().derive(view_of_answers(CLASSES), {}),
    ):
        assert labels is not None
        assert labels.tolist() == [[0, 0, 2, 255, 255]]


def test_a_question_with_revealed_labels_keeps_them_and_its_void() -> None:
    revealed = torch.tensor([[0, 0, 255, 255, 255]], dtype=torch.uint8)
    labels = MulActSeg().derive(view_of_answers(CLASSES, PARTITION, revealed=revealed), {})
    # The fourth pixel, of a neighbour, is reached as before.
    assert labels is not None
    assert labels.tolist() == [[0, 0, 255, 0, 255]]


def test_answers_that_are_no_sets_derive_nothing() -> None:
    assert MulActSeg().derive(view_of_answers(None, PARTITION), {}) is None


def test_a_view_without_features_is_refused() -> None:
    with pytest.raises(ValueError, match="the view has no features"):
        MulActSeg().derive(view_of_answers(CLASSES, features=None), {})


def test_the_second_stage_begins_anew_half_way() -> None:
    assert MulActSeg().derivation == Derivation(at=0.5, restart="initial", needs=("logits", "features"))
    assert MulActSeg(second_stage=False).derivation is None
    paper = MulActSeg(second_rate=2).derivation
    assert paper is not None and paper.rate == 2
