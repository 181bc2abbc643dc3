"""Folders of images as they lie on disks, for `alseg data init`: small scenes of a few areas."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

SIZE = (48, 64)
ROAD, SKY, CAR = (128, 64, 128), (70, 130, 180), (0, 0, 142)


def scene(seed: int, size: tuple[int, int] = SIZE) -> NDArray[np.uint8]:
    """Return classes 0 below, 1 above and 2 in a square, uint8 ``(H, W)``."""
    height, _ = size
    label = np.zeros(size, np.uint8)
    label[: height // 2 + seed % 3] = 1
    left = 4 + 3 * (seed % 9)
    label[height // 2 + 6 : height // 2 + 16, left : left + 12] = 2
    return label


def save(path: Path, pixels: NDArray[np.generic], **options: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, **options)


def photo(path: Path, seed: int, size: tuple[int, int] = SIZE, channels: int = 3) -> None:
    noise = np.random.default_rng(seed).integers(0, 256, (*size, channels), np.uint8)
    save(path, noise)


def coloured(label: NDArray[np.uint8], *colors: tuple[int, int, int]) -> NDArray[np.uint8]:
    return np.array(colors, np.uint8)[label]


def sister_folders(root: Path) -> None:
    for seed in range(16):
        photo(root / f"rgb/{seed:03}.jpg", seed)
        save(root / f"seg/{seed:03}.png", scene(seed))


def suffix_beside(root: Path) -> None:
    for seed in range(16):
        photo(root / f"{seed:03}.png", seed)
        save(root / f"{seed:03}_mask.png", scene(seed).clip(0, 1) * np.uint8(255))


def prefixes(root: Path) -> None:
    for seed in range(16):
        photo(root / f"all/img_{seed:03}.png", seed)
        save(root / f"all/label_{seed:03}.png", scene(seed))


def cityscapes_like(root: Path) -> None:
    ids = np.array([7, 23, 26], np.uint8)
    for split in ("train", "val"):
        for city in ("aachen", "ulm", "zurich"):
            for seed in range(3):
                stem = f"{city}_{seed:06}_000019"
                photo(root / f"leftImg8bit/{split}/{city}/{stem}_leftImg8bit.png", seed)
                own = root / f"gtFine/{split}/{city}"
                save(own / f"{stem}_gtFine_labelIds.png", ids[scene(seed)])
                save(own / f"{stem}_gtFine_labelTrainIds.png", np.array([0, 10, 13], np.uint8)[scene(seed)])
                save(own / f"{stem}_gtFine_color.png", coloured(scene(seed), ROAD, SKY, CAR))
                save(own / f"{stem}_gtFine_instanceIds.png", ids[scene(seed)].astype(np.uint16) * 1000)


def rgba_colours(root: Path) -> None:
    for seed in range(16):
        photo(root / f"RGB/{seed:03}.png", seed, channels=4)
        rgb = coloured(scene(seed), ROAD, (157, 234, 50), CAR)
        save(root / f"Segmentation/{seed:03}.png", np.dstack([rgb, np.full(SIZE, 255, np.uint8)]))


def smoothed_colours(root: Path) -> None:
    for seed in range(16):
        photo(root / f"images/{seed:03}.png", seed)
        sharp = Image.fromarray(coloured(scene(seed), (250, 10, 10), (10, 10, 240), (20, 230, 20)))
        (root / "masks").mkdir(exist_ok=True)
        sharp.filter(ImageFilter.GaussianBlur(0.6)).save(root / f"masks/{seed:03}.png")


def one_mask_a_class(root: Path) -> None:
    for seed in range(16):
        photo(root / f"images/{seed:03}.jpg", seed)
        for index, name in ((1, "building"), (2, "car")):
            save(
                root / f"masks/{seed:03}_{name}.png", (scene(seed) == index).astype(np.uint8) * np.uint8(255)
            )


def voc_palette(root: Path) -> None:
    for seed in range(16):
        photo(root / f"JPEGImages/{seed:03}.jpg", seed)
        label = Image.fromarray(np.array([0, 15, 255], np.uint8)[scene(seed)])
        label.putpalette([0, 0, 0, 128, 0, 0])
        (root / "SegmentationClass").mkdir(exist_ok=True)
        label.save(root / f"SegmentationClass/{seed:03}.png")


def sixteen_bits(root: Path) -> None:
    for seed in range(16):
        photo(root / f"img/{seed:03}.tif", seed)
        save(root / f"ann/{seed:03}.tif", np.array([0, 300, 4000], np.uint16)[scene(seed)])


def split_folders(root: Path) -> None:
    for split, count in (("train", 12), ("val", 4), ("test", 3)):
        for seed in range(count):
            photo(root / f"{split}/seq{seed % 4}_{seed:03}.png", seed)
            if split != "test":
                save(root / f"{split}annot/seq{seed % 4}_{seed:03}.png", scene(seed))


def lists(root: Path) -> None:
    sister_folders(root)
    names = [f"/elsewhere/data/rgb/{seed:03}.jpg /elsewhere/data/seg/{seed:03}.png" for seed in range(16)]
    (root / "train.txt").write_text("\n".join(names[:12]))
    (root / "val.txt").write_text("\n".join(names[12:]))
    (root / "LICENSE.txt").write_text("You may use these images.\nPlease.")


def sequences(root: Path) -> None:
    for place in range(12):
        for seed in range(3):
            photo(root / f"seq{place:02}/rgb/{seed:03}.png", seed)
            save(root / f"seq{place:02}/labels/{seed:03}.png", scene(seed + place))


def damaged(root: Path) -> None:
    sister_folders(root)
    (root / "rgb/003.jpg").write_bytes(b"")
    save(root / "seg/004.png", np.zeros((8, 8), np.uint8))
    (root / "seg/005.png").unlink()
    (root / "rgb/007.jpg").write_bytes((root / "rgb/006.jpg").read_bytes())
    (root / "rgb/notes.docx").write_bytes(b"notes")


def large(root: Path) -> None:
    for seed in range(8):
        photo(root / f"rgb/{seed:03}.png", seed, (40, 2100))
        save(root / f"seg/{seed:03}.png", scene(seed, (40, 2100)))


KINDS: dict[str, Callable[[Path], None]] = {
    function.__name__: function
    for function in (
        sister_folders,
        suffix_beside,
        prefixes,
        cityscapes_like,
        rgba_colours,
        smoothed_colours,
        one_mask_a_class,
        voc_palette,
        sixteen_bits,
        split_folders,
        lists,
        sequences,
        damaged,
        large,
    )
}
