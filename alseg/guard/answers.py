"""What plugins answer, checked before any of it is copied: kind, shape and length.

An answer of gigabytes costs nothing here but the memory that the plugin itself took.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
from numpy.typing import NDArray

from alseg.contracts import AnswerKind, Picks, Size
from alseg.errors import AlsegError
from alseg.guard.calls import name_of

if TYPE_CHECKING:
    import torch

_NDIM_OF_LOGITS = 4


class AnswerError(AlsegError):
    """A plugin returned something that its contract does not allow."""


def described(answer: object) -> str:
    """Return kind and shape, such as ``float32 (2, 3)``, or the type's name; never the values."""
    shape, dtype = getattr(answer, "shape", None), getattr(answer, "dtype", None)
    if shape is not None and dtype is not None:
        return f"{str(dtype).removeprefix('torch.')} {tuple(shape)}"
    try:
        return f"{type(answer).__name__} of {len(answer):,}"  # type: ignore[arg-type]
    except TypeError:
        return type(answer).__name__


def refused(made: object, method: str, expected: str, answer: object) -> AnswerError:
    """Return the error about an answer.

    Args:
        made: The plugin's object.
        method: Which was called.
        expected: What it must return, with shape.
        answer: What it returned.
    """
    return AnswerError(
        f"{name_of(made)}: {method} must return {expected}, but returned {described(answer)}. Mend the "
        "plugin; docs/plugins.md says what each method returns."
    )


def answer_kind(mode: object) -> AnswerKind:
    """Return what an annotator says of a question of an annotation mode.

    Raises:
        AnswerError: If the mode's ``answer`` is none of the kinds.
    """
    kind: AnswerKind = getattr(mode, "answer", "pixels")
    if kind not in get_args(AnswerKind):
        raise AnswerError(
            f"{name_of(mode)}: answer is {kind!r}, which is no kind of answer. Mend the plugin; the kinds "
            f"are {', '.join(get_args(AnswerKind))}."
        )
    return kind


def checked_picks(mode: object, picks: object, size: Size) -> Picks:
    """Return what ``propose`` of an annotation mode returned.

    Args:
        mode: The annotation mode.
        picks: Its answer.
        size: Height and width of the image, which has no more questions than pixels.

    Raises:
        AnswerError: If these are no picks, or arrays of other shapes.
    """
    if not isinstance(picks, Picks):
        raise refused(mode, "propose", "Picks", picks)
    most = size[0] * size[1]
    positions = picks.positions
    expected = f"Picks with positions (n, 2), n at most {most:,}"
    if not _is_array(positions, "iu", 2) or positions.shape[1] != 2 or len(positions) > most:
        raise refused(mode, "propose", expected, positions)
    count = len(positions)
    if not _is_array(picks.scores, "f", 1) or len(picks.scores) != count:
        raise refused(mode, "propose", f"Picks with float scores ({count},)", picks.scores)
    if not _is_array(picks.pixels, "iu", 1) or len(picks.pixels) != count:
        raise refused(mode, "propose", f"Picks with whole pixels ({count},)", picks.pixels)
    if picks.proposed is not None:
        raise refused(mode, "propose", "Picks without proposed, which alseg fills in", picks.proposed)
    return picks


def checked_footprint(mode: object, footprint: Any, size: Size) -> NDArray[np.int32]:
    """Return what ``footprint`` of an annotation mode returned.

    Raises:
        AnswerError: If it is no map of whole numbers of the image's size.
    """
    if not _is_array(footprint, "iu", 2) or footprint.shape != tuple(size):
        raise refused(mode, "footprint", f"int32 {tuple(size)}", footprint)
    answer: NDArray[np.int32] = footprint
    return answer


def checked_selection(acquisition: object, chosen: Any, count: int) -> Sequence[Any]:
    """Return what ``select`` of an acquisition returned.

    Raises:
        AnswerError: If it has no length, or more than ``count`` indices.
    """
    try:
        length = len(chosen)
    except TypeError:
        raise refused(acquisition, "select", f"a list of at most {count:,} indices", chosen) from None
    if length > count:
        raise refused(acquisition, "select", f"a list of at most {count:,} indices", chosen)
    answer: Sequence[Any] = chosen
    return answer


def checked_logits(model: object, logits: Any, images: torch.Tensor, method: str = "forward") -> torch.Tensor:
    """Return what a network returned for a batch: float ``(B, C, h, w)``, or features ``(B, D, h, w)``.

    Raises:
        AnswerError: If it is no float tensor of four dimensions with one map for each image.
    """
    import torch

    is_right = (
        isinstance(logits, torch.Tensor)
        and logits.is_floating_point()
        and logits.ndim == _NDIM_OF_LOGITS
        and len(logits) == len(images)
    )
    if not is_right:
        raise refused(model, method, f"float ({len(images)}, C, h, w)", logits)
    answer: torch.Tensor = logits
    return answer


def checked_losses(recipe: object, losses: Any) -> Mapping[str, torch.Tensor]:
    """Return what ``losses`` of a recipe returned.

    Raises:
        AnswerError: If it is no mapping of names to tensors of one number each.
    """
    import torch

    if not isinstance(losses, Mapping):
        raise refused(recipe, "losses", "a mapping of names to scalars", losses)
    for name, loss in losses.items():
        if not isinstance(loss, torch.Tensor) or loss.ndim:
            raise refused(recipe, "losses", f"a scalar () for '{name}'", loss)
    return losses


def checked_image(dataset: object, image: Any) -> NDArray[np.uint8]:
    """Return what ``image`` of a data set returned.

    Raises:
        AnswerError: If it is no uint8 ``(H, W, 3)``.
    """
    if not _is_array(image, "u", 3) or image.dtype != np.uint8 or image.shape[2] != 3:
        raise refused(dataset, "image", "uint8 (H, W, 3)", image)
    answer: NDArray[np.uint8] = image
    return answer


def checked_label(dataset: object, label: Any, size: Size | None = None) -> NDArray[np.uint8]:
    """Return what ``label`` of a data set returned.

    Raises:
        AnswerError: If it is no uint8 map, or not of the size where that is known.
    """
    is_map = _is_array(label, "u", 2) and label.dtype == np.uint8
    if not is_map or (size is not None and label.shape != tuple(size)):
        raise refused(dataset, "label", f"uint8 {'(H, W)' if size is None else tuple(size)}", label)
    answer: NDArray[np.uint8] = label
    return answer


def checked_regions(
    partition: object, regions: Any, size: Size, method: str = "regions"
) -> NDArray[np.int32]:
    """Return what ``regions`` or ``adapt`` of a partition returned, as int32.

    Raises:
        AnswerError: If it is no map of whole numbers of the image's size, or an id from 0 on is left out.
    """
    if not _is_array(regions, "iu", 2) or regions.shape != tuple(size):
        raise refused(partition, method, f"int32 {tuple(size)}", regions)
    lowest, highest = int(regions.min()), int(regions.max())
    if lowest < 0 or highest >= regions.size or not np.bincount(regions.ravel().astype(np.int64)).all():
        raise AnswerError(
            f"{name_of(partition)}: {method} must return ids 0 to R - 1, each of them used, but returned "
            f"{len(np.unique(regions)):,} ids from {lowest:,} to {highest:,}. Mend the plugin; "
            "docs/plugins.md says what each method returns."
        )
    answer: NDArray[np.int32] = regions.astype(np.int32)
    return answer


def _is_array(answer: Any, kinds: str, dimensions: int) -> bool:
    return isinstance(answer, np.ndarray) and answer.dtype.kind in kinds and answer.ndim == dimensions
