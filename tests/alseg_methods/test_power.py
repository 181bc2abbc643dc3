from __future__ import annotations

import pytest
import torch

from alseg.contracts import TargetView
from alseg_methods.acquisitions.power import Power, power_scores
from alseg_methods.draws import gumbel, noise_beta

VALUES = torch.tensor([[1.0, 3.0, 0.0], [5.0, 3.0, 2.0]])
REGIONS = torch.tensor([[0, 0, 1], [1, 1, 1]], dtype=torch.int32)


def _view(**fields: object) -> TargetView:
    logits = torch.zeros((2, 2, 3))
    return TargetView("image", logits, torch.Generator().manual_seed(3), regions=REGIONS, **fields)  # type: ignore[arg-type]


def _noise(count: int) -> torch.Tensor:
    return gumbel((count,), torch.Generator().manual_seed(3))


def test_every_pixel_has_its_own_noise_where_pixels_are_asked() -> None:
    scores = power_scores(_view(), VALUES + 1, beta=2)
    expected = (VALUES + 1).double().log() + _noise(6).reshape(2, 3) / 2
    torch.testing.assert_close(scores, expected.float())


def test_noise_of_regions_comes_after_their_mean() -> None:
    # Means (1 + 3) / 2 and (0 + 5 + 3 + 2) / 4: two draws, not six.
    values = torch.tensor([2.0, 2.5]).double().log() + _noise(2)
    scores = power_scores(_view(unit="region"), VALUES, beta=1)
    torch.testing.assert_close(scores, values.float()[REGIONS.long()])


def test_noise_of_images_comes_after_their_mean() -> None:
    expected = torch.tensor(14 / 6, dtype=torch.float64).log() + _noise(1)
    scores = power_scores(_view(unit="image"), VALUES, beta=1)
    torch.testing.assert_close(scores, expected.float().expand(2, 3))


def test_what_is_certain_has_a_finite_score_and_comes_last() -> None:
    scores = power_scores(_view(), VALUES, beta=1)
    assert scores.isfinite().all()
    assert int(scores.argmin()) == 2


def test_noise_has_the_moments_of_a_gumbel_distribution() -> None:
    draws = gumbel((200_000,), torch.Generator().manual_seed(0))
    # Mean 0.5772 (Euler), variance pi^2 / 6 = 1.6449.
    assert float(draws.mean()) == pytest.approx(0.5772, abs=0.01)
    assert float(draws.var()) == pytest.approx(1.6449, abs=0.03)


@pytest.mark.parametrize(("round_", "beta"), [(1, 1), (2, 10), (3, 100)])
def test_beta_grows_exponentially_from_the_first_round_to_the_last(round_: int, beta: float) -> None:
    assert noise_beta(1, 100, round_, 3) == pytest.approx(beta)
    assert noise_beta(2, None, round_, 3) == 2
    assert noise_beta(2, 50, 1, 1) == 2


def test_later_rounds_are_less_noisy() -> None:
    early = Power(beta=1, beta_end=1e6).score(_view(round=1, rounds=3))
    late = Power(beta=1, beta_end=1e6).score(_view(round=3, rounds=3))
    # All pixels are equally uncertain, so what differs is noise.
    assert float(early.std()) > 0.5
    assert float(late.std()) < 1e-5
