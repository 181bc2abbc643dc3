"""The builder; torch and tensorboard are imported when it is called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alseg import AlsegError

if TYPE_CHECKING:
    from alseg.contracts import Observer


def build_tensorboard() -> Observer:
    """Return the observer.

    Raises:
        AlsegError: If the package tensorboard is not installed.
    """
    try:
        from alseg_tensorboard.observer import TensorBoard
    except ImportError as error:
        raise AlsegError(
            f"Observer 'tensorboard' needs packages that are not installed ({error}): "
            'pip install "alseg[tensorboard]"'
        ) from error
    return TensorBoard()
