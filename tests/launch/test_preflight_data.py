"""Faulty data sets: what ``alseg data check`` calls a problem, a run refuses beforehand in the same words."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

import alseg_driving
from alseg import AlsegError
from alseg.cli import main
from alseg.config.experiment import Component, Scenario
from alseg.data.scenario import Domain, ScenarioData
from alseg.launch.preflight_data import check_data
from alseg.registry.loading import registry_of
from alseg.registry.registry import Registry
from alseg.toolkit.labels import translation
from faults import (
    Break,
    constant,
    converted,
    cut,
    damage_pixels,
    every_label,
    first_image,
    first_label,
    images,
    in_two_bits,
    indexed,
    labels,
    linked,
    picture,
    renamed,
    rotated,
    shrunk_bilinearly,
    to_train_ids,
    with_mark_and_crlf,
    write,
)

TRAIN_ID_PROBLEM = (
    "No label map shows an id 19-33, such as 21 vegetation, 23 sky or 26 car: these look like train ids "
    "(0-18). Use the label maps with label ids, such as *_gtFine_labelIds.png."
)
VOID_ONLY = "No label map shows a class of label space cityscapes-19, only void (ids {}). {}"
AS_THEY_COME = "Use the label maps as they come in the archive."
MOSTLY_VOID = (
    "75% of all pixels are void, more than 50%: the ids do not mean what the data set takes them for. "
    f"{AS_THEY_COME}"
)
AGAIN = "Copy or unpack it again."
COLOURED = "Use the label maps with class ids, not the coloured ones."


@pytest.fixture(autouse=True)
def registry(monkeypatch: pytest.MonkeyPatch) -> Registry:
    loaded = registry_of(alseg_driving)
    monkeypatch.setattr("alseg.registry.loading.load_registry", lambda: loaded)
    return loaded


LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"


@dataclass(frozen=True)
class Case:
    """One fault.

    Attributes:
        title: Of the test.
        name: The data set, of three images 128 x 64.
        break_it: Makes the fault, given the root.
        said: Problem and remedy, each a part of what is told; ``{image}`` and ``{label}`` are the
            first files.
        only_decoding_finds_it: Whether header and end of the file look right and it is no label map.
    """

    title: str
    name: str
    break_it: Break
    said: tuple[str, ...]
    only_decoding_finds_it: bool = False


CASES = [
    Case("train ids", "cityscapes", every_label(to_train_ids, "cityscapes"), (TRAIN_ID_PROBLEM,)),
    Case("train ids", "gtav", every_label(to_train_ids, "gtav"), (TRAIN_ID_PROBLEM,)),
    Case(
        "0 and 255 only",
        "cityscapes",
        every_label(constant(0, 255), "cityscapes"),
        (VOID_ONLY.format("0, 255", AS_THEY_COME),),
    ),
    Case(
        "0 and 255 only",
        "gtav",
        every_label(constant(0, 255), "gtav"),
        (VOID_ONLY.format("0, 255", AS_THEY_COME),),
    ),
    Case(
        "0 and 1 only", "gtav", every_label(constant(0, 1), "gtav"), (VOID_ONLY.format("0, 1", AS_THEY_COME),)
    ),
    Case(
        "0 and 255 only",
        "camvid",
        every_label(constant(0, 255), "camvid"),
        ("{label} holds ids that CamVid does not define: 255.", AS_THEY_COME[:-1]),
    ),
    Case(
        "void only",
        "camvid",
        every_label(constant(11), "camvid"),
        (f"No label map shows a class of label space camvid-11, only void (ids 11). {AS_THEY_COME}",),
    ),
    # One sky pixel in four: 75% of the pixels are void.
    Case(
        "mostly void",
        "cityscapes",
        every_label(constant(23, 0, 0, 0), "cityscapes"),
        (MOSTLY_VOID,),
    ),
    Case(
        "mostly void",
        "camvid",
        every_label(constant(0, 11, 11, 11), "camvid"),
        (MOSTLY_VOID,),
    ),
    Case(
        "an undefined id",
        "cityscapes",
        first_label(lambda path: Image.new("L", (128, 64), 77).save(path), "cityscapes"),
        ("{label} holds ids that Cityscapes does not define: 77.", AS_THEY_COME[:-1]),
    ),
    *(
        Case(
            "a coloured label map",
            name,
            first_label(picture("RGB"), name),
            ("{label} has pixels of mode RGB, not one class id each.", COLOURED),
        )
        for name in ("camvid", "cityscapes", "gtav")
    ),
    Case(
        "a label map of 8 bits",
        "synthia",
        first_label(picture("RGB"), "synthia"),
        ("{label} is a PNG with pixels of mode RGB, not a 16-bit RGB PNG.", AS_THEY_COME),
    ),
    Case(
        "a JPEG for a label map",
        "gtav",
        first_label(picture("L", format="JPEG"), "gtav"),
        ("{label} is a JPEG, which changes class ids.", "Use a PNG label map."),
    ),
    Case(
        "an image of 16 bits",
        "gtav",
        first_image(picture("I;16"), "gtav"),
        ("{image} has pixels of mode I;16, which do not fit RGB.", "Convert it to 8-bit RGB."),
    ),
    *(
        Case(f"{what} cut off", name, fault, ("{" + what + "} is damaged: its end is missing.", AGAIN))
        for name in ("camvid", "cityscapes", "gtav", "synthia")
        for what, fault in (("image", first_image(cut(30), name)), ("label", first_label(cut(12), name)))
    ),
    Case("an empty image", "gtav", first_image(write(b""), "gtav"), ("{image} is empty (0 bytes).", AGAIN)),
    Case(
        "an empty label map",
        "camvid",
        first_label(write(b""), "camvid"),
        ("{label} is empty (0 bytes).", AGAIN),
    ),
    Case(
        "an image of zeros",
        "cityscapes",
        first_image(write(bytes(5000)), "cityscapes"),
        ("{image} holds zero bytes where an image should start.", AGAIN),
    ),
    Case(
        "a pointer for an image",
        "gtav",
        first_image(write(LFS), "gtav"),
        ("{image} is a Git LFS pointer, not the image.", "Run 'git lfs pull' where the files come from."),
    ),
    Case(
        "a pointer for a label map",
        "synthia",
        first_label(write(LFS), "synthia"),
        ("{label} is a Git LFS pointer, not the image.", "Run 'git lfs pull' where the files come from."),
    ),
    Case(
        "a web page",
        "gtav",
        first_image(write(b"<!DOCTYPE html><title>Sign in</title>"), "gtav"),
        ("{image} is a web page, not an image.", "Download it again, signed in if needed."),
    ),
    Case(
        "text",
        "camvid",
        first_image(write(b"no image"), "camvid"),
        ("{image} is not an image of a known format.", AGAIN),
    ),
    Case(
        "another size",
        "cityscapes",
        first_image(picture("RGB", (50, 40)), "cityscapes"),
        (
            "{image} is 40 x 50 pixels (height x width), but its label map {label} is 64 x 128.",
            "Copy or unpack both again.",
        ),
    ),
    Case(
        "a label map one pixel narrower",
        "gtav",
        first_label(picture("L", (127, 64)), "gtav"),
        (
            "{image} is 64 x 128 pixels (height x width), but its label map {label} is 64 x 127.",
            "Copy or unpack both again.",
        ),
    ),
    Case(
        "damaged pixels of a label map",
        "cityscapes",
        first_label(damage_pixels, "cityscapes"),
        ("{label} is damaged: ", AGAIN),
    ),
    Case(
        "damaged pixels of an image",
        "gtav",
        first_image(damage_pixels, "gtav"),
        ("{image} is damaged: ", AGAIN),
        only_decoding_finds_it=True,
    ),
    Case(
        "images of another suffix",
        "gtav",
        renamed(images, "gtav", ".jpg"),
        ("No GTAV images at {root}/gtav/images: 3 .jpg files found, .png expected.", "01_images.zip"),
    ),
    Case(
        "images of another suffix",
        "cityscapes",
        renamed(images, "cityscapes", ".jpg"),
        (
            "No Cityscapes images at {root}/cityscapes/leftImg8bit/train: 3 _leftImg8bit.jpg files found, "
            "_leftImg8bit.png expected.",
        ),
    ),
    Case(
        "images of another suffix",
        "camvid",
        renamed(images, "camvid", ".PNG"),
        ("No CamVid images at {root}/camvid/train: 3 .PNG files found, .png expected.",),
    ),
    Case(
        "label maps of another suffix",
        "synthia",
        renamed(labels, "synthia", ".tif"),
        ("No SYNTHIA label maps at {root}/synthia/GT/LABELS: 3 .tif files found, .png expected.",),
    ),
    Case(
        "train ids in files of their own",
        "cityscapes",
        lambda root: [
            path.rename(path.with_name(path.name.replace("labelIds", "labelTrainIds")))
            for path in labels(root, "cityscapes")
        ],
        (
            "No Cityscapes label maps at {root}/cityscapes/gtFine/train/aachen: "
            "3 _gtFine_labelTrainIds.png files found, _gtFine_labelIds.png expected.",
        ),
    ),
    Case(
        "a list in UTF-16",
        "camvid",
        lambda root: (root / "camvid/train.txt").write_text(
            "train/a.png trainannot/a.png", encoding="utf-16"
        ),
        ("{root}/camvid/train.txt is not UTF-8 text but looks like UTF-16.", "Save it as UTF-8."),
    ),
    Case(
        "a list in Latin-1",
        "camvid",
        lambda root: (root / "camvid/train.txt").write_text("train/\xe4.png a/b.png", encoding="latin-1"),
        ("{root}/camvid/train.txt:1: not UTF-8 text.", "Save the file as UTF-8."),
    ),
]


def made(root: Path, name: str) -> None:
    getattr(alseg_driving, name).write_fake(root, count=3, size=(64, 128))


def checked(name: str, root: Path, *more: str) -> str:
    result = CliRunner().invoke(main, ["data", "check", name, "--root", str(root), "--split", "train", *more])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.output


def before_a_run(registry: Registry, name: str, root: Path) -> list[str]:
    """Return what a run would note; raises what it would refuse."""
    spec = registry.get("datasets", name).spec
    space = registry.get("label_spaces", spec.label_space).spec
    domain = Domain(
        spec.build(root=root, split="train"), translation(space, space), space, len(space.classes)
    )
    scenario = Scenario(
        source=Component(name, {}),
        target=Component(name, {}),
        label_space=space.name,
        root=str(root),
        source_split="train",
        target_split="train",
        evaluation_split="train",
    )
    return check_data(ScenarioData(space, domain, domain, domain), scenario)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.title} of {case.name}")
def test_a_fault_is_told_by_the_check_and_before_a_run_in_the_same_words(
    case: Case, registry: Registry, tmp_path: Path
) -> None:
    made(tmp_path, case.name)
    places = {
        "root": tmp_path,
        "image": images(tmp_path, case.name)[0],
        "label": labels(tmp_path, case.name)[0],
    }
    case.break_it(tmp_path)
    said = [part.format(**places) for part in case.said]
    told = checked(case.name, tmp_path)
    for part in said:
        assert " ".join(part.replace(f"{tmp_path}/", "").split()) in told.replace(f"{tmp_path}/", "")
    if case.only_decoding_finds_it:
        before_a_run(registry, case.name, tmp_path)
        return
    with pytest.raises(AlsegError) as refused:
        before_a_run(registry, case.name, tmp_path)
    for part in said:
        assert part in str(refused.value)


def test_there_are_many_kinds_of_faults() -> None:
    assert len({(case.title, case.name) for case in CASES}) == len(CASES) >= 25


def test_advice_is_whole_in_text_json_and_exclusion_list(tmp_path: Path) -> None:
    made(tmp_path, "gtav")
    for path in labels(tmp_path, "gtav")[:2]:
        Image.new("RGB", (128, 64)).save(path)
    listing = tmp_path / "list.txt"
    text = checked("gtav", tmp_path, "--write-exclude", str(listing))
    assert f"\n00001, 00002: {COLOURED}\n" in text
    assert text.endswith(f"Or leave the images out: set 'exclude' of gtav to {listing}.\n")
    reason = "gtav/labels/00001.png has pixels of mode RGB, not one class id each."
    assert listing.read_text().splitlines()[1] == f"00001  # {reason} {COLOURED}"
    (split,) = json.loads(checked("gtav", tmp_path, "--json"))["splits"]
    assert [fault["remedy"] for fault in split["faults"]] == [COLOURED, COLOURED]
    assert split["faults"][0]["message"] == (
        f"{tmp_path}/{reason} {COLOURED} Or leave the image out: write 00001 into a text file and set "
        "'exclude' of gtav to it."
    )


def test_a_run_says_how_many_more_images_are_at_fault(registry: Registry, tmp_path: Path) -> None:
    made(tmp_path, "camvid")
    for path in images(tmp_path, "camvid")[1:]:
        path.write_bytes(b"")
    with pytest.raises(AlsegError) as refused:
        before_a_run(registry, "camvid", tmp_path)
    assert str(refused.value) == (
        f"camvid train: {images(tmp_path, 'camvid')[1]} is empty (0 bytes). Copy or unpack it again. "
        "1 more image of camvid train cannot be used either; alseg data check camvid lists all."
    )


# ----------------------------------------------------------------------------------------------------
# Doubts


@pytest.mark.parametrize("name", ["cityscapes", "gtav"])
def test_label_maps_resized_by_interpolation_are_doubted(
    name: str, registry: Registry, tmp_path: Path
) -> None:
    made(tmp_path, name)
    every_label(shrunk_bilinearly, name)(tmp_path)
    (doubt,) = before_a_run(registry, name, tmp_path)
    assert doubt.startswith(f"{name} train: The label maps look resized by interpolation: ids ")
    assert doubt.endswith(
        "appear only as thin lines between a lower and a higher id. Resize label maps by the nearest pixel."
    )
    assert f"WARNING: {doubt.removeprefix(f'{name} train: ')}\n" in checked(name, tmp_path)


# In the blocks of the fake data, the top is sky (id 23) and the bottom road (id 7) between sidewalks (id 8),
# until the last rows, which are void. Plus one, sky is person and road is sidewalk; GTAV alone defines id 34.
def test_ids_shifted_by_one_are_doubted(registry: Registry, tmp_path: Path) -> None:
    made(tmp_path, "gtav")
    every_label(lambda ids: (ids + 1).astype(np.uint8), "gtav")(tmp_path)
    (doubt,) = before_a_run(registry, "gtav", tmp_path)
    assert doubt.startswith("gtav train: The ids look shifted, as by reduce_zero_label: person fills ")
    assert f"WARNING: {doubt.removeprefix('gtav train: ')}\n" in checked("gtav", tmp_path)


# ----------------------------------------------------------------------------------------------------
# What goes on passing


@pytest.mark.parametrize(
    ("name", "change"),
    [
        pytest.param("synthia", lambda root: None, id="16-bit label maps"),
        pytest.param("gtav", first_image(rotated, "gtav"), id="EXIF rotation"),
        pytest.param("camvid", with_mark_and_crlf, id="byte order mark and CRLF in a list"),
        pytest.param("gtav", first_label(indexed, "gtav"), id="palette label maps"),
        pytest.param("camvid", first_label(in_two_bits, "camvid"), id="2-bit label maps"),
        pytest.param("gtav", first_image(converted("RGBA"), "gtav"), id="RGBA images"),
        pytest.param("gtav", first_image(converted("L"), "gtav"), id="grey images"),
        pytest.param(
            "cityscapes",
            first_label(lambda path: Image.new("L", (128, 64), 0).save(path), "cityscapes"),
            id="one label map that is void only",
        ),
        pytest.param("gtav", first_image(linked, "gtav"), id="symbolic links"),
    ],
)
def test_what_can_be_used_passes_without_a_doubt(
    name: str, change: Break, registry: Registry, tmp_path: Path
) -> None:
    root = tmp_path / "Straße mit Bäumen"
    made(root, name)
    change(root)
    assert before_a_run(registry, name, root) == []
    split = json.loads(checked(name, root, "--json"))["splits"][0]
    assert (split["faults"], split["warnings"]) == ([], [])


def test_a_byte_order_mark_in_a_list_of_images_to_leave_out_is_read(tmp_path: Path) -> None:
    made(tmp_path, "gtav")
    listing = tmp_path / "list.txt"
    listing.write_bytes(b"\xef\xbb\xbf00002\r\n")
    assert "gtav train: 2 images\n" in checked("gtav", tmp_path, f"exclude={listing}")


def test_sizes_that_are_no_multiple_of_32_pass(registry: Registry, tmp_path: Path) -> None:
    alseg_driving.gtav.write_fake(tmp_path, count=2, size=(61, 117))
    assert before_a_run(registry, "gtav", tmp_path) == []


def test_a_source_without_a_class_of_the_scenario_names_the_classes_of_both(
    registry: Registry, tmp_path: Path
) -> None:
    made(tmp_path, "camvid")
    spec = registry.get("datasets", "camvid").spec
    own = registry.get("label_spaces", spec.label_space).spec
    first, second, *_ = own.classes
    space = replace(
        own, classes=(replace(first, name="class-0"), replace(second, name="class-1")), subsets={}
    )
    split = Domain(spec.build(root=tmp_path, split="train"), np.full(256, 255, np.uint8), own, 2)
    scenario = Scenario(
        source=Component("camvid", {}),
        target=Component("camvid", {}),
        label_space=space.name,
        root=str(tmp_path),
        source_split="train",
        target_split="train",
        evaluation_split="train",
    )
    with pytest.raises(AlsegError) as told:
        check_data(ScenarioData(space, split, split, split), scenario)
    assert (
        "Their own classes are sky, building, pole, road, ...; the scenario's are class-0, class-1."
        in str(told.value)
    )
