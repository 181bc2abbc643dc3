"""The images of a round's pool, where images may join it from round to round."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, TypeAdapter

from alseg.contracts import Dataset, Size
from alseg.errors import DamageError
from alseg.files import SEAL, content_hash, read_json, refuse_unknown_keys, write_text
from alseg.storage.layout import POOL_NAME, round_folders
from alseg.storage.validation import validated

LARGEST_LISTING = 2**28
"""Bytes of the listing of one round: some million images."""

_HASH_LENGTH = 12

_Side = Annotated[int, Field(ge=1, le=65_535, strict=True)]


@dataclass(frozen=True)
class _File:
    images: tuple[tuple[Annotated[str, Field(min_length=1)], _Side, _Side], ...] = field()


_FILE = TypeAdapter(_File)


@dataclass(frozen=True)
class PoolListing:
    """The images of a pool.

    Attributes:
        images: Image id to height and width of its label map, in the order of the pool.
    """

    images: Mapping[str, Size]

    @classmethod
    def of(cls, dataset: Dataset) -> PoolListing:
        """Return the images of a data set; reads the header of every file.

        Raises:
            DataError: As `Dataset.size`.
        """
        return cls({dataset.image_id(index): _size(dataset, index) for index in range(len(dataset))})

    @cached_property
    def text(self) -> str:
        """Number of images and a hash of their ids and sizes, in order."""
        each = [[image_id, *size] for image_id, size in self.images.items()]
        return f"{len(each)} images, {content_hash(each)[:_HASH_LENGTH]}"

    def followed_by(self, now: PoolListing) -> PoolListing:
        """Return the pool of the next round: images of this one that are left, in its order, then new ones.

        Args:
            now: What the data set lists, in its order; gives the sizes.
        """
        left = {image_id: now.images[image_id] for image_id in self.images if image_id in now.images}
        return PoolListing({**left, **now.images})

    def resized_in(self, now: PoolListing, gone: Iterable[str] = ()) -> list[str]:
        """Return the images that are of another size now, in a few words each.

        Args:
            now: What the data set lists.
            gone: Images of this pool that were gone, so that their sizes are those of an earlier listing.
        """
        left_out = set(gone)
        return [
            f"Image {image_id} was {size[0]} x {size[1]} and is {found[0]} x {found[1]} (height x width)"
            for image_id, size in self.images.items()
            if image_id not in left_out and (found := now.images.get(image_id, size)) != size
        ]

    @staticmethod
    def kept(round_folder: Path) -> bool:
        """Return whether a round has its pool."""
        return (round_folder / POOL_NAME).exists()

    def write(self, round_folder: Path) -> None:
        """Keep it as the pool of a round.

        Raises:
            WriteError: If the file cannot be written.
        """
        content: dict[str, Any] = {"images": [[image_id, *size] for image_id, size in self.images.items()]}
        text = json.dumps({**content, SEAL: content_hash(content)}, separators=(",", ":"), ensure_ascii=False)
        write_text(round_folder / POOL_NAME, text + "\n")

    @classmethod
    def read(cls, round_folder: Path) -> PoolListing:
        """Read the pool of a round.

        Raises:
            DamageError: If the file is missing or damaged; names it.
        """
        path = round_folder / POOL_NAME
        content = read_json(path, LARGEST_LISTING)
        refuse_unknown_keys(path, content, ("images",))
        images = validated(path, _FILE, content).images
        listing = cls({image_id: (height, width) for image_id, height, width in images})
        if not images or len(listing.images) < len(images):
            raise DamageError(f"{path} is damaged: it lists no image, or one twice.")
        return listing


def last_pool(run: Path) -> PoolListing | None:
    """Return the pool of the last round of a run that has one; None where none has.

    Args:
        run: The run's folder.

    Raises:
        DamageError: If the file is damaged; names it.
    """
    kept = [folder for folder in round_folders(run).values() if PoolListing.kept(folder)]
    return PoolListing.read(kept[-1]) if kept else None


def _size(dataset: Dataset, index: int) -> Size:
    height, width = dataset.size(index)
    return height, width
