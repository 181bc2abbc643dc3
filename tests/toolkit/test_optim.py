from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
import pytest
import torch

from alseg.contracts import TrainingBatch
from alseg.toolkit.optim import OptimizerName, build_optimizer, joint_forward, poly_factor, warm_up_factor


class TwoParts(torch.nn.Module):
    mean = std = (0.5, 0.5, 0.5)

    def __init__(self, backbone: int, head: int) -> None:
        super().__init__()
        self.first = torch.nn.ParameterList(torch.zeros(1) for _ in range(backbone))
        self.second = torch.nn.ParameterList(torch.zeros(1) for _ in range(head))

    def backbone_parameters(self) -> Sequence[torch.nn.Parameter]:
        return list(self.first)

    def head_parameters(self) -> Sequence[torch.nn.Parameter]:
        return list(self.second)


def batch_of(source: tuple[int, ...] | None, target: tuple[int, ...] | None) -> TrainingBatch:
    return TrainingBatch(
        iteration=0,
        source_images=None if source is None else torch.zeros(source),
        source_labels=None,
        target_images=None if target is None else torch.ones(target),
        target_labels=None,
    )


def test_the_learning_rate_decays_to_zero_and_stays_there() -> None:
    assert poly_factor(0, 100, 0.9) == 1.0
    # (1 - 75 / 100) ** 0.5 = 0.5
    assert poly_factor(75, 100, 0.5) == 0.5
    assert poly_factor(100, 100, 0.9) == 0.0
    assert poly_factor(101, 100, 0.9) == 0.0


def test_a_decay_over_no_iterations_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^decay_iterations must be at least 1, not 0$"):
        poly_factor(0, 0, 0.9)


def test_a_warm_up_rises_from_almost_nothing_to_one() -> None:
    assert warm_up_factor(0, 4) == pytest.approx(1e-6)
    # 1 - (1 - 2 / 4) * (1 - 1e-6)
    assert warm_up_factor(2, 4) == pytest.approx(0.5000005)
    assert [warm_up_factor(step, 4) for step in (4, 100)] == [1.0, 1.0]
    assert warm_up_factor(0, 0) == 1.0


def test_the_head_has_its_own_learning_rate() -> None:
    optimizer = build_optimizer(TwoParts(2, 1), "sgd", 0.01, 10.0, 0.9, 5e-4)
    assert isinstance(optimizer, torch.optim.SGD)
    assert [(len(group["params"]), group["lr"]) for group in optimizer.param_groups] == [(2, 0.01), (1, 0.1)]
    assert {(group["momentum"], group["weight_decay"]) for group in optimizer.param_groups} == {(0.9, 5e-4)}


def test_adamw_has_the_same_groups() -> None:
    optimizer = build_optimizer(TwoParts(2, 1), "adamw", 0.01, 10.0, 0.9, 5e-4)
    assert isinstance(optimizer, torch.optim.AdamW)
    assert [(len(group["params"]), group["lr"]) for group in optimizer.param_groups] == [(2, 0.01), (1, 0.1)]


def test_a_model_without_pretrained_parameters_has_one_group() -> None:
    optimizer = build_optimizer(TwoParts(0, 3), "sgd", 0.01, 10.0, 0.9, 0.0)
    assert [(len(group["params"]), group["lr"]) for group in optimizer.param_groups] == [(3, 0.1)]


@pytest.mark.parametrize("name", ["sgd", "adamw"])
def test_an_optimizer_that_is_saved_in_the_middle_goes_on_to_the_same_bytes(name: OptimizerName) -> None:
    def fresh() -> tuple[TwoParts, torch.optim.Optimizer]:
        model = TwoParts(2, 1)
        return model, build_optimizer(model, name, 0.01, 10.0, 0.9, 5e-4)

    def train(model: TwoParts, optimizer: torch.optim.Optimizer, first: int) -> None:
        for step in (first, first + 1):
            optimizer.zero_grad()
            for number, parameter in enumerate(model.parameters()):
                (torch.sin(parameter + step) * (1 + number)).sum().backward()
            optimizer.step()

    model, optimizer = fresh()
    train(model, optimizer, 0)
    saved = io.BytesIO()
    torch.save([model.state_dict(), optimizer.state_dict()], saved)
    train(model, optimizer, 2)
    resumed, its_optimizer = fresh()
    saved.seek(0)
    weights, state = torch.load(saved)
    resumed.load_state_dict(weights)
    its_optimizer.load_state_dict(state)
    train(resumed, its_optimizer, 2)
    for mine, straight in zip(resumed.parameters(), model.parameters(), strict=True):
        assert mine.item() == straight.item() != 0


def test_a_model_without_any_parameters_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^TwoParts has neither backbone nor head parameters$"):
        build_optimizer(TwoParts(0, 0), "sgd", 0.01, 10.0, 0.9, 0.0)


@pytest.mark.parametrize(
    ("source", "target", "passes"),
    [
        ((2, 3, 4, 4), (3, 3, 4, 4), [(5, 3, 4, 4)]),
        ((2, 3, 4, 4), (3, 3, 4, 6), [(2, 3, 4, 4), (3, 3, 4, 6)]),
        ((2, 3, 4, 4), None, [(2, 3, 4, 4)]),
        (None, (3, 3, 4, 4), [(3, 3, 4, 4)]),
    ],
)
def test_both_domains_share_a_forward_pass_where_their_sizes_are_equal(
    source: tuple[int, ...] | None, target: tuple[int, ...] | None, passes: list[tuple[int, ...]]
) -> None:
    seen: list[tuple[int, ...]] = []

    def forward(images: torch.Tensor) -> torch.Tensor:
        seen.append(tuple(images.shape))
        return images

    source_logits, target_logits = joint_forward(forward, batch_of(source, target))
    assert seen == passes
    for logits, shape, value in ((source_logits, source, 0), (target_logits, target, 1)):
        if shape is None:
            assert logits is None
        else:
            assert logits is not None
            np.testing.assert_array_equal(logits.numpy(), np.full(shape, value))
