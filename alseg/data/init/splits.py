"""Which images train, are the pool, and are evaluated on: the parameters of one domain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from alseg.data.init.file_roles import split_name
from alseg.data.init.folder_templates import as_pattern
from alseg.data.init.lists import ImageList
from alseg.data.init.survey import Survey
from alseg.data.init.wording import images_of

Use = Literal["both", "source", "target"]

FEWEST = 8
"""With fewer images, shares would be empty: all are trained on and evaluated."""


@dataclass
class SplitPlan:
    """Parameters of a domain.

    Attributes:
        params: ``images``, ``labels``, ``listing``, ``splits``, ``group``, in this order.
        source_split: Split that a source is trained on.
        target_split: The pool.
        evaluation_split: None where nothing is evaluated.
        is_pool_labelled: Label maps answer for people.
        comments: By parameter, what to say at it.
    """

    params: dict[str, Any]
    source_split: str = "train"
    target_split: str = "train"
    evaluation_split: str | None = "val"
    is_pool_labelled: bool = True
    comments: dict[str, list[str]] = field(default_factory=dict)


def plan_splits(found: Survey, use: Use) -> SplitPlan:
    """Return the splits of a folder as its folders and lists have them, else shares.

    Args:
        found: The folder.
        use: Whether it is the source, the target, or both.
    """
    patterns = found.patterns
    plan = SplitPlan({"images": patterns.images})
    if found.is_labelled:
        plan.params["labels"] = patterns.labels
    if found.pairs is not None:
        _by_pairs(plan, found.pairs, found, use)
    elif found.splits:
        _by_folders(plan, found, use)
    elif not _by_lists(plan, found, use):
        _by_shares(plan, found, use)
    if patterns.group is not None and found.pairs is None and "listing" not in plan.params:
        plan.params["group"] = patterns.group
        plan.comments.setdefault("group", []).append(f"{patterns.groups:,} groups, kept together")
    if use == "target" and found.pool:
        _pool_beside(plan, found)
    if not found.is_labelled:
        plan.evaluation_split, plan.is_pool_labelled = None, False
    return plan


def _by_folders(plan: SplitPlan, found: Survey, use: Use) -> None:
    usable = found.labelled_splits if found.is_labelled else frozenset(found.splits)
    named = {split_name(text): text for text in sorted(found.splits, reverse=True)}
    train = named.get("train") or max(found.splits, key=found.splits.__getitem__)
    evaluated = next(
        (text for name in ("val", "test") if (text := named.get(name)) in usable and text != train), None
    )
    told = ", ".join(f"{text} {count:,}" for text, count in sorted(found.splits.items()))
    plan.comments["splits"] = [f"folders here: {told} images"]
    if lists := _whole_lists(found):
        plan.comments["splits"].append(f"lists here, too: {_told(lists)} images; 'train: LIST' takes one")
    if evaluated is not None and split_name(evaluated) == "test":
        plan.comments["splits"].append("no labelled val: test is evaluated on")
    if use == "source" and train not in usable and usable:
        train = max(usable, key=found.splits.__getitem__)
    if use == "source":
        plan.params["splits"] = {"train": train}
    elif use == "target" and evaluated is not None:
        plan.params["splits"] = {"train": train, "val": evaluated}
        plan.is_pool_labelled = train in usable
    elif use == "target" and not found.is_labelled:
        plan.params["splits"] = {"train": train}
    else:
        own = found.patterns.of_split(train)
        plan.params |= {"images": own.images} | ({"labels": own.labels} if found.is_labelled else {})
        if evaluated is None:
            _by_shares(plan, found, use)
            return
        other = found.patterns.of_split(evaluated)
        plan.params["splits"] = {
            "source": "30%",
            "train": "70%",
            "val": {"images": other.images, "labels": other.labels},
        }
        plan.source_split = "source"
        plan.comments["splits"].append("one folder: a share is the source, whose labels are known")


def _by_pairs(plan: SplitPlan, pairs: ImageList, found: Survey, use: Use) -> None:
    """Take images, label maps and splits from a list."""
    plan.params = {"listing": pairs.name}
    plan.comments["listing"] = [f"says which label map belongs to each of {len(pairs.labels):,} images"]
    if "train" not in pairs.splits:
        listing = plan.params["listing"]
        _by_shares(plan, found, use)
        plan.params = {"listing": listing, **plan.params}
        return
    has_val = "val" in pairs.splits
    plan.params["splits"] = {"train": "train"} | ({"val": "val"} if has_val and use != "source" else {})
    plan.evaluation_split = "val" if has_val else "train"
    if use == "both":
        plan.comments["splits"] = ["source and pool are the same images here: give the pool another split"]


def _by_lists(plan: SplitPlan, found: Survey, use: Use) -> bool:
    lists: dict[str | None, ImageList] = {}
    whole = _whole_lists(found)
    for one in whole:
        lists.setdefault(split_name(one.name.rpartition("/")[2]), one)
    told = _told(whole)
    table = next((one for one in whole if "train" in one.splits), None)
    if table is not None:
        plan.params["listing"] = table.name
        has_val = "val" in table.splits and use == "target"
        plan.params["splits"] = {"train": "train"} | ({"val": "val"} if has_val else {})
        if table.labels:
            plan.params = {key: value for key, value in plan.params.items() if key in ("listing", "splits")}
        return has_val or use == "source" or not found.is_labelled
    train, evaluated = lists.get("train"), lists.get("val") or lists.get("test")
    if train is None or (use != "source" and found.is_labelled and evaluated is None):
        if told:
            plan.comments["splits"] = [f"lists here: {told} images; 'val: LIST' takes one"]
        return False
    plan.comments["splits"] = [f"lists here: {told} images"]
    if use == "source":
        plan.params["splits"] = {"train": train.name}
    elif use == "target":
        plan.params["splits"] = {"train": train.name} | ({"val": evaluated.name} if evaluated else {})
    elif evaluated is not None:
        plan.params["listing"] = train.name
        plan.params["splits"] = {"source": "30%", "train": "70%", "val": {"listing": evaluated.name}}
        plan.source_split = "source"
        plan.comments["splits"].append("one folder: a share is the source, whose labels are known")
    return True


def _whole_lists(found: Survey) -> list[ImageList]:
    """Return the lists all of whose images are there."""
    return [one for one in found.lists if not one.missing]


def _told(lists: Sequence[ImageList]) -> str:
    return ", ".join(f"{one.name} {len(one.images):,}" for one in lists)


def _by_shares(plan: SplitPlan, found: Survey, use: Use) -> None:
    plan.params.pop("listing", None)
    comments = plan.comments.setdefault("splits", [])
    if use == "source" or not found.is_labelled:
        plan.params["splits"] = {"train": "100%"}
    elif found.images < FEWEST:
        plan.params["splits"] = {"train": "100%"}
        plan.evaluation_split = "train"
        comments.append(
            f"only {images_of(found.images)}: trained on and evaluated alike, which measures nothing"
        )
    elif use == "target":
        plan.params["splits"] = {"train": "80%", "val": "20%"}
        comments.append("no split is here: shares, drawn by 'seed'")
    else:
        plan.params["splits"] = {"source": "25%", "train": "50%", "val": "25%"}
        plan.source_split = "source"
        comments.append("no split is here: shares, drawn by 'seed'; 'source' has labels from the start")


def _pool_beside(plan: SplitPlan, found: Survey) -> None:
    """Make images without labels the pool, and labelled ones of the same folder what is evaluated on."""
    pool = max(found.pool, key=lambda kind: len(kind.files))
    if len(pool.files) < found.images or "{split}" in pool.folder or found.splits:
        return
    labels = plan.params.pop("labels", None)
    plan.params = {
        "splits": {
            "train": {"images": as_pattern(pool.path_with("*"))},
            "val": {"images": plan.params["images"], "labels": labels},
        }
    }
    plan.evaluation_split, plan.is_pool_labelled = "val", False
    plan.comments["splits"] = ["the pool has no labels; the labelled images are evaluated on"]
