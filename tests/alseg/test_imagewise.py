from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from alseg.compare import compare
from alseg.errors import AlsegError
from alseg.imagewise import image_interval, read_image_counts
from alseg.results import load_results
from fakeruns import write_run


def counts_with_accuracy(right: float, images: int = 40, seed: int = 0) -> np.ndarray:
    """Two classes with 100 pixels each per image; about ``right`` of each are predicted right."""
    hits = np.random.default_rng(seed).binomial(100, right, (images, 2))
    counts = np.zeros((images, 2, 2), np.int32)
    counts[:, 0, 0], counts[:, 1, 1] = hits.T
    counts[:, 0, 1], counts[:, 1, 0] = 100 - hits.T
    return counts


def write_counts(path: Path, counts: np.ndarray, prefix: str = "image") -> Path:
    ids = np.array([f"{prefix}-{index}" for index in range(len(counts))])
    np.savez_compressed(path, image_ids=ids, counts=counts)
    return path


def mean_iou(counts: np.ndarray) -> float:
    total = counts.sum(axis=0)
    hits = np.diag(total)
    return float(np.mean(100 * hits / (total.sum(0) + total.sum(1) - hits)))


def test_the_interval_lies_around_the_difference_of_both_sets(tmp_path: Path) -> None:
    ours, theirs = counts_with_accuracy(0.9), counts_with_accuracy(0.8, seed=1)
    interval = image_interval(
        write_counts(tmp_path / "a.npz", ours), write_counts(tmp_path / "b.npz", theirs), [0, 1]
    )
    assert interval is not None
    assert interval.images == 40
    difference = mean_iou(ours) - mean_iou(theirs)
    assert interval.low < difference < interval.high
    assert 0.2 < interval.high - interval.low < 5


def test_a_network_against_itself_differs_by_nothing_on_any_images(tmp_path: Path) -> None:
    file = write_counts(tmp_path / "a.npz", counts_with_accuracy(0.9))
    assert image_interval(file, file, [0, 1]) == (0.0, 0.0, 40)


def test_a_class_that_a_draw_leaves_out_is_left_out_of_its_mean(tmp_path: Path) -> None:
    counts = counts_with_accuracy(0.9)
    counts[1:, 1] = 0  # only the first image holds the second class
    file, other = write_counts(tmp_path / "a.npz", counts), write_counts(tmp_path / "b.npz", counts)
    assert image_interval(file, other, [0, 1]) == (0.0, 0.0, 40)


def test_other_images_cannot_be_paired(tmp_path: Path) -> None:
    counts = counts_with_accuracy(0.9)
    ours = write_counts(tmp_path / "a.npz", counts)
    assert image_interval(ours, write_counts(tmp_path / "b.npz", counts, "other"), [0, 1]) is None


def test_without_counts_there_is_no_interval(tmp_path: Path) -> None:
    ours = write_counts(tmp_path / "a.npz", counts_with_accuracy(0.9))
    assert image_interval(ours, tmp_path / "missing.npz", [0, 1]) is None


def test_damaged_counts_are_named(tmp_path: Path) -> None:
    path = tmp_path / "confusion.npz"
    path.write_bytes(b"PK")
    with pytest.raises(AlsegError) as caught:
        read_image_counts(path)
    assert str(caught.value) == f"{path} is damaged: File is not a zip file."


def test_one_seed_is_compared_over_images_and_labelled_so(tmp_path: Path) -> None:
    for order, (label, right) in enumerate((("Random", 0.8), ("Entropy", 0.9))):
        write_run(
            tmp_path / "toy",
            label,
            order=order,
            acquisition=label.lower(),
            classes=("road", "car"),
            iou=[[50 + order, 50]],
            counts=counts_with_accuracy(right, seed=order),
        )
    comparison = compare(load_results([tmp_path / "toy"]))
    assert comparison.rows[0].image_interval is None
    assert comparison.rows[1].image_interval is not None
    assert (
        "[a, b]: there is one seed, so this 95% interval is over the 40 evaluation images (paired "
        "bootstrap). It compares two trained networks and says nothing about how much seeds differ."
    ) in comparison.notes


def test_several_seeds_are_not_compared_over_images(tmp_path: Path) -> None:
    for seed in (0, 1):
        for order, label in enumerate(("Random", "Entropy")):
            write_run(
                tmp_path / "toy",
                label,
                seed,
                order=order,
                acquisition=label.lower(),
                classes=("road", "car"),
                iou=[[50 + order, 50 + seed]],
                counts=counts_with_accuracy(0.9),
            )
    assert [row.image_interval for row in compare(load_results([tmp_path / "toy"])).rows] == [None, None]
