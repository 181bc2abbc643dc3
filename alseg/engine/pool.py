"""The pool of a run, round by round: fixed, or the images that the target lists when a round is decided."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alseg.config.specs import RunSpec, Scenario
from alseg.contracts import Dataset
from alseg.data.cache import CachedDataset, uncached
from alseg.data.growing import GrowingPool
from alseg.data.scenario import Domain, ScenarioData
from alseg.data.subset import Subset
from alseg.engine.assembly import Assembler
from alseg.errors import AlsegError
from alseg.files import remove
from alseg.guard.calls import name, name_of
from alseg.storage.layout import POOL_NAME
from alseg.storage.ledger import Purchase
from alseg.storage.pool_listing import PoolListing
from alseg.storage.questions import Questions
from alseg.storage.run_folder import RunFolder
from alseg.system.ranks import ALONE, Ranks


class PoolChange(NamedTuple):
    """What another pool means for indices of images.

    Attributes:
        moved: int64 ``(images before,)``: each image's place in the new pool, -1 where it is not in it.
        images: Number of images in the new pool.
    """

    moved: NDArray[np.int64]
    images: int


class RunPool:
    """The images of which a run buys labels.

    Args:
        scenario: Of the run.
        folder: The run's folder, which keeps the pool of each round where it may grow.
        assembler: Lists data sets.
        ranks: The processes that do the run together; what the first of them lists counts.

    Attributes:
        data: The scenario's data, whose target is the pool of the round at hand.

    Raises:
        AlsegError: If data is missing or faulty, or the kept pool of round 0 is damaged.
    """

    def __init__(
        self, scenario: Scenario, folder: RunFolder, assembler: Assembler, ranks: Ranks = ALONE
    ) -> None:
        self._scenario, self._folder, self._assembler = scenario, folder, assembler
        self._ranks = ranks
        self.data: ScenarioData = assembler.scenario(scenario)
        self._shown: GrowingPool | None = None
        if scenario.grows:
            round_folder = folder.round_folder(0)
            if not PoolListing.kept(round_folder):
                self._listed().write(round_folder)
            self._first = PoolListing.read(round_folder)
            self._shown = _shown(self.data.target, self._first)
            target = replace(self.data.target, dataset=_cached(self._shown, self.data.target))
            self.data = replace(self.data, target=target)
        self.image_pixels: tuple[int, ...] = self._image_pixels()

    @property
    def first(self) -> str | None:
        """The pool of round 0 in a line; None where the pool is fixed."""
        return None if self._shown is None else self._first.text

    @property
    def text(self) -> str | None:
        """The pool at hand in a line; None where the pool is fixed."""
        return None if self._shown is None else PoolListing.of(self._shown).text

    @property
    def readable(self) -> Dataset:
        """The images of the pool at hand that the data set still has, without labels where some are gone."""
        target = self.data.target.dataset
        gone = frozenset() if self._shown is None else self._shown.gone
        if not gone:
            return target
        return Subset(target, [i for i in range(len(target)) if target.image_id(i) not in gone])

    def settle(self, round_number: int, asked: Iterable[str]) -> PoolChange | None:
        """Become the pool of a round: the one that is kept, or what the data set lists now, which is kept.

        Args:
            round_number: The round, one after the one at hand.
            asked: Names of the images that earlier rounds have asked about.

        Returns:
            What changes; None where the pool is the same.

        Raises:
            AlsegError: If an image that was asked about is gone, or one has another size.
            DamageError: If the kept pool is damaged; names it.
        """
        if self._shown is None:
            return None
        folder = self._folder.round_folder(round_number)
        asked = {*asked, *_asked_in(folder)}
        before = PoolListing.of(self._shown)
        listing = self._kept(folder, asked)
        if listing is None:
            now = self._listed()
            _refuse_gone(asked - now.images.keys(), self._scenario)
            _refuse_resized(before, now, self._shown.gone)
            listing = before.followed_by(now)
            listing.write(folder)
        now_listed = self._assembler.scenario(self._scenario).target
        self._shown.show(uncached(now_listed.dataset), listing.images, now_listed.sizes)
        self.image_pixels = self._image_pixels()
        if list(listing.images) == list(before.images):
            return None
        places = {image_id: place for place, image_id in enumerate(listing.images)}
        moved = np.array([places.get(image_id, -1) for image_id in before.images], np.int64)
        return PoolChange(moved, len(places))

    def _kept(self, folder: Path, asked: set[str]) -> PoolListing | None:
        """Return the pool that a round keeps; None where it has none, or it is to be listed again.

        Until the round's labels are bought, images that are gone are left out of it.
        """
        if not PoolListing.kept(folder):
            return None
        kept = PoolListing.read(folder)
        dataset = self._assembler.scenario(self._scenario).target.dataset
        there = self._ranks.from_first({dataset.image_id(index) for index in range(len(dataset))})
        _refuse_gone(asked - there, self._scenario)
        if kept.images.keys() <= there or Purchase.committed(folder):
            return kept
        left = PoolListing({image_id: size for image_id, size in kept.images.items() if image_id in there})
        left.write(folder)
        return left

    def _listed(self) -> PoolListing:
        """Return what the data set lists now."""
        domain = self._assembler.listed_anew(self._scenario)
        ids = map(domain.dataset.image_id, range(len(domain.dataset)))
        listing = PoolListing(dict(zip(ids, domain.sizes, strict=True)))
        return self._ranks.from_first(listing)

    def _image_pixels(self) -> tuple[int, ...]:
        if self._shown is None:
            sizes = self.data.target.sizes
        else:
            sizes = tuple(map(self._shown.size, range(len(self._shown))))
        return tuple(height * width for height, width in sizes)


def first_pool(spec: RunSpec, folder: RunFolder, assembler: Assembler) -> str | None:
    """Return the pool of round 0 of a run in a line, as it is kept or would be now; None for a fixed one.

    Raises:
        DamageError: If it is damaged; names the file.
    """
    if not spec.scenario.grows:
        return None
    round_folder = folder.round_folder(0)
    if PoolListing.kept(round_folder):
        return PoolListing.read(round_folder).text
    return assembler.scenario(spec.scenario).target.listing


def copy_first_pool(spec: RunSpec, folder: RunFolder, copy: RunFolder, assembler: Assembler) -> None:
    """Keep the pool of round 0 of a run in another folder, too, and of later rounds none there.

    Nothing is kept of a pool that is fixed.

    Args:
        spec: The run.
        folder: Its folder, which may not be there yet: then the pool is what is listed now.
        copy: The folder to write to.
        assembler: Lists data sets.

    Raises:
        DamageError: If the run's own is damaged; names the file.
    """
    if not spec.scenario.grows:
        return
    first = folder.round_folder(0)
    if PoolListing.kept(first):
        listing = PoolListing.read(first)
    else:
        listing = PoolListing.of(uncached(assembler.scenario(spec.scenario).target.dataset))
    listing.write(copy.round_folder(0))
    for number in range(1, len(spec.rounds) + 1):
        remove(copy.round_folder(number) / POOL_NAME)


def _shown(domain: Domain, listing: PoolListing) -> GrowingPool:
    original = uncached(domain.dataset)
    return name(GrowingPool(original, listing.images, domain.sizes), name_of(original))


def _cached(pool: GrowingPool, domain: Domain) -> Dataset:
    """Return the pool with resized images kept, where they are of the data set itself."""
    is_cached = isinstance(domain.dataset, CachedDataset) and domain.cache is not None
    return CachedDataset(pool, domain.cache) if is_cached and domain.cache is not None else pool


def _asked_in(round_folder: Path) -> Iterable[str]:
    """Return the names of the images that a round has asked about."""
    if Purchase.committed(round_folder):
        return Purchase.read(round_folder, verify=False).spans
    return Questions.read(round_folder, verify=False).picks if Questions.committed(round_folder) else ()


def _refuse_gone(gone: set[str], scenario: Scenario) -> None:
    """Refuse to go on without images that were asked about.

    Raises:
        AlsegError: If there is one.
    """
    if gone:
        more = f" and {len(gone) - 1} more" if len(gone) > 1 else ""
        raise AlsegError(
            f"Image {min(gone)}{more} of split '{scenario.target_split}' of '{scenario.target.name}' was "
            f"asked about and is gone: its labels are bought and trained with. Put the image back, or begin "
            "the run anew with --fresh."
        )


def _refuse_resized(before: PoolListing, now: PoolListing, gone: Iterable[str]) -> None:
    """Refuse images that are of another size than in the round before.

    Raises:
        AlsegError: If there is one.
    """
    for difference in before.resized_in(now, gone):
        raise AlsegError(
            f"{difference}: it is another image under the same name. Put the image back as it was, and give "
            f"other images other names; {POOL_NAME} in the run's folder 'rounds' lists those of each round."
        )
