"""Rendered scenes: the same everywhere, of any size, with the right classes in the right places."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from functools import cache
from typing import Literal

import numpy as np
import pytest
from numpy.typing import NDArray

from alseg_streets import render_scene
from alseg_streets.scene import Label

Domain = Literal["render", "camera"]
DOMAINS: tuple[Domain, ...] = ("render", "camera")

HASHES: dict[tuple[Domain, int, int, int], tuple[str, str]] = {
    ("render", 0, 128, 256): ("6ca8ef13308a95a7", "f43c71ab567452fb"),
    ("render", 3, 128, 256): ("ed1f7dfeff54baa8", "20752dc0a7bf58e3"),
    ("render", 1, 101, 203): ("77936a70c66bcec4", "cc332a99fd9cf8de"),
    ("camera", 0, 128, 256): ("059d4b12da68563c", "1b7134a38061062d"),
    ("camera", 3, 128, 256): ("b34746fa44e85f02", "6c3a425b488aeeab"),
    ("camera", 1, 101, 203): ("79e96fb5f33bda60", "55c95859dfd71e4f"),
}
"""First 16 digits of the SHA-256 of image and label; keys are domain, index, height and width."""


def digest(array: NDArray[np.uint8]) -> str:
    return hashlib.sha256(array.tobytes()).hexdigest()[:16]


@cache
def labels_of(domain: Domain) -> NDArray[np.uint8]:
    """The label maps of the first 100 training scenes, uint8 ``(100, 128, 256)``."""
    return np.stack([render_scene(index, domain=domain)[1] for index in range(100)])


def shares(labels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Share of each class among pixels that have one."""
    counts = np.bincount(labels.ravel(), minlength=256)[:19]
    return counts / counts.sum()


@pytest.mark.parametrize("key", HASHES)
def test_bytes_are_those_of_every_other_machine(key: tuple[Domain, int, int, int]) -> None:
    domain, index, height, width = key
    image, label = render_scene(index, domain=domain, height=height, width=width)
    assert (digest(image), digest(label)) == HASHES[key]


def test_another_process_gives_the_same_bytes() -> None:
    code = (
        "import hashlib, alseg_streets\n"
        "image, label = alseg_streets.render_scene(5, domain='camera')\n"
        "print(hashlib.sha256(image.tobytes()).hexdigest()[:16])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == digest(render_scene(5, domain="camera")[0])


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("size", [(32, 32), (96, 192), (101, 203), (300, 64), (512, 1024)])
def test_any_size_can_be_had(domain: Domain, size: tuple[int, int]) -> None:
    image, label = render_scene(1, domain=domain, height=size[0], width=size[1])
    assert image.dtype == label.dtype == np.uint8
    assert image.shape == (*size, 3)
    assert label.shape == size
    assert set(np.unique(label).tolist()) <= {*range(19), 255}


@pytest.mark.parametrize("domain", DOMAINS)
def test_a_scene_is_the_same_at_another_size(domain: Domain) -> None:
    for index in range(4):
        small = render_scene(index, domain=domain, height=128, width=256)[1]
        large = render_scene(index, domain=domain, height=512, width=1024)[1]
        # The pixel nearest to the middle of each 4 x 4 block; thin things may fall beside it.
        assert (large[2::4, 2::4] == small).mean() > 0.93


@pytest.mark.parametrize("domain", DOMAINS)
def test_all_19_classes_occur(domain: Domain) -> None:
    present = set(np.unique(labels_of(domain)).tolist())
    assert present == {*range(19), 255}


@pytest.mark.parametrize("domain", DOMAINS)
def test_classes_are_long_tailed(domain: Domain) -> None:
    share = shares(labels_of(domain))
    assert share.argmax() == Label.ROAD
    # Four classes make up most of the picture, and half of the classes less than a tenth of it.
    assert np.sort(share)[-4:].sum() > 0.65
    assert np.sort(share)[:10].sum() < 0.1
    for rare in (Label.TRAFFIC_LIGHT, Label.RIDER, Label.MOTORCYCLE, Label.BICYCLE, Label.FENCE):
        assert 0 < share[rare] < 0.01


def test_the_camera_sees_other_class_frequencies() -> None:
    render, camera = shares(labels_of("render")), shares(labels_of("camera"))
    assert camera[Label.VEGETATION] > 1.3 * render[Label.VEGETATION]
    assert camera[Label.BICYCLE] > 2 * render[Label.BICYCLE]
    assert render[Label.BUILDING] > 1.3 * camera[Label.BUILDING]


@pytest.mark.parametrize("domain", DOMAINS)
def test_some_pixels_are_void(domain: Domain) -> None:
    assert 0.005 < (labels_of(domain) == 255).mean() < 0.1


@pytest.mark.parametrize("domain", DOMAINS)
def test_the_sky_lies_above_the_road(domain: Domain) -> None:
    rows = np.arange(128)[None, :, None]
    labels = labels_of(domain)
    for label in labels[:40]:
        sky, road = label == Label.SKY, label == Label.ROAD
        lowest_sky = (rows[0] * sky).max()
        highest_road = np.where(road, rows[0], 127).min()
        assert lowest_sky <= highest_road


@pytest.mark.parametrize("domain", DOMAINS)
def test_image_and_label_show_the_same_edges(domain: Domain) -> None:
    for index in range(6):
        image, label = render_scene(index, domain=domain)
        gray = image.astype(np.float64).mean(2)
        step = np.abs(gray[:, 1:] - gray[:, :-1])
        edge = label[:, 1:] != label[:, :-1]
        # Colours change more where the class changes than elsewhere.
        assert step[edge].mean() > 2 * step[~edge].mean()


def test_the_camera_is_noisier_and_less_colourful_than_the_game() -> None:
    def colourfulness(domain: Domain) -> float:
        images = np.stack([render_scene(index, domain=domain)[0] for index in range(12)]).astype(int)
        return float((images.max(3) - images.min(3)).mean())

    def sky_noise(domain: Domain) -> float:
        steps = []
        for index in range(12):
            image, label = render_scene(index, domain=domain)
            both = (label[:, 1:] == Label.SKY) & (label[:, :-1] == Label.SKY)
            steps.append(np.abs(np.diff(image[..., 1].astype(int), axis=1))[both])
        return float(np.concatenate(steps).mean())

    assert colourfulness("camera") < 0.7 * colourfulness("render")
    assert sky_noise("camera") > 2 * sky_noise("render")


def test_a_callers_bug_is_a_value_error() -> None:
    with pytest.raises(ValueError, match=r"^index and seed must be 0 or more, got index -1 and seed 0$"):
        render_scene(-1, domain="render")
    with pytest.raises(ValueError, match=r"^height and width must be 32 or more, got 128 x 31$"):
        render_scene(0, domain="render", width=31)
    with pytest.raises(ValueError, match=r"^unknown domain or split: 'photo', 'train'$"):
        render_scene(0, domain="photo")  # type: ignore[arg-type]
