from __future__ import annotations

import pytest
import torch
from torch import nn

from alseg.toolkit import ema


class DropPath(nn.Identity):
    """Bears the name of timm's layer."""


def network() -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4), nn.Dropout2d(0.5), DropPath())


def test_a_teacher_is_a_copy_without_gradients() -> None:
    student = network()
    teacher = ema.teacher_of(student)
    assert not any(parameter.requires_grad for parameter in teacher.parameters())
    assert all(parameter.requires_grad for parameter in student.parameters())
    with torch.no_grad():
        for parameter in student.parameters():
            parameter.add_(1)
    for ours, theirs in zip(teacher.parameters(), student.parameters(), strict=True):
        torch.testing.assert_close(ours + 1, theirs)


def test_the_average_is_a_mean_at_first_and_exponential_later() -> None:
    # 1 - 1/1, 1 - 1/2, 1 - 1/4; from the 100th update on 1 - 1/100 is no less than 0.99.
    assert [ema.decay_at(step, 0.99) for step in (0, 1, 3, 99, 500)] == [0, 0.5, 0.75, 0.99, 0.99]


def test_a_counted_step_gives_the_same_weights_bit_by_bit() -> None:
    count = ema.StepCount()
    assert count.state_dict()["count"].item() == 0
    for step in (0, 1, 2, 6, 98, 99, 1234):
        count.count.fill_(step)
        averages = []
        for decay in (ema.decay_at(step, 0.99), ema.decay_at(count.count, 0.99)):
            torch.manual_seed(step)
            teacher, student = network(), network()
            ema.update(teacher, student, decay)
            averages.append(nn.utils.parameters_to_vector(teacher.parameters()))
        assert torch.equal(*averages)


def test_an_update_moves_parameters_and_no_buffers() -> None:
    student = network()
    teacher = ema.teacher_of(student)
    with torch.no_grad():
        for parameter in student.parameters():
            parameter.fill_(3)
        for parameter in teacher.parameters():
            parameter.fill_(1)
    student(torch.rand(2, 3, 4, 4))
    ema.update(teacher, student, 0.75)
    # 0.75 * 1 + 0.25 * 3
    assert all((parameter == 1.5).all() for parameter in teacher.parameters())
    assert teacher.state_dict()["1.running_mean"].tolist() == [0, 0, 0, 0]
    assert student.state_dict()["1.running_mean"].abs().sum() > 0


def test_networks_that_differ_are_refused() -> None:
    with pytest.raises(ValueError):
        ema.update(network(), nn.Conv2d(3, 4, 1), 0.5)


def test_dropout_is_silent_and_batch_norm_is_not() -> None:
    teacher = network().train()
    ema.silence_dropout(teacher)
    assert [module.training for module in teacher] == [True, True, False, False]
