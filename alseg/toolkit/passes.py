"""Disagreement between several predictions of one image, from their moments.

Most functions take `alseg.contracts.Moments` and return a map, float32 ``(H, W)`` on their device; higher
is asked first. Entropies are in nats.
"""

from __future__ import annotations

import math

import torch

from alseg.contracts import Moments

_ROWS = 8
"""Rows of an image that are computed at a time; all that is made of them fits the processor's cache."""

_SHIFT = 5
"""By how much an argument of a gamma function is raised for its series, which then has seven digits."""

_MOST_CONCENTRATED = 1e8
"""Largest sum of both parameters of a Beta distribution, beyond which its entropy loses digits."""


def moments_of(stack: torch.Tensor) -> Moments:
    """Return the moments of a stack of predictions, for tests and for authors who have one.

    Args:
        stack: float ``(T, C, H, W)``, logits of ``T`` passes.

    Returns:
        Their moments, float32.

    Raises:
        ValueError: If the stack has other than four dimensions, or no pass.
    """
    if stack.ndim != 4 or not len(stack):
        raise ValueError(f"the stack must be (T, C, H, W) with a pass at least, not {tuple(stack.shape)}")
    probs = stack.double().softmax(1)
    votes = torch.zeros_like(probs).scatter_(1, probs.argmax(1, keepdim=True), 1)
    return Moments(
        count=len(stack),
        mean=probs.mean(0).float(),
        square=probs.square().mean(0).float(),
        votes=votes.mean(0).float(),
        entropy=torch.special.entr(probs).sum(1).mean(0).float(),
    )


def variance(moments: Moments) -> torch.Tensor:
    """Return the variance of every probability over the passes (population), float32 ``(C, H, W)``.

    What rounding leaves where float32 moments were added up pass by pass counts as 0: a deviation of less
    than the mean times the root of 1e-7 a pass.

    Args:
        moments: Of several passes over one image.
    """
    spread = moments.square - moments.mean.square()
    rounding = moments.count * torch.finfo(torch.float32).eps * moments.mean.square()
    return torch.where(spread > rounding, spread, torch.zeros_like(spread))


def soft_vote_entropy(moments: Moments) -> torch.Tensor:
    """Return the entropy of the mean softmax, 0 to log C.

    Args:
        moments: Of several passes over one image.
    """
    return _entropy(moments.mean)


def vote_entropy(moments: Moments) -> torch.Tensor:
    """Return the entropy of the shares in which the passes vote for the classes, 0 to log min(C, T).

    Args:
        moments: Of several passes over one image.
    """
    return _entropy(moments.votes)


def bald(moments: Moments) -> torch.Tensor:
    """Return the mutual information of prediction and network, at least 0.

    Entropy of the mean softmax less the mean entropy of the softmax.

    Args:
        moments: Of several passes over one image.
    """
    return (soft_vote_entropy(moments) - moments.entropy).clamp(min=0)


def mean_std(moments: Moments) -> torch.Tensor:
    """Return the standard deviation of the probabilities over the passes, averaged over classes, 0 to 0.5.

    Args:
        moments: Of several passes over one image.
    """
    return variance(moments).sqrt().mean(0)


def variation_ratio(moments: Moments) -> torch.Tensor:
    """Return the share of passes that do not vote for the commonest class, 0 to 1 - 1 / min(C, T).

    Args:
        moments: Of several passes over one image.
    """
    return (1 - moments.votes.amax(0)).clamp(min=0)


def symmetric_divergence(moments: Moments) -> torch.Tensor:
    """Return the mean of both Kullback-Leibler divergences between two predictions, at least 0.

    With d half the distance of two probabilities and m their mean it is the sum of 2 d artanh(d / m), so the
    moments suffice.

    Args:
        moments: Of several passes over one image.

    Raises:
        ValueError: If the moments are of other than two passes.
    """
    if moments.count != 2:
        raise ValueError(f"the divergence is between two passes, not {moments.count}")
    mean = moments.mean.clamp(min=torch.finfo(torch.float32).tiny)
    half = variance(moments).sqrt()
    return (2 * half * torch.atanh((half / mean).clamp(max=1 - 1e-6))).sum(0)


def balanced_entropy(moments: Moments) -> torch.Tensor:
    """Return the balanced entropy as an acquisition (BalEntAcq).

    Each probability is a Beta distribution with the mean and variance over the passes, and P+ the one with a
    further success. Balanced entropy is (sum of mean * h(P+) + H) / (H + log 2), with h the differential
    entropy and H that of the mean; its reciprocal is the score where it is not negative, else itself. The
    work is done a strip of rows at a time.

    Args:
        moments: Of several passes over one image.

    Source:
        Woo, Active Learning in Bayesian Neural Networks with Balanced Entropy Learning Principle, ICLR 2023,
        arXiv:2105.14559, eq. 4-6. Both parameters together are kept below 1e8, so that passes that agree give
        a finite score.
    """
    spread = variance(moments)
    strips = [slice(top, top + _ROWS) for top in range(0, spread.shape[1], _ROWS)]
    return torch.cat([_balanced_entropy(moments.mean[:, rows], spread[:, rows]) for rows in strips])


def _entropy(shares: torch.Tensor) -> torch.Tensor:
    """Return the entropy of ``(C, H, W)`` in nats, ``(H, W)``; a share of 0 adds nothing."""
    entropy: torch.Tensor = torch.special.entr(shares).sum(0)
    return entropy.clamp(min=0)


def _balanced_entropy(mean: torch.Tensor, spread: torch.Tensor) -> torch.Tensor:
    """Return the score of one strip, float32 ``(h, W)``."""
    precise = mean.double().clamp(1e-12, 1 - 1e-12)
    rest = 1 - precise
    # Where both variances are nearly the same, single precision would leave no digit.
    concentration = (precise * rest / spread.double().clamp(min=1e-30) - 1).clamp(1e-6, _MOST_CONCENTRATED)
    first, second = (precise * concentration + 1).float(), (rest * concentration).float()
    mean = precise.float()
    entropy = _entropy(mean)
    after = _beta_entropy(first, second)
    balanced = ((mean * after).sum(0) + entropy) / (entropy + math.log(2))
    return torch.where(balanced >= 0, 1 / balanced.clamp(min=1e-12), balanced)


def _beta_entropy(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """Return the differential entropy of Beta distributions with these parameters, above 0."""
    return _gamma_terms(first, 1) + _gamma_terms(second, 1) - _gamma_terms(first + second, 2)


def _gamma_terms(argument: torch.Tensor, less: int) -> torch.Tensor:
    """Return ``lgamma(a) - (a - less) * digamma(a) + a``, which is never large, for a above 0.

    Of gamma functions only digamma's terms in 1 / a are large, near 0. Here all that cancels is left out
    before it is computed, so that single precision is enough: with b = a + 5 it is ``(less - 1/2) log b``
    less the recurrence ``sum of log((a + k) / b) + (k + less) / (a + k)`` for k from 0 to 4, and Stirling's
    series in 1 / b. torch's own functions take four times as long.
    """
    inverse = (argument + _SHIFT).reciprocal_()
    factor = argument * inverse
    product, fractions = factor.clone(), less / factor
    for number in range(1, _SHIFT):
        factor += inverse
        product *= factor
        fractions += (number + less) / factor
    square = inverse * inverse
    of_digamma = 0.5 + inverse * (1 / 12 - square * (1 / 120 - square / 252))
    of_gamma = inverse * (1 / 12 - square * (1 / 360 - square / 1260))
    series = of_gamma + (1 - (_SHIFT + less) * inverse) * of_digamma + 0.5 * math.log(2 * math.pi)
    return series - (less - 0.5) * inverse.log() - product.log_() - fractions * inverse
