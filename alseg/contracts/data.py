"""Data sets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

from alseg.contracts.types import Size

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@runtime_checkable
class Dataset(Protocol):
    """One split of one data set. Reading is by index; the object is pickled to worker processes.

    It may have ``stamp(index) -> str``, a text that is another one whenever the image, the label map or their
    meaning may be, such as paths with sizes and times of change. Only then can ``settings.cache`` keep what
    has been decoded.

    It may be `ChecksIds`, so that wrong label files are told apart from right ones; and it may have
    ``most_void``, the largest share of void pixels that is usual in a split, 0.5 where it has none.

    It may have ``labelled``, a bool, True where it is absent. A split where it is False has no label maps:
    ``label`` raises `DataError`, and ``size`` is that of the image.

    It may have ``group(index) -> str``, the name of a group of images that resemble each other, such as the
    frames of one drive. Groups are stored with the evaluation's counts, and intervals over images draw whole
    groups. Without it, each image is a group of its own.
    """

    def __len__(self) -> int:
        """Return the number of images."""
        ...

    def image_id(self, index: int) -> str:
        """Return a name that is unique in the split and stays the same on every machine."""
        ...

    def size(self, index: int) -> Size:
        """Return height and width of the label map, without decoding pixels.

        Raises:
            DataError: If image and label differ in size, or a file cannot be opened; names the file.
        """
        ...

    def image(self, index: int) -> NDArray[np.uint8]:
        """Return the RGB image, uint8 ``(H, W, 3)``.

        Raises:
            DataError: If the file cannot be decoded; names the file.
        """
        ...

    def label(self, index: int) -> NDArray[np.uint8]:
        """Return the label map in the data set's own label space, uint8 ``(H, W)``, 255 for void.

        Raises:
            DataError: If the file cannot be decoded or holds ids the data set does not define; names the
                file.
        """
        ...


@runtime_checkable
class ChecksIds(Protocol):
    """What a `Dataset` may have besides: it knows how the ids in its label files should look."""

    def label_and_ids(self, index: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8] | NDArray[np.uint16]]:
        """Return ``label(index)`` and the ids in the file from which it was made, of the same shape.

        Raises:
            DataError: As ``label``.
        """
        ...

    def ids_problem(self, ids: Mapping[int, int]) -> str | None:
        """Say what is wrong with the label maps of a split, as far as the ids in them tell.

        Args:
            ids: Each id that was seen, and how many label maps show it.

        Returns:
            Problem, cause and remedy; None where nothing is wrong.
        """
        ...


class SceneRenderer(Protocol):
    """Makes up street scenes for fake data; the same arguments give the same scene."""

    def __call__(
        self,
        index: int,
        *,
        domain: Literal["render", "camera"],
        split: str,
        height: int,
        width: int,
        seed: int,
    ) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Return one scene.

        Args:
            index: Number of the scene.
            domain: ``render`` (clean game look) or ``camera`` (photograph).
            split: ``train`` or ``val``.
            height: In pixels.
            width: In pixels.
            seed: Another seed gives other scenes of the same kind.

        Returns:
            Image, uint8 RGB ``(height, width, 3)``; label map in ``cityscapes-19``, uint8 ``(height,
            width)``.
        """
        ...
