"""Tiny made-up data sets in real layouts, from the scenes of the data set ``streets``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from alseg.contracts import DatasetSpec, SceneRenderer, Size
from alseg.errors import AlsegError
from alseg.files import write_json
from alseg.registry.registry import Registry

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MARKER = "made-up-by-alseg.json"
"""File in a made-up data set's folder, so that nobody takes it for the real one."""


def write_fake(
    registry: Registry, name: str, folder: Path, *, count: int, size: Size | None = None, seed: int = 0
) -> Path:
    """Write a tiny data set in the real layout and encoding of another.

    Args:
        registry: Where the data set and ``streets``, which makes up the scenes, are looked up.
        name: Of the data set.
        folder: Gets a folder of the data set's name; the ``scenario.root`` of experiments.
        count: Images per split.
        size: Of the images, or None for the data set's choice.
        seed: Another seed gives other scenes.

    Returns:
        The data set's own folder.

    Raises:
        AlsegError: If there is no such data set, it cannot be made up, its folder is not empty or cannot be
            written.
    """
    spec: DatasetSpec = registry.get("datasets", name).spec
    if spec.write_fake is None:
        able = sorted(entry.spec.name for entry in registry.datasets.values() if entry.spec.write_fake)
        raise AlsegError(f"Data set '{name}' cannot be made up. Those that can: {', '.join(able) or 'none'}.")
    return write_fake_of(spec, registry, folder, count=count, size=size, seed=seed)


def write_fake_of(
    spec: DatasetSpec,
    registry: Registry,
    folder: Path,
    *,
    count: int,
    size: Size | None = None,
    seed: int = 0,
) -> Path:
    """Do what `write_fake` does, with a data set that can be made up and need not be installed.

    Raises:
        AlsegError: If its folder is not empty or cannot be written, or it writes to another one.
    """
    assert spec.write_fake is not None
    name = spec.name
    place = folder / name
    if place.exists() and (not place.is_dir() or any(place.iterdir())):
        raise AlsegError(f"{place} exists and is not empty. Remove it, or name another folder.")
    options: dict[str, Any] = {} if size is None else {"size": size}
    try:
        spec.write_fake(folder, seed, count=count, scene=streets_renderer(registry), **options)
    except OSError as error:
        raise AlsegError(
            f"Cannot write {error.filename or place}: {error.strerror}. Free space, or name another folder."
        ) from error
    if not place.is_dir() or not any(place.iterdir()):
        raise AlsegError(
            f"Data set '{name}' has written nothing to {place}. Its write_fake must write into the folder of "
            "the data set's name below the root that it is given, and build must find it there."
        )
    write_json(place / MARKER, {"dataset": name, "images_per_split": count, "seed": seed})
    return place


def is_fake(root: Path, name: str) -> bool:
    """Whether the data set found from ``root`` was made up by `write_fake`."""
    return (root / name / MARKER).is_file() or (root / MARKER).is_file()


def streets_renderer(registry: Registry) -> SceneRenderer:
    """Return a renderer of the scenes of the data set ``streets``.

    Raises:
        AlsegError: If that data set is not installed.
    """
    build = registry.get("datasets", "streets").spec.build

    def render(
        index: int,
        *,
        domain: Literal["render", "camera"],
        split: str,
        height: int,
        width: int,
        seed: int,
    ) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        enough = {"count": index + 1, "val_count": index + 1}
        scenes = build(root=None, split=split, domain=domain, height=height, width=width, seed=seed, **enough)
        return scenes.image(index), scenes.label(index)

    return render
