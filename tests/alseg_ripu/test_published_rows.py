from __future__ import annotations

import pytest

from alseg import PublishedResult
from alseg_driving.spaces import CITYSCAPES_19, SYNTHIA_16
from alseg_ripu.published import published_results

ROWS = published_results()
WITH_CLASSES = [row for row in ROWS if row.iou]
SPACES = {space.name: space for space in (CITYSCAPES_19, SYNTHIA_16)}


def identify(row: PublishedResult) -> str:
    return f"{row.source}: {row.label}"


def test_eight_rows_are_known_from_gtav_and_six_from_synthia() -> None:
    assert [row.source for row in ROWS] == ["gtav"] * 8 + ["synthia"] * 6
    assert len(WITH_CLASSES) == 10


@pytest.mark.parametrize("row", WITH_CLASSES, ids=identify)
def test_the_printed_mean_is_that_of_the_printed_classes(row: PublishedResult) -> None:
    assert tuple(row.iou) == SPACES[row.label_space].names
    assert sum(row.iou.values()) / len(row.iou) == pytest.approx(row.miou, abs=0.051)


@pytest.mark.parametrize("row", [row for row in WITH_CLASSES if row.subsets], ids=identify)
def test_the_printed_mean_over_13_classes_is_that_of_its_classes(row: PublishedResult) -> None:
    names = SYNTHIA_16.subsets["13"]
    assert sum(row.iou[name] for name in names) / 13 == pytest.approx(row.subsets["13"], abs=0.051)


def test_numbers_of_other_methods_name_their_paper() -> None:
    papers = {row.label: row.paper for row in ROWS}
    assert papers["MADA 5%, V3+"] == (
        "Ning et al., ICCV 2021, as printed in Xie et al., CVPR 2022, arXiv:2111.12940"
    )
    assert papers["RIPU RA 5%, V3+"] == "Xie et al., CVPR 2022, arXiv:2111.12940"


@pytest.mark.parametrize(
    ("source", "mean"), [("gtav", {"PA": 65.5, "RA": 67.1}), ("synthia", {"PA": 66.1, "RA": 68.7})]
)
def test_some_rows_are_printed_as_a_mean_alone(source: str, mean: dict[str, float]) -> None:
    alone = {row.label.split()[1]: row.miou for row in ROWS if row.source == source and not row.iou}
    assert alone == mean
