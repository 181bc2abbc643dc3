"""Procedural street scenes in two domains: the default data set, which needs no download."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from alseg import hookimpl
from alseg.contracts import DatasetSpec, Interval, Seed

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from alseg_streets.dataset import StreetsDataset

SceneSide = Annotated[int, Interval(ge=32, le=4096)]
Scenes = Annotated[int, Interval(ge=1, le=1_000_000)]

__all__ = ["build_streets", "register_datasets", "render_scene"]


@hookimpl
def register_datasets() -> list[DatasetSpec]:
    """Offer ``streets``."""
    return [
        DatasetSpec(
            name="streets",
            summary="Procedural street scenes: 'render' (clean game look) and 'camera' (photographs).",
            source="alseg; made on the fly, no download",
            label_space="cityscapes-19",
            needs_root=False,
            build=build_streets,
        )
    ]


def build_streets(
    *,
    root: Path | None,
    split: str,
    domain: Literal["render", "camera"] = "render",
    height: SceneSide = 128,
    width: SceneSide = 256,
    count: Scenes = 400,
    val_count: Scenes = 100,
    seed: Seed = 0,
) -> StreetsDataset:
    """Return one split of one domain; see `alseg_streets.dataset.StreetsDataset`.

    Args:
        root: Not used: nothing is read from disk.
        split: ``train`` or ``val``.
        domain: ``render`` (clean game look, the usual source) or ``camera`` (photographs, the usual target).
        height: Of images in pixels, 32-4096.
        width: Of images in pixels, 32-4096.
        count: Number of training images, 1 or more.
        val_count: Number of validation images, 1 or more.
        seed: Number of the world, 0 or more; another seed gives other scenes of the same kind.

    Raises:
        AlsegError: If a parameter is out of range; names it and says what is possible.
    """
    from alseg_streets.dataset import StreetsDataset

    return StreetsDataset(
        split=split, domain=domain, height=height, width=width, count=count, val_count=val_count, seed=seed
    )


def render_scene(
    index: int,
    *,
    domain: Literal["render", "camera"],
    split: Literal["train", "val"] = "train",
    height: int = 128,
    width: int = 256,
    seed: int = 0,
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Render one scene; see `alseg_streets.scenes.render_scene`."""
    from alseg_streets import scenes

    return scenes.render_scene(index, domain=domain, split=split, height=height, width=width, seed=seed)
