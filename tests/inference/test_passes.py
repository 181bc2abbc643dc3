"""Moments of several passes."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from alseg.contracts import Passes
from alseg.inference.passes import MomentsBuilder, can_drop_out, moments_of_image


class Network(nn.Module):
    """Two classes from the first two channels; the second through dropout."""

    mean, std = (0.0, 0.0, 0.0), (1 / 255, 1 / 255, 1 / 255)

    def __init__(self, p: float = 0.5) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))
        self.norm = nn.BatchNorm2d(1)
        self.dropout = nn.Dropout(p)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        assert not self.norm.training
        return torch.cat([images[:, :1] * self.weight, self.dropout(images[:, 1:2])], 1)


def image() -> torch.Tensor:
    return torch.randint(0, 4, (3, 5, 7), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def same(raw: torch.Tensor) -> torch.Tensor:
    return raw.float()


def test_moments_are_those_of_the_stack() -> None:
    stack = torch.randn((4, 3, 5, 6), generator=torch.Generator().manual_seed(1))
    builder = MomentsBuilder(4)
    for logits in stack:
        builder.add(logits)
    moments, probs = builder.moments(), stack.softmax(1)
    torch.testing.assert_close(moments.mean, probs.mean(0))
    torch.testing.assert_close(moments.square, (probs**2).mean(0))
    torch.testing.assert_close(moments.entropy, torch.special.entr(probs).sum(1).mean(0))
    votes = nn.functional.one_hot(probs.argmax(1), 3).float().mean(0).permute(2, 0, 1)
    torch.testing.assert_close(moments.votes, votes)
    assert moments.count == 4


def test_of_two_mirrored_passes_the_second_is_mirrored_back() -> None:
    # Logits are a function of the pixel alone, so mirroring changes nothing and both passes agree.
    moments = moments_of_image(Network().eval(), image(), Passes("flip", 2), same, [])
    probs = Network().eval()(image()[None].float())[0].softmax(0)
    torch.testing.assert_close(moments.mean, probs)
    torch.testing.assert_close(moments.square, probs**2)


def test_dropout_is_drawn_from_the_axes_and_leaves_the_network_as_it_was() -> None:
    network, passes = Network().eval(), Passes("dropout", 6)
    state = torch.get_rng_state()
    first = moments_of_image(network, image(), passes, same, [0, "a"])
    torch.manual_seed(5)
    again = moments_of_image(network, image(), passes, same, [0, "a"])
    other = moments_of_image(network, image(), passes, same, [1, "a"])
    assert torch.equal(first.mean, again.mean)
    assert not torch.equal(first.mean, other.mean)
    assert not any(module.training for module in network.modules())
    torch.set_rng_state(state)
    # A channel is either off or twice as large: where it is 1 the passes differ.
    differs = (first.square - first.mean**2).sum(0) > 1e-6
    assert differs[image()[1] > 0].any()
    assert not differs[image()[1] == 0].any()


def test_the_first_of_jittered_passes_is_the_image_as_it_is() -> None:
    network = Network().eval()
    network.std = (1.0, 1.0, 1.0)
    first = moments_of_image(network, image() * 60, Passes("jitter", 1), same, [0])
    torch.testing.assert_close(first.mean, network(image()[None] * 60 / 255)[0].softmax(0))
    three = moments_of_image(network, image() * 60, Passes("jitter", 3), same, [0])
    assert ((three.square - three.mean**2).sum(0) > 1e-6).any()


@pytest.mark.parametrize(("p", "expected"), [(0.0, False), (0.1, True)])
def test_dropout_that_switches_nothing_off_is_none(p: float, expected: bool) -> None:
    assert can_drop_out(Network(p)) == expected
