"""Adversarial alignment: what each loss trains, when it ends, and what acquisitions are given."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from alseg.contracts import IGNORE_INDEX, TrainingBatch
from alseg_recipes._discriminator import Discriminator, domain_loss, log_odds
from alseg_recipes.adversarial import Adversarial

CLASSES = 3
NAMES = ("red", "green", "blue")


class Net(nn.Module):
    """A convolution to classes at half the resolution, with dropout."""

    mean, std = (0.5, 0.5, 0.5), (0.25, 0.25, 0.25)

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.drop = nn.Dropout(0.5)
        self.head = nn.Conv2d(3, CLASSES, 3, stride=2, padding=1)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.head(self.drop(images))
        return logits

    def backbone_parameters(self) -> list[nn.Parameter]:
        return []

    def head_parameters(self) -> list[nn.Parameter]:
        return list(self.head.parameters())


def batch_of(iteration: int = 0, **changes: Any) -> TrainingBatch:
    """Return a labelled source image and an unlabelled target image."""
    torch.manual_seed(iteration)
    batch = TrainingBatch(
        iteration=iteration,
        source_images=torch.randn((1, 3, 32, 48)),
        source_labels=torch.randint(0, CLASSES, (1, 32, 48)),
        target_images=torch.randn((1, 3, 32, 48)),
        target_labels=torch.full((1, 32, 48), IGNORE_INDEX),
        source_labelled=True,
        target_labelled=False,
    )
    return replace(batch, **changes)


def recipe_of(**changes: Any) -> Adversarial:
    return Adversarial(class_names=NAMES, **changes)


def losses_of(recipe: Adversarial, batch: TrainingBatch) -> tuple[Net, nn.Module, dict[str, torch.Tensor]]:
    network = Net().eval()
    modules = recipe.modules(network)

    def forward(images: torch.Tensor, other: nn.Module | None = None) -> torch.Tensor:
        return F.interpolate(network(images), size=images.shape[-2:], mode="bilinear", align_corners=True)

    return network, modules["discriminator"], dict(recipe.losses(forward, batch, modules))


def trained_by(loss: torch.Tensor, *modules: nn.Module) -> list[bool]:
    """Return for each module whether a loss has gradients for it."""
    for module in modules:
        module.zero_grad()
    loss.backward(retain_graph=True)  # type: ignore[no-untyped-call]
    return [any(p.grad is not None for p in module.parameters()) for module in modules]


def test_each_loss_trains_one_of_the_two() -> None:
    network, discriminator, losses = losses_of(recipe_of(), batch_of())
    assert set(losses) == {"source", "adversarial", "discriminator"}
    assert trained_by(losses["source"], network, discriminator) == [True, False]
    assert trained_by(losses["adversarial"], network, discriminator) == [True, False]
    assert trained_by(losses["discriminator"], network, discriminator) == [False, True]


def test_the_network_learns_to_be_taken_for_the_source_and_the_discriminator_the_opposite() -> None:
    recipe = recipe_of(adversarial=1.0, channels=4, layers=2)
    network, discriminator, losses = losses_of(recipe, batch_of())

    def domain() -> float:
        batch = batch_of()
        assert batch.target_images is not None
        with torch.no_grad():
            logits = network(batch.target_images)
            modules = {"discriminator": discriminator}
            return recipe.outputs(network, modules, batch.target_images, logits)["domain"].mean().item()

    before = domain()
    losses["adversarial"].backward(retain_graph=True)  # type: ignore[no-untyped-call]
    with torch.no_grad():
        for parameter in network.parameters():
            parameter -= 0.1 * parameter.grad
    fooled = domain()
    assert fooled < before
    target = domain_loss(discriminator(torch.rand(1, CLASSES, 32, 48)), "target", "vanilla")
    target.backward()  # type: ignore[no-untyped-call]
    with torch.no_grad():
        for parameter in discriminator.parameters():
            parameter -= 0.1 * parameter.grad
    assert domain() > fooled


def test_losses_of_domains_are_those_of_the_released_code() -> None:
    answers = torch.tensor([[[[0.0, 2.0]]]])
    # Logits: -log sigmoid(-x) for the source, label 0, and -log sigmoid(x) for the target, label 1.
    source = (math.log(2) + math.log1p(math.exp(2))) / 2
    target = (math.log(2) + math.log1p(math.exp(-2))) / 2
    assert domain_loss(answers, "source", "vanilla").item() == pytest.approx(source)
    assert domain_loss(answers, "target", "vanilla").item() == pytest.approx(target)
    # Squares of 0 and 2, and of -1 and 1.
    assert domain_loss(answers, "source", "least-squares").item() == 2
    assert domain_loss(answers, "target", "least-squares").item() == 1


def test_acquisitions_are_given_log_odds_whatever_the_objective() -> None:
    answers = torch.tensor([-3.0, 0.5, 0.9, 7.0])
    assert torch.equal(log_odds(answers, "vanilla"), answers)
    # Below 0.0001 and above 0.9999 answers are cut.
    expected = [-math.log(9999), 0.0, math.log(9), math.log(9999)]
    assert log_odds(answers, "least-squares").tolist() == pytest.approx(expected, rel=1e-3)


def test_the_discriminator_is_the_released_one_and_takes_inputs_of_any_size() -> None:
    found = [(each.in_channels, each.out_channels) for each in Discriminator(19).convolutions]  # type: ignore[union-attr]
    assert found == [(19, 64), (64, 128), (128, 256), (256, 512), (512, 1)]
    assert Discriminator(19)(torch.rand(2, 19, 64, 96)).shape == (2, 1, 2, 3)
    assert Discriminator(19)(torch.rand(1, 19, 3, 70)).shape == (1, 1, 1, 2)


def test_the_discriminator_has_an_input_for_each_class_of_the_label_space() -> None:
    discriminator: Any = recipe_of().modules(Net())["discriminator"]
    assert discriminator.convolutions[0].in_channels == CLASSES
    with pytest.raises(ValueError, match="class_names must be given"):
        Adversarial().modules(Net())


def by_hand(
    logits: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, wanted: float
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return the gradients of the mean binary cross-entropy of one convolution of a softmax, in float64.

    For logits, for the convolution's weight and for its bias. The domain is 0 or 1.
    """
    probs = logits.softmax(1)
    answers = F.conv2d(probs, weight, bias, stride=2, padding=1)
    # Of log(1 + exp(-a)) and log(1 + exp(a)) the derivative is sigmoid(a) - wanted.
    of_answers = (answers.sigmoid() - wanted) / answers.numel()
    of_probs = F.conv_transpose2d(of_answers, weight, stride=2, padding=1)
    of_logits = probs * (of_probs - (of_probs * probs).sum(1, keepdim=True))
    windows = F.unfold(probs, 4, stride=2, padding=1)
    of_weight = torch.einsum("bol,bil->oi", of_answers.flatten(2), windows).reshape(weight.shape)
    return of_logits, of_weight, of_answers.sum((0, 2, 3))


@pytest.mark.parametrize("alignment", ["inverted-labels", "gradient-reversal"])
def test_gradients_are_those_worked_out_by_hand(alignment: Any) -> None:
    recipe = recipe_of(adversarial=0.3, layers=1, alignment=alignment)
    torch.manual_seed(5)
    source, target = (torch.randn((2, CLASSES, 8, 12), dtype=torch.float64).requires_grad_() for _ in "st")
    discriminator: Any = recipe.modules(Net())["discriminator"].double()
    (layer,) = discriminator.convolutions
    torch.stack(list(recipe._domain_losses(source, target, discriminator).values())).sum().backward()
    of_source, *source_weights = by_hand(source, layer.weight, layer.bias, 0)
    of_target, *target_weights = by_hand(target, layer.weight, layer.bias, 1)
    expected = {"source": -0.3 * of_source / 2, "target": -0.3 * of_target / 2}
    if alignment == "inverted-labels":
        # The target is to be taken for the source; source predictions stay out of it.
        expected = {"source": None, "target": 0.3 * by_hand(target, layer.weight, layer.bias, 0)[0]}
    for name, logits in (("source", source), ("target", target)):
        if expected[name] is None:
            assert logits.grad is None or not logits.grad.any()
        else:
            torch.testing.assert_close(logits.grad, expected[name], rtol=1e-6, atol=1e-9)
    # In both, the discriminator learns from the mean of both domains, with the sign of a loss.
    for parameter, one, other in zip((layer.weight, layer.bias), source_weights, target_weights, strict=True):
        torch.testing.assert_close(parameter.grad, (one + other) / 2, rtol=1e-6, atol=1e-9)


def test_reversal_has_one_loss_that_trains_both_and_its_value_does_not_depend_on_the_weight() -> None:
    values = set()
    for weight in (0.0, 0.001, 5.0):
        recipe = recipe_of(adversarial=weight, alignment="gradient-reversal")
        torch.manual_seed(3)
        network, discriminator, losses = losses_of(recipe, batch_of())
        assert set(losses) == {"source", "discriminator"}
        assert trained_by(losses["discriminator"], network, discriminator) == [weight > 0, True]
        values.add(losses["discriminator"].item())
    assert len(values) == 1


@pytest.mark.parametrize(
    ("until", "iteration", "bought", "aligned"),
    [
        (1.0, 99, 4, True),
        (0.5, 49, 1, True),
        (0.5, 50, 0, False),
        (0.0, 0, 0, False),
        ("first-purchase", 99, 0, True),
        ("first-purchase", 0, 1, False),
    ],
)
def test_alignment_ends_where_it_is_told_to(until: Any, iteration: int, bought: int, aligned: bool) -> None:
    recipe = recipe_of(iterations=100, until=until)
    _, _, losses = losses_of(recipe, batch_of(iteration, round=bought, rounds=5))
    assert ("adversarial" in losses, "discriminator" in losses) == (aligned, aligned)


def test_with_a_weight_of_0_the_discriminator_only_watches() -> None:
    network, discriminator, losses = losses_of(recipe_of(adversarial=0.0), batch_of())
    assert set(losses) == {"source", "discriminator"}
    assert trained_by(losses["discriminator"], network, discriminator) == [False, True]


def test_a_domain_alone_is_not_aligned() -> None:
    alone = batch_of(target_images=None, target_labels=None, target_labelled=None)
    assert set(losses_of(recipe_of(), alone)[2]) == {"source"}
