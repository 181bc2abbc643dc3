"""Two classifiers: the first is that of ``plain``, the second has its backbone and goes its own way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn import functional as F

import alseg_recipes
from alseg import AlsegError
from alseg.contracts import IGNORE_INDEX, TrainingBatch
from alseg.testing.small_network import CLASSES, SmallNetwork
from alseg.toolkit.recipes import SupervisedRecipe
from alseg_recipes._second_classifier import agreement, second_of, with_pseudo_labels
from alseg_recipes.two_classifiers import TwoClassifiers
from toys import round_bytes, run_folder, run_toy, toy_document

NATIVE: dict[str, Any] = {"source_size": None, "target_size": None, "learning_rate": 0.05}


def batch_of(bought: int = 0) -> TrainingBatch:
    """Return an image of each domain; of the target the first rows have been bought."""
    torch.manual_seed(0)
    labels = torch.randint(0, CLASSES, (2, 8, 12))
    target = labels[1:].clone()
    target[:, bought:] = IGNORE_INDEX
    return TrainingBatch(
        iteration=0,
        source_images=torch.randn((1, 3, 8, 12)),
        source_labels=labels[:1],
        target_images=torch.randn((1, 3, 8, 12)),
        target_labels=target,
        source_labelled=True,
        target_labelled=bought > 0,
    )


def losses_of(
    recipe: TwoClassifiers, batch: TrainingBatch
) -> tuple[SmallNetwork, Any, dict[str, torch.Tensor]]:
    network = SmallNetwork()
    torch.manual_seed(0)
    modules = recipe.modules(network)

    def forward(images: torch.Tensor, other: torch.nn.Module | None = None) -> torch.Tensor:
        logits = (network if other is None else other)(images)
        return F.interpolate(logits, size=images.shape[-2:], mode="bilinear", align_corners=True)

    return network, modules["second"], dict(recipe.losses(forward, batch, modules))


def test_the_second_classifier_has_the_backbone_and_the_heads_weights_in_another_order() -> None:
    network = SmallNetwork()
    second: Any = second_of(network)
    assert torch.equal(second.backbone.weight, network.backbone.weight)
    assert not second.backbone.weight.requires_grad and second.head.weight.requires_grad
    assert not torch.equal(second.head.weight, network.head.weight)
    assert torch.equal(
        second.head.weight.flatten().sort().values, network.head.weight.flatten().sort().values
    )


def test_a_network_without_a_head_is_refused() -> None:
    class Headless(SmallNetwork):
        def head_parameters(self) -> list[torch.nn.Parameter]:
            return []

    message = (
        "Recipe 'two-classifiers': network Headless has no head, so there cannot be a second one. Choose "
        "another network or recipe."
    )
    with pytest.raises(AlsegError) as caught:
        second_of(Headless())
    assert str(caught.value) == message


def test_losses_of_the_second_classifier_train_its_head_alone() -> None:
    network, second, losses = losses_of(TwoClassifiers(threshold=0.0), batch_of(bought=2))
    assert set(losses) == {"source", "target", "second-source", "second-target", "agreement"}
    for name in ("second-source", "second-target", "agreement"):
        losses[name].backward(retain_graph=True)  # type: ignore[no-untyped-call]
        assert second.head.weight.grad.abs().sum() > 0, name
        second.head.weight.grad = None
    assert second.backbone.weight.grad is None
    assert all(parameter.grad is None for parameter in network.parameters())


def test_losses_of_the_network_are_those_of_plain() -> None:
    batch = batch_of(bought=2)
    network, _, losses = losses_of(TwoClassifiers(), batch)

    def forward(images: torch.Tensor) -> torch.Tensor:
        return F.interpolate(network(images), size=images.shape[-2:], mode="bilinear", align_corners=True)

    plain = SupervisedRecipe().losses(forward, batch)
    assert {name: losses[name].item() for name in plain} == {n: loss.item() for n, loss in plain.items()}


def test_pseudo_labels_are_for_sure_pixels_without_a_bought_label() -> None:
    probs = torch.tensor([[[[0.95, 0.05, 0.6]], [[0.05, 0.95, 0.4]]]])
    bought = torch.tensor([[[1, IGNORE_INDEX, IGNORE_INDEX]]])
    assert with_pseudo_labels(bought, probs, 0.9).tolist() == [[[1, 1, IGNORE_INDEX]]]


def test_agreement_is_what_both_predictions_have_in_common_where_nothing_was_bought() -> None:
    first = torch.tensor([[[[1.0, 0.7, 0.5]], [[0.0, 0.3, 0.5]]]])
    second = torch.tensor([[[[0.0, 0.4, 0.5]], [[1.0, 0.6, 0.5]]]])
    labels = torch.tensor([[[IGNORE_INDEX, IGNORE_INDEX, 0]]])
    # 0 of the first, 0.4 + 0.3 of the second; the third was bought.
    assert agreement(first, second, labels).item() == pytest.approx(0.35)
    assert agreement(first, second, torch.zeros_like(labels)).item() == 0


def test_the_discrepancy_can_be_left_out() -> None:
    assert "agreement" not in losses_of(TwoClassifiers(discrepancy=0.0), batch_of())[2]


def test_after_a_step_the_second_classifier_has_the_networks_backbone() -> None:
    recipe, network = TwoClassifiers(), SmallNetwork()
    modules: Any = recipe.modules(network)
    head = modules["second"].head.weight.clone()
    with torch.no_grad():
        network.backbone.weight += 1
        recipe.after_step(network, modules, 0)
    assert torch.equal(modules["second"].backbone.weight, network.backbone.weight)
    assert torch.equal(modules["second"].head.weight, head)


def test_results_are_those_of_plain(tmp_path: Path) -> None:
    (method,) = (each for each in toy_document()["methods"] if each["label"] == "Entropy")  # type: ignore[attr-defined]
    found = []
    for name in ("toy", "two-classifiers"):
        recipe = {"name": name, "iterations": 6, "learning_rate": 0.05}
        if name != "toy":
            recipe |= {**NATIVE, "head_factor": 1.0, "weight_decay": 0.0}
        document = toy_document(methods=[method], recipe=recipe)
        assert run_toy(tmp_path / name, document, alseg_recipes).done == 1
        folder = run_folder(tmp_path / name, "entropy")
        found.append({key: value for key, value in round_bytes(folder).items() if "losses" not in key})
    assert found[0] == found[1] and found[0]
