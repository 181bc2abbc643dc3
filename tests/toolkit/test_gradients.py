from __future__ import annotations

import torch

from alseg.toolkit.gradients import reverse_gradient


def test_values_stay_and_gradients_are_turned_round() -> None:
    given = torch.tensor([1.0, -2.0, 3.0], requires_grad=True)
    weight = torch.tensor(2.0, requires_grad=True)
    reversed_ = reverse_gradient(given, 0.5)
    assert torch.equal(reversed_, given)
    (weight * reversed_.square()).sum().backward()
    # The sum of squares is 14; the gradient of 2 v^2 is 4 v, times -0.5.
    assert weight.grad is not None and weight.grad.item() == 14
    assert given.grad is not None and given.grad.tolist() == [-2.0, 4.0, -6.0]


def test_a_factor_of_0_stops_the_gradient() -> None:
    given = torch.ones(2, requires_grad=True)
    reverse_gradient(given, 0.0).sum().backward()
    assert given.grad is not None and not given.grad.any()
