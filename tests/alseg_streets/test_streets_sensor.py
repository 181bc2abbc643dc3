"""What a camera does to the light."""

from __future__ import annotations

import numpy as np
import pytest

from alseg_streets.sensor import Sensor, expose, sample_sensor
from alseg_streets.stream import Stream


def flat(value: float, height: int = 16, width: int = 32) -> np.ndarray:
    return np.full((3, height, width), value, np.float32)


def test_a_perfect_sensor_changes_nothing() -> None:
    picture = expose(flat(100.0), Sensor(), Stream(0))
    assert picture.shape == (16, 32, 3)
    assert (picture == 100).all()


def test_gain_and_lift_are_applied_per_channel() -> None:
    picture = expose(flat(100.0), Sensor(gain=(1.2, 1.0, 0.5), lift=10.0), Stream(0))
    assert picture[0, 0].tolist() == [130, 110, 60]


def test_gamma_above_one_darkens_the_middle() -> None:
    # 255 * (102 / 255) ** 1.5 = 255 * 0.4 ** 1.5 = 64.5.
    assert expose(flat(102.0), Sensor(gamma=15), Stream(0))[0, 0].tolist() == [65, 65, 65]
    assert expose(flat(255.0), Sensor(gamma=15), Stream(0))[0, 0].tolist() == [255, 255, 255]


def test_corners_are_darker_than_the_middle() -> None:
    picture = expose(flat(200.0), Sensor(vignette=0.4), Stream(0))
    assert picture[8, 16, 0] >= 198
    assert picture[0, 0, 0] < 130


def test_blur_spreads_a_step_over_its_neighbours() -> None:
    light = flat(0.0)
    light[:, :, 16:] = 200.0
    picture = expose(light, Sensor(blur=0.5), Stream(0))
    # A quarter of the light of each pixel comes from either side.
    assert picture[8, 14:18, 0].tolist() == [0, 50, 150, 200]


def test_noise_is_centred_and_as_strong_as_asked() -> None:
    picture = expose(flat(128.0, 64, 64), Sensor(noise=6.0), Stream(0)).astype(int)
    assert abs(picture.mean() - 127.5) < 0.5
    # sqrt(128 + 16) / 12 = 1: at mid-grey the amplitude is the standard deviation.
    assert 5.4 < picture.std() < 6.6


def test_an_even_picture_survives_compression() -> None:
    picture = expose(flat(120.0), Sensor(compression=3), Stream(0))
    assert np.abs(picture.astype(int) - 120).max() <= 4


@pytest.mark.parametrize("size", [(16, 32), (37, 53), (128, 256)])
def test_compression_keeps_the_size_and_loses_fine_detail_only(size: tuple[int, int]) -> None:
    rows, columns = np.indices(size)
    fine = Stream(2).octets(*size) % 16
    light = np.stack([(rows * 3 + columns) % 200 + 20.0 + fine] * 3).astype(np.float32)
    picture = expose(light.copy(), Sensor(compression=1), Stream(0))
    error = np.abs(picture.astype(int) - light.transpose(1, 2, 0)).mean()
    assert picture.shape == (*size, 3)
    assert 0 < error < 6


def test_stronger_compression_loses_more() -> None:
    light = Stream(3).octets(3, 64, 64).astype(np.float32)
    errors = [
        np.abs(expose(light.copy(), Sensor(compression=level), Stream(0)) - light.transpose(1, 2, 0)).mean()
        for level in (1, 2, 3)
    ]
    assert errors[0] < errors[1] < errors[2]


def test_the_game_has_neither_noise_nor_blur_and_the_camera_has_both() -> None:
    game, camera = sample_sensor(Stream(0), "render"), sample_sensor(Stream(0), "camera")
    assert (game.noise, game.blur, game.compression) == (0.0, 0.0, 0)
    assert min(camera.noise, camera.blur, camera.compression) > 0


def test_streams_give_the_numbers_that_pcg64_always_gives() -> None:
    numbers = Stream(1, 2)
    raw = np.random.PCG64(np.random.SeedSequence([1, 2])).random_raw(3).tolist()
    assert numbers.unit() == (raw[0] >> 11) / 2**53
    assert numbers.integer(10, 19) == 10 + raw[1] * 10 // 2**64
    assert numbers.choice("abcd") == "abcd"[raw[2] * 4 // 2**64]
