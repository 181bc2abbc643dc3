"""Layouts and encodings of the driving data sets that are used as targets and sources in the field."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

import alseg_driving
from alseg import AlsegError, DataError
from alseg.testing import check_dataset
from alseg_driving import acdc, bdd100k, dark_zurich, idd, kitti, mapillary
from alseg_driving.spaces import CITYSCAPES_19, IDD_26

SPECS = {spec.name: spec for spec in alseg_driving.register_datasets()}
UNLABELLED = [
    ("acdc", "test"),
    ("bdd100k", "test"),
    ("dark-zurich", "train"),
    ("dark-zurich", "test"),
    ("idd", "test"),
    ("kitti", "test"),
    ("mapillary", "test"),
]
LABELLED = {
    "acdc": "train",
    "bdd100k": "train",
    "dark-zurich": "val",
    "idd": "train",
    "kitti": "train",
    "mapillary": "train",
    "synscapes": "train",
}


def build(name: str, root: Path | None, split: str, **params: Any) -> Any:
    return SPECS[name].build(root=root, split=split, **params)


def write_fake(name: str, root: Path, **options: Any) -> None:
    writer = SPECS[name].write_fake
    assert writer is not None
    writer(root, **options)


def ids_of(dataset: Any) -> list[str]:
    return [dataset.image_id(index) for index in range(len(dataset))]


@pytest.mark.parametrize("name", sorted(LABELLED))
def test_the_19_classes_come_back_from_the_files(name: str, tmp_path: Path) -> None:
    drawn = np.repeat(np.append(np.arange(19), 255), 4)[None].repeat(20, axis=0).astype(np.uint8)

    def scene(index: int, **_: object) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        return np.zeros((20, 80, 3), np.uint8), drawn

    write_fake(name, tmp_path, count=1, scene=scene)
    np.testing.assert_array_equal(build(name, tmp_path, LABELLED[name]).label(0), drawn)


@pytest.mark.parametrize(("name", "split"), UNLABELLED)
def test_splits_without_public_labels_have_images_alone(name: str, split: str, tmp_path: Path) -> None:
    write_fake(name, tmp_path, count=2)
    dataset = build(name, tmp_path, split)
    assert (len(dataset), dataset.labelled) == (2, False)
    check_dataset(dataset, CITYSCAPES_19)


@pytest.mark.parametrize("name", sorted(LABELLED))
def test_what_is_missing_is_told_with_what_to_download(name: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=f" images at {re.escape(str(tmp_path / name))}.*(Download|Request) "):
        build(name, tmp_path, LABELLED[name])
    write_fake(name, tmp_path, count=1)
    with pytest.raises(AlsegError, match=f"^Unknown split of {name} 'trian'"):
        build(name, tmp_path, "trian")
    assert len(build(name, tmp_path / name, LABELLED[name])) == 1


@pytest.mark.parametrize("name", ["acdc", "bdd100k", "dark-zurich"])
def test_label_ids_in_place_of_train_ids_are_refused(name: str, tmp_path: Path) -> None:
    write_fake(name, tmp_path, count=1)
    (path,) = [
        path
        for path in (tmp_path / name).rglob("*.png")
        if f"/{LABELLED[name]}/" in str(path) and ("/gt/" in str(path) or "/masks/" in str(path))
    ]
    Image.fromarray(np.full((72, 128), 26, np.uint8)).save(path)
    with pytest.raises(
        DataError, match=r"holds ids that .* does not define: 26\. Use the label maps with train ids"
    ):
        build(name, tmp_path, LABELLED[name]).label(0)


@pytest.mark.parametrize("name", ["kitti", "synscapes"])
def test_train_ids_in_place_of_label_ids_are_told(name: str, tmp_path: Path) -> None:
    write_fake(name, tmp_path, count=1)
    dataset = build(name, tmp_path, "train")
    assert dataset.ids_problem({7: 1, 8: 1, 26: 1}) is None
    assert "look like train ids" in dataset.ids_problem({0: 1, 1: 1, 13: 1})


def test_acdc_has_its_conditions_apart_and_together(tmp_path: Path) -> None:
    acdc.write_fake(tmp_path, count=4)
    everything = acdc.build_acdc(root=tmp_path, split="val")
    fog = acdc.build_acdc(root=tmp_path, split="val", condition="fog")
    assert ids_of(fog) == ["GOPR0400_frame_000004"]
    assert len(everything) == 4
    assert {everything.group(index) for index in range(4)} == {"GOPR0400", "GOPR0401", "GOPR0402", "GOPR0403"}


def test_dark_zurich_is_a_target_by_its_time(tmp_path: Path) -> None:
    write_fake("dark-zurich", tmp_path, count=2)
    night, day = (build("dark-zurich", tmp_path, "train", time=time) for time in ("night", "day"))
    assert (night.group(0), day.group(0)) == ("GOPR0350", "GOPR0352")
    # Labels of val are at night, whatever the time of the pool.
    assert build("dark-zurich", tmp_path, "val", time="day").group(0) == "GOPR0360"


def test_images_of_bdd100k_can_be_left_out(tmp_path: Path) -> None:
    bdd100k.write_fake(tmp_path, count=2)
    (tmp_path / "damaged.txt").write_text("00000000-00000000\n")
    left = bdd100k.build_bdd100k(root=tmp_path, split="train", exclude=str(tmp_path / "damaged.txt"))
    assert ids_of(left) == ["00000001-00000001"]


def test_idd_reads_label_maps_of_either_kind(tmp_path: Path) -> None:
    idd.write_fake(tmp_path, count=4)
    official = idd.build_idd(root=tmp_path, split="val", classes="idd-26")
    check_dataset(official, IDD_26)
    own, as_cityscapes = official.label(0), idd.build_idd(root=tmp_path, split="val").label(0)
    car = IDD_26.names.index("car"), CITYSCAPES_19.names.index("car")
    np.testing.assert_array_equal(own == car[0], as_cityscapes == car[1])
    assert idd.label_space(classes="idd-26") is IDD_26
    assert idd.label_space(classes="cityscapes-19") is CITYSCAPES_19


def test_frames_of_idd_are_told_apart_by_their_drives_and_may_be_jpeg(tmp_path: Path) -> None:
    idd.write_fake(tmp_path, count=2)
    place = tmp_path / "idd/leftImg8bit/train/1"
    with Image.open(place / "000001_leftImg8bit.png") as image:
        image.save(place / "000001_leftImg8bit.jpg")
    (place / "000001_leftImg8bit.png").unlink()
    dataset = idd.build_idd(root=tmp_path, split="train")
    assert ids_of(dataset) == ["0_000000", "1_000001"]
    assert [dataset.group(index) for index in range(2)] == ["0", "1"]
    check_dataset(dataset, CITYSCAPES_19)


def test_kitti_takes_the_first_frames_that_have_labels(tmp_path: Path) -> None:
    kitti.write_fake(tmp_path, count=2)
    Image.new("RGB", (8, 8)).save(tmp_path / "kitti/training/image_2/000000_11.png")  # the next frame
    assert ids_of(kitti.build_kitti(root=tmp_path, split="train")) == ["000000_10", "000001_10"]


@pytest.mark.parametrize(("version", "count", "rider"), [("v1.2", 65, 20), ("v2.0", 123, 32)])
def test_mapillary_has_all_its_classes_or_those_of_cityscapes(
    version: Any, count: int, rider: int, tmp_path: Path
) -> None:
    mapillary.write_fake(tmp_path, count=1)
    path = tmp_path / "mapillary/training" / version / "labels/made-up-000000.png"
    # A rider, the last class and void.
    ids = np.full((72, 96), rider, np.uint8)
    ids[:, 1], ids[:, 2] = count - 1, count
    Image.fromarray(ids).save(path)
    as_cityscapes = mapillary.build_mapillary(root=tmp_path, split="train", version=version).label(0)
    own = mapillary.build_mapillary(root=tmp_path, split="train", version=version, classes="all").label(0)
    assert as_cityscapes[0, :3].tolist() == [CITYSCAPES_19.names.index("rider"), 255, 255]
    assert own[0, :3].tolist() == [rider, count - 1, 255]
    space = mapillary.label_space(version=version, classes="all")
    assert (len(space.classes), space.names[rider]) == (count, "bicyclist")


def test_archives_of_mapillary_v1_2_alone_have_no_folder_of_a_version(tmp_path: Path) -> None:
    mapillary.write_fake(tmp_path, count=1)
    (tmp_path / "mapillary/training/v1.2/labels").rename(tmp_path / "mapillary/training/labels")
    (tmp_path / "mapillary/training/v1.2").rmdir()
    check_dataset(mapillary.build_mapillary(root=tmp_path, split="train"), CITYSCAPES_19)
    with pytest.raises(DataError, match=r"^No Mapillary Vistas label maps at .*/validation/labels\."):
        (tmp_path / "mapillary/validation/v1.2/labels/made-up-000001.png").unlink()
        (tmp_path / "mapillary/validation/v1.2/labels").rmdir()
        mapillary.build_mapillary(root=tmp_path, split="val")


def test_predictions_of_merged_classes_are_saved_by_the_id_of_the_same_name(tmp_path: Path) -> None:
    mapillary.write_fake(tmp_path, count=1)
    raw_ids = mapillary.build_mapillary(root=tmp_path, split="train").raw_ids()  # type: ignore[attr-defined]
    # Road is 13, not 7 (bike lane), the lowest id that it holds; sidewalk 15, not 2 (curb); void 65.
    assert (raw_ids[0], raw_ids[1], raw_ids[255]) == (13, 15, 65)


def test_conditions_of_acdc_and_times_of_dark_zurich_have_images_of_their_own_number() -> None:
    parts = [acdc.expected(condition=condition) for condition in acdc.CONDITIONS]
    whole = {split: sum(part[split] for part in parts) for split in acdc.SPLITS}
    assert whole == acdc.expected(condition="all") == {"train": 1600, "val": 406, "test": 2000}
    assert [dark_zurich.expected(time=time)["train"] for time in dark_zurich.TIMES] == [2416, 2920, 3041]
