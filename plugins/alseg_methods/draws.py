"""Random numbers from a view's generator, on the CPU in double precision, and how large noise is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from alseg.contracts import Interval, View

if TYPE_CHECKING:
    import torch

Beta = Annotated[float, Interval(gt=0, le=1_000_000)]
"""Inverse scale of noise: the larger, the closer to the ranks without noise."""


def exponential(size: tuple[int, ...], generator: torch.Generator) -> torch.Tensor:
    """Return draws of the exponential distribution with mean 1, float64, more than 0 and finite."""
    import torch

    uniform = torch.rand(size, generator=generator, dtype=torch.float64)
    # A draw is a multiple of 2^-53, at least 0 and less than 1.
    return -torch.log(uniform.clamp(min=2.0**-54))


def gumbel(size: tuple[int, ...], generator: torch.Generator) -> torch.Tensor:
    """Return draws of the standard Gumbel distribution, float64, finite."""
    return -exponential(size, generator).log()


def noise_beta(beta: float, beta_end: float | None, round_: int, rounds: int) -> float:
    """Return the inverse scale of the noise of one round.

    Args:
        beta: That of the first round.
        beta_end: That of the last round, between which it goes exponentially; None for a constant one.
        round_: The purchase, from 1.
        rounds: Purchases in all.
    """
    if beta_end is None or rounds < 2:
        return beta
    return beta * float((beta_end / beta) ** ((round_ - 1) / (rounds - 1)))


@dataclass(frozen=True)
class Noise:
    """What acquisitions with Gumbel noise have in common.

    Attributes:
        beta: Inverse scale of the noise, in the first round.
        beta_end: That in the last round, between which it grows or falls exponentially; as in the first
            unless given.
    """

    beta: Beta = 1.0
    beta_end: Beta | None = None

    def beta_of(self, view: View) -> float:
        """Return the inverse scale of the noise in the view's round."""
        return noise_beta(self.beta, self.beta_end, view.round, view.rounds)
