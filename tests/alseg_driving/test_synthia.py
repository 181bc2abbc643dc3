from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from alseg import DataError
from alseg_driving.fake import write_png16
from alseg_driving.spaces import SYNTHIA_16
from alseg_driving.synthia import build_synthia, write_fake


def write_ids(path: Path, ids: list[int]) -> None:
    pixels = np.zeros((1, len(ids), 3), np.uint16)
    pixels[0, :, 0] = ids
    pixels[0, :, 1] = 500  # instances; they must not matter
    write_png16(path, pixels)


def test_raw_ids_mean_the_classes_of_the_published_protocol(tmp_path: Path) -> None:
    write_fake(tmp_path, count=1)
    names = {
        3: "road", 4: "sidewalk", 2: "building", 21: "wall", 5: "fence", 7: "pole", 15: "traffic light",
        9: "traffic sign", 6: "vegetation", 1: "sky", 10: "person", 17: "rider", 8: "car", 19: "bus",
        12: "motorcycle", 11: "bicycle",
    }  # fmt: skip
    write_ids(tmp_path / "synthia/GT/LABELS/0000000.png", list(names))
    label = build_synthia(root=tmp_path, split="train").label(0)
    assert [SYNTHIA_16.names[index] for index in label[0]] == list(names.values())


def test_ids_without_a_class_of_the_protocol_are_void(tmp_path: Path) -> None:
    write_fake(tmp_path, count=1)
    write_ids(tmp_path / "synthia/GT/LABELS/0000000.png", [0, 13, 14, 16, 18, 20, 22])
    assert (build_synthia(root=tmp_path, split="train").label(0) == 255).all()


@pytest.mark.parametrize(("ids", "named"), [([3, 23], "23"), ([3, 259, 1000], "259, 1000")])
def test_ids_that_synthia_does_not_define_are_named(ids: list[int], named: str, tmp_path: Path) -> None:
    # 259 = 256 + 3 must not pass for road because its low byte is 3.
    write_fake(tmp_path, count=1)
    path = tmp_path / "synthia/GT/LABELS/0000000.png"
    write_ids(path, ids)
    message = (
        f"{path} holds ids that SYNTHIA does not define: {named}. "
        "Use the label maps as they come in the archive, or copy the file again. "
        "Or leave the image out: write 0000000 into a text file and set 'exclude' of synthia to it."
    )
    with pytest.raises(DataError, match=f"^{re.escape(message)}$"):
        build_synthia(root=tmp_path, split="train").label(0)


def test_listed_images_are_left_out(tmp_path: Path) -> None:
    write_fake(tmp_path, count=3)
    listing = tmp_path / "damaged.txt"
    listing.write_text("0000001\n")
    dataset = build_synthia(root=tmp_path, split="train", exclude=str(listing))
    assert [dataset.image_id(index) for index in range(len(dataset))] == ["0000000", "0000002"]


def test_the_folder_name_of_the_archive_is_found(tmp_path: Path) -> None:
    write_fake(tmp_path, count=3)
    (tmp_path / "synthia").rename(tmp_path / "RAND_CITYSCAPES")
    assert len(build_synthia(root=tmp_path, split="train")) == 3
