"""Acquisitions that select whole images by their mean features, as ones that observe and rank."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch

from alseg.acquisition.job import AcquisitionError
from alseg.contracts import Observations, PartsView, PoolView, SelectAcquisition, View
from alseg.guard.answers import checked_selection
from alseg.guard.calls import name as named
from alseg.guard.calls import name_of


class SelectedImages:
    """Ranks the images that an acquisition of kind ``select`` selects; its only observation is mean features.

    Args:
        acquisition: Selects images.
        name: Of the acquisition, for messages.
    """

    def __init__(self, acquisition: SelectAcquisition, name: str) -> None:
        self._acquisition = acquisition
        named(self, name_of(acquisition, f"acquisition '{name}'"))

    def observe(self, view: View) -> Mapping[str, torch.Tensor]:
        """Return the features averaged over the image, float32 ``(1, D)``.

        Raises:
            AcquisitionError: If no features were asked for.
        """
        if view.features is None:
            raise AcquisitionError(
                f"{self._who} ranks images by their features, but its spec does not say so: its 'needs' "
                "lacks 'features'."
            )
        return {"features": view.features.float().mean(dim=(1, 2))[None]}

    def rank(self, observations: Observations, pool: PartsView) -> Sequence[int]:
        """Return the images selected, most wanted first.

        Raises:
            AcquisitionError: If the selection is no valid one.
        """
        view = PoolView(
            image_ids=pool.image_ids,
            features=observations.column("features"),
            bought=pool.bought,
            count=pool.count,
            generator=pool.generator,
        )
        selected = checked_selection(self._acquisition, self._acquisition.select(view), len(pool.bought))
        chosen = [int(index) for index in selected]
        valid = all(0 <= index < len(pool.bought) and not pool.bought[index] for index in chosen)
        if not valid or len(set(chosen)) != len(chosen) or len(chosen) > pool.count:
            raise AcquisitionError(
                f"{self._who} must select at most {pool.count} different images that are not bought yet; it "
                f"selected {chosen}."
            )
        return chosen

    @property
    def _who(self) -> str:
        who = name_of(self)
        return who[0].upper() + who[1:]
