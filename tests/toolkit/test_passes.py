from __future__ import annotations

import math

import pytest
import torch

from alseg.contracts import Moments
from alseg.toolkit import passes

CERTAIN = -300.0


def _moments(*probs: tuple[float, ...]) -> Moments:
    """Moments of one pixel in several passes."""
    stack = torch.tensor(probs, dtype=torch.float64).log().clamp(min=CERTAIN)
    return passes.moments_of(stack[:, :, None, None])


def _value(values: torch.Tensor) -> float:
    assert values.shape == (1, 1)
    assert values.dtype == torch.float32
    return float(values)


TWO = _moments((1.0, 0.0), (0.25, 0.75))


def test_moments_are_means_over_the_passes() -> None:
    assert TWO.count == 2
    torch.testing.assert_close(TWO.mean.flatten(), torch.tensor([0.625, 0.375]))
    # (1 + 1/16) / 2 and (9/16) / 2.
    torch.testing.assert_close(TWO.square.flatten(), torch.tensor([0.53125, 0.28125]))
    assert TWO.votes.flatten().tolist() == [0.5, 0.5]
    # Half of -(1/4 ln 1/4 + 3/4 ln 3/4) = 0.56234.
    assert _value(TWO.entropy) == pytest.approx(0.28117, abs=1e-5)


def test_bald_is_entropy_of_the_mean_less_mean_entropy() -> None:
    # -(5/8 ln 5/8 + 3/8 ln 3/8) = 0.66156, less 0.28117.
    assert _value(passes.soft_vote_entropy(TWO)) == pytest.approx(0.66156, abs=1e-5)
    assert _value(passes.bald(TWO)) == pytest.approx(0.38039, abs=1e-5)


def test_votes_are_those_for_the_likeliest_class() -> None:
    three = _moments((0.5, 0.3, 0.2), (0.1, 0.7, 0.2), (0.9, 0.1, 0.0))
    # Shares 2/3, 1/3 and 0.
    assert _value(passes.vote_entropy(three)) == pytest.approx(math.log(3) - 2 / 3 * math.log(2), abs=1e-6)
    assert _value(passes.variation_ratio(three)) == pytest.approx(1 / 3)


def test_mean_std_is_that_of_the_population() -> None:
    # 1 and 0.25, 0 and 0.75: both lie 0.375 from their mean.
    assert _value(passes.mean_std(TWO)) == pytest.approx(0.375)


def test_the_divergence_of_two_passes_is_the_mean_of_both_directions() -> None:
    # 0.8 ln 2 + 0.2 ln 1/3 = 0.33480 and 0.4 ln 1/2 + 0.6 ln 3 = 0.38191.
    pair = _moments((0.8, 0.2), (0.4, 0.6))
    assert _value(passes.symmetric_divergence(pair)) == pytest.approx(0.35836, abs=1e-5)


def test_a_divergence_of_three_passes_is_refused() -> None:
    with pytest.raises(ValueError, match="between two passes, not 3"):
        passes.symmetric_divergence(_moments((0.8, 0.2), (0.4, 0.6), (0.5, 0.5)))


def test_balanced_entropy_of_a_uniform_probability() -> None:
    # Mean 1/2 and variance 1/12 are those of Beta(1, 1). One success more is Beta(2, 1), density 2x, whose
    # entropy is 1/2 - ln 2. Balanced entropy is (1/2 - ln 2 + ln 2) / (2 ln 2) = 1 / (4 ln 2).
    half = torch.full((2, 1, 1), 0.5)
    moments = Moments(9, half, torch.full((2, 1, 1), 1 / 3), half, torch.zeros((1, 1)))
    assert _value(passes.balanced_entropy(moments)) == pytest.approx(4 * math.log(2), rel=1e-5)


@pytest.mark.parametrize("less", [1, 2])
def test_series_of_gamma_functions_have_the_digits_of_single_precision(less: int) -> None:
    argument = torch.logspace(-6, 8, 300)
    precise = argument.double()
    expected = torch.lgamma(precise) - (precise - less) * torch.digamma(precise) + precise
    torch.testing.assert_close(passes._gamma_terms(argument, less).double(), expected, rtol=2e-6, atol=2e-6)


def test_balanced_entropy_is_the_same_in_strips() -> None:
    moments = passes.moments_of(torch.randn((4, 3, 70, 2), generator=torch.Generator().manual_seed(0)))
    last = Moments(
        4, *(values[..., 69:, :] for values in (moments.mean, moments.square, moments.votes, moments.entropy))
    )
    assert torch.equal(passes.balanced_entropy(moments)[69:], passes.balanced_entropy(last))


@pytest.mark.parametrize("probs", [(1.0, 0.0, 0.0), (1 / 3, 1 / 3, 1 / 3), (0.7, 0.2, 0.1)])
def test_passes_that_agree_do_not_disagree(probs: tuple[float, float, float]) -> None:
    moments = _moments(*[probs] * 10)
    assert _value(passes.bald(moments)) == pytest.approx(0, abs=1e-6)
    for function in (passes.mean_std, passes.vote_entropy, passes.variation_ratio):
        assert _value(function(moments)) == 0
    assert passes.balanced_entropy(moments).isfinite().all()
    assert _value(passes.symmetric_divergence(_moments(probs, probs))) == 0


@pytest.mark.parametrize("count", [3, 10, 50])
def test_rounding_of_moments_that_were_added_up_is_no_disagreement(count: int) -> None:
    probs = torch.rand((5, 20, 20), generator=torch.Generator().manual_seed(0)).softmax(0)
    mean, square, votes = (torch.zeros_like(probs) for _ in range(3))
    chosen = torch.zeros_like(probs).scatter_(0, probs.argmax(0, keepdim=True), 1)
    for _ in range(count):
        mean += probs / count
        square += probs.square() / count
        votes += chosen / count
    moments = Moments(count, mean, square, votes, torch.special.entr(probs).sum(0))
    for function in (passes.variance, passes.mean_std):
        assert not function(moments).any()
    for function in (passes.bald, passes.vote_entropy, passes.variation_ratio):
        values = function(moments)
        assert 0 <= float(values.min()) <= float(values.max()) < 1e-5


def test_a_class_that_only_one_pass_knows_gives_a_finite_divergence() -> None:
    moments = _moments((1.0, 0.0), (0.0, 1.0))
    assert passes.symmetric_divergence(moments).isfinite().all()
    assert passes.balanced_entropy(moments).isfinite().all()


def test_what_is_no_stack_is_refused() -> None:
    with pytest.raises(ValueError, match=r"must be \(T, C, H, W\) with a pass at least, not \(3, 1, 1\)"):
        passes.moments_of(torch.zeros((3, 1, 1)))
