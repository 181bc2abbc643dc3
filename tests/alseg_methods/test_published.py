from __future__ import annotations

import pytest

from alseg import PublishedResult
from alseg_driving.spaces import CITYSCAPES_19, SYNTHIA_16
from alseg_methods.published import published_results
from alseg_ripu.published import published_results as ripu_results

ROWS = published_results()
WITH_CLASSES = [row for row in ROWS if row.iou]
SPACES = {space.name: space for space in (CITYSCAPES_19, SYNTHIA_16)}


def identify(row: PublishedResult) -> str:
    return f"{row.source}: {row.label}"


def test_five_rows_are_known_from_each_source_and_one_of_them_as_a_mean_alone() -> None:
    assert [row.source for row in ROWS] == ["gtav"] * 5 + ["synthia"] * 5
    means = {row.source: (row.miou, dict(row.subsets)) for row in ROWS if not row.iou}
    assert means == {"gtav": (70.4, {}), "synthia": (72.0, {"13": 78.1})}


@pytest.mark.parametrize("row", WITH_CLASSES, ids=identify)
def test_the_printed_means_are_those_of_the_printed_classes(row: PublishedResult) -> None:
    assert tuple(row.iou) == SPACES[row.label_space].names
    assert sum(row.iou.values()) / len(row.iou) == pytest.approx(row.miou, abs=0.051)
    for name, mean in row.subsets.items():
        members = SPACES[row.label_space].subsets[name]
        assert sum(row.iou[member] for member in members) / len(members) == pytest.approx(mean, abs=0.051)


def test_no_result_is_offered_twice() -> None:
    labels = [(row.source, row.label) for row in (*ROWS, *ripu_results())]
    assert len(set(labels)) == len(labels)
