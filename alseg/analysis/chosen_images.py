"""Results on some of the evaluation images: the same runs, with the metrics of groups of images only.

Confusion counts of every image are kept, so that nothing is predicted again. What is computed from a run that
was treated here is of these images: scores, curves, differences and intervals over images.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from alseg.analysis.counted_images import CountedImages, is_named, read_counted
from alseg.errors import AlsegError, DamageError
from alseg.storage.records import ChosenImages, Results, RoundResult, Run
from alseg.storage.rescore import label_space_of, scores_of
from alseg.storage.round_files import COUNTS_NAME
from alseg.toolkit.metrics import metrics_of

_MOST_NAMED = 10
"""Groups of a scenario that a message names; the others are counted."""


@dataclass(frozen=True)
class _Treated:
    """A run after it was looked at.

    Attributes:
        run: As it was.
        groups: The groups of its evaluation images, in order.
        ids: Names of the images that were chosen; empty where no group is named.
        chosen: The run with the metrics of these images; None without.
        problem: Why nothing is known of single images; empty where they are known.
    """

    run: Run
    groups: tuple[str, ...] = ()
    ids: frozenset[str] = frozenset()
    chosen: Run | None = None
    problem: str = ""


def on_chosen_images(results: Results, patterns: Sequence[str]) -> Results:
    """Return the results on the evaluation images of some groups.

    Args:
        results: What was read.
        patterns: Names of groups, or patterns with ``*``, ``?`` and ``[...]``; empty for all images.

    Returns:
        The runs of which these images are known, their rounds with the metrics of these images. The others
        are left out; ``without_images`` names them, with the reason. Runs without a round stay as they are.

    Raises:
        AlsegError: If a pattern names no group, no run is left, or runs of one scenario were evaluated on
            different images of these groups.
    """
    if not patterns:
        return results
    treated = [_treat(run, tuple(dict.fromkeys(patterns))) for run in results.runs if run.evaluated]
    _refuse_unknown(patterns, treated)
    left_out = tuple(_left_out([run for run in results.runs if not run.evaluated], treated))
    runs = tuple(each.chosen for each in treated if each.chosen is not None)
    if not any(run.rounds for run in runs) and left_out:
        raise AlsegError("No run has results on some of the evaluation images. " + " ".join(left_out))
    _refuse_different(treated)
    return replace(results, runs=runs, without_images=left_out)


def _treat(run: Run, patterns: tuple[str, ...]) -> _Treated:
    """Compute the metrics of all rounds of a run on the chosen images."""
    if not run.rounds:
        return _Treated(run, chosen=run)
    rounds: list[RoundResult] = []
    evaluated: set[tuple[tuple[str, ...], tuple[str, ...]]] = set()
    try:
        for result in run.rounds:
            counted = read_counted(run.round_folder(result.round) / COUNTS_NAME)
            evaluated.add((counted.ids, counted.groups))
            rounds.append(_on(counted.of(patterns), run, result))
    except AlsegError as error:
        return _Treated(run, problem=str(error).replace(str(run.folder), str(run.place)))
    if len(evaluated) > 1:
        return _Treated(run, problem=f"The rounds of {run.place} were evaluated on different images.")
    ((ids, groups),) = evaluated
    every = tuple(dict.fromkeys(groups))
    named = dict.fromkeys(name for name in every if is_named(name, patterns))
    chosen = frozenset(image_id for image_id, group in zip(ids, groups, strict=True) if group in named)
    if not chosen:
        return _Treated(run, every)
    images = ChosenImages(patterns, tuple(named), len(chosen), len(every), len(ids))
    return _Treated(run, every, chosen, replace(run, rounds=tuple(rounds), chosen_images=images))


def _on(images: CountedImages, run: Run, result: RoundResult) -> RoundResult:
    """Return a round's results with the metrics of some images."""
    space = label_space_of(run.label_space)
    try:
        metrics = metrics_of(images.counts.sum(axis=0), space)
    except ValueError as error:
        file = run.round_folder(result.round) / COUNTS_NAME
        raise DamageError(f"{file} is damaged: {error}") from error
    return replace(result, **scores_of(metrics, space))


def _refuse_unknown(patterns: Sequence[str], treated: Sequence[_Treated]) -> None:
    """Refuse a pattern that names no group, where the groups are known."""
    known = [each for each in treated if each.groups]
    for pattern in patterns if known else ():
        if not any(is_named(name, (pattern,)) for each in known for name in each.groups):
            raise AlsegError(f"No group of evaluation images matches '{pattern}'. Groups: {_there(known)}.")


def _refuse_different(treated: Sequence[_Treated]) -> None:
    """Refuse runs of a scenario that were evaluated on different images: their metrics do not compare."""
    first: dict[str, _Treated] = {}
    for each in treated:
        if each.chosen is None or not each.ids:
            continue
        other = first.setdefault(each.run.scenario_hash, each)
        if other.ids != each.ids:
            raise AlsegError(
                "Runs of one scenario were evaluated on different images of these groups: "
                f"{other.run.place} on {len(other.ids)}, {each.run.place} on {len(each.ids)}. Name groups "
                "with --image-group that have the same images in all runs, or compare these runs apart."
            )


def _left_out(blind: Sequence[Run], treated: Sequence[_Treated]) -> Iterator[str]:
    """Say which runs are left out, and why."""
    if blind:
        yield f"Left out, no evaluation labels and so no evaluation images: {_whose(blind)}."
    unknown = [each for each in treated if each.problem]
    if unknown:
        first, others = unknown[0].problem, len(unknown) - 1
        more = f" So it is with {others} more run{'s' if others > 1 else ''}." if others else ""
        yield (
            f"Left out, no counts of each evaluation image: {_whose(each.run for each in unknown)}. {first}"
            f"{more} 'alseg run' writes {COUNTS_NAME} in every round: fetch these files from where the runs "
            "were made, or leave out --image-group."
        )
    others_there = [each for each in treated if each.groups and not each.ids]
    if others_there:
        yield (
            "Left out, no evaluation image is of these groups: "
            f"{_whose(each.run for each in others_there)}. Groups: {_there(others_there)}."
        )


def _whose(runs: Iterable[Run]) -> str:
    """Return how many runs of which experiments and scenarios these are."""
    counts: dict[str, int] = {}
    for run in runs:
        name = f"{run.experiment} ({run.scenario})"
        counts[name] = counts.get(name, 0) + 1
    return ", ".join(f"{count} run{'s' if count > 1 else ''} of {name}" for name, count in counts.items())


def _there(treated: Sequence[_Treated]) -> str:
    """Return the groups that there are, with the scenario where there are several."""
    groups: dict[str, dict[str, None]] = {}
    for each in treated:
        groups.setdefault(each.run.scenario, {}).update(dict.fromkeys(each.groups))
    return "; ".join(
        _some(list(names)) + (f" in {scenario}" if len(groups) > 1 else "")
        for scenario, names in groups.items()
    )


def _some(names: Sequence[str]) -> str:
    rest = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {rest} more" if rest > 0 else "")
