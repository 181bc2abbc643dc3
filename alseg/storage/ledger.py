"""What has been bought: one row per question, from which everything about costs and masks follows.

A purchase is what one round bought. On disk it is a packed array that can be memory-mapped and a small index
that commits it, see docs/internals.md.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from alseg.contracts import Picks, Size
from alseg.errors import AlsegError, DamageError
from alseg.files import (
    SEAL,
    content_hash,
    read_json,
    refuse_unknown_keys,
    write_atomically,
    write_text,
)
from alseg.storage.asked_regions import AskedRegions
from alseg.system.archives import read_header
from alseg.system.regular_file import naming_damage, open_regular

ARRAY_NAME = "ledger.npy"
INDEX_NAME = "ledger.json"
LARGEST_SIDE = 65535
LARGEST_ARRAY = 2**32
"""Bytes of the array of one purchase: 390 million questions."""
LARGEST_INDEX = 2**28
"""Bytes of the index of one purchase: some million images."""

_FIELDS = ("y", "x", "score", "pixels", "void", "clicks")
_PROPOSED = "proposed"
"""Field of rows whose answers are corrections: the class that the network proposed."""

_LARGEST_COUNT = 2**32
"""Pixels or clicks of one question at most: more than any image has."""
_CHUNK = 2**20
_CONSTANT = "questions_per_pick"
"""Key of files from before clicks were counted from answers: clicks of every row."""

_REGIONS = "regions"
"""Key of files whose questions are about regions that follow the network: checksum of the maps beside."""

_INDEX_KEYS = frozenset({_CONSTANT, _REGIONS, "sha256", "images"})


@dataclass(frozen=True)
class Purchase:
    """The questions of one round and what their answers held.

    Attributes:
        rows: Structured ``(n,)`` with fields ``y``, ``x``, ``score``, ``pixels`` (newly revealed), ``void``
            (those of them without a class), ``clicks`` (what the answer cost) and, where answers are
            corrections, ``proposed`` (the class that the network proposed); image after image, in the order
            asked.
        spans: Image id to first row and the row after its last.
        questions_per_pick: Clicks each row cost, of files from before the rows had ``clicks``; else None.
        regions: The regions of the images that were asked about, as they were then, where the partition
            follows the network; else None. They are written before the purchase.
    """

    rows: NDArray[np.void]
    spans: Mapping[str, tuple[int, int]]
    questions_per_pick: int | None = None
    regions: AskedRegions | None = None

    @classmethod
    def of(
        cls,
        picks: Mapping[str, Picks],
        void: Mapping[str, NDArray[np.int64]],
        clicks: Mapping[str, NDArray[np.int64]],
        regions: AskedRegions | None = None,
    ) -> Purchase:
        """Pack the picks of one round.

        Args:
            picks: Image id to picks; images without picks may be left out. All have proposed classes, or
                none has.
            void: Image id to int64 ``(n,)``, void pixels per pick.
            clicks: Image id to int64 ``(n,)``, what each answer cost.
            regions: Of the images, where the partition follows the network.
        """
        touched = {image_id: asked for image_id, asked in picks.items() if len(asked)}
        stops = np.cumsum([len(asked) for asked in touched.values()]).tolist()
        starts = [0, *stops][:-1]
        largest = max((int(asked.pixels.max()) for asked in touched.values()), default=0)
        count_type = np.min_scalar_type(largest)
        dearest = max((int(clicks[image_id].max()) for image_id in touched), default=0)
        types = ("<u2", "<u2", "<f4", count_type, count_type, np.min_scalar_type(dearest))
        fields = list(zip(_FIELDS, types, strict=True))
        if any(asked.proposed is not None for asked in touched.values()):
            fields.append((_PROPOSED, "u1"))
        rows = np.zeros(stops[-1] if stops else 0, dtype=fields)
        for (image_id, asked), start, stop in zip(touched.items(), starts, stops, strict=True):
            part = rows[start:stop]
            part["y"], part["x"] = asked.positions.T
            part["score"], part["pixels"], part["void"] = asked.scores, asked.pixels, void[image_id]
            part["clicks"] = clicks[image_id]
            if asked.proposed is not None:
                part[_PROPOSED] = asked.proposed
        spans = dict(zip(touched, zip(starts, stops, strict=True), strict=True))
        return cls(rows, spans, regions=regions)

    def of_image(self, image_id: str) -> NDArray[np.void]:
        """Return one image's rows; empty where it was not asked about."""
        start, stop = self.spans.get(image_id, (0, 0))
        return self.rows[start:stop]

    def positions(self, image_id: str) -> NDArray[np.int32]:
        """Return where one image was asked about, int32 ``(n, 2)`` rows ``(y, x)``, in the order asked."""
        rows = self.of_image(image_id)
        return np.stack([rows["y"], rows["x"]], axis=1).astype(np.int32)

    @property
    def pixels(self) -> int:
        """Pixels revealed, void ones included."""
        return int(self.rows["pixels"].sum(dtype=np.int64))

    @property
    def void(self) -> int:
        """Void pixels revealed; they cost the same."""
        return int(self.rows["void"].sum(dtype=np.int64))

    @property
    def clicks(self) -> int:
        """Clicks spent."""
        return self._clicks(self.rows)

    def clicks_of(self, image_id: str) -> int:
        """Return the clicks spent on one image."""
        return self._clicks(self.of_image(image_id))

    def _clicks(self, rows: NDArray[np.void]) -> int:
        if self.questions_per_pick is not None:
            return len(rows) * self.questions_per_pick
        return int(rows["clicks"].sum(dtype=np.int64))

    def write(self, folder: Path) -> None:
        """Write the array, then the index that commits it.

        Raises:
            WriteError: If the files cannot be written.
        """
        array = folder / ARRAY_NAME
        content = io.BytesIO()  # numpy does not say why it cannot write to a file itself
        np.save(content, self.rows, allow_pickle=False)
        write_atomically(array, lambda file: file.write(content.getbuffer()))
        index: dict[str, Any] = {
            "sha256": hashlib.sha256(content.getbuffer()).hexdigest(),
            "images": {image_id: list(span) for image_id, span in self.spans.items()},
        }
        if self.regions is not None:
            index[_REGIONS] = self.regions.sha256
        # Without line breaks and spaces, which would take as much room as the names.
        text = json.dumps({**index, SEAL: content_hash(index)}, separators=(",", ":"), ensure_ascii=False)
        write_text(folder / INDEX_NAME, text + "\n")

    @classmethod
    def read(cls, folder: Path, *, verify: bool = True) -> Purchase:
        """Read a committed purchase; its rows are memory-mapped.

        Args:
            folder: A round's folder.
            verify: Whether to compare the checksums, which reads all of the rows and of the regions.

        Raises:
            DamageError: If a file is missing or damaged; names it.
        """
        index: dict[str, Any] = read_json(folder / INDEX_NAME, LARGEST_INDEX)
        refuse_unknown_keys(folder / INDEX_NAME, index, _INDEX_KEYS)
        array = folder / ARRAY_NAME
        with naming_damage(array, _misfit):
            with open_regular(array, LARGEST_ARRAY) as file:
                if verify and _sha256(file) != index["sha256"]:
                    raise DamageError(
                        f"{array} is damaged: its checksum differs from the one in {INDEX_NAME}."
                    )
                rows = _mapped(file)
            spans = {str(name): (int(start), int(stop)) for name, (start, stop) in index["images"].items()}
            constant = int(index[_CONSTANT]) if _CONSTANT in index else None
        regions = _regions_of(folder, spans, str(index[_REGIONS]), verify) if _REGIONS in index else None
        purchase = cls(rows, spans, constant, regions)
        if not purchase._is_whole() or (verify and not purchase._is_bounded()):
            raise DamageError(f"{array} {_misfit()}")
        return purchase

    def _is_whole(self) -> bool:
        """Whether the rows are questions, and those of one image follow those of the one before."""
        stops = [0, *(stop for _, stop in self.spans.values())]
        starts = [*(start for start, _ in self.spans.values()), len(self.rows)]
        return (
            self.rows.ndim == 1
            and self.rows.dtype.names in self._known_fields()
            and all(
                self.rows.dtype[name].kind == ("f" if name == "score" else "u")
                and self.rows.dtype[name].shape == ()
                for name in self.rows.dtype.names
            )
            and starts == stops
            and stops == sorted(stops)
            and (self.questions_per_pick is None or 0 < self.questions_per_pick <= _LARGEST_COUNT)
        )

    def _known_fields(self) -> tuple[tuple[str, ...], ...]:
        """Return the fields that rows can have."""
        if self.questions_per_pick is not None:
            return (_FIELDS[:-1],)
        return _FIELDS, (*_FIELDS, _PROPOSED)

    def _is_bounded(self) -> bool:
        """Whether no value is more than any image has: sums of larger ones would not be whole numbers."""
        largest = {"y": LARGEST_SIDE, "x": LARGEST_SIDE}
        return not len(self.rows) or all(
            int(self.rows[name].max()) <= largest.get(name, _LARGEST_COUNT)
            for name in self.rows.dtype.names or ()
            if name != "score"
        )

    @staticmethod
    def refuse_partial(folder: Path) -> None:
        """Check that the files are there and the array is as long as its header says, reading no more.

        Raises:
            DamageError: If a file is missing, or the array too short; names it.
        """
        index, array = folder / INDEX_NAME, folder / ARRAY_NAME
        if not index.exists():
            raise DamageError(f"{index} is missing.")
        with naming_damage(array, _misfit), open_regular(array, LARGEST_ARRAY) as file:
            _mapped(file)

    @staticmethod
    def committed(folder: Path) -> bool:
        """Return whether a round's folder holds a purchase."""
        return (folder / INDEX_NAME).exists()


def refuse_outside(positions: NDArray[np.int32], image_id: str, size: Size) -> None:
    """Refuse questions about pixels that an image has not.

    Args:
        positions: int32 ``(n, 2)`` rows ``(y, x)``.
        image_id: The image.
        size: Height and width of its label map.

    Raises:
        AlsegError: If there is one; names the image.
    """
    if len(positions) and (positions.max(axis=0) >= size).any():
        raise AlsegError(
            f"The purchases are damaged or of other data: they ask about pixels of {image_id} beyond its "
            f"{size[0]} x {size[1]} (height x width)."
        )


def refuse_other_regions(rows: NDArray[np.void], image_id: str, regions: NDArray[np.int32]) -> None:
    """Refuse questions about regions that an image has not: another partition would reveal other pixels.

    Args:
        rows: Of the image, as `Purchase.of_image` gives them.
        image_id: The image.
        regions: int32 ``(H, W)``, ids 0 to R - 1.

    Raises:
        AlsegError: If a region is not named by its first pixel, or has not the pixels that were bought.
    """
    positions = np.stack([rows["y"], rows["x"]], axis=1).astype(np.int32)
    refuse_outside(positions, image_id, (regions.shape[0], regions.shape[1]))
    ids, first, pixels = np.unique(regions, return_index=True, return_counts=True)
    asked = np.searchsorted(ids, regions[positions[:, 0], positions[:, 1]])
    places = positions[:, 0].astype(np.int64) * regions.shape[1] + positions[:, 1]
    if not (np.array_equal(first[asked], places) and np.array_equal(pixels[asked], rows["pixels"])):
        raise AlsegError(
            f"The regions of image {image_id} are not those about which the run has asked: the partition, "
            "its files or OpenCV changed. Put them back as they were, or begin the run anew with --fresh."
        )


def _regions_of(
    folder: Path, spans: Mapping[str, tuple[int, int]], sha256: str, verify: bool
) -> AskedRegions:
    """Return the regions that a purchase is about.

    Raises:
        DamageError: If a file of theirs is missing or damaged, or they are those of another purchase.
    """
    regions = AskedRegions.read(folder, verify=verify)
    if regions.sha256 != sha256 or not spans.keys() <= regions.places.keys():
        raise DamageError(f"{regions.path} is damaged: it does not fit {INDEX_NAME}.")
    return regions


def _misfit(error: Exception | None = None) -> str:
    """Say that an array is no purchase; what NumPy says of some tells how to unpickle objects."""
    return f"is damaged or does not fit {INDEX_NAME}."


def _sha256(file: BinaryIO) -> str:
    hashed = hashlib.sha256()
    while chunk := file.read(_CHUNK):
        hashed.update(chunk)
    return hashed.hexdigest()


def _mapped(file: BinaryIO) -> NDArray[np.void]:
    """Return the array in a file, memory-mapped.

    Raises:
        ValueError: If it is no array, or one of another length than its head says.
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    head = read_header(file, size)
    if not math.prod(head.shape):
        return np.zeros(head.shape, head.dtype)  # nothing can be mapped
    return np.memmap(file, head.dtype, "r", head.start, head.shape)


def all_positions(purchases: Sequence[Purchase], image_id: str) -> NDArray[np.int32]:
    """Return where one image was asked about in all rounds, int32 ``(m, 2)``, in the order asked."""
    parts = [purchase.positions(image_id) for purchase in purchases]
    return np.concatenate(parts) if parts else np.zeros((0, 2), np.int32)
