"""Does an acquisition that observes the pool keep the contract?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from functools import partial
from typing import Any, NamedTuple

import torch

from alseg.contracts import AcquisitionSpec, PartsView, Passes, PixelRanking, PreparingAcquisition, View
from alseg.testing.aspects import DepartureError, require
from alseg.testing.made_images import (
    attempt,
    check_untouched,
    described,
    reads_logits,
    seed_globally,
)
from alseg.testing.made_pools import MadePool, made_pools
from alseg.testing.pools import ObservationList, observations_of
from alseg.testing.scores import OF_UNIT, ScoreCase, check_again, check_score

Observed = Mapping[str, torch.Tensor]


def check_pools(
    spec: AcquisitionSpec, build: Callable[[], Any], passes: Passes | None, num_classes: int
) -> None:
    """Check an acquisition that observes every image, then ranks or scores.

    Args:
        spec: Its spec.
        build: Makes it.
        passes: That it makes where it needs ``moments``.
        num_classes: Of the predictions.

    Raises:
        AssertionError: Says what is not as it should be, and for which pool.
    """
    pools = [pool for unit in spec.units for pool in made_pools(spec, unit, passes, num_classes)]
    acquisition = build()
    decided = [_check_pool(spec, acquisition, pool) for pool in pools]
    seed_globally(2)
    other = build()
    for pool, before in reversed(list(zip(pools, decided, strict=True))):
        where, observations = _where(spec, pool), _observe_backwards(other, pool)
        if isinstance(other, PreparingAcquisition):
            statistics = other.prepare(observations, pool.parts())
            check_again(_score_cases(spec, pool, statistics), other.score, before)
        else:
            again = _ranked(where, other.rank(observations, pool.parts()), pool)
            require(
                "independence",
                torch.equal(again, before[0]),
                f"{where}: another object, which saw images and pools in another order, gives another "
                "ranking; it may depend on observations and pool alone",
            )


def _check_pool(spec: AcquisitionSpec, acquisition: Any, pool: MadePool) -> list[torch.Tensor]:
    """Check what is made of one pool; return its scores, or the ranking alone."""
    where = _where(spec, pool)
    seed_globally(0)
    observed = _check_observed(spec, acquisition, where, pool.target, "image")
    source = None
    if "source" in spec.observes:
        source = _check_observed(spec, acquisition, where, lambda: pool.source() or [], "source image")
    observations = observations_of(
        [seen.given for seen in observed], None if source is None else [seen.given for seen in source]
    )
    if isinstance(acquisition, PreparingAcquisition):
        statistics = acquisition.prepare(observations, pool.parts())
        cases = _score_cases(spec, pool, statistics)
        decided = [check_score(spec, case, acquisition.score) for case in cases]
    else:
        decided = [_check_ranking(where, acquisition, pool, observations)]
    for seen in (*observed, *(source or ())):
        same = _equal(seen.given, seen.copy)
        require("inputs", same, f"{where}: an observation changes after it was given")
    return decided


class _Seen(NamedTuple):
    """What was observed of an image, and a copy made at once."""

    given: Observed
    copy: Observed


def _check_observed(
    spec: AcquisitionSpec,
    acquisition: Any,
    where: str,
    make_views: Callable[[], Sequence[View]],
    noun: str,
) -> list[_Seen]:
    """Check what is observed of the images of one domain, and return it."""
    everything: list[_Seen] = []
    trios = zip(make_views(), make_views(), make_views(), strict=True)
    for number, (view, again, untouched) in enumerate(trios):
        of_image = f"{where}, {noun} {number}"
        observed = attempt(of_image, view, partial(acquisition.observe, view))
        _check_tensors(of_image, observed)
        if any(values.is_meta for values in observed.values()):
            raise DepartureError("needs", f"{of_image}: {reads_logits(spec)}")
        check_untouched(of_image, view, untouched)
        _check_same_form(of_image, observed, everything[0].given if everything else observed, f"{noun} 0")
        everything.append(_Seen(observed, {name: values.clone() for name, values in observed.items()}))
        seed_globally(number + 1)
        require(
            "determinism",
            _equal(acquisition.observe(again), everything[-1].copy),
            f"{of_image}: the same view gives other observations; all randomness must come from "
            "view.generator",
        )
    return everything


def _equal(observed: Observed, other: Observed) -> bool:
    return all(_same(observed[name], values) for name, values in other.items())


def _same(values: torch.Tensor, other: torch.Tensor) -> bool:
    """Return whether tensors are equal; NaN, which may stand for what is not known, equals NaN."""
    if values.is_floating_point() and values.shape == other.shape:
        return bool(((values == other) | (values.isnan() & other.isnan())).all())
    return torch.equal(values, other)


def _check_tensors(where: str, observed: Any) -> None:
    values = list(observed.values()) if isinstance(observed, Mapping) else [observed]
    strange = next((value for value in values if not isinstance(value, torch.Tensor)), None)
    assert isinstance(observed, Mapping) and strange is None, (
        f"{where}: observe must return a mapping of names to tensors, got "
        f"{described(observed if strange is None else strange)}"
    )


def _check_same_form(where: str, observed: Observed, first: Observed, of_first: str) -> None:
    assert set(observed) == set(first), (
        f"{where}: observations are named {', '.join(sorted(observed))}, those of {of_first} "
        f"{', '.join(sorted(first))}"
    )
    for name, values in observed.items():
        form, expected = _form(values), _form(first[name])
        assert form == expected, f"{where}: '{name}' is {form}, that of {of_first} {expected}"


def _form(values: torch.Tensor) -> str:
    """Return what must be the same for all images."""
    return f"{values.dtype}" if values.ndim == 0 else f"rows of {values.dtype} {tuple(values.shape[1:])}"


def _check_ranking(
    where: str, acquisition: Any, pool: MadePool, observations: ObservationList
) -> torch.Tensor:
    """Check a ranking, and return it as int64 ``(n,)`` parts or ``(n, 3)`` images and pixels."""
    parts, untouched = pool.parts(), pool.parts()
    answer = attempt(where, pool.target()[0], lambda: acquisition.rank(observations, parts))
    ranked = _ranked(where, answer, pool)
    _check_members(where, ranked, pool, untouched)
    for name in (field.name for field in fields(PartsView)):
        before, after = getattr(untouched, name), getattr(parts, name)
        if isinstance(before, torch.Tensor):
            require("inputs", torch.equal(before, after), f"{where}: it changes the pool's {name}")
    seed_globally(1)
    again = _ranked(where, acquisition.rank(observations, pool.parts()), pool)
    require(
        "determinism",
        torch.equal(ranked, again),
        f"{where}: the same pool gives another ranking; all randomness must come from pool.generator",
    )
    return ranked


def _ranked(where: str, answer: Any, pool: MadePool) -> torch.Tensor:
    """Return a copy of a ranking as one tensor, its shape and dtype checked."""
    if isinstance(answer, PixelRanking):
        assert pool.unit == "part", f"{where}: it ranks pixels, but questions are about {pool.unit}s"
        images, positions = answer.images, answer.positions
        fits = images.ndim == 1 and positions.shape == (len(images), 2)
        assert fits and images.dtype == positions.dtype == torch.int64, (
            f"{where}: images must be int64 (n,) and positions int64 (n, 2), got {described(images)} and "
            f"{described(positions)}"
        )
        return torch.cat([images[:, None], positions], dim=1).cpu()
    assert pool.unit != "part", f"{where}: it ranks images or regions, but questions are about pixels"
    assert isinstance(answer, Sequence | torch.Tensor) and not isinstance(answer, str), (
        f"{where}: rank must return indices of parts or a PixelRanking, got {described(answer)}"
    )
    ranked = torch.as_tensor(answer).clone()
    whole = not ranked.is_floating_point() and ranked.dtype != torch.bool
    assert ranked.ndim == 1 and (whole or not len(ranked)), (
        f"{where}: rank must return whole numbers (n,), got {described(ranked)}"
    )
    return ranked.long().cpu()


def _check_members(where: str, ranked: torch.Tensor, pool: MadePool, parts: PartsView) -> None:
    """Check that a ranking holds what can be asked, once each, and enough of it."""
    unique, counts = torch.unique(ranked, dim=0, return_counts=True) if len(ranked) else (ranked, ranked)
    noun = "pixel" if pool.unit == "part" else "part"
    assert len(unique) == len(ranked), f"{where}: it ranks {noun} {unique[counts > 1][0].tolist()} twice"
    if noun == "pixel":
        for image, y, x in ranked.tolist():
            there = 0 <= image < len(pool.images)
            height, width = pool.images[image].size if there else (0, 0)
            there = 0 <= y < height and 0 <= x < width
            assert there, f"{where}: it ranks pixel ({y}, {x}) of image {image}, which does not exist"
        assert len(ranked) >= parts.count, (
            f"{where}: it ranks {len(ranked)} pixels, but {parts.count} can be afforded"
        )
        return
    number = len(parts.images)
    outside = ranked[(ranked < 0) | (ranked >= number)]
    assert not len(outside), f"{where}: it ranks part {int(outside[0])}, but there are {number}"
    bought = ranked[parts.bought[ranked]]
    assert not len(bought), f"{where}: it ranks part {int(bought[0])}, which is bought"
    pixels, left = int(parts.pixels[ranked].sum()), int((~parts.bought).sum())
    assert len(ranked) >= parts.count or pixels >= parts.budget, (
        f"{where}: it ranks {len(ranked)} of the {left} parts left, with {pixels} pixels, but about "
        f"{parts.count} parts or {parts.budget} pixels can be afforded"
    )


def _observe_backwards(acquisition: Any, pool: MadePool) -> ObservationList:
    """Return what is observed of the images of a pool, the last seen first."""
    source = pool.source()
    of_source = None if source is None else [acquisition.observe(view) for view in source[::-1]][::-1]
    return observations_of([acquisition.observe(view) for view in pool.target()[::-1]][::-1], of_source)


def _score_cases(spec: AcquisitionSpec, pool: MadePool, statistics: Any) -> list[ScoreCase]:
    """Return the images of a pool, to be scored with statistics of it."""

    def case(number: int) -> ScoreCase:
        return ScoreCase(
            f"{_where(spec, pool)}, image {number}",
            lambda: replace(pool.target()[number], statistics=statistics),
        )

    return [case(number) for number in range(len(pool.images))]


def _where(spec: AcquisitionSpec, pool: MadePool) -> str:
    return f"'{spec.name}', {pool.what}{OF_UNIT[pool.unit]}"
