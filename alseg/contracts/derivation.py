"""Recipes that derive label maps from what has been bought, such as pseudo labels within asked regions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

from alseg.contracts.types import Need
from alseg.contracts.views import TargetView

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, kw_only=True)
class Derivation:
    """When a recipe derives label maps, and what it needs to see.

    Attributes:
        at: Share of a round's steps after which it derives, at least 0 and below 1: 0 for before the first,
            with the network as the round before has left it.
        restart: Weights of network and modules afterwards: they ``continue``, or are ``initial`` and the
            optimisers new. The number of the step goes on, and with it the learning rate.
        rate: Factor on all learning rates from then on until the round ends, above 0.
        needs: What views must hold: ``logits``, ``probs``, ``features``, ``image`` or ``output:NAME``;
            either of the first two gives both. Maps
            of what has been asked, and regions where the method has a partition, come in any case.
    """

    at: float = 0.0
    restart: Literal["continue", "initial"] = "continue"
    needs: tuple[Need, ...] = ("logits",)
    rate: float = 1.0


@dataclass(frozen=True)
class DerivationView(TargetView):
    """What a recipe may know of one image of which labels have been bought.

    ``revealed`` and ``bought`` are always there, ``previous`` and ``moments`` never. ``generator`` is seeded
    for this seed, round and image.

    Attributes:
        asked: int32 ``(H, W)`` on the CPU, which question of the image revealed each pixel, numbered from 0
            in the order asked, over all rounds; -1 where nothing was asked.
        sets: bool ``(n, C + 1)`` on the CPU, the classes that each question's answer leaves possible, the
            last column for void; None where answers are not sets of classes.
    """

    asked: torch.Tensor = field(kw_only=True)
    sets: torch.Tensor | None = field(default=None, kw_only=True)


@runtime_checkable
class DerivingRecipe(Protocol):
    """A recipe that derives label maps: once for each round from 1 on, and each image with bought labels.

    Training batches carry the derived maps in place of what was revealed, from then on until labels are
    bought again. Runs that buy nothing derive nothing.
    """

    derivation: Derivation | None
    """When; None where this recipe, as it is set up, derives nothing."""

    def derive(self, view: DerivationView, modules: Mapping[str, torch.nn.Module]) -> torch.Tensor | None:
        """Return the label map with which an image is trained on, without gradient.

        Args:
            view: The image, what the network says of it, and what was asked.
            modules: The recipe's modules, in evaluation mode; empty for recipes without.

        Returns:
            uint8 ``(H, W)`` in the scenario's label space, 255 to be ignored; None for what was revealed.
        """
        ...
