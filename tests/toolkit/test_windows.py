from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from alseg.toolkit import windows
from alseg.toolkit._kernels import windows_cpu


def plain_windows(values: NDArray[np.generic], radius: int) -> list[list[NDArray[np.generic]]]:
    """Return the window around each pixel, cut at the border."""
    height, width = values.shape
    return [
        [
            values[max(0, y - radius) : y + radius + 1, max(0, x - radius) : x + radius + 1]
            for x in range(width)
        ]
        for y in range(height)
    ]


def plain_impurity(window: NDArray[np.generic]) -> float:
    shares = np.unique(window, return_counts=True)[1] / window.size
    return float(-(shares * np.log(shares)).sum())


maps = {
    "height": st.integers(1, 12),
    "width": st.integers(1, 12),
    "radius": st.integers(0, 14),
    "tile_pixels": st.sampled_from([1, 20, 10**6]),
    "seed": st.integers(0, 2**32 - 1),
}


@settings(deadline=None, max_examples=150)
@given(num_classes=st.integers(1, 7), **maps)
def test_impurity_is_the_entropy_of_each_window(
    num_classes: int, height: int, width: int, radius: int, tile_pixels: int, seed: int
) -> None:
    classes = np.random.default_rng(seed).integers(0, num_classes, (height, width)).astype(np.uint8)
    expected = [[plain_impurity(window) for window in row] for row in plain_windows(classes, radius)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(windows_cpu, "_STRIP_PIXELS", tile_pixels)
        impurity = windows.window_impurity(torch.from_numpy(classes), num_classes, radius)
    torch.testing.assert_close(impurity, torch.tensor(expected).float(), rtol=0, atol=2e-6)


@pytest.mark.parametrize("radius", [1, 4, 90, 130])
def test_impurity_on_a_device_is_what_the_cpu_gives(radius: int) -> None:
    # Run here on the CPU: the code for devices is plain torch. Class 3 does not occur.
    random = np.random.default_rng(radius)
    classes = torch.from_numpy(random.choice(np.array([0, 1, 2, 4], np.uint8), (150, 280)))
    computed = torch.zeros(150, 280)
    padded, area, window = windows._prepared(classes, radius, 255)
    windows._add_impurity(padded, area, 5, window, computed)
    torch.testing.assert_close(computed, windows.window_impurity(classes, 5, radius), rtol=0, atol=2e-6)


@settings(deadline=None, max_examples=100)
@given(**{name: strategy for name, strategy in maps.items() if name != "tile_pixels"})
def test_a_mean_is_that_of_each_window(height: int, width: int, radius: int, seed: int) -> None:
    values = np.random.default_rng(seed).random((height, width)).astype(np.float32)
    expected = [
        [float(window.mean(dtype=np.float64)) for window in row] for row in plain_windows(values, radius)
    ]
    mean = windows.window_mean(torch.from_numpy(values), radius)
    torch.testing.assert_close(mean, torch.tensor(expected).float(), rtol=1e-6, atol=1e-6)


def test_a_window_of_one_class_has_impurity_zero_exactly() -> None:
    # A window of 7 x 7 = 49 pixels: 49 * (1 / 49) is not 1 in float32, 49 / 49 is.
    assert not windows.window_impurity(torch.full((20, 20), 3, dtype=torch.uint8), 5, 3).any()


def test_windows_of_more_than_255_rows_and_32767_pixels_are_counted_right() -> None:
    # Halves of 300 x 200 pixels; a window of radius 400 sees all of them everywhere: entropy log 2.
    classes = torch.zeros(300, 400, dtype=torch.uint8)
    classes[:, 200:] = 1
    impurity = windows.window_impurity(classes, 2, 400)
    torch.testing.assert_close(impurity, torch.full((300, 400), math.log(2)), rtol=0, atol=1e-6)


@pytest.mark.parametrize("compute", [windows.window_mean, lambda m, r: windows.window_impurity(m, 2, r)])
def test_a_negative_radius_is_refused(compute: Callable[[torch.Tensor, int], torch.Tensor]) -> None:
    with pytest.raises(ValueError, match=r"^radius must be at least 0, not -1$"):
        compute(torch.zeros(2, 2), -1)


def test_equal_windows_have_exactly_equal_means() -> None:
    # Rounding must not make differences between places, or ties would be broken by it.
    row = torch.rand(8, generator=torch.Generator().manual_seed(0))
    mean = windows.window_mean(row.repeat(40, 5), 2)
    assert torch.equal(mean[2:-2, 10:18], mean[3:4, 18:26].expand(36, 8))
