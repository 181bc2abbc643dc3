from __future__ import annotations

import torch

from alseg.toolkit.regions import group_peaks


def test_the_peak_of_a_group_is_its_first_row_with_the_largest_value() -> None:
    values = torch.tensor([[0.1, 0.9], [0.5, 0.2], [0.5, 0.9], [0.8, 0.3]])
    peaks = group_peaks(values, torch.tensor([0, 0, 0, 2]), 4)
    # Of group 0 the second and third row tie in the first column, the first and third in the second.
    assert peaks.tolist() == [[1, 0], [-1, -1], [3, 3], [-1, -1]]


def test_impossible_values_have_a_peak_too() -> None:
    values = torch.full((2, 1), -torch.inf)
    assert group_peaks(values, torch.tensor([1, 1]), 2).tolist() == [[-1], [0]]


def test_without_rows_no_group_has_a_peak() -> None:
    assert group_peaks(torch.empty((0, 3)), torch.empty(0, dtype=torch.int64), 2).tolist() == [[-1] * 3] * 2
