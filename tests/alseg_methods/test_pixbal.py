from __future__ import annotations

from dataclasses import replace

import torch

from alseg.testing import observe, parts_of_views, view_of
from alseg_methods.acquisitions.pixbal import PixBal, class_weights

LARGE = view_of(torch.tensor([[[0.1, 0.1, 0.1]], [[0.9, 0.9, 0.9]]]))
SMALL = view_of(torch.tensor([[[0.9]], [[0.1]]]))
ASKED = view_of(torch.tensor([[[0.6, 0.4]], [[0.4, 0.6]]]))


def test_probabilities_are_averaged_over_the_pixels_of_the_pool() -> None:
    # Three pixels with 0.1 and one with 0.9: 0.3 and 0.7, so (1 + 6 * 0.3)^-2 and (1 + 6 * 0.7)^-2.
    acquisition = PixBal()
    weights = acquisition.prepare(
        observe(acquisition, [LARGE, SMALL]), parts_of_views([LARGE, SMALL], count=1)
    )
    torch.testing.assert_close(weights, torch.tensor([2.8**-2, 5.2**-2], dtype=torch.float64))
    # 2/3 of the weight of the likelier class.
    score = acquisition.score(replace(ASKED, statistics=weights))
    torch.testing.assert_close(score, torch.tensor([[2 / 3 * 2.8**-2, 2 / 3 * 5.2**-2]]))


def test_temperature_sharpens_probabilities_and_ratios() -> None:
    # A temperature of 1/2 squares them: 81 to 1 and 1 to 81 at three pixels and one.
    acquisition = PixBal(temperature=0.5)
    weights = acquisition.prepare(
        observe(acquisition, [LARGE, SMALL]), parts_of_views([LARGE, SMALL], count=1)
    )
    rare = (3 * 1 / 82 + 81 / 82) / 4
    expected = class_weights(torch.tensor([rare, 1 - rare], dtype=torch.float64))
    torch.testing.assert_close(weights, expected, rtol=1e-5, atol=0)
    score = acquisition.score(replace(ASKED, statistics=weights))
    torch.testing.assert_close(score, (4 / 9 * expected).float()[None], rtol=1e-5, atol=0)


def test_without_strength_no_class_is_preferred() -> None:
    assert class_weights(torch.tensor([0.2, 0.8]), strength=0).tolist() == [1, 1]
