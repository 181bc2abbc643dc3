from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from alseg.toolkit.interpolation import products_in, values_at


@pytest.mark.parametrize("cells", [(5, 7), (1, 1), (1, 4), (20, 30), (40, 45)])
def test_values_are_those_of_the_whole_map_resized(cells: tuple[int, int]) -> None:
    generator = torch.Generator().manual_seed(0)
    features = torch.randn((3, *cells), generator=generator)
    size = (20, 30)
    whole = functional.interpolate(features[None], size=size, mode="bilinear", align_corners=True)[0]
    places = torch.tensor([[0, 0], [19, 29], [7, 11], [19, 3]])
    found = values_at(features, places, size)
    torch.testing.assert_close(found, whole[:, places[:, 0], places[:, 1]].T, rtol=1e-4, atol=1e-5)

    vectors = torch.randn((2, 3), generator=generator)
    window = (slice(4, 20), slice(9, 17))
    products = torch.einsum("kd,dhw->khw", vectors, whole)[:, window[0], window[1]]
    torch.testing.assert_close(products_in(vectors, features, window, size), products, rtol=1e-4, atol=1e-5)
