"""Writes small run folders in the documented format (docs/internals.md), for tests of whatever reads them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

CLASSES = ("road", "car", "train")

POOL = {"pixels": 10_000, "images": 10}


def write_run(
    results: Path,
    label: str,
    seed: int = 0,
    *,
    iou: Sequence[Sequence[float | None]] = ((80.0, 60.0, 40.0),),
    classes: Sequence[str] = CLASSES,
    order: int = 0,
    acquisition: str | None = None,
    target_labels: str = "acquired",
    state: str = "done",
    error: str | None = None,
    reason: str | None = None,
    subsets: Mapping[str, Sequence[str]] | None = None,
    label_space: str = "toy-3",
    scenario: str = "render -> camera",
    scorer: str = "1",
    device: str = "cpu",
    settings: Mapping[str, Any] | None = None,
    recipe: Mapping[str, Any] | None = None,
    pixels_per_round: int = 100,
    extra: Mapping[str, Any] | None = None,
    annotation: Mapping[str, Any] | None = None,
    budget: str = "5%",
    counts: np.ndarray | Sequence[np.ndarray] | None = None,
    groups: Sequence[str] | None = None,
    reference: str | None = None,
    drawn_pixels: int | None = None,
    sees_labels: bool = False,
    bought: Sequence[int] | None = None,
) -> Path:
    """Write one run.

    Args:
        results: The result folder, such as ``tmp_path / "quickstart"``; its name is the experiment's.
        label: The method's label.
        seed: The seed.
        iou: Per round from 0, percent per class; None for a class that the ground truth does not hold.
        classes: Class names.
        order: The method's place in the experiment file.
        acquisition: Plugin name.
        target_labels: ``none``, ``acquired`` or ``all``.
        state: As in status.json.
        error: As in status.json.
        reason: As in status.json.
        subsets: Subset name to class names.
        label_space: Name of the label space.
        scenario: Short text.
        scorer: Scorer version.
        device: What the one attempt ran on.
        settings: What else the specification holds.
        recipe: Name and parameters of the recipe.
        pixels_per_round: Pixels bought in each round from 1 on; a tenth of them is void, each is one click.
        annotation: The mode's ``name`` and ``params``.
        budget: As in the experiment file.
        extra: Replaces keys of run.json.
        counts: int ``(N, C, C)``, confusion counts per image of every round, or one such array for each
            round; no such file without.
        groups: The group of each image; each is its own without.
        reference: ``lower`` or ``upper`` end of the gap.
        drawn_pixels: Bought pixels that training has drawn, in every round; not counted without.
        sees_labels: Whether it is an upper mark.
        bought: Pixels of each class bought, in every round; not kept without.

    Returns:
        The run folder.
    """
    subsets = subsets or {}
    spec = {
        "experiment": results.name,
        "scenario": {"source": "render", "root": str(results)},
        "method": {
            "label": label,
            "order": order,
            "acquisition": acquisition,
            "annotation": annotation,
            "recipe": recipe,
        },
        "seed": seed,
        **(settings or {}),
    }
    fingerprint = hashlib.sha256(json.dumps([spec, scorer, scenario], sort_keys=True).encode()).hexdigest()
    slug = "".join(c if c.isalnum() else "-" for c in label.lower())
    name = f"{slug}__s{seed}__{fingerprint[:8]}"
    folder = results / "runs" / name
    _write(
        folder / "run.json",
        {
            "format": 3,
            "experiment": results.name,
            "run": name,
            "fingerprint": fingerprint,
            "method": {
                "label": label,
                "order": order,
                "target_labels": target_labels,
                "acquisition": acquisition,
                "annotation": annotation and annotation["name"],
                "budget": budget if target_labels == "acquired" else None,
                "reference": reference,
                **({"sees_labels": True} if sees_labels else {}),
            },
            "seed": seed,
            "rounds": [10 * number for number in range(1, len(iou))],
            "iterations": 10 * len(iou),
            "label_space": {
                "name": label_space,
                "classes": list(classes),
                "colors": [[0, 0, 0] for _ in classes],
                "subsets": {subset: list(names) for subset, names in subsets.items()},
            },
            "scenario": scenario,
            "scorer": scorer,
            "plugins": [],
            "spec": spec,
            **(extra or {}),
        },
    )
    last = len(iou) - 1 if iou else None
    _write(folder / "status.json", {"state": state, "round": last, "error": error, "reason": reason})
    _write(folder / "attempts" / "0.json", {"device": device, "start": "2026-01-01T00:00:00+00:00"})
    for number, values in enumerate(iou):
        metrics = _metrics(
            number, dict(zip(classes, values, strict=True)), subsets, target_labels, pixels_per_round
        )
        if drawn_pixels is not None:
            metrics["cost"]["drawn_pixels"] = drawn_pixels
        if bought is not None:
            metrics["bought"] = dict(zip(classes, bought, strict=True))
        _write(folder / "rounds" / f"{number:02d}" / "metrics.json", metrics)
        if counts is not None:
            of_round = np.asarray(counts if np.ndim(counts) == 3 else counts[number], np.int32)
            np.savez_compressed(
                folder / "rounds" / f"{number:02d}" / "confusion.npz",
                image_ids=np.array([f"image-{index}" for index in range(len(of_round))]),
                counts=of_round,
                **({} if groups is None else {"groups": np.array(groups)}),
            )
    return folder


def write_two_drives(results: Path) -> None:
    """Two methods on ten images of a drive by day and two of one at dusk, which alone tells them apart."""
    day, dusk = [[8, 0], [0, 8]], {"Random": [[4, 4], [4, 4]], "Entropy": [[6, 2], [2, 6]]}
    for order, label in enumerate(dusk):
        for seed in (0, 1):
            write_run(
                results,
                label,
                seed,
                order=order,
                acquisition=label.lower(),
                classes=("road", "car"),
                iou=[[90, 90], [95, 95]],
                counts=np.array([*[day] * 10, dusk[label], dusk[label]]),
                groups=["day"] * 10 + ["dusk-1", "dusk-2"],
            )


def _metrics(
    number: int,
    iou: Mapping[str, float | None],
    subsets: Mapping[str, Sequence[str]],
    target_labels: str,
    pixels_per_round: int,
) -> dict[str, Any]:
    pixels = {"none": 0, "acquired": number * pixels_per_round, "all": POOL["pixels"]}[target_labels]
    return {
        "round": number,
        "iteration": 10 * (number + 1),
        "cost": {
            "pixels": pixels,
            "valid_pixels": pixels * 9 // 10,
            "trained_pixels": pixels,
            "clicks": pixels if target_labels == "acquired" else 0,
            "images": POOL["images"] if pixels else 0,
        },
        "allowance_pixels": pixels if target_labels == "acquired" else None,
        "pool": POOL,
        "miou": _mean(list(iou.values())),
        "accuracy": 90.0 + number,
        "iou": dict(iou),
        "subsets": {subset: _mean([iou[name] for name in names]) for subset, names in subsets.items()},
    }


def _mean(values: Sequence[float | None]) -> float:
    present = [value for value in values if value is not None]
    return sum(present) / len(present)


def _write(path: Path, content: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")
