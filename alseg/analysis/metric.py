"""What can be compared, by the names that people type."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from alseg.analysis.cost_axes import CommonEnds, CostAxis, area_over
from alseg.contracts import PublishedResult
from alseg.errors import AlsegError, unknown_name
from alseg.storage.records import RoundResult, Run


@dataclass(frozen=True)
class Metric:
    """What is compared.

    Attributes:
        key: ``miou``, ``accuracy``, ``iou:CLASS`` or ``miou:SUBSET``; ``aubc:COST`` or ``aubc:COST:SUBSET``.
        title: For table headers.
        value: Reads it from a run that has reached a round, in percent; None where the ground truth holds no
            such class, and for the area under the curve of a run that buys nothing.
        published: Reads it from a published result, in percent; None where it is not printed.
        height: Reads from a round what curves show, in percent: the metric itself, or what the area is over.
        classes: The classes whose mean IoU it is; empty where it is something else.
    """

    key: str
    title: str
    value: Callable[[Run, RoundResult], float | None]
    published: Callable[[PublishedResult], float | None]
    height: Callable[[RoundResult], float | None]
    classes: tuple[str, ...] = ()


def choose_metric(
    run: Run, name: str, subset: str | None, axis: CostAxis, ends: CommonEnds | None = None
) -> Metric:
    """Return the metric of a name.

    Args:
        run: Its label space has the classes and subsets.
        name: ``miou``, ``accuracy``, ``iou:CLASS`` or ``aubc``.
        subset: Name of a subset of the label space, or None.
        axis: The cost of the area under the curve.
        ends: Where curves are cut; None for the end of each.

    Raises:
        AlsegError: If a name is unknown, or the metric has no subset.
    """
    if subset is not None:
        if subset not in run.label_space.subsets:
            raise AlsegError(unknown_name("subset", subset, run.label_space.subsets))
        if name not in ("miou", "aubc"):
            raise AlsegError(f"A subset ('{subset}') goes with the metric miou only, not with {name}.")
    if name == "aubc":
        return _area(run, subset, axis, ends)
    if name == "miou":
        return _subset_mean(run, subset) if subset is not None else _mean(run)
    if name == "accuracy":
        return _metric("accuracy", "Accuracy", lambda result: result.accuracy, lambda result: None)
    kind, _, wanted = name.partition(":")
    if kind != "iou" or not wanted:
        raise AlsegError(unknown_name("metric", name, ["accuracy", "aubc", "iou:CLASS", "miou"]))
    if wanted not in run.label_space.classes:
        raise AlsegError(unknown_name("class", wanted, run.label_space.classes))
    return _metric(
        f"iou:{wanted}",
        f"IoU {wanted}",
        lambda result: result.iou[wanted],
        lambda result: result.iou.get(wanted),
        (wanted,),
    )


def area_until(
    height: Callable[[RoundResult], float | None],
    axis: CostAxis,
    ends: CommonEnds | None,
    run: Run,
    result: RoundResult,
) -> float | None:
    """Return the area under a run's curve up to a round, cut at ``ends``; None where nothing is bought."""
    if run.method.target_labels != "acquired":
        return None
    rounds = [each for each in run.rounds if each.round <= result.round]
    return area_over(axis, rounds, height, None if ends is None else ends.of(run, result))


def _mean(run: Run) -> Metric:
    # Beside the mean over a subset, the mean over all says over how many.
    title = f"mIoU ({len(run.label_space.classes)})" if run.label_space.subsets else "mIoU"
    classes = run.label_space.classes
    return _metric("miou", title, lambda result: result.miou, lambda result: result.miou, classes)


def _subset_mean(run: Run, subset: str) -> Metric:
    return _metric(
        f"miou:{subset}",
        f"mIoU ({subset})",
        lambda result: result.subsets.get(subset),
        lambda result: result.subsets.get(subset),
        run.label_space.subsets[subset],
    )


def _area(run: Run, subset: str | None, axis: CostAxis, ends: CommonEnds | None) -> Metric:
    mean = _mean(run) if subset is None else _subset_mean(run, subset)
    return Metric(
        f"aubc:{axis.key}" + ("" if subset is None else f":{subset}"),
        f"AUBC {mean.title}, {axis.key}",
        partial(area_until, mean.height, axis, ends),
        lambda result: None,
        mean.height,
    )


def _metric(
    key: str,
    title: str,
    height: Callable[[RoundResult], float | None],
    published: Callable[[PublishedResult], float | None],
    classes: tuple[str, ...] = (),
) -> Metric:
    return Metric(key, title, lambda _, result: height(result), published, height, classes)
