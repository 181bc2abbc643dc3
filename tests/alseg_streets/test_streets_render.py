"""Scenes built by hand: what hides what, and where things come to stand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from alseg_streets.drawings import Drawing, Part, rectangle
from alseg_streets.geometry import Camera, fill_polygon
from alseg_streets.render import paint_scene
from alseg_streets.scene import Air, Ground, Label, Overlay, Panel, Scene, Upright

BOARD = Drawing("board", 1.0, 1.0, (rectangle(Part.WALL, 0.0, 0.0, 1.0, 1.0),))
CAMERA = Camera(focal=1.0, horizon=0.5, center=0.5, height=1.0, bend=0.0)
GRAY = (100.0, 100.0, 100.0)
SCENE = Scene(
    camera=CAMERA,
    ground=Ground(road=(-3.0, 3.0)),
    air=Air(zenith=GRAY, horizon=GRAY, clouds=GRAY, cover=0.0, drift=(0, 0), visibility=1e6),
    things=(),
)
RED, BLUE = (200.0, 0.0, 0.0), (0.0, 0.0, 200.0)


def paint(*things: Upright | Panel, scene: Scene = SCENE) -> tuple[np.ndarray, np.ndarray]:
    """Paint 100 x 100 pixels: the focal length is 100 pixels, the horizon at row 50."""
    return paint_scene(replace(scene, things=things), "render", 100, 100)


def board(z: float, label: Label, color: tuple[float, float, float] = RED, x: float = 0.0) -> Upright:
    return Upright(BOARD, x, z, label, ((Part.WALL, color),))


def test_a_board_covers_the_pixels_that_perspective_says() -> None:
    _, labels = paint(board(5.0, Label.PERSON))
    rows, columns = np.nonzero(labels == Label.PERSON)
    # 100 px / 5 m = 20 px a metre: 1 m wide around column 50, and from the ground, 20 px below the horizon at
    # row 50, up to 1 m, the height of the camera and so of the horizon.
    assert (rows.min(), rows.max()) == (50, 69)
    assert (columns.min(), columns.max()) == (40, 59)


@pytest.mark.parametrize("near_first", [False, True])
def test_the_nearer_board_hides_the_farther_in_image_and_label(near_first: bool) -> None:
    near, far = board(5.0, Label.PERSON, RED), board(10.0, Label.CAR, BLUE, x=0.5)
    pixels, labels = paint(*((near, far) if near_first else (far, near)))
    # At 10 px a metre the far board covers columns 50-59, all of them in front of the near board's 40-59, and
    # rows 50-59.
    assert not (labels == Label.CAR).any()
    assert (labels == Label.PERSON).sum() == 400
    red = (pixels[0] > 150) & (pixels[1] < 50)
    np.testing.assert_array_equal(red, labels == Label.PERSON)


def test_a_board_beside_another_is_seen_in_part() -> None:
    _, labels = paint(board(5.0, Label.PERSON), board(10.0, Label.CAR, BLUE, x=1.0))
    # The far board covers columns 55-64: 55-59 are hidden.
    rows, columns = np.nonzero(labels == Label.CAR)
    assert (columns.min(), columns.max()) == (60, 64)
    assert len(rows) == 5 * 10


@pytest.mark.parametrize("z", [8.0, 15.0])
def test_someone_before_a_long_wall_is_seen_however_far_the_wall_reaches(z: float) -> None:
    wall = Panel((replace(BOARD),), (2.0, 4.0), (2.0, 30.0), Label.WALL)
    _, labels = paint(wall, board(z, Label.PERSON, x=1.0))
    # 100 / 8 = 12.5 and 100 / 15 = 6.67 px a metre: 12 or 13, and 6 or 7 pixels in each direction.
    assert (labels == Label.PERSON).sum() == {8.0: 12 * 13, 15.0: 7 * 7}[z]


def test_someone_behind_a_long_wall_is_hidden() -> None:
    wall = Panel((BOARD,), (2.0, 4.0), (2.0, 30.0), Label.WALL)
    _, labels = paint(wall, board(10.0, Label.PERSON, x=3.5))
    assert (labels == Label.WALL).any()
    assert not (labels == Label.PERSON).any()


def test_a_wall_gets_lower_with_distance() -> None:
    wall = Panel((BOARD,), (2.0, 5.0), (2.0, 20.0), Label.WALL)
    _, labels = paint(wall)
    # It begins at column 50 + 2 / 20 * 100 = 60 and ends at 50 + 2 / 5 * 100 = 90. At the column whose middle
    # is 60.5 the distance is 2 / 0.105 = 19.0 m, so it reaches 100 / 19 = 5.25 px below the horizon; at 89.5
    # it is 5.06 m and 19.75 px.
    heights = (labels == Label.WALL).sum(0)
    assert heights[59] == heights[90] == 0
    assert (heights[60], heights[89]) == (5, 20)


def test_the_far_side_of_a_vehicle_is_not_painted() -> None:
    left = Panel((BOARD,), (1.0, 5.0), (1.0, 9.0), Label.CAR, repeat=False, outside=-1)
    assert (paint(left)[1] == Label.CAR).any()
    assert not (paint(replace(left, outside=1))[1] == Label.CAR).any()


def test_the_ground_has_a_road_between_sidewalks() -> None:
    _, labels = paint()
    # Row 90 is 40.5 px below the horizon, so 100 / 40.5 = 2.47 m away; the road spans 3 m or 3 * 40.5 px to
    # both sides: all of the row. Row 59 is 9.5 px below: 28.5 px to both sides, from 21.5 to 78.5, which are
    # the middles of the first and last column on the road.
    assert (labels[90] == Label.ROAD).all()
    assert (labels[59, 22:78] == Label.ROAD).all()
    assert (labels[59, :21] == Label.SIDEWALK).all()
    assert (labels[59, 79:] == Label.SIDEWALK).all()


def test_everything_above_the_horizon_is_sky_where_nothing_stands() -> None:
    _, labels = paint()
    assert (labels[:50] == Label.SKY).all()
    assert not (labels[50:] == Label.SKY).any()


def test_bonnet_and_borders_are_void() -> None:
    _, labels = paint(scene=replace(SCENE, overlay=Overlay(bonnet=0.1, border=0.02)))
    assert (labels[:, :2] == 255).all()
    assert (labels[:, -2:] == 255).all()
    assert (labels[-1] == 255).all()
    assert (labels[:89, 2:-2] != 255).all()


def test_haze_pales_what_is_far() -> None:
    hazy = replace(SCENE, air=replace(SCENE.air, horizon=(250.0, 250.0, 250.0), visibility=10.0))
    pixels, labels = paint(board(10.0, Label.CAR, (50.0, 50.0, 50.0)), scene=hazy)
    # At the distance of half visibility: half of 50, and half of 250.
    np.testing.assert_allclose(pixels[:, labels == Label.CAR], 150.0, rtol=1e-5)


def test_a_polygon_covers_the_pixels_whose_centres_are_inside() -> None:
    mask = fill_polygon([(0.0, 0.0), (4.0, 0.0), (0.0, 4.0)], 4, 4)
    # Centres at x + y < 4: 0.5 + 3.5 lies on the edge, which belongs to the pixel to its right, outside.
    assert mask.astype(int).tolist() == [[1, 1, 1, 0], [1, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]]


def test_a_polygon_through_itself_is_empty_where_it_overlaps() -> None:
    outer = [(0.0, 0.0), (6.0, 0.0), (6.0, 6.0), (0.0, 6.0), (0.0, 0.0)]
    inner = [(2.0, 2.0), (4.0, 2.0), (4.0, 4.0), (2.0, 4.0), (2.0, 2.0)]
    mask = fill_polygon([*outer, *inner], 6, 6)
    # 36 pixels less the 2 x 2 of the inner square, which the outline goes around a second time.
    assert mask.sum() == 32
    assert not mask[2:4, 2:4].any()


def test_a_line_is_no_polygon() -> None:
    with pytest.raises(ValueError, match=r"^a polygon needs three points or more, got 2$"):
        fill_polygon([(0.0, 0.0), (1.0, 1.0)], 4, 4)
