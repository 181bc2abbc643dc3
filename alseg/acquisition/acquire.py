"""One round of acquisition: passes over the pool, in which one or several methods decide what to ask."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from typing import Any, NamedTuple

import torch

from alseg.acquisition.job import Pool, QueryJob, SourceImages
from alseg.acquisition.pass_method import PassMethod
from alseg.acquisition.scoring import ImageScores
from alseg.contracts import Picks
from alseg.inference.predict import Prediction, predict
from alseg.inference.prefetch import behind
from alseg.system.ranks import LostRank, Ranks


class PassPicks(NamedTuple):
    """What methods ask after the passes over the pool.

    Attributes:
        own: Image id to picks of the method that the passes are for.
        others: The same for others by name; without those that failed.
    """

    own: Mapping[str, Picks]
    others: Mapping[str, Mapping[str, Picks]]


def acquire(job: QueryJob, pool: Pool) -> Mapping[str, Picks]:
    """Decide what to ask in one round.

    Args:
        job: The method.
        pool: The images and what the network says of them.

    Returns:
        Image id to picks, within the limits.

    Raises:
        AcquisitionError: If a score has the wrong shape or holds NaN, or a ranking is no valid one.
    """
    return acquire_together(job, {}, pool).own


def acquire_together(job: QueryJob, others: Mapping[str, QueryJob], pool: Pool) -> PassPicks:
    """Decide what several methods ask in one round, from one pass over the pool.

    There is a second pass where a method scores images with statistics of all of them. All methods need the
    same of the network. Each gets what it would get alone.

    Args:
        job: The method that the pass is for.
        others: Other methods by name. One that fails is left out: it is asked again in its own run, which
            then tells what is wrong.
        pool: The images and what the network says of them.

    Returns:
        The picks of each method, within its limits.

    Raises:
        AcquisitionError: If a score of ``job`` has the wrong shape or holds NaN, or its ranking is none.
    """
    methods = _Methods(
        PassMethod(job, pool), {name: PassMethod(other, pool) for name, other in others.items()}
    )
    if pool.source is not None and any("source" in each.observes for each in (job, *others.values())):
        _pass_over_source(methods, pool.source, pool)
    _pass_and_decide(methods, pool)
    if not methods.done:
        _pass_and_decide(methods, pool)
    return PassPicks(methods.own.picks(), {name: method.picks() for name, method in methods.others.items()})


class _Methods(NamedTuple):
    """The methods of a pass: its own, and others, which are left out once they fail."""

    own: PassMethod
    others: dict[str, PassMethod]

    @property
    def done(self) -> bool:
        """Whether no method wants another pass."""
        return all(method.done for method in (self.own, *self.others.values()))

    def each(self, act: Callable[[PassMethod], object]) -> None:
        """Do something with each method."""
        act(self.own)
        for name, method in list(self.others.items()):
            try:
                act(method)
            except LostRank:
                raise
            except Exception:  # whatever a plugin raises, its own run tells
                del self.others[name]

    def agree(self, ranks: Ranks) -> None:
        """Leave out the other methods that have failed on another rank."""
        if self.others:
            failed_nowhere = set.intersection(*map(set, ranks.gathered(list(self.others))))
            for name in set(self.others) - failed_nowhere:
                del self.others[name]


def _pass_and_decide(methods: _Methods, pool: Pool) -> None:
    _pass_over_pool(methods, pool)
    methods.agree(pool.ranks)
    methods.each(PassMethod.gather)
    methods.each(PassMethod.finish_pass)
    methods.agree(pool.ranks)


def _pass_over_pool(methods: _Methods, pool: Pool) -> None:
    users = Counter(method.job.identity for method in (methods.own, *methods.others.values()))
    shared = {identity for identity, number in users.items() if number > 1}

    def show(prediction: Prediction) -> None:
        scores = ImageScores(prediction, pool.dataset.image_id(prediction.index), pool, shared)
        # A thread starts with the first GPU, whatever the one is that its maker uses.
        with torch.cuda.device_of(prediction.logits):  # type: ignore[no-untyped-call]
            methods.each(lambda method: method.see(scores))

    overlap = pool.options is not None and pool.options.overlap
    told = not methods.own.done  # a pass that only others want is no progress of this one
    with (
        closing(_predictions(pool)) as predictions,  # or an error's traceback keeps it reading images
        closing(behind(show, predictions, overlap=overlap)) as seen,
    ):
        for _ in seen:
            if told:
                pool.on_image()


def _pass_over_source(methods: _Methods, source: SourceImages, pool: Pool) -> None:
    def show(prediction: Prediction) -> None:
        image_id, label = source.dataset.image_id(prediction.index), source.label(prediction.index)
        with torch.cuda.device_of(prediction.logits):  # type: ignore[no-untyped-call]
            methods.each(lambda method: method.see_source(prediction, image_id, label))

    with (
        closing(_predictions_of(pool.model, source)) as predictions,
        closing(behind(show, predictions, overlap=source.options.overlap)) as seen,
    ):
        for _ in seen:
            if "source" in methods.own.job.observes:
                pool.on_image()
    methods.agree(pool.ranks)
    methods.each(lambda method: method.gather_source(len(source.dataset)))


def _predictions_of(model: Any, source: SourceImages) -> Generator[Prediction, None, None]:
    yield from predict(model, source.dataset, source.options)


def _predictions(pool: Pool) -> Generator[Prediction, None, None]:
    if pool.options is not None:
        yield from predict(pool.model, pool.dataset, pool.options, pool.previous)
        return
    for index in pool.ranks.batches(len(pool.dataset), 1):
        # Has a size but no values: whoever reads it all the same gets an error.
        logits = torch.empty(
            (pool.num_classes, *pool.dataset.size(index)), dtype=torch.float32, device="meta"
        )
        yield Prediction(index, logits, None, None)
