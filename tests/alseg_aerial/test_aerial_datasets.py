"""Layouts and encodings of LoveDA, ISPRS Potsdam and ISPRS Vaihingen."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import alseg_aerial
from alseg import AlsegError, DataError, LabelSpace
from alseg.testing import check_dataset
from alseg.toolkit.labels import check_label_space, subset_indices
from alseg_aerial import loveda, potsdam, vaihingen
from alseg_aerial.isprs import Survey
from alseg_aerial.spaces import ISPRS_6

BUILD = {"potsdam": potsdam.build_potsdam, "vaihingen": vaihingen.build_vaihingen}
SURVEYS = {"potsdam": potsdam.SURVEY, "vaihingen": vaihingen.SURVEY}
COLORS = [info.color for info in ISPRS_6.classes]

every_city = pytest.mark.parametrize("name", sorted(BUILD))


def write_orthophotos(survey: Survey, root: Path, *, eroded: bool) -> None:
    """Write the TIFF files of val, 40 x 60 pixels: ten columns of each class below a black line."""
    label = np.repeat(np.array(COLORS, np.uint8), 10, axis=0)[None].repeat(40, axis=0)
    label[0] = 0
    for area in survey.areas["val"]:
        for place, pixels in ((survey.images, label // 2), (survey.labels[eroded], label)):
            path = root / survey.name / place.format(area=area)
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(path)


@pytest.mark.parametrize("space", alseg_aerial.register_label_spaces(), ids=lambda space: space.name)
def test_label_spaces_are_sound(space: LabelSpace) -> None:
    check_label_space(space)


def test_the_second_mean_of_isprs_is_without_clutter() -> None:
    assert subset_indices(ISPRS_6, "5") == (0, 1, 2, 3, 4)


def test_loveda_has_ids_from_1_and_0_is_void(tmp_path: Path) -> None:
    loveda.write_fake(tmp_path, count=2)
    path = tmp_path / "loveda/Train/Urban/masks_png/0.png"
    ids = np.zeros((96, 96), np.uint8)
    ids[:, :8] = np.arange(8)
    Image.fromarray(ids).save(path)
    assert loveda.build_loveda(root=tmp_path, split="train").label(0)[0, :8].tolist() == [
        255,
        0,
        1,
        2,
        3,
        4,
        5,
        6,
    ]
    Image.fromarray(np.full((96, 96), 8, np.uint8)).save(path)
    with pytest.raises(DataError, match=r"holds ids that LoveDA does not define: 8\. "):
        loveda.build_loveda(root=tmp_path, split="train").label(0)


def test_loveda_is_a_source_and_a_target_by_its_areas(tmp_path: Path) -> None:
    loveda.write_fake(tmp_path, count=3)
    ids = {
        area: [dataset.image_id(index) for index in range(len(dataset))]
        for area in ("urban", "rural", "all")
        if (dataset := loveda.build_loveda(root=tmp_path, split="train", area=area))
    }
    assert ids == {"urban": ["0", "2"], "rural": ["1"], "all": ["0", "2", "1"]}
    test = loveda.build_loveda(root=tmp_path, split="test", area="rural")
    assert (len(test), getattr(test, "labelled", True)) == (1, False)


def test_a_missing_loveda_says_what_to_download_and_where_to_put_it(tmp_path: Path) -> None:
    place = tmp_path / "loveda"
    message = (
        f"No LoveDA images at {place}/Val/Rural/images_png. Download Train.zip, Val.zip and Test.zip of "
        f"LoveDA from Zenodo and unpack them into {place}."
    )
    with pytest.raises(DataError, match=f"^{re.escape(message)}$"):
        loveda.build_loveda(root=tmp_path, split="val", area="rural")


@every_city
def test_the_split_of_the_contest_divides_the_orthophotos(name: str) -> None:
    areas = SURVEYS[name].areas
    assert {split: len(set(names)) for split, names in areas.items()} == {
        "potsdam": {"train": 24, "val": 14},
        "vaihingen": {"train": 16, "val": 17},
    }[name]
    assert set(areas["train"]).isdisjoint(areas["val"])


@every_city
def test_tiles_of_one_orthophoto_are_one_group(name: str, tmp_path: Path) -> None:
    areas = SURVEYS[name].areas["train"]
    spec = {spec.name: spec for spec in alseg_aerial.register_datasets()}[name]
    assert spec.write_fake is not None
    spec.write_fake(tmp_path, count=len(areas) + 1)
    dataset = BUILD[name](root=tmp_path, split="train")
    groups = [dataset.group(index) for index in range(len(dataset))]  # type: ignore[attr-defined]
    assert sorted(groups) == sorted([*areas, areas[0]])
    check_dataset(dataset, ISPRS_6)


@every_city
@pytest.mark.parametrize("eroded", [True, False])
def test_orthophotos_with_coloured_labels_are_cut_into_tiles(name: str, eroded: bool, tmp_path: Path) -> None:
    survey = SURVEYS[name]
    write_orthophotos(survey, tmp_path, eroded=eroded)
    dataset = BUILD[name](root=tmp_path, split="val", eroded=eroded, tile=40)
    # 60 columns make two tiles of 30; 40 rows are one.
    assert len(dataset) == 2 * len(survey.areas["val"])
    assert (dataset.size(0), dataset.size(1)) == ((40, 30), (40, 30))
    assert dataset.image_id(1) == f"{survey.areas['val'][0]}_y0000_x0030"
    assert dataset.group(1) == survey.areas["val"][0]  # type: ignore[attr-defined]
    np.testing.assert_array_equal(dataset.label(1)[1], np.repeat([3, 4, 5], 10))
    assert (dataset.label(1)[0] == 255).all()
    np.testing.assert_array_equal(dataset.image(0)[1, 0], (127, 127, 127))
    check_dataset(dataset, ISPRS_6)
    with pytest.raises(DataError, match=f"^No {survey.layout.title} label maps at .* Download "):
        BUILD[name](root=tmp_path, split="val", eroded=not eroded)


@every_city
def test_tiles_must_be_larger_than_what_they_share(name: str, tmp_path: Path) -> None:
    message = "'overlap' (64) must be smaller than 'tile' (64). Make it smaller."
    with pytest.raises(AlsegError, match=f"^{re.escape(message)}$"):
        BUILD[name](root=tmp_path, split="val", tile=64, overlap=64)


def test_the_numbers_of_images_are_known_where_tiles_are_as_usual() -> None:
    # 6000 x 6000 pixels in tiles of at most 512 are 12 x 12 of each orthophoto.
    counts = {"train": 144 * 24, "val": 144 * 14}
    assert potsdam.SURVEY.expected(tile=512, overlap=0, eroded=True) == counts
    assert (
        potsdam.SURVEY.expected(tile=512, overlap=64) == potsdam.SURVEY.expected(tile=1024, overlap=0) == {}
    )
    assert vaihingen.SURVEY.expected(tile=512, overlap=0) == {"train": 344, "val": 398}


def test_urban_and_rural_loveda_make_up_the_whole() -> None:
    urban, rural = (loveda.expected(area=area) for area in ("urban", "rural"))  # type: ignore[arg-type]
    assert {split: urban[split] + rural[split] for split in loveda.SPLITS} == loveda.expected(area="all")
