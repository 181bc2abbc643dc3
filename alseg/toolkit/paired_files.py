"""A split whose images and label maps are files with raw ids, read one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from alseg.contracts import IGNORE_INDEX, Size
from alseg.errors import DataError
from alseg.toolkit.file_layout import Pair
from alseg.toolkit.imaging import image_size, read_image, read_label
from alseg.toolkit.labels import translated

LEAVE_OUT_HINT = (
    "Or leave the image out: write {{image_id}} into a text file and set 'exclude' of {name} to it."
)
"""`PairedFiles.hint` of data sets that can do with fewer images."""

UNDEFINED = 254
"""Marks raw ids that a data set does not define; no label space has so many classes."""


def class_table(classes: Mapping[int, int], void: frozenset[int]) -> bytes:
    """Return the look-up table from raw ids to class indices.

    Args:
        classes: Raw id to class index.
        void: Raw ids that mean void.

    Returns:
        256 bytes: class index, 255 for void, `UNDEFINED` for all other ids.
    """
    table = bytearray([UNDEFINED]) * 256
    for raw_id in void:
        table[raw_id] = IGNORE_INDEX
    for raw_id, index in classes.items():
        table[raw_id] = index
    return bytes(table)


def no_judgement(ids: Mapping[int, int]) -> None:
    """Find nothing wrong with the ids of a split."""


@dataclass(frozen=True)
class PairedFiles:
    """Images and label maps in files of their own, read one by one.

    Attributes:
        title: The data set's name in messages.
        base: The data set's own folder.
        pairs: The files, in order.
        table: 256 bytes from `class_table`.
        read_ids: Decodes one label map to raw ids, ``(H, W)`` uint8 or uint16.
        content: As what label maps are read, for `alseg.toolkit.imaging.image_size`; goes with ``read_ids``.
        hint: What else one can do about a file that cannot be used, added to every such message;
            ``{image_id}`` is filled in.
        judge_ids: What is wrong with the ids of a split, see `alseg.contracts.ChecksIds`.
    """

    title: str
    base: Path
    pairs: tuple[Pair, ...]
    table: bytes
    read_ids: Callable[[Path], NDArray[np.uint8] | NDArray[np.uint16]] = read_label
    content: Literal["label", "label16"] = "label"
    hint: str = ""
    judge_ids: Callable[[Mapping[int, int]], str | None] = no_judgement

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.pairs)

    def image_id(self, index: int) -> str:
        """Return the image's file name without the parts that all images share."""
        return self.pairs[index].image_id

    def group(self, index: int) -> str:
        """Return the sequence that the image is from; its own name where there are none."""
        pair = self.pairs[index]
        return pair.image_id if pair.group is None else pair.group

    def size(self, index: int) -> Size:
        """Return height and width from the files' headers.

        Raises:
            DataError: If image and label map differ in size, or one cannot be opened; names the file.
        """
        image_path, label_path = self._paths(index)
        with self._hinting(index):
            of_image, of_label = image_size(image_path, "image"), image_size(label_path, self.content)
            if of_image != of_label:
                raise DataError(
                    f"{image_path} is {of_image[1]} x {of_image[0]} pixels, but its label map "
                    f"{label_path} is {of_label[1]} x {of_label[0]}.",
                    "Copy or unpack both again.",
                )
            return of_label

    def image(self, index: int) -> NDArray[np.uint8]:
        """Return the RGB image, uint8 ``(H, W, 3)``.

        Raises:
            DataError: If the file cannot be decoded; names it.
        """
        with self._hinting(index):
            return read_image(self._paths(index)[0])

    def label(self, index: int) -> NDArray[np.uint8]:
        """Return the label map, uint8 ``(H, W)``, class indices of the data set's label space, 255 for void.

        Raises:
            DataError: If the file cannot be decoded or holds ids that the data set does not define; names it.
        """
        return self.label_and_ids(index)[0]

    def label_and_ids(self, index: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8] | NDArray[np.uint16]]:
        """Return the label map in class indices and in raw ids, uint8 and uint8 or uint16, ``(H, W)`` each.

        Raises:
            DataError: As `label`.
        """
        path = self._paths(index)[1]
        with self._hinting(index):
            ids = self.read_ids(path)
            if ids.max() > 255:
                raise self._undefined(path, ids[ids > 255])
            label = translated(ids.astype(np.uint8, copy=False), np.frombuffer(self.table, np.uint8))
            undefined = label == UNDEFINED
            if undefined.any():
                raise self._undefined(path, ids[undefined])
            return label, ids

    def ids_problem(self, ids: Mapping[int, int]) -> str | None:
        """Return what is wrong with the ids of the split, or None."""
        return self.judge_ids(ids)

    def stamp(self, index: int) -> str:
        """Return paths, sizes and times of change of image and label map, and what raw ids mean."""
        return "\n".join([*map(_stamp, self._paths(index)), self.read_ids.__name__, self.table.hex()])

    def raw_ids(self) -> NDArray[np.uint8]:
        """Return the look-up table from class indices to the raw ids in this data set's files.

        Returns:
            uint8 ``(256,)``: the lowest raw id of each class; for 255 and all that is no class, the lowest
            id of void.
        """
        table = np.frombuffer(self.table, np.uint8)
        raw_ids = np.full(256, self.table.index(IGNORE_INDEX), np.uint8)
        for raw_id in np.flatnonzero(table < UNDEFINED)[::-1]:
            raw_ids[table[raw_id]] = raw_id
        return raw_ids

    def _paths(self, index: int) -> tuple[Path, Path]:
        pair = self.pairs[index]
        return self.base / pair.image, self.base / pair.label

    def _undefined(self, path: Path, ids: NDArray[np.generic]) -> DataError:
        different = np.unique(ids).tolist()
        listed = ", ".join(map(str, different[:10])) + (", ..." if len(different) > 10 else "")
        return DataError(
            f"{path} holds ids that {self.title} does not define: {listed}.",
            "Use the label maps as they come in the archive, or copy the file again.",
        )

    @contextmanager
    def _hinting(self, index: int) -> Iterator[None]:
        try:
            yield
        except DataError as error:
            if not self.hint:
                raise
            alternative = self.hint.format(image_id=self.image_id(index))
            raise DataError(error.problem, error.remedy, alternative) from error


def _stamp(path: Path) -> str:
    try:
        status = path.stat()
    except OSError:
        return f"{path.absolute()} cannot be read"  # whoever reads it is told why
    return f"{path.absolute()} {status.st_size} {status.st_mtime_ns}"
