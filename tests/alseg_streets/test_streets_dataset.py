"""The data set as the core sees it."""

from __future__ import annotations

import pickle
import re
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import alseg_streets
from alseg import AlsegError
from alseg.contracts import ClassInfo, Dataset, LabelSpace
from alseg.testing import check_dataset
from alseg_streets import dataset as dataset_module
from alseg_streets.dataset import StreetsDataset
from alseg_streets.scene import Label

CLASSES = [
    "road",
    "sidewalk",
    "building",
    "wall",
    "fence",
    "pole",
    "traffic_light",
    "traffic_sign",
    "vegetation",
    "terrain",
    "sky",
    "person",
    "rider",
    "car",
    "truck",
    "bus",
    "train",
    "motorcycle",
    "bicycle",
]
SPACE = LabelSpace(
    name="cityscapes-19",
    summary="The 19 classes.",
    source="a test",
    classes=tuple(ClassInfo(name, (k, k, k)) for k, name in enumerate(CLASSES)),
)


def build(**params: Any) -> StreetsDataset:
    return alseg_streets.build_streets(root=None, **{"split": "train", **params})


def test_the_plugin_offers_streets_in_cityscapes_classes_without_a_data_folder() -> None:
    (spec,) = alseg_streets.register_datasets()
    assert (spec.name, spec.label_space, spec.splits, spec.needs_root) == (
        "streets",
        "cityscapes-19",
        ("train", "val"),
        False,
    )
    assert spec.build is alseg_streets.build_streets


def test_label_numbers_are_cityscapes_train_ids() -> None:
    assert [label.name.lower() for label in Label][:19] == CLASSES
    assert [int(label) for label in Label] == [*range(19), 255]


@pytest.mark.parametrize("domain", ["render", "camera"])
@pytest.mark.parametrize("split", ["train", "val"])
def test_the_contract_is_kept(domain: str, split: str) -> None:
    streets = build(split=split, domain=domain, count=3, val_count=2)
    assert isinstance(streets, Dataset)
    check_dataset(streets, SPACE)


def test_default_sizes_and_lengths() -> None:
    assert len(build()) == 400
    assert len(build(split="val")) == 100
    assert build().size(0) == (128, 256)
    assert build().image(0).shape == (128, 256, 3)


def test_image_ids_name_domain_split_and_number() -> None:
    assert build(domain="camera").image_id(12) == "camera-train-000012"
    assert build(split="val").image_id(3) == "render-val-000003"


def test_listing_the_plugin_imports_neither_torch_nor_numpy() -> None:
    code = (
        "import sys, alseg_streets; alseg_streets.register_datasets(); "
        "print(sorted({'torch', 'numpy'} & set(sys.modules)))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout == "[]\n"


def test_train_and_val_share_no_image() -> None:
    train = {build(count=20).image(k).tobytes() for k in range(20)}
    val = {build(split="val", val_count=20).image(k).tobytes() for k in range(20)}
    assert len(train) == len(val) == 20
    assert not train & val


def test_the_domains_show_different_scenes_at_the_same_index() -> None:
    render, camera = build(), build(domain="camera")
    for index in range(5):
        assert (render.label(index) != camera.label(index)).mean() > 0.1


def test_another_seed_gives_other_scenes() -> None:
    assert (build(seed=0).label(0) != build(seed=1).label(0)).mean() > 0.1


def test_more_images_leave_the_first_ones_as_they_are() -> None:
    np.testing.assert_array_equal(build(count=5).image(4), build(count=50).image(4))


def test_a_fresh_object_gives_the_same_bytes() -> None:
    for domain in ("render", "camera"):
        np.testing.assert_array_equal(build(domain=domain).image(7), build(domain=domain).image(7))
        np.testing.assert_array_equal(build(domain=domain).label(7), build(domain=domain).label(7))


def test_images_do_not_depend_on_the_order_in_which_they_are_read() -> None:
    forwards, backwards = build(count=3), build(count=3)
    first = [forwards.image(k) for k in (0, 1, 2)]
    second = [backwards.image(k) for k in (2, 1, 0)]
    np.testing.assert_array_equal(first, second[::-1])


def test_an_image_is_rendered_once_for_image_and_label(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    render = dataset_module.render_scene

    def counted(index: int, **params: Any) -> Any:
        calls.append(index)
        return render(index, **params)

    monkeypatch.setattr(dataset_module, "render_scene", counted)
    streets = build(height=32, width=64)
    for _ in range(3):
        streets.image(0)
        streets.label(0)
    assert calls == [0]


def test_a_full_cache_forgets_what_was_used_longest_ago(monkeypatch: pytest.MonkeyPatch) -> None:
    # A pair of 32 x 64 pixels takes 32 * 64 * (3 + 1) = 8192 bytes: there is room for two.
    monkeypatch.setattr(dataset_module, "CACHE_BYTES", 2 * 8192)
    calls = []
    render = dataset_module.render_scene

    def counted(index: int, **params: Any) -> Any:
        calls.append(index)
        return render(index, **params)

    monkeypatch.setattr(dataset_module, "render_scene", counted)
    streets = build(height=32, width=64)
    for index in (0, 1, 0, 2, 0, 1):
        streets.image(index)
    # 2 pushes 1 out, because 0 was used after 1; then 1 has to be rendered again.
    assert calls == [0, 1, 2, 1]


def test_rendered_scenes_are_left_behind_when_pickled() -> None:
    streets = build()
    fresh = len(pickle.dumps(streets))
    image = streets.image(0)
    pickled = pickle.dumps(streets)
    assert len(pickled) == fresh
    np.testing.assert_array_equal(pickle.loads(pickled).image(0), image)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"height": 31}, "Data set streets: height must be 32 to 4096, but is 31."),
        ({"width": 5000}, "Data set streets: width must be 32 to 4096, but is 5000."),
        ({"count": 0}, "Data set streets: count must be 1 to 1000000, but is 0."),
        ({"val_count": -3}, "Data set streets: val_count must be 1 to 1000000, but is -3."),
        ({"seed": -1}, "Data set streets: seed must be 0 to 9223372036854775807, but is -1."),
        (
            {"domain": "camra"},
            "Unknown domain of streets 'camra'. Did you mean 'camera'? Available: camera, render.",
        ),
        ({"split": "test"}, "Unknown split of streets 'test'. Available: train, val."),
    ],
)
def test_an_impossible_parameter_is_named_with_what_is_possible(params: dict[str, Any], message: str) -> None:
    with pytest.raises(AlsegError, match=f"^{re.escape(message)}$"):
        build(**params)


@pytest.mark.parametrize("index", [-1, 3])
def test_an_index_beyond_the_split_is_refused(index: int) -> None:
    streets = build(count=3)
    for read in (streets.image, streets.label, streets.size, streets.image_id):
        with pytest.raises(IndexError, match=f"^index {index} is not within the 3 images of this split$"):
            read(index)
