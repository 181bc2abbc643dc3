"""What CamVid, Cityscapes, GTAV and SYNTHIA have in common; the others: ``test_field_datasets.py``."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType
from typing import get_type_hints

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

import alseg_driving
from alseg import AlsegError, DataError, DatasetSpec
from alseg.testing import check_dataset
from alseg.toolkit.imaging import read_image
from alseg.toolkit.labels import translation
from alseg_driving import camvid, cityscapes, gtav, spaces, synthia

MODULES: dict[str, ModuleType] = {
    "camvid": camvid,
    "cityscapes": cityscapes,
    "gtav": gtav,
    "synthia": synthia,
}
SPECS = {spec.name: spec for spec in alseg_driving.register_datasets() if spec.name in MODULES}
SPACES = {space.name: space for space in alseg_driving.register_label_spaces()}
IMAGES = {
    "camvid": "train/0006R0_f00000.png",
    "cityscapes": "leftImg8bit/train/aachen/aachen_000000_000019_leftImg8bit.png",
    "gtav": "images/00001.png",
    "synthia": "RGB/0000000.png",
}
LABELS = {
    "camvid": "trainannot/0006R0_f00000.png",
    "cityscapes": "gtFine/train/aachen/aachen_000000_000019_gtFine_labelIds.png",
    "gtav": "labels/00001.png",
    "synthia": "GT/LABELS/0000000.png",
}
DOWNLOAD = {
    "camvid": "Download the CamVid folder of the SegNet tutorial and put its content into {}.",
    "cityscapes": (
        "Download leftImg8bit_trainvaltest.zip and gtFine_trainvaltest.zip from the Cityscapes site and "
        "unpack both into {}."
    ),
    "gtav": (
        "Download the ten image and label archives (01_images.zip to 10_labels.zip) of 'Playing for Data' "
        "and unpack all of them into {}."
    ),
    "synthia": (
        "Download SYNTHIA_RAND_CITYSCAPES from the SYNTHIA site and unpack it so that RGB and GT lie in {}."
    ),
}

every_dataset = pytest.mark.parametrize("name", sorted(SPECS))
every_split = pytest.mark.parametrize(
    ("name", "split"), [(spec.name, split) for spec in SPECS.values() for split in spec.splits]
)


def refusal(message: str) -> str:
    return f"^{re.escape(message)}$"


@every_split
def test_fake_data_keep_the_contract(name: str, split: str, tmp_path: Path) -> None:
    MODULES[name].write_fake(tmp_path, count=2)
    dataset = SPECS[name].build(root=tmp_path, split=split)
    assert len(dataset) == 2
    check_dataset(dataset, SPACES[SPECS[name].label_space])


@every_dataset
def test_fake_data_of_one_seed_are_the_same_files(name: str, tmp_path: Path) -> None:
    for folder, seed in (("a", 3), ("b", 3), ("c", 4)):
        MODULES[name].write_fake(tmp_path / folder, seed, count=1)
    first, same, other = (
        (tmp_path / folder / name / IMAGES[name]).read_bytes() for folder in ("a", "b", "c")
    )
    assert first == same
    assert first != other


@every_dataset
def test_label_maps_come_back_in_the_classes_that_were_drawn(name: str, tmp_path: Path) -> None:
    # All 19 classes and void, four columns each, so that every raw id is written and read.
    drawn = np.repeat(np.append(np.arange(19), 255), 4)[None].repeat(20, axis=0).astype(np.uint8)

    def scene(index: int, **_: object) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        return np.zeros((20, 80, 3), np.uint8), drawn

    MODULES[name].write_fake(tmp_path, count=1, scene=scene)
    label = SPECS[name].build(root=tmp_path, split="train").label(0)
    table = translation(spaces.CITYSCAPES_19, SPACES[SPECS[name].label_space])
    np.testing.assert_array_equal(label, table[drawn])


@every_dataset
def test_four_fake_images_show_every_class(name: str, tmp_path: Path) -> None:
    MODULES[name].write_fake(tmp_path)
    dataset = SPECS[name].build(root=tmp_path, split="train")
    seen = set(np.concatenate([np.unique(dataset.label(index)) for index in range(4)]).tolist())
    assert seen == {*range(len(SPACES[SPECS[name].label_space].classes)), 255}


@every_dataset
def test_the_root_may_be_the_data_sets_own_folder(name: str, tmp_path: Path) -> None:
    MODULES[name].write_fake(tmp_path, count=2)
    assert len(SPECS[name].build(root=tmp_path / name, split="train")) == 2


@every_dataset
def test_a_missing_data_set_says_what_to_download_and_where_to_put_it(name: str, tmp_path: Path) -> None:
    title = MODULES[name].LAYOUT.title
    folder = {
        "camvid": "train",
        "cityscapes": "leftImg8bit/train",
        "gtav": "images",
        "synthia": "RGB",
    }[name]
    place = tmp_path / name
    message = f"No {title} images at {place / folder}. {DOWNLOAD[name].format(place)}"
    with pytest.raises(DataError, match=refusal(message)):
        SPECS[name].build(root=tmp_path, split="train")


@every_dataset
def test_a_missing_root_is_asked_for(name: str) -> None:
    title = MODULES[name].LAYOUT.title
    message = f"{title} reads files: set scenario.root to the folder that holds {name}/."
    with pytest.raises(DataError, match=refusal(message)):
        SPECS[name].build(root=None, split="train")


@every_dataset
def test_an_unknown_split_is_refused(name: str, tmp_path: Path) -> None:
    available = ", ".join(SPECS[name].splits)
    message = f"Unknown split of {name} 'trian'. Did you mean 'train'? Available: {available}."
    with pytest.raises(AlsegError, match=refusal(message)):
        SPECS[name].build(root=tmp_path, split="trian")


@every_dataset
def test_missing_label_maps_are_counted_and_the_first_three_named(name: str, tmp_path: Path) -> None:
    MODULES[name].write_fake(tmp_path, count=6)
    base, first = tmp_path / name, Path(LABELS[name])
    names = sorted(path.name for path in (base / first.parent).iterdir())
    for file in names[1:]:
        (base / first.parent / file).unlink()
    listed = ", ".join(str(first.parent / file) for file in names[1:4])
    message = (
        f"5 of 6 {MODULES[name].LAYOUT.title} label maps are missing in {base}: {listed} and 2 more. "
        f"{DOWNLOAD[name].format(base)}"
    )
    with pytest.raises(DataError, match=refusal(message)):
        SPECS[name].build(root=tmp_path, split="train")


@every_dataset
def test_where_all_label_maps_are_missing_their_folder_is_named(name: str, tmp_path: Path) -> None:
    MODULES[name].write_fake(tmp_path, count=1)
    base = tmp_path / name
    (base / LABELS[name]).unlink()
    place = (base / LABELS[name]).parent
    message = f"No {MODULES[name].LAYOUT.title} label maps at {place}. {DOWNLOAD[name].format(base)}"
    with pytest.raises(DataError, match=refusal(message)):
        SPECS[name].build(root=tmp_path, split="train")


@every_dataset
def test_image_and_label_map_of_different_size_are_both_named(name: str, tmp_path: Path) -> None:
    MODULES[name].write_fake(tmp_path, count=1)
    dataset = SPECS[name].build(root=tmp_path, split="train")
    image, label = tmp_path / name / IMAGES[name], tmp_path / name / LABELS[name]
    Image.fromarray(np.zeros((20, 30, 3), np.uint8)).save(image)
    height, width = {"camvid": (72, 96), "cityscapes": (64, 128), "gtav": (66, 120), "synthia": (76, 128)}[
        name
    ]
    message = (
        f"{image} is 20 x 30 pixels (height x width), but its label map {label} is {height} x {width}. "
        "Copy or unpack both again."
    )
    with pytest.raises(DataError, match=f"^{re.escape(message)}"):
        dataset.size(0)


@every_dataset
def test_a_damaged_image_is_named(name: str, tmp_path: Path) -> None:
    MODULES[name].write_fake(tmp_path, count=1)
    path = tmp_path / name / IMAGES[name]
    path.write_bytes(path.read_bytes()[:200])
    dataset = SPECS[name].build(root=tmp_path, split="train")
    with pytest.raises(DataError, match=f"^{re.escape(str(path))} is damaged: "):
        dataset.image(0)


@every_dataset
def test_building_does_not_open_any_image(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    MODULES[name].write_fake(tmp_path, count=2)

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("an image was opened")

    monkeypatch.setattr(Image, "open", refuse)
    assert len(SPECS[name].build(root=tmp_path, split="train")) == 2


@every_dataset
def test_hidden_files_of_other_systems_are_no_images(name: str, tmp_path: Path) -> None:
    MODULES[name].write_fake(tmp_path, count=1)
    image = tmp_path / name / IMAGES[name]
    (image.parent / f"._{image.name}").touch()
    (image.parent / "Thumbs.db").touch()
    assert len(SPECS[name].build(root=tmp_path, split="train")) == 1


@every_dataset
def test_builders_are_typed_and_documented(name: str) -> None:
    spec: DatasetSpec = SPECS[name]
    hints = get_type_hints(spec.build)
    assert {"root", "split", "return"} <= set(hints)
    text = spec.build.__doc__ or ""
    assert all(part in text for part in ("Features:", "Format:", "Citation:"))


def test_every_data_set_is_in_a_label_space_of_this_plugin() -> None:
    assert {spec.label_space for spec in SPECS.values()} <= set(SPACES)


def test_a_scene_too_small_for_the_blocks_is_a_bug_of_the_caller(tmp_path: Path) -> None:
    message = "size must be at least 16 on both sides, got (8, 32)"
    with pytest.raises(ValueError, match=refusal(message)):
        gtav.write_fake(tmp_path, size=(8, 32))


def test_fake_images_show_the_given_scene(tmp_path: Path) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (4, 6, 3)).astype(np.uint8)

    def scene(index: int, **_: object) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        return picture, np.zeros((4, 6), np.uint8)

    cityscapes.write_fake(tmp_path, count=1, scene=scene)
    np.testing.assert_array_equal(read_image(tmp_path / "cityscapes" / IMAGES["cityscapes"]), picture)
