from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from alseg import DataError
from alseg_driving.cityscapes import build_cityscapes, write_fake


def test_images_of_all_cities_are_found_in_order(tmp_path: Path) -> None:
    write_fake(tmp_path, count=2)
    images = tmp_path / "cityscapes/leftImg8bit/train"
    (images / "aachen/readme.txt").touch()
    dataset = build_cityscapes(root=tmp_path, split="train")
    assert [dataset.image_id(index) for index in range(2)] == ["aachen_000000_000019", "aachen_000001_000019"]


def test_train_and_val_are_different_images(tmp_path: Path) -> None:
    write_fake(tmp_path, count=2)
    dataset = build_cityscapes(root=tmp_path, split="val")
    assert [dataset.image_id(index) for index in range(2)] == [
        "frankfurt_000002_000019",
        "frankfurt_000003_000019",
    ]


def test_the_ids_of_all_34_annotated_classes_and_licence_plates_are_known(tmp_path: Path) -> None:
    write_fake(tmp_path, count=1)
    path = tmp_path / "cityscapes/gtFine/train/aachen/aachen_000000_000019_gtFine_labelIds.png"
    Image.fromarray(np.array([[*range(34), 255]], np.uint8)).save(path)
    label = build_cityscapes(root=tmp_path, split="train").label(0)[0].tolist()
    # Ids 0-6 are void, 7 and 8 are road and sidewalk, 9 and 10 void, 11-13 building, wall, fence, 14-16 void,
    # 17 pole, 18 void, 19-28 traffic light to bus, 29 and 30 void, 31-33 train, motorcycle, bicycle.
    expected = [255] * 7 + [
        0,
        1,
        255,
        255,
        2,
        3,
        4,
        255,
        255,
        255,
        5,
        255,
        *range(6, 16),
        255,
        255,
        16,
        17,
        18,
    ]
    assert label == [*expected, 255]


def test_an_undefined_id_is_named(tmp_path: Path) -> None:
    write_fake(tmp_path, count=1)
    path = tmp_path / "cityscapes/gtFine/train/aachen/aachen_000000_000019_gtFine_labelIds.png"
    Image.fromarray(np.array([[7, 34, 254]], np.uint8)).save(path)
    message = (
        f"{path} holds ids that Cityscapes does not define: 34, 254. "
        "Use the label maps as they come in the archive, or copy the file again."
    )
    with pytest.raises(DataError, match=f"^{re.escape(message)}$"):
        build_cityscapes(root=tmp_path, split="train").label(0)


def test_a_missing_split_is_named_where_the_other_one_lies(tmp_path: Path) -> None:
    write_fake(tmp_path, count=1)
    base = tmp_path / "cityscapes"
    shutil.rmtree(base / "leftImg8bit/val")
    message = (
        f"No Cityscapes images at {base}/leftImg8bit/val. Download leftImg8bit_trainvaltest.zip and "
        f"gtFine_trainvaltest.zip from the Cityscapes site and unpack both into {base}."
    )
    with pytest.raises(DataError, match=f"^{re.escape(message)}$"):
        build_cityscapes(root=base, split="val")


def test_a_split_without_images_is_empty(tmp_path: Path) -> None:
    base = tmp_path / "cityscapes"
    (base / "leftImg8bit/val/frankfurt").mkdir(parents=True)
    message = (
        f"No Cityscapes images at {base}/leftImg8bit/val. Download leftImg8bit_trainvaltest.zip and "
        f"gtFine_trainvaltest.zip from the Cityscapes site and unpack both into {base}."
    )
    with pytest.raises(DataError, match=f"^{re.escape(message)}$"):
        build_cityscapes(root=tmp_path, split="val")


def test_images_of_one_sequence_are_a_group(tmp_path: Path) -> None:
    write_fake(tmp_path, count=2)
    dataset = build_cityscapes(root=tmp_path, split="train")
    assert [dataset.group(index) for index in range(2)] == ["aachen_000000", "aachen_000001"]  # type: ignore[attr-defined]
