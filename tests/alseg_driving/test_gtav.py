from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from alseg import DataError
from alseg_driving.gtav import build_gtav, write_fake


def refusal(message: str) -> str:
    return f"^{re.escape(message)}$"


def image_ids(root: Path, exclude: Path) -> list[str]:
    dataset = build_gtav(root=root, split="train", exclude=str(exclude))
    return [dataset.image_id(index) for index in range(len(dataset))]


def test_fake_label_maps_are_palette_files_with_the_ids_of_cityscapes(tmp_path: Path) -> None:
    write_fake(tmp_path, count=1)
    with Image.open(tmp_path / "gtav/labels/00001.png") as label:
        assert label.mode == "P"
        # Id 7 is road; its palette entry is road's colour.
        assert label.getpalette()[21:24] == [128, 64, 128]  # type: ignore[index]
        assert 7 in np.asarray(label)


def test_licence_plates_are_void_in_either_spelling(tmp_path: Path) -> None:
    write_fake(tmp_path, count=1)
    Image.fromarray(np.array([[34, 255, 7, 0]], np.uint8)).save(tmp_path / "gtav/labels/00001.png")
    assert build_gtav(root=tmp_path, split="train").label(0).tolist() == [[255, 255, 0, 255]]


def test_listed_images_are_left_out(tmp_path: Path) -> None:
    write_fake(tmp_path, count=4)
    listing = tmp_path / "damaged.txt"
    listing.write_text("# damaged in our mirror\n00002  # truncated\n\n00004.png\n")
    assert image_ids(tmp_path, listing) == ["00001", "00003"]


def test_an_excluded_image_needs_no_label_map(tmp_path: Path) -> None:
    write_fake(tmp_path, count=2)
    (tmp_path / "gtav/labels/00002.png").unlink()
    listing = tmp_path / "damaged.txt"
    listing.write_text("00002\n")
    assert image_ids(tmp_path, listing) == ["00001"]


def test_leaving_out_an_image_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    write_fake(tmp_path, count=2)
    listing = tmp_path / "damaged.txt"
    listing.write_text("00001\n0002\n")
    message = (
        f"{listing} leaves out images that do not exist: 0002 (1 in all). Correct or remove these lines."
    )
    with pytest.raises(DataError, match=refusal(message)):
        image_ids(tmp_path, listing)


def test_a_missing_list_of_images_to_leave_out_is_named(tmp_path: Path) -> None:
    write_fake(tmp_path, count=1)
    listing = tmp_path / "damaged.txt"
    message = (
        f"Cannot read the list of images to leave out, {listing}: No such file or directory. "
        "Set 'exclude' to a text file."
    )
    with pytest.raises(DataError, match=refusal(message)):
        image_ids(tmp_path, listing)


def test_leaving_out_every_image_is_an_empty_split(tmp_path: Path) -> None:
    write_fake(tmp_path, count=1)
    listing = tmp_path / "damaged.txt"
    listing.write_text("00001\n")
    message = f"The list {listing} leaves out every image of GTAV. Shorten it."
    with pytest.raises(DataError, match=refusal(message)):
        image_ids(tmp_path, listing)


def test_a_file_that_cannot_be_used_comes_with_the_way_to_leave_it_out(tmp_path: Path) -> None:
    write_fake(tmp_path, count=1)
    path = tmp_path / "gtav/images/00001.png"
    path.write_bytes(b"")
    message = (
        f"{path} is empty (0 bytes). Copy or unpack it again. "
        "Or leave the image out: write 00001 into a text file and set 'exclude' of gtav to it."
    )
    with pytest.raises(DataError, match=refusal(message)):
        build_gtav(root=tmp_path, split="train").size(0)
