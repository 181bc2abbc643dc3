"""Simple street scenes and the file encodings of the real data sets, for fake data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from alseg.contracts import SceneRenderer, Size

_LEAST_SIDE = 16


def blocks(
    index: int,
    *,
    domain: Literal["render", "camera"] = "render",
    split: str = "train",
    height: int = 64,
    width: int = 128,
    seed: int = 0,
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Render street-like blocks in noisy class colours (an `alseg.contracts.SceneRenderer`).

    Sky, buildings, vegetation, sidewalks and road are in every picture; of the other classes, four change
    from one picture to the next, so that every class is in some of four pictures. The lowest rows are void.

    Args:
        index: Number of the picture.
        domain: Not used: there is one look.
        split: Not used: pictures are told apart by their numbers.
        height: In pixels, 16 or more.
        width: In pixels, 16 or more.
        seed: Any whole number; the same seed and index give the same picture.

    Returns:
        RGB image, uint8 ``(H, W, 3)``; ``cityscapes-19`` label map, uint8 ``(H, W)``, 255 for void.

    Raises:
        ValueError: If a side is shorter than 16 pixels.
    """
    import numpy as np

    from alseg import IGNORE_INDEX
    from alseg_driving.spaces import CITYSCAPES_19

    size = (height, width)
    if min(size) < _LEAST_SIDE:
        raise ValueError(f"size must be at least {_LEAST_SIDE} on both sides, got {size}")
    index_of = {name: number for number, name in enumerate(CITYSCAPES_19.names)}
    common = ("sky", "building", "vegetation", "sidewalk", "road")
    others = [number for name, number in index_of.items() if name not in common]
    colors = np.array([info.color for info in CITYSCAPES_19.classes], np.int16)
    rng = np.random.default_rng([seed, index])
    horizon = height // 2
    label = np.full(size, index_of["sky"], np.uint8)
    for left in range(0, width, width // 8):
        kind = index_of[("building", "vegetation")[int(rng.integers(2))]]
        label[int(rng.integers(horizon // 4, horizon)) : horizon, left : left + width // 8] = kind
    label[horizon:] = index_of["sidewalk"]
    label[horizon:, width // 6 : -width // 6] = index_of["road"]
    for place in range(4):
        kind = others[(4 * index + place) % len(others)]
        top = int(rng.integers(horizon // 2, horizon))
        left = place * width // 4 + int(rng.integers(width // 8))
        label[top : top + height // 4, left : left + width // 8] = kind
    label[height - height // 16 :] = IGNORE_INDEX
    noise = rng.integers(-20, 21, (height, width, 3))
    painted = np.where((label == IGNORE_INDEX)[..., None], 0, colors[np.minimum(label, len(colors) - 1)])
    return np.clip(painted + noise, 0, 255).astype(np.uint8), label


def photographs(
    scene: SceneRenderer, splits: Sequence[str], count: int, size: Size, seed: int
) -> Iterator[tuple[str, int, NDArray[np.uint8], NDArray[np.uint8]]]:
    """Render scenes for several splits, as photographs.

    Args:
        scene: Renders them.
        splits: Names of the splits.
        count: Images per split.
        size: Height and width, in pixels.
        seed: Seed of the scenes.

    Yields:
        Split, number of the scene, which no other split has, image and ``cityscapes-19`` label map.
    """
    for place, split in enumerate(splits):
        look = "train" if split == "train" else "val"
        for index in range(place * count, (place + 1) * count):
            image, label = scene(index, domain="camera", split=look, height=size[0], width=size[1], seed=seed)
            yield split, index, image, label


def raw_ids(label: NDArray[np.uint8], id_of: Mapping[int, int], void: int) -> NDArray[np.uint8]:
    """Return the label map in raw ids, uint8 ``(H, W)``.

    Args:
        label: uint8 ``(H, W)``, class indices, 255 for void.
        id_of: Class index to raw id.
        void: The raw id of void, also for classes that are not in ``id_of``.
    """
    import numpy as np

    table = np.full(256, void, np.uint8)
    for index, raw_id in id_of.items():
        table[index] = raw_id
    return table[label]


def palette_of(colors: Mapping[int, tuple[int, int, int]]) -> bytes:
    """Return a full palette of 256 RGB colours: those given by index, black elsewhere."""
    palette = bytearray(768)
    for index, color in colors.items():
        palette[3 * index : 3 * index + 3] = bytes(color)
    return bytes(palette)


def write_png(path: Path, pixels: NDArray[np.uint8], *, palette: bytes | None = None) -> None:
    """Write an 8-bit PNG and its folder: RGB for ``(H, W, 3)``, grayscale or indexed for ``(H, W)``."""
    from PIL import Image

    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(pixels)
    if palette is not None:
        image.putpalette(palette)
    image.save(path)


def write_jpeg(path: Path, pixels: NDArray[np.uint8]) -> None:
    """Write an RGB JPEG of high quality, and its folder; ``pixels`` is uint8 ``(H, W, 3)``."""
    from PIL import Image

    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, quality=95)


def write_png16(path: Path, pixels: NDArray[np.uint16]) -> None:
    """Write a 16-bit RGB PNG, which Pillow cannot, and its folder.

    Args:
        path: The file.
        pixels: uint16 ``(H, W, 3)``.
    """
    import struct
    import zlib

    import numpy as np

    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    height, width = pixels.shape[:2]
    values = np.ascontiguousarray(pixels, ">u2").view(np.uint8).reshape(height, 6 * width)
    rows = np.pad(values, ((0, 0), (1, 0)))  # the zero before each row: stored unfiltered
    header = struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows.tobytes()))
        + chunk(b"IEND", b"")
    )
