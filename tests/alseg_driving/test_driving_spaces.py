from __future__ import annotations

import pytest

from alseg import LabelSpace
from alseg.toolkit.labels import check_label_space, subset_indices, translation, unreachable, untranslated
from alseg_driving import register_label_spaces
from alseg_driving.mapillary_classes import AS_CITYSCAPES, MAPILLARY_65, MAPILLARY_123
from alseg_driving.spaces import CAMVID_11, CITYSCAPES_19, IDD_26, SYNTHIA_16


@pytest.mark.parametrize("space", [*register_label_spaces(), AS_CITYSCAPES], ids=lambda space: space.name)
def test_label_spaces_are_sound(space: LabelSpace) -> None:
    check_label_space(space)


def test_every_cityscapes_class_has_its_place_in_camvid() -> None:
    table = translation(CITYSCAPES_19, CAMVID_11)
    places = {name: CAMVID_11.names[table[index]] for index, name in enumerate(CITYSCAPES_19.names)}
    assert places == {
        "road": "road",
        "sidewalk": "pavement",
        "building": "building",
        "wall": "building",
        "fence": "fence",
        "pole": "pole",
        "traffic light": "sign symbol",
        "traffic sign": "sign symbol",
        "vegetation": "tree",
        "terrain": "tree",
        "sky": "sky",
        "person": "pedestrian",
        "rider": "bicyclist",
        "car": "car",
        "truck": "car",
        "bus": "car",
        "train": "car",
        "motorcycle": "bicyclist",
        "bicycle": "bicyclist",
    }
    assert unreachable(CITYSCAPES_19, CAMVID_11) == ()


def test_camvid_classes_that_mix_cityscapes_classes_become_void() -> None:
    assert untranslated(CAMVID_11, CITYSCAPES_19) == ("tree", "sign symbol", "bicyclist")


def test_synthia_has_all_cityscapes_classes_but_three() -> None:
    assert untranslated(CITYSCAPES_19, SYNTHIA_16) == ("terrain", "truck", "train")
    assert untranslated(SYNTHIA_16, CITYSCAPES_19) == ()
    assert len(SYNTHIA_16.classes) == 16


def test_the_13_classes_of_synthia_are_without_wall_fence_and_pole() -> None:
    # In order: 0 road, 1 sidewalk, 2 building, (3 wall, 4 fence, 5 pole), 6 traffic light, ... 15 bicycle.
    assert subset_indices(SYNTHIA_16, "13") == (0, 1, 2, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)


def test_idd_keeps_17_classes_of_cityscapes() -> None:
    assert unreachable(IDD_26, CITYSCAPES_19) == ("terrain", "train")
    # Where the classes of IDD are wanted, terrain and train are parts of others.
    table = translation(CITYSCAPES_19, IDD_26)
    assert IDD_26.names[table[CITYSCAPES_19.names.index("train")]] == "vehicle fallback"


@pytest.mark.parametrize("own", [MAPILLARY_65, MAPILLARY_123], ids=lambda space: space.name)
def test_every_class_of_cityscapes_holds_some_of_mapillary(own: LabelSpace) -> None:
    assert unreachable(own, AS_CITYSCAPES) == ()
    table = translation(own, AS_CITYSCAPES)
    places = {
        name: CITYSCAPES_19.names[table[index]] for index, name in enumerate(own.names) if table[index] < 255
    }
    assert places["lane marking - crosswalk"] == places["crosswalk - plain"] == places["bike lane"] == "road"
    assert places["curb"] == "sidewalk"
    assert {name for name, place in places.items() if place == "rider"} == {
        "bicyclist",
        "motorcyclist",
        "other rider",
    }
    assert {"parking", "rail track", "guard rail", "bridge", "caravan", "traffic sign (back)"}.isdisjoint(
        places
    )
