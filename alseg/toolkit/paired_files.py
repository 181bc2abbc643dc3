"""A split whose images and label maps are files with raw ids, read one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from alseg.contracts import Size
from alseg.errors import DataError
from alseg.toolkit.file_layout import Pair
from alseg.toolkit.imaging import image_size, read_image
from alseg.toolkit.label_files import LabelFiles

LEAVE_OUT_HINT = (
    "Or leave the image out: write {{image_id}} into a text file and set 'exclude' of {name} to it."
)
"""`PairedFiles.hint` of data sets that can do with fewer images."""


def no_judgement(ids: Mapping[int, int]) -> None:
    """Find nothing wrong with the ids of a split.

    Args:
        ids: Label id to number of pixels.
    """


@dataclass(frozen=True)
class PairedFiles:
    """Images and label maps in files of their own, read one by one.

    Attributes:
        title: The data set's name in messages.
        base: The data set's own folder.
        pairs: The files, in order.
        labels: Reads label files; None where the split has none.
        hint: What else one can do about a file that cannot be used, added to every such message;
            ``{image_id}`` is filled in.
        judge_ids: What is wrong with the ids of a split, see `alseg.contracts.ChecksIds`.
    """

    title: str
    base: Path
    pairs: tuple[Pair, ...]
    labels: LabelFiles | None
    hint: str = ""
    judge_ids: Callable[[Mapping[int, int]], str | None] = no_judgement

    @property
    def labelled(self) -> bool:
        """Whether the split has label maps."""
        return self.labels is not None

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
        image_path = self._image(index)
        with self._hinting(index):
            of_image = image_size(image_path, "image")
            if self.labels is None:
                return of_image
            files = self._label_files(index)
            of_label = self.labels.size(files)
            if of_image != of_label:
                label_path = next(path for path in files if path is not None)
                raise DataError(
                    f"{image_path} is {of_image[0]} x {of_image[1]} pixels (height x width), but its label "
                    f"map {label_path} is {of_label[0]} x {of_label[1]}.",
                    "Copy or unpack both again.",
                )
            return of_label

    def image(self, index: int) -> NDArray[np.uint8]:
        """Return the RGB image, uint8 ``(H, W, 3)``.

        Raises:
            DataError: If the file cannot be decoded; names it.
        """
        with self._hinting(index):
            return read_image(self._image(index))

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
        if self.labels is None:
            raise DataError(
                f"{self.title} has no label map of {self.image_id(index)}: the split has no labels.",
                "Say where its label maps are.",
            )
        with self._hinting(index):
            return self.labels.read(self._label_files(index))

    def ids_problem(self, ids: Mapping[int, int]) -> str | None:
        """Return what is wrong with the ids of the split, or None."""
        return self.judge_ids(ids)

    def stamp(self, index: int) -> str:
        """Return paths, sizes and times of change of image and label map, and what raw ids mean."""
        files = [path for path in self._label_files(index) if path is not None]
        identity = "" if self.labels is None else self.labels.identity
        return "\n".join([_stamp(self._image(index)), *map(_stamp, files), identity])

    def raw_ids(self) -> NDArray[np.uint8]:
        """Return the look-up table from class indices to the raw ids in this data set's files.

        Returns:
            uint8 ``(256,)``: a raw id of each class, the lowest where nothing else is said; for 255 and all
            that is no class, the lowest id of void. Class indices where files hold no ids.
        """
        return np.arange(256, dtype=np.uint8) if self.labels is None else self.labels.raw_ids()

    def _image(self, index: int) -> Path:
        return self.base / self.pairs[index].image

    def _label_files(self, index: int) -> list[Path | None]:
        """Return the files with the labels of an image; None stands for one that is not there."""
        label = self.pairs[index].label
        names = label if isinstance(label, tuple) else (label,)
        return [None if name is None else self.base / name for name in names]

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
