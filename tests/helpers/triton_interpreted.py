"""The kernels compared with the CPU in Triton's interpreter; run by test_triton.py, in a process of its own.

The interpreter runs the kernels with NumPy on maps of the CPU; TRITON_INTERPRET=1 must be set when Triton is
imported.
"""

from __future__ import annotations

import pytest
import torch

from alseg.toolkit import uncertainty, windows
from alseg.toolkit._kernels import uncertainty_triton, windows_triton

NAMES = ("entropy", "confidence", "margin", "classes")

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


def random_logits(*shape: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return (4 * torch.randn(shape, generator=torch.Generator().manual_seed(sum(shape)))).to(dtype)


def random_classes(num_classes: int, height: int, width: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(num_classes)
    return torch.randint(0, num_classes, (height, width), generator=generator, dtype=torch.uint8)


def assert_statistics_are_those_of_the_cpu(logits: torch.Tensor, *names: uncertainty.Statistic) -> None:
    expected = uncertainty.statistics(logits, *(names or NAMES))
    maps = {name: torch.full_like(getattr(expected, name), 77) for name in names or NAMES}
    uncertainty_triton.fill(logits, maps)
    for name, values in maps.items():
        torch.testing.assert_close(
            values,
            getattr(expected, name),
            rtol=2e-6,
            atol=2e-6,
            equal_nan=True,
            msg=lambda m, n=name: f"{n}: {m}",
        )


@pytest.mark.parametrize("num_classes", [2, 19, 20])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16, torch.float64])
def test_maps_of_any_dtype(num_classes: int, dtype: torch.dtype) -> None:
    assert_statistics_are_those_of_the_cpu(random_logits(num_classes, 7, 13, dtype=dtype))


@pytest.mark.parametrize("size", [(1, 1), (1, 600), (23, 29)])
def test_maps_of_odd_sizes(size: tuple[int, int]) -> None:
    # A block has 512 pixels.
    assert_statistics_are_those_of_the_cpu(random_logits(3, *size))


@pytest.mark.parametrize("names", [(name,) for name in NAMES] + [("entropy", "classes")])
def test_some_of_the_maps(names: tuple[uncertainty.Statistic, ...]) -> None:
    assert_statistics_are_those_of_the_cpu(random_logits(5, 3, 7), *names)


def test_maps_of_one_class() -> None:
    assert_statistics_are_those_of_the_cpu(random_logits(1, 2, 3), "entropy", "confidence", "classes")


def test_maps_of_equal_logits() -> None:
    # Few values, so that most pixels have several likeliest classes.
    assert_statistics_are_those_of_the_cpu(random_logits(4, 9, 11).div(4).round().clamp(-1, 1))


def test_maps_of_extreme_logits() -> None:
    logits = random_logits(3, 1, 8)
    logits[:, 0, 0] = torch.tensor([1e4, -1e4, 0])
    logits[:, 0, 1] = torch.tensor([-1e4, 1e4, 1e4])
    logits[1, 0, 2] = -torch.inf
    logits[:2, 0, 3] = -torch.inf
    logits[:, 0, 4] = torch.tensor([-torch.inf, 0, -torch.inf])
    logits[:, 0, 5] = torch.tensor([3e38, -3e38, 0])
    assert_statistics_are_those_of_the_cpu(logits)


def test_maps_of_undefined_logits() -> None:
    logits = torch.zeros(3, 1, 8)
    for place in range(3):
        logits[place, 0, place] = torch.nan
        logits[place, 0, 3 + place] = torch.inf
    logits[:, 0, 6] = -torch.inf
    logits[:, 0, 7] = torch.tensor([-torch.inf, torch.nan, 0])
    assert_statistics_are_those_of_the_cpu(logits)


def test_maps_of_logits_with_any_strides() -> None:
    assert_statistics_are_those_of_the_cpu(random_logits(5, 13, 4).permute(2, 0, 1))
    assert_statistics_are_those_of_the_cpu(random_logits(4, 5, 13).transpose(1, 2))
    assert_statistics_are_those_of_the_cpu(random_logits(4, 10, 26)[:, ::2, 1::2])
    assert_statistics_are_those_of_the_cpu(random_logits(4, 1, 13).expand(4, 5, 13))


@pytest.mark.parametrize("size", [(0, 4), (4, 0)])
def test_empty_maps(size: tuple[int, int]) -> None:
    assert_statistics_are_those_of_the_cpu(torch.zeros(3, *size))
    windows_triton.fill_impurity(torch.zeros(size, dtype=torch.uint8), 3, 1, torch.zeros(size))
    windows_triton.fill_mean(torch.zeros(size), 1, torch.zeros(size))


@pytest.mark.parametrize("radius", [0, 1])
@pytest.mark.parametrize("size", [(1, 1), (3, 5), (2, 515)])
def test_means_over_narrow_windows(radius: int, size: tuple[int, int]) -> None:
    values = torch.rand(size, generator=torch.Generator().manual_seed(0))
    mean = torch.empty(size)
    windows_triton.fill_mean(values, radius, mean)
    torch.testing.assert_close(mean, windows.window_mean(values, radius), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(
    ("num_classes", "height", "width", "radius"),
    [
        (2, 5, 7, 0),
        (2, 5, 7, 1),
        (6, 4, 9, 1),
        (3, 1, 1, 3),
        (17, 9, 6, 3),  # three passes of at most eight classes
        (2, 37, 131, 3),  # parts of the map have 32 rows and 128 columns
        (2, 3, 515, 2),  # rows are counted in steps of 512 columns
        (9, 11, 7, 32),
    ],
)
def test_impurities(num_classes: int, height: int, width: int, radius: int) -> None:
    classes = random_classes(num_classes, height, width)
    impurity = torch.full((height, width), 77.0)
    windows_triton.fill_impurity(classes, num_classes, radius, impurity)
    torch.testing.assert_close(
        impurity, windows.window_impurity(classes, num_classes, radius), rtol=0, atol=2e-6
    )


@pytest.mark.parametrize("radius", [1, 3])
def test_a_window_of_one_class_has_impurity_zero_exactly(radius: int) -> None:
    impurity = torch.empty(6, 9)
    windows_triton.fill_impurity(torch.full((6, 9), 4, dtype=torch.uint8), 5, radius, impurity)
    assert not impurity.any()
