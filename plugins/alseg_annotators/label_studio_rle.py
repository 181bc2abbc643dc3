"""Brush masks of Label Studio: RGBA pixels, packed by runs of bits as ``@thi.ng/rle-pack`` does.

Source:
    thi.ng/umbrella, packages/rle-pack, and ``label_studio_sdk.converter.brush``, which a test compares.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alseg.contracts.types import Size
from alseg_annotators._place import AGAIN, Place

_CHANNELS = 4
_OPAQUE = 128
"""Least alpha of a pixel that counts as painted."""
_RUN_BITS = (3, 4, 8, 16)
"""Bits of a run's length, of which two bits choose one."""
_SPARE_BYTES = 4
"""Most bytes after the last run."""


def encode_mask(mask: NDArray[np.bool_]) -> list[int]:
    """Return a mask as Label Studio's ``rle``, bytes as whole numbers."""
    flat = mask.ravel()
    header = f"{_CHANNELS * flat.size:032b}{7:05b}" + "".join(f"{bits - 1:04b}" for bits in _RUN_BITS)
    edges = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    starts = np.concatenate([[0], edges, [flat.size]]) * _CHANNELS
    parts = [header]
    for start, end in itertools.pairwise(starts.tolist()):
        byte = "11111111" if flat[start // _CHANNELS] else "00000000"
        for first in range(start, end, 2**16):
            run = min(2**16, end - first)
            choice = next(place for place, bits in enumerate(_RUN_BITS) if run <= 2**bits)
            parts.append(f"1{choice:02b}{run - 1:0{_RUN_BITS[choice]}b}{byte}")
    bits = "".join(parts)
    bits += "0" * (-len(bits) % 8)
    return list(int(bits, 2).to_bytes(len(bits) // 8, "big"))


def decode_mask(rle: Any, size: Size, place: Place) -> NDArray[np.bool_]:
    """Return the mask, bool ``(H, W)``, of Label Studio's ``rle``.

    Args:
        rle: Bytes as whole numbers.
        size: Height and width that it must have.
        place: Where it stands.

    Raises:
        AnswerFileError: If it is of another size, too short, too long or no mask at all.
    """
    height, width = size
    if not isinstance(rle, list) or not all(type(byte) is int and 0 <= byte <= 255 for byte in rle):
        raise place.error("the brush mask is no list of bytes.", AGAIN)
    count = height * width * _CHANNELS
    try:
        values = _unpacked(rle, count)
    except _MaskError as error:
        raise place.error(f"the brush mask {error}.", AGAIN) from error
    return np.asarray(values.reshape(height, width, _CHANNELS)[:, :, _CHANNELS - 1] >= _OPAQUE)


class _MaskError(Exception):
    """What is wrong with a mask."""


def _unpacked(rle: Sequence[int], count: int) -> NDArray[np.uint8]:
    bits = np.unpackbits(np.array(rle, np.uint8))
    text = (bits + ord("0")).tobytes()
    cursor = 0

    def read(length: int) -> int:
        nonlocal cursor
        cursor += length
        if cursor > len(text):
            raise _MaskError("is cut off")
        return int(text[cursor - length : cursor], 2)

    found = read(32)
    if found != count:
        raise _MaskError(f"has {found:,} values, not the {count:,} of the image")
    if read(5) != 7:
        raise _MaskError("has values of other than 8 bits")
    run_bits = [read(4) + 1 for _ in _RUN_BITS]
    values = np.empty(count, np.uint8)
    done = 0
    while done < count:
        repeated = read(1)
        end = done + read(run_bits[read(2)]) + 1
        if end > count:
            raise _MaskError("has runs beyond its end")
        if repeated:
            values[done:end] = read(8)
        else:
            start = cursor
            cursor += 8 * (end - done)
            if cursor > len(text):
                raise _MaskError("is cut off")
            values[done:end] = np.packbits(bits[start:cursor])
        done = end
    if len(text) - cursor > 8 * _SPARE_BYTES or bits[cursor:].any():
        raise _MaskError("goes on after its end")
    return values
