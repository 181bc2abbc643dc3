"""Acquisitions: what to ask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from alseg.contracts.views import Observations, PartsView, PixelRanking, PoolView, TargetView, View

if TYPE_CHECKING:
    import torch


@runtime_checkable
class ScoreAcquisition(Protocol):
    """Says for every pixel of one image how much a label there is wanted."""

    def score(self, view: TargetView) -> torch.Tensor:
        """Return float ``(H, W)``, higher is asked first; NaN is refused, -inf means never."""
        ...


@runtime_checkable
class SelectAcquisition(Protocol):
    """Ranks whole images with a look at all of the pool."""

    def select(self, pool: PoolView) -> Sequence[int]:
        """Return at most ``pool.count`` different indices of images not bought yet, most wanted first."""
        ...


@runtime_checkable
class ObservingAcquisition(Protocol):
    """Looks at every image of the pool before anything is decided: the first phase of a pool method."""

    def observe(self, view: View) -> Mapping[str, torch.Tensor]:
        """Return what is worth keeping of one image.

        Args:
            view: A `TargetView`; before these, where the spec's ``observes`` names ``source``, a `SourceView`
                of every source image.

        Returns:
            Named tensors of any dtype, small, such as one row a region; they are kept on the CPU, and on disk
            where all images together hold much. Their names and dtypes, and all sizes but the first, are the
            same for every image.
        """
        ...


@runtime_checkable
class RankingAcquisition(ObservingAcquisition, Protocol):
    """Ranks the parts of the pool, images or regions, or single pixels of it.

    An acquisition ranks where it has `rank`, and scores where it has ``prepare`` and ``score``. Of one that
    has all of them `rank` is not called, see `PreparingAcquisition`.
    """

    def rank(
        self, observations: Observations, pool: PartsView
    ) -> Sequence[int] | torch.Tensor | PixelRanking:
        """Return different parts that have not been bought, most wanted first.

        The core takes them from the front as far as the budget goes. About ``pool.count`` of them are enough.

        Args:
            observations: Of all images.
            pool: Its parts.

        Returns:
            Indices of parts, 0 to P - 1; or pixels, for annotation modes that ask about pixels or squares.
        """
        ...


@runtime_checkable
class PreparingAcquisition(ObservingAcquisition, Protocol):
    """Scores images one by one, with statistics of the whole pool.

    It scores, even where it has ``rank`` too: `alseg.testing.check_acquisition` refuses one that has both.
    """

    def prepare(self, observations: Observations, pool: PartsView) -> object:
        """Return what ``score`` then finds in ``view.statistics``."""
        ...

    def score(self, view: TargetView) -> torch.Tensor:
        """Return what `ScoreAcquisition.score` does. Called in a second pass over the pool."""
        ...
