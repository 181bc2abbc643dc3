from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from alseg.analysis.pseudo_values import MOST_BLOCKS, pseudo_values


def write_counts(path: Path, counts: np.ndarray, groups: list[str] | None = None) -> Path:
    names = [f"image{number:03d}" for number in range(len(counts))]
    extra = {} if groups is None else {"groups": np.array(groups)}
    np.savez(path, image_ids=np.array(names), counts=counts, **extra)  # type: ignore[arg-type]
    return path


def random_counts(images: int, seed: int = 0) -> np.ndarray:
    generator = np.random.default_rng(seed)
    return generator.integers(0, 50, (images, 3, 3)) + 100 * np.eye(3, dtype=np.int64)


def mean_iou(counts: np.ndarray) -> float:
    total = counts.sum(axis=0)
    hits = np.diagonal(total)
    return float(100 * np.mean(hits / (total.sum(axis=0) + total.sum(axis=1) - hits)))


def test_they_are_those_of_the_jackknife_moved_to_the_metric(tmp_path: Path) -> None:
    counts = random_counts(10)
    found = pseudo_values(write_counts(tmp_path / "c.npz", counts), range(3))
    assert found is not None
    plain = [10 * mean_iou(counts) - 9 * mean_iou(np.delete(counts, number, axis=0)) for number in range(10)]
    assert found.values == pytest.approx(np.array(plain) - np.mean(plain) + mean_iou(counts))
    assert np.mean(found.values) == pytest.approx(mean_iou(counts))


def test_images_of_one_group_stay_together(tmp_path: Path) -> None:
    counts, groups = random_counts(24), [f"drive{number // 3}" for number in range(24)]
    found = pseudo_values(write_counts(tmp_path / "c.npz", counts, groups), range(3))
    together = pseudo_values(
        write_counts(tmp_path / "d.npz", counts.reshape(8, 3, 3, 3).sum(axis=1)), range(3)
    )
    assert found is not None and together is not None
    assert found.values == pytest.approx(together.values)


def test_many_groups_are_put_together_and_few_are_none(tmp_path: Path) -> None:
    many = pseudo_values(write_counts(tmp_path / "many.npz", random_counts(101)), range(3))
    assert many is not None
    assert len(many.values) == MOST_BLOCKS
    assert pseudo_values(write_counts(tmp_path / "few.npz", random_counts(7)), range(3)) is None
    assert pseudo_values(tmp_path / "none.npz", range(3)) is None


def test_a_class_that_only_one_block_holds_is_left_out_without_it(tmp_path: Path) -> None:
    counts = random_counts(8)
    counts[1:, 2, :] = 0
    found = pseudo_values(write_counts(tmp_path / "c.npz", counts), range(3))
    assert found is not None
    assert np.isfinite(found.values).all()


def test_no_class_at_all_gives_no_values(tmp_path: Path) -> None:
    counts = random_counts(8)
    counts[:, 2, :] = 0
    assert pseudo_values(write_counts(tmp_path / "c.npz", counts), [2]) is None
