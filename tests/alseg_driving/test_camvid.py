from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from alseg import DataError
from alseg.testing import check_dataset
from alseg_driving.camvid import build_camvid, write_fake
from alseg_driving.spaces import CAMVID_11

SHARED = Path(__file__).parents[2] / "../shared"
real_data = pytest.mark.skipif(
    not (SHARED / "camvid/train").is_dir(), reason="the real CamVid is not beside the repository"
)


def refusal(message: str) -> str:
    return f"^{re.escape(message)}$"


@real_data
@pytest.mark.parametrize(("split", "count"), [("train", 367), ("val", 101)])
def test_the_real_camvid_has_all_its_images(split: str, count: int) -> None:
    dataset = build_camvid(root=SHARED, split=split)
    assert len(dataset) == count
    assert {dataset.size(index) for index in range(count)} == {(360, 480)}
    check_dataset(dataset, CAMVID_11)


@real_data
def test_the_real_label_maps_show_what_they_say() -> None:
    dataset = build_camvid(root=SHARED / "camvid", split="val")
    label = dataset.label(0)
    sky, road = CAMVID_11.names.index("sky"), CAMVID_11.names.index("road")
    rows = np.arange(360)[:, None].repeat(480, axis=1)
    assert rows[label == sky].mean() < 120
    assert rows[label == road].mean() > 240


def test_only_the_last_two_parts_of_listed_paths_count(tmp_path: Path) -> None:
    write_fake(tmp_path, count=1)
    assert (tmp_path / "camvid/train.txt").read_text() == (
        "/SegNet/CamVid/train/0006R0_f00000.png /SegNet/CamVid/trainannot/0006R0_f00000.png\n"
    )
    dataset = build_camvid(root=tmp_path, split="train")
    assert dataset.image_id(0) == "0006R0_f00000"
    assert dataset.size(0) == (72, 96)


def test_empty_lines_of_a_list_are_no_images(tmp_path: Path) -> None:
    write_fake(tmp_path, count=1)
    listing = tmp_path / "camvid/train.txt"
    listing.write_text(f"\n{listing.read_text()}\n")
    assert len(build_camvid(root=tmp_path, split="train")) == 1


def test_an_image_that_is_not_listed_is_not_in_the_split(tmp_path: Path) -> None:
    write_fake(tmp_path, count=2)
    listing = tmp_path / "camvid/train.txt"
    listing.write_text(listing.read_text().splitlines()[1])
    dataset = build_camvid(root=tmp_path, split="train")
    assert [dataset.image_id(index) for index in range(len(dataset))] == ["0006R0_f00001"]


def test_a_missing_list_is_named(tmp_path: Path) -> None:
    write_fake(tmp_path, count=1)
    (tmp_path / "camvid/val.txt").unlink()
    message = (
        f"No CamVid list of images at {tmp_path}/camvid/val.txt. Download the CamVid folder of the SegNet "
        f"tutorial and put its content into {tmp_path}/camvid."
    )
    with pytest.raises(DataError, match=refusal(message)):
        build_camvid(root=tmp_path, split="val")


def test_an_empty_list_is_an_empty_split(tmp_path: Path) -> None:
    write_fake(tmp_path, count=1)
    (tmp_path / "camvid/val.txt").write_text("\n")
    message = (
        f"No CamVid images at {tmp_path}/camvid/val.txt. Download the CamVid folder of the SegNet "
        f"tutorial and put its content into {tmp_path}/camvid."
    )
    with pytest.raises(DataError, match=refusal(message)):
        build_camvid(root=tmp_path, split="val")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("train/a.png", "is not a pair 'FOLDER/IMAGE FOLDER/LABEL'. Mend the line."),
        ("a.png b.png", "is not a pair 'FOLDER/IMAGE FOLDER/LABEL'. Mend the line."),
        ("../a.png trainannot/a.png", "leads out of {base}. Mend the line."),
        ("train/.. trainannot/a.png", "leads out of {base}. Mend the line."),
        ("train/a.png /a.png", "leads out of {base}. Mend the line."),
    ],
)
def test_a_malformed_or_outward_line_is_named(line: str, message: str, tmp_path: Path) -> None:
    write_fake(tmp_path, count=1)
    base = tmp_path / "camvid"
    listing = base / "train.txt"
    listing.write_text(listing.read_text() + line + "\n")
    with pytest.raises(DataError, match=refusal(f"{listing}:2: '{line}' {message.format(base=base)}")):
        build_camvid(root=tmp_path, split="train")


def test_an_image_listed_twice_is_refused(tmp_path: Path) -> None:
    write_fake(tmp_path, count=1)
    listing = tmp_path / "camvid/train.txt"
    listing.write_text(listing.read_text() * 2)
    with pytest.raises(
        DataError, match=refusal(f"{listing} gives the image 0006R0_f00000 twice. Remove one of them.")
    ):
        build_camvid(root=tmp_path, split="train")


def test_ids_that_camvid_does_not_define_are_named(tmp_path: Path) -> None:
    write_fake(tmp_path, count=1)
    path = tmp_path / "camvid/trainannot/0006R0_f00000.png"
    Image.fromarray(np.array([[0, 11, 12], [200, 12, 3]], np.uint8)).save(path)
    message = (
        f"{path} holds ids that CamVid does not define: 12, 200. "
        "Use the label maps as they come in the archive, or copy the file again."
    )
    with pytest.raises(DataError, match=refusal(message)):
        build_camvid(root=tmp_path, split="train").label(0)


def test_images_of_one_drive_are_a_group(tmp_path: Path) -> None:
    write_fake(tmp_path, count=2)
    groups = [
        {dataset.group(index) for index in range(2)}  # type: ignore[attr-defined]
        for split in ("train", "val")
        for dataset in [build_camvid(root=tmp_path, split=split)]
    ]
    assert groups == [{"0006R0"}, {"0016E5"}]
