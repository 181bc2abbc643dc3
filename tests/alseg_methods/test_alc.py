from __future__ import annotations

import torch

from alseg.testing import view_of
from alseg_methods.acquisitions.alc import Alc, corrections

SOFT = torch.tensor([[[0.8, 0.6, 0.0, 1.0]], [[0.2, 0.4, 1.0, 0.0]]])
REGIONS = torch.tensor([[0, 0, 0, 1]])
NOISY = torch.tensor([[1, 0, 255, 0]], dtype=torch.uint8)


def test_the_representative_is_the_pixel_most_like_those_of_the_commonest_class() -> None:
    found = corrections(SOFT, NOISY, REGIONS)
    # The mean of the first two is (0.7, 0.3): cosines 0.988 and 0.977.
    assert found.representative.tolist() == [[0, 0], [0, 3]]


def test_doubt_is_what_the_soft_label_gives_other_classes() -> None:
    found = corrections(SOFT, NOISY, REGIONS)
    torch.testing.assert_close(found.doubt, torch.tensor([0.8, 0.0], dtype=torch.float64))
    # 0.8, 0.4, and 0 of the third, whose label is unknown, so its likeliest class.
    torch.testing.assert_close(found.mean_doubt, torch.tensor([0.4, 0.0], dtype=torch.float64))
    assert found.expanded.tolist() == [3, 1]


def test_doubt_of_pixels_unlike_the_representative_counts_less() -> None:
    noisy = torch.tensor([[1, 1, 0, 1]], dtype=torch.uint8)
    found = corrections(SOFT, noisy, REGIONS)
    first = torch.tensor([0.8, 0.2]).double()
    second, third = torch.tensor([0.6, 0.4]).double(), torch.tensor([0.0, 1.0]).double()
    norm = first.norm()
    likeness = [first @ second / norm / second.norm(), first @ third / norm]
    expected = torch.stack([0.8 + likeness[0] * 0.6 + likeness[1] * 1.0, torch.tensor(1.0).double()])
    torch.testing.assert_close(found.look_ahead, expected)


def test_a_region_id_without_pixels_has_no_representative() -> None:
    found = corrections(SOFT, NOISY, REGIONS * 2)
    assert found.representative.tolist() == [[0, 0], [-1, -1], [0, 3]]
    assert found.look_ahead[1] == found.expanded[1] == found.mean_doubt[1] == found.doubt[1] == 0


def test_the_network_doubts_its_own_prediction() -> None:
    probs = torch.tensor([[[0.8, 0.8, 0.9]], [[0.2, 0.2, 0.1]]])
    view = view_of(probs, regions=torch.tensor([[0, 0, 1]], dtype=torch.int32), unit="region")
    # Two like pixels with 1 - 0.8 each, one with 1 - 0.9.
    torch.testing.assert_close(Alc().score(view), torch.tensor([[0.4, 0.4, 0.1]]))
    # Probabilities squared: 0.04 of 0.68 each, and 0.01 of 0.82.
    sharp = torch.tensor([[0.08 / 0.68, 0.08 / 0.68, 0.01 / 0.82]])
    torch.testing.assert_close(Alc(temperature=0.5).score(view), sharp)
