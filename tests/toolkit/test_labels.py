from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
import pytest

from alseg import ClassInfo, LabelSpace
from alseg.toolkit.labels import (
    check_label_space,
    colorize,
    subset_indices,
    translated,
    translation,
    unreachable,
    untranslated,
)

RED, GREEN = (255, 0, 0), (0, 255, 0)


def space(
    *classes: ClassInfo | str, name: str = "toy", subsets: Mapping[str, tuple[str, ...]] | None = None
) -> LabelSpace:
    infos = tuple(ClassInfo(info, RED) if isinstance(info, str) else info for info in classes)
    return LabelSpace(name=name, summary="", source="", classes=infos, subsets=subsets or {})


def including(name: str, *parts: str) -> ClassInfo:
    return ClassInfo(name, GREEN, includes=parts)


def test_classes_of_the_same_name_match_whatever_their_case_hyphens_and_underscores() -> None:
    table = translation(space("traffic light", "road"), space("Road", "Traffic_Light"))
    assert table[:2].tolist() == [1, 0]


def test_void_and_indices_beyond_the_source_space_become_void() -> None:
    table = translation(space("road"), space("road"))
    assert table.dtype == np.uint8
    assert table.tolist() == [0] + [255] * 255


def test_a_class_goes_to_the_target_class_that_includes_it() -> None:
    table = translation(
        space("terrain", "vegetation"), space("sky", including("tree", "vegetation", "terrain"))
    )
    assert table[:2].tolist() == [1, 1]


def test_a_class_of_the_same_name_comes_before_one_that_includes_it() -> None:
    # check_label_space refuses such a space; the order of the rules is still defined.
    table = translation(space("wall"), space(including("building", "wall"), "wall"))
    assert table[0] == 1


def test_a_class_all_of_whose_parts_are_one_target_class_becomes_that_class() -> None:
    table = translation(space(including("pedestrian", "person")), space("road", "person"))
    assert table[0] == 1


def test_a_class_whose_parts_end_in_one_wider_target_class_becomes_that_class() -> None:
    bicyclist = including("bicyclist", "rider", "bicycle")
    table = translation(
        space(bicyclist), space("road", including("two-wheeler", "rider", "bicycle", "motorcycle"))
    )
    assert table[0] == 1


def test_a_class_whose_parts_go_different_ways_becomes_void() -> None:
    source, target = space(including("tree", "vegetation", "terrain")), space("vegetation", "terrain")
    assert translation(source, target)[0] == 255
    assert untranslated(source, target) == ("tree",)
    assert unreachable(source, target) == ("vegetation", "terrain")


def test_a_class_with_a_part_that_the_target_lacks_becomes_void_and_is_not_guessed() -> None:
    source, target = space(including("bicyclist", "bicycle", "motorcycle")), space("bicycle")
    assert translation(source, target)[0] == 255


def test_spaces_with_nothing_in_common_are_reported_whole() -> None:
    source, target = space("road", "sky"), space("cat")
    assert untranslated(source, target) == ("road", "sky")
    assert unreachable(source, target) == ("cat",)


def test_colors_are_those_of_the_classes_and_void_is_black() -> None:
    label = np.array([[0, 1, 255]], np.uint8)
    colors = colorize(label, space(ClassInfo("road", RED), ClassInfo("sky", GREEN)))
    assert colors.dtype == np.uint8
    assert colors.tolist() == [[[255, 0, 0], [0, 255, 0], [0, 0, 0]]]


def test_colorizing_refuses_an_index_that_the_space_does_not_have() -> None:
    with pytest.raises(ValueError, match=r"^label holds index 7; 'toy' has 2 classes$"):
        colorize(np.array([[0, 7]], np.uint8), space("road", "sky"))


def test_subset_indices_keep_the_order_of_the_subset() -> None:
    assert subset_indices(space("road", "sky", "car", subsets={"two": ("car", "road")}), "two") == (2, 0)


def test_an_unknown_subset_is_refused_with_the_nearest_name() -> None:
    message = "Unknown subset of label space 'toy' 'thing'. Did you mean 'things'? Available: things."
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        subset_indices(space("road", subsets={"things": ("road",)}), "thing")


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (space(), "label space 'toy' has 0 classes; 1 to 254 are possible"),
        (
            space(*(str(number) for number in range(255))),
            "label space 'toy' has 255 classes; 1 to 254 are possible",
        ),
        (space("traffic light", "Traffic-Light"), "label space 'toy' has two classes named 'traffic light'"),
        (
            space(ClassInfo("road", (0, 0, 256))),
            "label space 'toy': the color of 'road' is (0, 0, 256); it must be three numbers 0-255",
        ),
        (
            space(including("tree", "bush"), including("plant", "bush")),
            "label space 'toy' includes 'bush' twice",
        ),
        (
            space(including("building", "wall"), "wall"),
            "label space 'toy' includes 'wall' in another class, but has a class of that name itself",
        ),
        (
            space("road", subsets={"few": ("rod",)}),
            "Unknown class in subset 'few' of label space 'toy' 'rod'. Did you mean 'road'? Available: road.",
        ),
        (
            space("road", subsets={"none": ()}),
            "label space 'toy': subset 'none' is empty or names a class twice",
        ),
        (
            space("road", subsets={"twice": ("road", "Road")}),
            "label space 'toy': subset 'twice' is empty or names a class twice",
        ),
    ],
)
def test_a_broken_label_space_is_refused(broken: LabelSpace, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        check_label_space(broken)


def test_a_label_space_of_254_classes_is_accepted() -> None:
    check_label_space(space(*(str(number) for number in range(254))))


def test_translating_a_label_map_is_indexing_a_table_with_it() -> None:
    table = np.random.default_rng(0).permutation(256).astype(np.uint8)
    label = np.arange(240, dtype=np.uint8).reshape(12, 20)[::2, ::3]  # not contiguous
    values = translated(label, table)
    np.testing.assert_array_equal(values, table[label])
    assert values.flags.writeable
