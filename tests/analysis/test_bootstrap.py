from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from alseg.analysis.bootstrap import crossed_interval, image_interval, mean_interval_over_images
from alseg.analysis.compare import compare
from alseg.analysis.options import CompareOptions
from alseg.errors import AlsegError
from alseg.storage.reader import load_results
from alseg.storage.round_files import read_image_counts, read_image_groups
from fakeruns import write_run


def counts_with_accuracy(right: float, images: int = 40, seed: int = 0) -> np.ndarray:
    """Two classes with 100 pixels each per image; about ``right`` of each are predicted right."""
    hits = np.random.default_rng(seed).binomial(100, right, (images, 2))
    counts = np.zeros((images, 2, 2), np.int32)
    counts[:, 0, 0], counts[:, 1, 1] = hits.T
    counts[:, 0, 1], counts[:, 1, 0] = 100 - hits.T
    return counts


def write_counts(
    path: Path, counts: np.ndarray, prefix: str = "image", groups: Sequence[str] | None = None
) -> Path:
    ids = np.array([f"{prefix}-{index}" for index in range(len(counts))])
    content = {"image_ids": ids, "counts": counts} | ({} if groups is None else {"groups": np.array(groups)})
    np.savez_compressed(path, **content)
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
    assert image_interval(file, file, [0, 1]) == (0.0, 0.0, 40, 40)


def test_a_class_that_a_draw_leaves_out_is_left_out_of_its_mean(tmp_path: Path) -> None:
    counts = counts_with_accuracy(0.9)
    counts[20:, 1] = (
        0  # every draw of 40 holds some of the first 20 images, of which alone have the second class
    )
    file, other = write_counts(tmp_path / "a.npz", counts), write_counts(tmp_path / "b.npz", counts)
    assert image_interval(file, other, [0, 1]) == (0.0, 0.0, 40, 40)


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
        "bootstrap). It compares two trained networks; how much seeds differ it does not say."
    ) in comparison.notes


def write_two_seeds(results: Path) -> None:
    """Write Random and Entropy, the better one, with two seeds each."""
    for seed in (0, 1):
        for order, label in enumerate(("Random", "Entropy")):
            write_run(
                results,
                label,
                seed,
                order=order,
                acquisition=label.lower(),
                classes=("road", "car"),
                iou=[[50 + order, 50 + seed]],
                counts=counts_with_accuracy(0.8 + order / 20, seed=seed),
            )


def test_several_seeds_are_not_compared_over_images(tmp_path: Path) -> None:
    write_two_seeds(tmp_path / "toy")
    assert [row.image_interval for row in compare(load_results([tmp_path / "toy"])).rows] == [None, None]


def counts_of_groups(groups: int, shift: float, generator: np.random.Generator) -> np.ndarray:
    """Groups of 5 images that are alike: accuracies around 70% and a shift, a spread of 5% over groups."""
    rates = np.repeat(np.clip(0.7 + shift + generator.normal(0, 0.05, (groups, 1)), 0.05, 0.95), 5, axis=0)
    hits = generator.binomial(1000, np.repeat(rates, 2, axis=1))
    counts = np.zeros((len(hits), 2, 2), np.int32)
    counts[:, 0, 0], counts[:, 1, 1] = hits.T
    counts[:, 0, 1], counts[:, 1, 0] = 1000 - hits.T
    return counts


def names_of(groups: int) -> list[str]:
    return [f"drive-{number}" for number in range(groups) for _ in range(5)]


def test_images_of_one_group_are_drawn_together_which_widens_the_interval(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    ours, theirs = counts_of_groups(20, 0.05, generator), counts_of_groups(20, 0.0, generator)
    alone = image_interval(
        write_counts(tmp_path / "a.npz", ours), write_counts(tmp_path / "b.npz", theirs), [0, 1]
    )
    names = names_of(20)
    together = image_interval(
        write_counts(tmp_path / "c.npz", ours, groups=names),
        write_counts(tmp_path / "d.npz", theirs, groups=names),
        [0, 1],
    )
    assert alone is not None
    assert together is not None
    assert (alone.groups, together.groups, together.images) == (100, 20, 100)
    # Five images that are alike count as one: about sqrt(5) = 2.2 times as wide.
    assert 1.8 < (together.high - together.low) / (alone.high - alone.low) < 2.8


def test_images_of_one_clip_have_no_interval(tmp_path: Path) -> None:
    counts = counts_with_accuracy(0.9)
    files = [write_counts(tmp_path / f"{name}.npz", counts, groups=["clip"] * 40) for name in "ab"]
    assert image_interval(files[0], files[1], [0, 1]) is None


def test_the_interval_over_groups_holds_the_true_difference_as_often_as_it_says(tmp_path: Path) -> None:
    # Twelve groups; the true difference of two networks that are alike is 0. 200 pairs of networks.
    generator = np.random.default_rng(1)
    names = names_of(12)
    hits = 0
    for number in range(200):
        files = [
            write_counts(tmp_path / f"{number}{side}.npz", counts_of_groups(12, 0, generator), groups=names)
            for side in "ab"
        ]
        interval = image_interval(files[0], files[1], [0, 1])
        assert interval is not None
        hits += interval.low <= 0 <= interval.high
    # Three standard errors are 4.6%.
    assert hits / 200 == pytest.approx(0.95, abs=0.046)


def test_the_crossed_interval_holds_what_seeds_and_images_both_could_have_changed(tmp_path: Path) -> None:
    # Three seeds whose differences have a spread of 4%, twelve groups; 150 experiments.
    generator = np.random.default_rng(2)
    names = names_of(12)
    crossed = over_seeds = 0
    for number in range(150):
        theirs = counts_of_groups(12, 0, generator)
        groups = np.repeat(generator.normal(0, 0.04, 12), 5)  # how much our method gains on each group
        pairs, differences = [], []
        for seed, gain in enumerate(generator.normal(0, 0.01, 3)):
            rates = np.clip(theirs[:, 0, 0] / 1000 + groups + gain, 0.01, 0.99)
            hits = generator.binomial(1000, np.stack([rates, rates], axis=1))
            ours = np.zeros_like(theirs)
            ours[:, 0, 0], ours[:, 1, 1] = hits.T
            ours[:, 0, 1], ours[:, 1, 0] = 1000 - hits.T
            pair = [
                write_counts(tmp_path / f"{number}-{seed}-{side}.npz", counts, groups=names)
                for side, counts in (("a", ours), ("b", theirs))
            ]
            pairs.append((pair[0], pair[1]))
            differences.append(mean_iou(ours) - mean_iou(theirs))
        interval = crossed_interval(pairs, [0, 1])
        assert interval is not None
        assert interval.mean == pytest.approx(np.mean(differences))
        crossed += abs(interval.mean) <= interval.half_width
        over_seeds += abs(np.mean(differences)) <= 4.302653 * np.std(differences, ddof=1) / 3**0.5
    # Images alone decide most here, which the interval over seeds cannot see.
    assert crossed / 150 > 0.9
    assert over_seeds / 150 < 0.85


def test_one_seed_has_no_crossed_interval(tmp_path: Path) -> None:
    file = write_counts(tmp_path / "a.npz", counts_with_accuracy(0.9))
    assert crossed_interval([(file, file)], [0, 1]) is None


def test_crossed_intervals_are_there_where_they_are_asked_for(tmp_path: Path) -> None:
    write_two_seeds(tmp_path / "toy")
    results = load_results([tmp_path / "toy"])
    assert [row.crossed for row in compare(results).rows] == [None, None]
    comparison = compare(results, CompareOptions(images=True))
    crossed = comparison.rows[1].crossed
    assert crossed is not None
    assert (crossed.seeds, crossed.groups) == (2, 40)
    assert (
        "± seeds, images: 95% interval in which seeds and the 40 groups of evaluation images could have been "
        "others; not corrected for the number of comparisons."
    ) in comparison.notes


def test_groups_that_do_not_fit_the_images_are_named(tmp_path: Path) -> None:
    path = write_counts(tmp_path / "a.npz", counts_with_accuracy(0.9), groups=["one", "two"])
    with pytest.raises(AlsegError) as caught:
        read_image_groups(path, read_image_counts(path)[0])
    assert str(caught.value) == f"{path} is damaged: it has groups for 2 of 40 images."
    np.savez_compressed(path, image_ids=["a"], counts=np.zeros((1, 2, 2)), groups=np.array([object()]))
    with pytest.raises(AlsegError) as caught:
        read_image_groups(path, ["a"])
    assert str(caught.value) == f"{path} is damaged: its groups of images cannot be read."


def test_the_interval_of_a_mean_lies_around_it(tmp_path: Path) -> None:
    counts = counts_with_accuracy(0.8)
    interval = mean_interval_over_images([write_counts(tmp_path / "a.npz", counts)])
    assert interval is not None
    assert (interval.images, interval.groups) == (40, 40)
    assert (interval.low + interval.high) / 2 == pytest.approx(mean_iou(counts))
    assert 0.5 < interval.high - interval.low < 5


def test_images_that_are_all_alike_leave_no_doubt_about_the_mean(tmp_path: Path) -> None:
    # In every image 80 of 100 pixels of both classes are right: 80 / (100 + 100 - 80) of each.
    counts = np.tile(np.array([[80, 20], [20, 80]], np.int32), (10, 1, 1))
    interval = mean_interval_over_images([write_counts(tmp_path / "a.npz", counts)])
    assert interval is not None
    assert (interval.low, interval.high) == (pytest.approx(200 / 3), pytest.approx(200 / 3))


def test_seeds_with_answers_about_other_images_share_an_interval(tmp_path: Path) -> None:
    first, second = counts_with_accuracy(0.9, images=5), counts_with_accuracy(0.7, images=7, seed=1)
    files = [write_counts(tmp_path / "a.npz", first, "a"), write_counts(tmp_path / "b.npz", second, "b")]
    interval = mean_interval_over_images(files)
    assert interval is not None
    assert (interval.images, interval.groups) == (12, 12)
    assert (interval.low + interval.high) / 2 == pytest.approx((mean_iou(first) + mean_iou(second)) / 2)


def test_too_few_images_or_a_file_that_is_not_there_give_no_interval_of_a_mean(tmp_path: Path) -> None:
    few = write_counts(tmp_path / "a.npz", counts_with_accuracy(0.9, images=7))
    many = write_counts(tmp_path / "b.npz", counts_with_accuracy(0.9, images=8))
    assert mean_interval_over_images([few]) is None
    assert mean_interval_over_images([many]) is not None
    assert mean_interval_over_images([many, tmp_path / "c.npz"]) is None
    assert mean_interval_over_images([]) is None


def test_the_interval_of_a_mean_holds_the_mean_over_all_images_in_most_samples(tmp_path: Path) -> None:
    # 5,000 images, of which some are harder than others and a tenth alone shows the third class.
    random = np.random.default_rng(0)
    right = random.beta(8, 2, (5000, 3))
    shown = np.stack([np.ones(5000, bool), np.ones(5000, bool), random.random(5000) < 0.1], axis=1)
    hits = np.where(shown, random.binomial(100, right), 0)
    counts = np.zeros((5000, 3, 3), np.int32)
    for one in range(3):
        counts[:, one, one] = hits[:, one]
        counts[:, one, (one + 1) % 3] = np.where(shown[:, one], 100 - hits[:, one], 0)
    truth, held = mean_iou(counts), 0
    for number in range(200):
        file = write_counts(tmp_path / f"{number}.npz", counts[random.choice(5000, 40, replace=False)])
        interval = mean_interval_over_images([file])
        held += interval is not None and interval.low <= truth <= interval.high
    # 95% of 200 with a standard deviation of 3.1.
    assert 180 <= held <= 199
