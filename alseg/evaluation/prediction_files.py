"""Predictions as files: colours for people, label ids for the official evaluation scripts of Cityscapes."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from alseg.contracts import IGNORE_INDEX, Dataset, LabelSpace
from alseg.errors import AlsegError
from alseg.files import write_atomically
from alseg.toolkit.labels import colorize, translation

SavePrediction = Callable[[str, NDArray[np.uint8]], None]
"""Given an image id and predicted class indices, uint8 ``(H, W)``."""


@runtime_checkable
class HasRawIds(Protocol):
    """A data set whose files hold ids of their own instead of class indices."""

    def raw_ids(self) -> NDArray[np.uint8]:
        """Return uint8 ``(256,)``: the data set's class index to its raw id; the id of void elsewhere."""
        ...


def color_writer(folder: Path, space: LabelSpace) -> SavePrediction:
    """Return a function that writes ``IMAGE_color.png`` in the colours of a label space.

    Args:
        folder: Where to write.
        space: In which classes are predicted.
    """

    def save(image_id: str, prediction: NDArray[np.uint8]) -> None:
        _write_png(folder / f"{image_id}_color.png", colorize(prediction, space))

    return save


def id_writer(folder: Path, space: LabelSpace, dataset: Dataset, own: LabelSpace) -> SavePrediction:
    """Return a function that writes ``IMAGE_labelIds.png`` with the ids of the data set's own label files.

    For Cityscapes these are the names and ids that its evaluation scripts expect.

    Args:
        folder: Where to write.
        space: In which classes are predicted.
        dataset: What is predicted; its ids are used if it is a `HasRawIds`, class indices otherwise.
        own: The data set's own label space.
    """
    table = id_table(space, dataset, own)

    def save(image_id: str, prediction: NDArray[np.uint8]) -> None:
        _write_png(folder / f"{image_id}_labelIds.png", table[prediction])

    return save


def id_table(space: LabelSpace, dataset: Dataset, own: LabelSpace) -> NDArray[np.uint8]:
    """Return the look-up table from predicted classes to ids of a data set's files, uint8 ``(256,)``.

    Arguments as for `id_writer`.

    Raises:
        AlsegError: If the data set has no id for a predicted class.
    """
    to_own = translation(space, own)
    nameless = [name for index, name in enumerate(space.names) if to_own[index] == IGNORE_INDEX]
    if nameless:
        raise AlsegError(
            f"Label ids cannot be written: '{own.name}' has no class for {', '.join(nameless)} of "
            f"'{space.name}'."
        )
    return dataset.raw_ids()[to_own] if isinstance(dataset, HasRawIds) else to_own


def check_folders(colors: Path | None, ids: Path | None) -> None:
    """Refuse to write colours and ids to one place.

    Raises:
        AlsegError: If one folder is the other or lies in it: the official scripts take every file that
            starts with an image's name, in all folders below.
    """
    if colors is None or ids is None:
        return
    one, other = colors.resolve(), ids.resolve()
    if one.is_relative_to(other) or other.is_relative_to(one):
        raise AlsegError(
            f"Colours ({colors}) and label ids ({ids}) need folders of their own, none in the other: "
            "the official evaluation scripts take every file that starts with an image's name."
        )


def _write_png(path: Path, pixels: NDArray[np.uint8]) -> None:
    encoded = io.BytesIO()
    Image.fromarray(pixels).save(encoded, "PNG")
    write_atomically(path, lambda file: file.write(encoded.getbuffer()))
