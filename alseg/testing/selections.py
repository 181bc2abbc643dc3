"""Does an acquisition that selects whole images keep the contract?"""

from __future__ import annotations

import torch

from alseg.contracts import PoolView, SelectAcquisition
from alseg.seeding import image_token
from alseg.testing.aspects import require
from alseg.testing.made_images import seed_globally

_FEATURES = 8
_IMAGES = 7


def check_selections(name: str, acquisition: SelectAcquisition) -> None:
    """Check what an acquisition selects from pools of seven images.

    Args:
        name: Of the acquisition.
        acquisition: Selects.

    Raises:
        AssertionError: Says what is not as it should be, and for which pool.
    """
    nothing = torch.zeros(_IMAGES, dtype=torch.bool)
    some = torch.tensor([index in (1, 4) for index in range(_IMAGES)])
    for what, bought, count in (
        ("nothing bought, three to choose", nothing, 3),
        ("two of seven bought, two to choose", some, 2),
        ("all that is left to choose", some, _IMAGES - 2),
        ("none to choose", nothing, 0),
    ):
        where = f"'{name}', {what}"
        seed_globally(0)
        chosen = [int(index) for index in acquisition.select(_pool(bought, count))]
        assert len(chosen) <= count, f"{where}: it selected {len(chosen)} images"
        assert len(set(chosen)) == len(chosen), f"{where}: it selected an image twice: {chosen}"
        valid = all(0 <= index < _IMAGES and not bought[index] for index in chosen)
        assert valid, f"{where}: it selected images that are bought or do not exist: {chosen}"
        seed_globally(1)
        again = [int(index) for index in acquisition.select(_pool(bought, count))]
        require(
            "determinism",
            again == chosen,
            f"{where}: the same pool gives another selection; all randomness must come from pool.generator",
        )


def _pool(bought: torch.Tensor, count: int) -> PoolView:
    draws = torch.Generator().manual_seed(2)
    return PoolView(
        image_ids=tuple(image_token(f"image-{index}") for index in range(_IMAGES)),
        features=torch.rand((_IMAGES, _FEATURES), generator=draws),
        bought=bought.clone(),
        count=count,
        generator=torch.Generator().manual_seed(0),
    )
