"""What is known of runs without evaluation labels: what was bought, and how answers were predicted.

Answers are where a method has asked, which is where networks err more often than elsewhere. So none of these
numbers is the mIoU of the target, and only methods that ask at random can be compared by them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from alseg.analysis.bootstrap import mean_interval_over_images
from alseg.analysis.by_seed import by_seed
from alseg.analysis.statistics import Interval, mean_interval
from alseg.storage.records import AnswerScores, RoundResult, Run
from alseg.storage.round_files import HELD_OUT_NAME

Counted = Sequence[tuple[Run, RoundResult]]


@dataclass(frozen=True, kw_only=True)
class NewAnswers:
    """The answers of a round, predicted before training with them (prequential); averaged over seeds.

    Attributes:
        answers: Number of answers.
        images: Images that they are about.
        pixels: Pixels to which they give a class.
        accuracy: Percent of these pixels; None where there are none.
        miou: Percent, mean over the classes that the answers name; None where they name none.
    """

    answers: float
    images: float
    pixels: float
    accuracy: Interval | None
    miou: Interval | None


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """The answers held out of training, predicted at the end of a round; averaged over seeds.

    Attributes:
        answers: Number of answers.
        images: Images that they are about.
        pixels: Pixels to which they give a class.
        accuracy: Percent of these pixels; None where there are none.
        miou: Percent, mean over the classes that the answers name; None where they name none.
        low: Lower end of the 95% interval of the mean ``miou`` over images; None with too few images.
        high: Its upper end.
    """

    answers: float
    images: float
    pixels: float
    accuracy: Interval | None
    miou: Interval | None
    low: float | None
    high: float | None


@dataclass(frozen=True, kw_only=True)
class Learnt:
    """What is known of a row whose runs have no evaluation labels.

    Attributes:
        bought: Class name to pixels bought, averaged over seeds; None where no run has kept them.
        classes: Number of classes bought, averaged over seeds; None as above.
        new_answers: Of the round's purchase; None where nothing was bought in it.
        estimate: None where no answers are held out.
    """

    bought: Mapping[str, float] | None
    classes: float | None
    new_answers: NewAnswers | None
    estimate: Estimate | None


def learnt_of(counted: Counted) -> Learnt | None:
    """Return what is known of runs without evaluation labels at a round; None where all have some."""
    blind = [(run, result) for run, result in counted if not run.evaluated]
    if not blind:
        return None
    kept = [result.bought for _, result in blind if result.bought is not None]
    return Learnt(
        bought=bought_of(blind),
        classes=_mean([sum(count > 0 for count in each.values()) for each in kept]) if kept else None,
        new_answers=_new_answers(blind),
        estimate=_estimate(blind),
    )


def bought_of(counted: Counted) -> dict[str, float] | None:
    """Return the pixels bought of each class, averaged over the runs that have kept them; None without."""
    kept = [(run, result.bought) for run, result in counted if result.bought is not None]
    if not kept:
        return None
    names = kept[0][0].label_space.classes
    return {name: _mean([each.get(name, 0) for _, each in kept]) for name in names}


def _new_answers(counted: Counted) -> NewAnswers | None:
    scores = [result.prequential for _, result in counted if result.prequential is not None]
    if not scores:
        return None
    return NewAnswers(
        **_sizes(scores),
        accuracy=_over_seeds(counted, lambda result: result.prequential, "accuracy_of_answers"),
        miou=_over_seeds(counted, lambda result: result.prequential, "miou_of_answers"),
    )


def _estimate(counted: Counted) -> Estimate | None:
    scores = [result.estimate for _, result in counted if result.estimate is not None]
    if not scores:
        return None
    files = [
        run.round_folder(result.round) / HELD_OUT_NAME
        for run, result in counted
        if result.estimate is not None
    ]
    interval = mean_interval_over_images(files)
    return Estimate(
        **_sizes(scores),
        accuracy=_over_seeds(counted, lambda result: result.estimate, "accuracy_of_answers"),
        miou=_over_seeds(counted, lambda result: result.estimate, "miou_of_answers"),
        low=None if interval is None else interval.low,
        high=None if interval is None else interval.high,
    )


def _sizes(scores: Sequence[AnswerScores]) -> dict[str, float]:
    return {name: _mean([getattr(each, name) for each in scores]) for name in ("answers", "images", "pixels")}


def _over_seeds(
    counted: Counted, read: Callable[[RoundResult], AnswerScores | None], name: str
) -> Interval | None:
    def value(_: Run, result: RoundResult) -> float | None:
        scores = read(result)
        return None if scores is None else getattr(scores, name)

    found = list(by_seed(counted, value).values())
    return mean_interval(found) if found else None


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
