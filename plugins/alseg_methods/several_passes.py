"""The parameters of acquisitions that need several predictions of an image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from alseg import AlsegError
from alseg.contracts import Interval, Moments, Passes, View

Source = Literal["dropout", "flip", "jitter"]
"""What differs between passes, see `alseg.contracts.Passes`."""

Count = Annotated[int, Interval(ge=2, le=1_000)]
"""Passes over an image."""


@dataclass(frozen=True)
class SeveralPasses:
    """What an acquisition that needs ``moments`` has in common with others.

    Attributes:
        source: What differs between the passes: units that ``dropout`` switches off, the image mirrored left
            to right (``flip``), or its brightness, contrast and saturation (``jitter``).
        count: Passes; 2 for ``flip``.

    Raises:
        AlsegError: If ``flip`` is to have other than two passes.
    """

    source: Source = "dropout"
    count: Count = 10

    def __post_init__(self) -> None:
        if self.source == "flip" and self.count != 2:
            raise AlsegError(
                f"Passes: source 'flip' has 2 passes, the image and its mirror image, not {self.count}; "
                "set count: 2."
            )

    @property
    def passes(self) -> Passes:
        """The passes that the core makes."""
        return Passes(self.source, self.count)


def moments_in(view: View) -> Moments:
    """Return the moments of a view.

    Raises:
        ValueError: If it has none.
    """
    if view.moments is None:
        raise ValueError("the view has no moments: the acquisition's spec must name them in its needs")
    return view.moments
