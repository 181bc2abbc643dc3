from __future__ import annotations

import pytest
import torch

from alseg import AlsegError
from alseg.contracts import Passes, TargetView
from alseg.testing import view_of
from alseg.toolkit import passes
from alseg_methods.acquisitions.bald import Bald
from alseg_methods.acquisitions.balentacq import BalEntAcq
from alseg_methods.acquisitions.equal import Equal
from alseg_methods.acquisitions.mean_std import MeanStd
from alseg_methods.acquisitions.soft_vote_entropy import SoftVoteEntropy
from alseg_methods.acquisitions.variation_ratio import VariationRatio
from alseg_methods.acquisitions.vote_entropy import VoteEntropy

STACK = torch.tensor([[0.8, 0.2], [0.4, 0.6]]).log()[:, :, None, None]
MOMENTS = passes.moments_of(STACK)
VIEW = TargetView("image", STACK[0], torch.Generator(), moments=MOMENTS)


def test_passes_are_ten_of_dropout_unless_given() -> None:
    assert Bald().passes == Passes("dropout", 10)
    assert Bald(source="jitter", count=4).passes == Passes("jitter", 4)
    assert Bald(source="flip", count=2).passes == Passes("flip", 2)
    assert Equal().passes == Passes("flip", 2)


def test_more_than_two_mirrored_passes_are_refused() -> None:
    message = "source 'flip' has 2 passes, the image and its mirror image, not 10; set count: 2"
    with pytest.raises(AlsegError, match=message):
        Bald(source="flip")


@pytest.mark.parametrize(
    ("acquisition", "value"),
    [
        # H(0.6, 0.4) = 0.67301, mean of H(0.8, 0.2) = 0.50040 and H(0.4, 0.6) = 0.67301.
        (Bald(), 0.08630),
        (SoftVoteEntropy(), 0.67301),
        (VoteEntropy(), 0.69315),
        (MeanStd(), 0.2),
        (VariationRatio(), 0.5),
        # (0.33480 + 0.38191) / 2, see the tests of the toolkit.
        (Equal("divergence"), 0.35836),
        (Equal("entropy"), 0.67301),
        (Equal(), 1.03137),
        (BalEntAcq(), float(passes.balanced_entropy(MOMENTS))),
    ],
    ids=lambda one: type(one).__name__,
)
def test_a_score_of_two_passes(acquisition: Bald, value: float) -> None:
    assert float(acquisition.score(VIEW)) == pytest.approx(value, abs=1e-5)


def test_a_view_without_moments_is_a_mistake_of_the_spec() -> None:
    with pytest.raises(ValueError, match="the view has no moments"):
        Bald().score(view_of(torch.tensor([[[0.5]], [[0.5]]])))
