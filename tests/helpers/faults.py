"""Faults of data sets: changes of files as they happen on real disks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from alseg_driving.ids import CLASS_IDS

LABELS = {
    "camvid": "camvid/trainannot",
    "cityscapes": "cityscapes/gtFine/train",
    "gtav": "gtav/labels",
    "synthia": "synthia/GT/LABELS",
}
IMAGES = {
    "camvid": "camvid/train",
    "cityscapes": "cityscapes/leftImg8bit/train",
    "gtav": "gtav/images",
    "synthia": "synthia/RGB",
}
TRAIN_IDS = {raw_id: index for index, raw_id in enumerate(CLASS_IDS)}
Break = Callable[[Path], object]


def labels(root: Path, name: str) -> list[Path]:
    return sorted((root / LABELS[name]).rglob("*.png"))


def images(root: Path, name: str) -> list[Path]:
    return sorted((root / IMAGES[name]).rglob("*.png"))


def first_label(content: Callable[[Path], object], name: str) -> Break:
    return lambda root: content(labels(root, name)[0])


def first_image(content: Callable[[Path], object], name: str) -> Break:
    return lambda root: content(images(root, name)[0])


def every_label(change: Callable[[NDArray[np.uint8]], NDArray[np.uint8]], name: str) -> Break:
    def rewrite(root: Path) -> None:
        for path in labels(root, name):
            Image.fromarray(change(np.array(Image.open(path)))).save(path)

    return rewrite


def to_train_ids(ids: NDArray[np.uint8]) -> NDArray[np.uint8]:
    table = np.full(256, 255, np.uint8)
    for raw_id, index in TRAIN_IDS.items():
        table[raw_id] = index
    return table[ids]


def constant(*values: int) -> Callable[[NDArray[np.uint8]], NDArray[np.uint8]]:
    return lambda ids: np.resize(np.array(values, np.uint8), ids.shape)


def cut(missing: int) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(path.read_bytes()[:-missing])


def write(content: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(content)


def picture(mode: str, size: tuple[int, int] = (128, 64), **options: str) -> Callable[[Path], object]:
    return lambda path: Image.new(mode, size).save(path, **options)


def damage_pixels(path: Path) -> None:
    """Overwrite compressed pixels; header and end stay."""
    content = path.read_bytes()
    path.write_bytes(content[:60] + bytes(len(content) - 90) + content[-30:])


def renamed(paths: Callable[[Path, str], list[Path]], name: str, suffix: str) -> Break:
    def rename(root: Path) -> None:
        for path in paths(root, name):
            path.rename(path.with_suffix(suffix))

    return rename


def shrunk_bilinearly(ids: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = ids.shape
    half = Image.fromarray(ids).resize((width // 2, height // 2), Image.Resampling.BILINEAR)
    return np.array(half.resize((width, height), Image.Resampling.BILINEAR))


def rotated(path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.open(path).save(path, exif=exif)


def linked(path: Path) -> None:
    path.symlink_to(path.rename(path.with_name(f".{path.name}.store")))


def indexed(path: Path) -> None:
    image = Image.open(path)
    image.putpalette([index % 256 for index in range(768)])
    image.save(path)


def in_two_bits(path: Path) -> None:
    Image.fromarray(np.resize(np.array([0, 1, 2, 3], np.uint8), (64, 128))).save(path, bits=2)


def converted(mode: str) -> Callable[[Path], object]:
    return lambda path: Image.open(path).convert(mode).save(path)


def with_mark_and_crlf(root: Path) -> None:
    path = root / "camvid/train.txt"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
