"""Pairs, splits, groups and encodings of the data set ``folder``, on small files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import alseg_folder
from alseg import AlsegError, DatasetSpec
from alseg.registry.datasets import label_space_of, splits_of
from alseg.registry.loading import registry_of
from alseg.registry.parameters import validate_parameters
from alseg.testing import check_dataset
from alseg.toolkit.tiles import TiledFiles, spans

REGISTRY = registry_of(alseg_folder)
SPEC: DatasetSpec = REGISTRY.get("datasets", "folder").spec
IDS = {"ids": {"0": "background", "255": "vessel"}}


def opened(root: Path, split: str = "train", **params: Any) -> Any:
    return SPEC.build(root=root, split=split, **validate_parameters(SPEC, params))


def space_of(root: Path, **params: Any) -> Any:
    return label_space_of(REGISTRY, SPEC, validate_parameters(SPEC, params), root)


def save(path: Path, pixels: Any, **options: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    array = np.asarray(pixels, options.pop("dtype", np.uint8))
    Image.fromarray(array).save(path, **options)


def photo(path: Path, size: tuple[int, int] = (4, 6)) -> None:
    save(path, np.random.default_rng(len(path.name)).integers(0, 256, (*size, 3)))


def mask(path: Path, value: int = 255) -> None:
    pixels = np.zeros((4, 6), np.uint8)
    pixels[0, 0] = value
    save(path, pixels)


def ids_of(dataset: Any) -> list[str]:
    return [dataset.image_id(index) for index in range(len(dataset))]


def refused(call: Callable[[], object]) -> str:
    with pytest.raises(AlsegError) as raised:
        call()
    return str(raised.value)


def test_masks_of_0_and_255_keep_the_contract(tmp_path: Path) -> None:
    for name in ("a", "b"):
        photo(tmp_path / f"rgb/{name}.jpg")
        mask(tmp_path / f"seg/{name}_mask.gif")
    params = {"images": "rgb/*.jpg", "labels": "seg/{stem}_mask.gif", **IDS}
    dataset = opened(tmp_path, **params)
    check_dataset(dataset, space_of(tmp_path, **params))
    assert ids_of(dataset) == ["a", "b"]
    assert dataset.label(0).sum() == 1 and dataset.label(0)[0, 0] == 1
    assert dataset.stamp(0) != opened(tmp_path, **params | {"void": [7]}).stamp(0)


@pytest.mark.parametrize("suffix", ["png", "tif", "bmp", "webp", "gif", "jpg"])
def test_images_of_many_formats_are_found_by_a_pattern_without_suffix(tmp_path: Path, suffix: str) -> None:
    photo(tmp_path / f"rgb/a.{suffix}")
    (tmp_path / "rgb/notes.txt").write_text("no image")
    dataset = opened(tmp_path, images="rgb/*")
    assert ids_of(dataset) == ["a"]
    assert dataset.image(0).shape == (4, 6, 3)


def test_colours_are_read_from_rgba_files_by_a_table(tmp_path: Path) -> None:
    photo(tmp_path / "rgb/a.png")
    pixels = np.full((4, 6, 4), 255, np.uint8)
    pixels[..., :3] = [128, 64, 128]
    pixels[0, 0] = [70, 130, 180, 0]
    pixels[0, 1] = [0, 0, 0, 255]
    save(tmp_path / "seg/a.png", pixels)
    table = "name,r,g,b\nroad,128,64,128\nsky,70,130,180\nunlabeled,0,0,0\n"
    (tmp_path / "classes.csv").write_text(table)
    params = {
        "images": "rgb/*.png",
        "labels": "seg/{stem}.png",
        "colors": "classes.csv",
        "void": ["unlabeled"],
    }
    label = opened(tmp_path, **params).label(0)
    assert label[0, :3].tolist() == [1, 255, 0]
    space = space_of(tmp_path, **params)
    assert [(info.name, info.color) for info in space.classes] == [
        ("road", (128, 64, 128)),
        ("sky", (70, 130, 180)),
    ]


def test_unknown_colours_are_named_with_their_pixels(tmp_path: Path) -> None:
    photo(tmp_path / "rgb/a.png")
    pixels = np.zeros((4, 6, 3), np.uint8)
    pixels[0, :2] = [9, 8, 7]
    save(tmp_path / "seg/a.png", pixels)
    params: dict[str, Any] = {
        "images": "rgb/*.png",
        "labels": "seg/{stem}.png",
        "colors": {"road": [1, 1, 1]},
    }
    # 4 x 6 pixels, of which 2 are of the other colour.
    assert refused(lambda: opened(tmp_path, **params).label(0)).startswith(
        f"{tmp_path}/seg/a.png holds colours that {tmp_path.name} does not define: [0, 0, 0] (22 pixels), "
        "[9, 8, 7] (2 pixels). Name them in 'colors' or 'void', or set 'others: void'."
    )
    assert set(np.unique(opened(tmp_path, **params, others="void").label(0))) == {255}


def test_ids_may_start_at_one_with_zero_void_and_have_16_bits(tmp_path: Path) -> None:
    photo(tmp_path / "a.jpg", (1, 3))
    save(tmp_path / "a.png", [[0, 1, 2]])
    params: dict[str, Any] = {"images": "*.jpg", "labels": "{stem}.png", "ids": ["road", "sky"], "void": [0]}
    assert opened(tmp_path, **params, offset=1).label(0).tolist() == [[255, 0, 1]]
    save(tmp_path / "a.png", [[0, 24001, 2]], dtype=np.uint16)
    wide = params | {"ids": {"2": "road", "24001": "car"}}
    assert opened(tmp_path, **wide).label(0).tolist() == [[255, 1, 0]]
    message = refused(lambda: opened(tmp_path, **params).label(0))
    assert "holds ids that" in message and "24001" in message


def test_each_class_may_have_a_file_of_its_own(tmp_path: Path) -> None:
    for name in ("a", "b"):
        photo(tmp_path / f"{name}.jpg")
    mask(tmp_path / "a_road.png", 1)
    mask(tmp_path / "b_road.png")
    mask(tmp_path / "b_car.png")
    params = {"images": "*.jpg", "labels": {"road": "{stem}_road.png", "car": "{stem}_car.png"}}
    dataset = opened(tmp_path, **params, background="rest")
    check_dataset(dataset, space_of(tmp_path, **params, background="rest"))
    # Classes are rest, road and car; the later mask covers the earlier one.
    assert [dataset.label(index)[0, 0] for index in (0, 1)] == [1, 2]
    assert dataset.label(0)[1, 1] == 0
    assert opened(tmp_path, **params).label(0)[1, 1] == 255


def test_folders_and_fields_name_splits_groups_and_label_files(tmp_path: Path) -> None:
    for split, city in (("train", "aachen"), ("train", "bonn"), ("val", "ulm")):
        photo(tmp_path / f"left/{split}/{city}/0_left.png")
        mask(tmp_path / f"gt/{split}/{city}/0_ids.png")
    params = {
        "images": "left/{split}/{city}/{frame}_left.png",
        "labels": "gt/{split}/{city}/{frame}_ids.png",
        "group": "{city}",
        **IDS,
    }
    dataset = opened(tmp_path, **params)
    assert splits_of(SPEC, validate_parameters(SPEC, params)) == ("train", "val")
    assert ids_of(dataset) == ["aachen/0_left", "bonn/0_left"]
    assert [dataset.group(index) for index in (0, 1)] == ["aachen", "bonn"]
    assert ids_of(opened(tmp_path, "val", **params)) == ["ulm/0_left"]


def test_any_depth_of_folders_is_found_and_kept_in_label_paths(tmp_path: Path) -> None:
    for place in ("2024/05/a", "2024/b"):
        photo(tmp_path / f"{place}.jpg")
        mask(tmp_path / f"masks/{place.removeprefix('2024/')}.png")
    (tmp_path / "2024/loop").symlink_to(tmp_path / "2024")
    dataset = opened(tmp_path, images="2024/**/*.jpg", labels="masks/{path}/{stem}.png", **IDS)
    assert ids_of(dataset) == ["05/a", "b"]
    assert dataset.label(1)[0, 0] == 1


def test_label_files_beside_images_are_no_images(tmp_path: Path) -> None:
    for name in ("a", "b"):
        photo(tmp_path / f"all/{name}/{name}.png")
        mask(tmp_path / f"all/{name}/{name}_mask.png")
    expected = ["a/a", "b/b"]
    assert ids_of(opened(tmp_path, images="all/**", labels="all/{path}/{stem}_mask.png", **IDS)) == expected
    # A word that stands twice is the same part of the name both times.
    assert ids_of(opened(tmp_path, images="all/{dir}/{dir}.png")) == expected


def test_lists_of_another_machine_are_read_from_the_root_on(tmp_path: Path) -> None:
    photo(tmp_path / "train/0001TP_1.png")
    mask(tmp_path / "trainannot/0001TP_1.png")
    (tmp_path / "train.txt").write_bytes(
        b"\xef\xbb\xbf/SegNet/CamVid/train/0001TP_1.png /SegNet/CamVid/trainannot/0001TP_1.png\r\n\r\n"
    )
    dataset = opened(tmp_path, splits={"train": "train.txt"}, **IDS)
    assert ids_of(dataset) == ["train/0001TP_1"]
    assert dataset.label(0)[0, 0] == 1


def test_a_list_chooses_among_the_images_of_a_pattern(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        photo(tmp_path / f"rgb/{name}.png")
    (tmp_path / "val.txt").write_text("c\na.png\n")
    assert ids_of(opened(tmp_path, "val", images="rgb/*.png", splits={"val": "val.txt"})) == ["c", "a"]
    (tmp_path / "val.txt").write_text("d\n")
    assert refused(lambda: opened(tmp_path, "val", images="rgb/*.png", splits={"val": "val.txt"})) == (
        f"{tmp_path}/val.txt lists 'd', which is none of the 3 images of 'images', or several. "
        "List them as 'a'."
    )


def test_a_table_gives_labels_splits_groups_and_further_fields(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        photo(tmp_path / f"{name}.jpg")
        mask(tmp_path / f"{name}.png")
    (tmp_path / "all.csv").write_text(
        "image;label;split;patient\na.jpg;a.png;train;p1\nb.jpg;b.png;val;p2\nc.jpg;c.png;train;p1\n"
    )
    dataset = opened(tmp_path, listing="all.csv", group="{patient}", **IDS)
    assert ids_of(dataset) == ["a", "c"]
    assert [dataset.group(index) for index in (0, 1)] == ["p1", "p1"]
    assert ids_of(opened(tmp_path, "val", listing="all.csv", **IDS)) == ["b"]


def test_shares_divide_all_images_and_never_a_group(tmp_path: Path) -> None:
    for drive in range(5):
        for frame in range(4):
            photo(tmp_path / f"d{drive}_{frame}.png", (1, 1))
    params = {"images": "{drive}_*.png", "group": "{drive}", "splits": {"train": "60%", "val": "40%"}}
    train, val = opened(tmp_path, **params), opened(tmp_path, "val", **params)
    # 60% and 40% of 5 drives of 4 frames each.
    assert (len(train), len(val)) == (12, 8)
    groups = [{one.group(index) for index in range(len(one))} for one in (train, val)]
    assert not groups[0] & groups[1]
    others = opened(tmp_path, **params, seed=1)
    assert ids_of(others) != ids_of(train) and ids_of(opened(tmp_path, **params)) == ids_of(train)


def test_images_without_labels_are_a_split_that_says_so(tmp_path: Path) -> None:
    photo(tmp_path / "new/a.jpg")
    photo(tmp_path / "old/b.jpg")
    mask(tmp_path / "old/b.png")
    splits = {"train": {"images": "new/*.jpg", "labels": None}, "val": {"images": "old/*.jpg"}}
    params = {"labels": "old/{stem}.png", "splits": splits, **IDS}
    dataset = opened(tmp_path, **params)
    check_dataset(dataset, space_of(tmp_path, **params))
    assert dataset.labelled is False and dataset.size(0) == (4, 6)
    assert opened(tmp_path, "val", **params).labelled is True
    assert space_of(tmp_path, images="new/*.jpg") is None


def test_large_images_are_tiles_of_one_group(tmp_path: Path) -> None:
    photo(tmp_path / "a.jpg", (40, 100))
    mask_pixels = np.zeros((40, 100), np.uint8)
    mask_pixels[0, 50] = 255
    save(tmp_path / "a.png", mask_pixels)
    photo(tmp_path / "b.jpg", (32, 32))
    save(tmp_path / "b.png", np.zeros((32, 32), np.uint8))
    params = {"images": "*.jpg", "labels": "{stem}.png", **IDS, "tile": 64}
    dataset = opened(tmp_path, **params)
    check_dataset(dataset, space_of(tmp_path, **params))
    # 100 pixels are two parts of at most 64, 50 each; 40 are one.
    assert ids_of(dataset) == ["a_y0000_x0000", "a_y0000_x0050", "b"]
    assert [dataset.size(index) for index in range(3)] == [(40, 50), (40, 50), (32, 32)]
    assert [dataset.group(index) for index in range(3)] == ["a", "a", "b"]
    assert (dataset.label(0).sum(), dataset.label(1)[0, 0]) == (0, 1)
    assert isinstance(dataset, TiledFiles)


@pytest.mark.parametrize(
    ("length", "tile", "overlap", "expected"),
    [
        (64, 64, 0, [(0, 64)]),
        (65, 64, 0, [(0, 32), (32, 33)]),
        # Two parts of 50 pixels, grown by 2 before and 2 after where there is a neighbour.
        (100, 64, 4, [(0, 52), (48, 52)]),
    ],
)
def test_sides_are_cut_into_equal_parts(
    length: int, tile: int, overlap: int, expected: list[tuple[int, int]]
) -> None:
    assert spans(length, tile, overlap) == expected


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({}, "Data set 'folder' has no images. Set 'images', such as \"rgb/*.png\", or 'listing'."),
        (
            {"images": "rgb/*.png"},
            "No data images like rgb/*.png at ROOT/rgb: 1 .jpg file found, .png expected. Correct 'images' "
            "and 'labels', or put the files there.",
        ),
        ({"images": "../*.png"}, "The pattern '../*.png' leads out of the root. Write it from the root on."),
        (
            {"images": "rgb/*.jpg", "labels": "seg/{stm}.png"},
            "Unknown field of 'labels' 'stm'. Did you mean 'stem'?",
        ),
        (
            {"images": "rgb/*.jpg", "labels": "seg/{stem}.png", **IDS},
            "No data label maps at ROOT/seg. Correct 'images' and 'labels', or put the files there.",
        ),
        (
            {"images": "rgb/*.jpg", "labels": "rgb/{stem}.jpg"},
            "Data set 'folder' has label files, but nothing says what they mean. Set 'ids' (such as "
            "{0: road, 1: sky}) or 'colors' (such as {road: [128, 64, 128]}).",
        ),
        (
            {"images": "rgb/*.jpg", "splits": {"train": "80%", "val": "30%"}},
            "The shares of 'splits' add up to 110%",
        ),
        ({"listing": "none.txt"}, "There is no file ROOT/none.txt. Name it from the root on."),
        (
            {"images": "rgb/*.jpg", "splits": {"train": {"image": "a"}}},
            "Unknown key of split 'train' 'image'. Did you mean 'images'?",
        ),
    ],
)
def test_mistakes_are_told_with_what_was_found(tmp_path: Path, params: dict[str, Any], message: str) -> None:
    root = tmp_path / "data"
    photo(root / "rgb/a.jpg")
    assert message in refused(lambda: opened(root, **params)).replace(str(root), "ROOT")


def test_one_list_of_images_to_leave_out_serves_all_splits(tmp_path: Path) -> None:
    for split in ("train", "val"):
        for name in "ab":
            photo(tmp_path / f"rgb/{split}/{split}-{name}.png")
    excluded = tmp_path / "excluded.txt"
    excluded.write_text("train-a\nval-b\n")
    params = {"images": "rgb/{split}/*.png", "exclude": str(excluded)}
    assert ids_of(opened(tmp_path, **params)) == ["train-b"]
    assert ids_of(opened(tmp_path, "val", **params)) == ["val-a"]
    excluded.write_text("train-a\nval-c\n")
    assert "leaves out images that do not exist: val-c (1 in all)" in refused(
        lambda: opened(tmp_path, **params)
    )


def test_the_id_of_a_tile_leaves_out_its_image(tmp_path: Path) -> None:
    for name in ("a", "b", "c_y0000_x0000"):
        photo(tmp_path / f"rgb/{name}.png", size=(40, 80))
    excluded = tmp_path / "excluded.txt"
    excluded.write_text("a_y0000_x0032\nc_y0000_x0000\n")
    params = {"images": "rgb/*.png", "exclude": str(excluded), "tile": 32}
    assert {name.partition("_")[0] for name in ids_of(opened(tmp_path, **params))} == {"b"}


def test_a_list_that_chooses_images_may_name_label_files_of_another_machine(tmp_path: Path) -> None:
    for name in "ab":
        photo(tmp_path / f"rgb/{name}.png")
        mask(tmp_path / f"seg/{name}.png")
    (tmp_path / "train.txt").write_text("/old/own/rgb/b.png /old/own/seg/b.png\n")
    dataset = opened(tmp_path, images="rgb/*.png", listing="train.txt", splits={"train": "train"}, **IDS)
    assert ids_of(dataset) == ["b"]
    assert dataset.label(0).sum() == 1
