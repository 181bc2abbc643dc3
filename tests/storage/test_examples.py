from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

from alseg.contracts import Size
from alseg.files import read_json
from alseg.inference.example_maps import example_of, question_reach
from alseg.storage.examples import NAME, Example, kept_size, read_examples, write_examples
from alseg.storage.reader import read_run
from toys import run_folder, run_toy, toy_document


def logits_of(classes: np.ndarray, sharpness: float = 50.0) -> torch.Tensor:
    """Return logits (3, H, W) of a network that is as good as certain of some classes."""
    return (
        sharpness * torch.nn.functional.one_hot(torch.from_numpy(classes).long(), 3).permute(2, 0, 1).float()
    )


def blank(size: Size = (4, 6), **changes: object) -> Example:
    values = {name: np.zeros(kept_size(size), np.uint8) for name in ("classes", "uncertainty", "impurity")}
    return Example(**{"size": size, "radius": 1, **values, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("size", "small"), [((96, 192), (96, 192)), ((1024, 2048), (256, 512)), ((3000, 2), (512, 1))]
)
def test_maps_are_kept_with_at_most_512_pixels_on_the_longer_side(size: Size, small: Size) -> None:
    assert kept_size(size) == small


def test_uncertainty_is_255_where_all_classes_are_equal_and_0_where_one_is_certain() -> None:
    logits = torch.zeros((3, 2, 4))
    logits[1, :, 2:] = 100
    assert example_of(logits, radius=1).uncertainty.tolist() == [[255, 255, 0, 0]] * 2


def test_impurity_is_counted_in_the_window_of_an_answer() -> None:
    classes = np.zeros((3, 6), np.uint8)
    classes[:, 3:] = 1
    example = example_of(logits_of(classes), radius=1)
    # Beside the edge a third of 3 x 3 is the other class: 0.6365 nats of log 3 = 1.0986 are 147.7 of 255.
    assert example.impurity.tolist() == [[0, 0, 148, 148, 0, 0]] * 3
    assert example.classes.tolist() == classes.tolist()
    # In 5 x 5, cut at the border, column 1 sees one column of four in the other class: 0.5623 nats, 130.5.
    assert example_of(logits_of(classes), radius=2).impurity[0].tolist() == [0, 131, 156, 156, 131, 0]


def test_large_maps_are_sampled_averaged_or_take_the_highest_score() -> None:
    logits = torch.zeros((2, 2, 1024))
    logits[0, :, 0::2] = 100  # certain of class 0 in even columns; odd ones are even chances, so class 0 too
    score = torch.arange(1024.0).repeat(2, 1)
    example = example_of(logits, 1, score)
    assert example.size == (2, 1024)
    # One row, 512 columns: of entropy 0 and log 2, the mean is half of log 2.
    assert example.uncertainty.tolist() == [[128] * 512]
    # Cells hold 1, 3, 5, ... 1023; percentiles 1 and 99 of 512 numbers are 5.11 from either end.
    assert example.score_range == pytest.approx((1 + 2 * 5.11, 1023 - 2 * 5.11))
    assert example.score is not None
    assert example.score[0, [0, 5, 6, 505, 506, 511]].tolist() == [0, 0, 0, 255, 255, 255]


def test_a_score_of_minus_infinity_is_the_lowest() -> None:
    score = torch.tensor([[-torch.inf, 1.0, 2.0, torch.inf]])
    example = example_of(torch.zeros((2, 1, 4)), 1, score)
    assert example.score is not None
    assert example.score.tolist() == [[0, 0, 255, 255]]
    nothing = example_of(torch.zeros((2, 1, 4)), 1, torch.full((1, 4), -torch.inf))
    assert (nothing.score_range, nothing.score is not None and int(nothing.score.max())) == ((0.0, 0.0), 0)


def test_few_scores_that_differ_from_all_others_are_seen() -> None:
    score = torch.zeros((20, 20))
    score[3, 4] = 0.5
    example = example_of(torch.zeros((2, 20, 20)), 1, score)
    # One pixel in 400 is above the 99th percentile, which is 0 as the first is.
    assert example.score_range == (0.0, 0.5)
    assert example.score is not None
    assert np.argwhere(example.score).tolist() == [[3, 4]]


class _Reach:
    def __init__(self, reach: int) -> None:
        self.reach = reach

    def footprint(self, positions: np.ndarray, size: Size) -> np.ndarray:
        (y, x), owner = positions[0], np.full(size, -1, np.int32)
        owner[max(0, y - self.reach) : y + self.reach + 1, max(0, x - self.reach) : x + self.reach + 1] = 0
        return owner


@pytest.mark.parametrize(("reach", "counted"), [(0, 1), (1, 1), (9, 9), (100, 1)])
def test_the_window_of_impurity_is_that_of_a_region_or_else_3_x_3(reach: int, counted: int) -> None:
    assert question_reach(_Reach(reach)) == counted  # type: ignore[arg-type]
    assert question_reach(None) == 1


def test_examples_come_back_as_they_were_written(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    score = random.integers(0, 256, (4, 6)).astype(np.uint8)
    classes = random.integers(0, 3, (4, 6)).astype(np.uint8)
    written = {
        "a/b": blank(classes=classes, score=score, score_range=(-1.5, 2.0), radius=9),
        "plain": blank((2, 3)),
    }
    write_examples(tmp_path, written)
    read = read_examples(tmp_path, classes=3)
    assert list(read) == ["a/b", "plain"]
    assert np.array_equal(read["a/b"].classes, classes)
    assert read["a/b"].score is not None
    assert np.array_equal(read["a/b"].score, score)
    assert (read["a/b"].score_range, read["a/b"].radius, read["a/b"].size) == ((-1.5, 2.0), 9, (4, 6))
    assert read["plain"].score is None


@pytest.mark.parametrize("damage", ["missing", "empty", "cut", "flipped"])
def test_a_damaged_file_is_as_good_as_none(tmp_path: Path, damage: str) -> None:
    write_examples(tmp_path, {"a": blank()})
    path = tmp_path / NAME
    content = path.read_bytes()
    if damage == "missing":
        path.unlink()
    elif damage == "empty":
        path.write_bytes(b"")
    elif damage == "cut":
        path.write_bytes(content[: len(content) // 2])
    else:
        middle = content.index(b"classes_0") + 60
        path.write_bytes(content[:middle] + bytes([content[middle] ^ 255]) + content[middle + 1 :])
    assert read_examples(tmp_path, classes=3) == {}


def test_a_class_that_the_label_space_lacks_makes_a_file_useless(tmp_path: Path) -> None:
    write_examples(tmp_path, {"a": blank(classes=np.full((4, 6), 3, np.uint8))})
    assert read_examples(tmp_path, classes=4)
    assert read_examples(tmp_path, classes=3) == {}


def test_a_file_that_unfolds_to_too_much_is_not_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / NAME, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("format.npy", bytes(80 * 2**20))
    assert (tmp_path / NAME).stat().st_size < 2**20
    assert read_examples(tmp_path, classes=3) == {}


def test_an_image_larger_than_any_is_not_believed(tmp_path: Path) -> None:
    write_examples(tmp_path, {"a": blank((2**14, 2**14))})
    assert read_examples(tmp_path, classes=3) == {}


def test_nothing_is_unpickled(tmp_path: Path) -> None:
    content = io.BytesIO()
    np.savez(content, format=np.array([{"a": 1}], object))
    (tmp_path / NAME).write_bytes(content.getvalue())
    assert read_examples(tmp_path, classes=3) == {}


def test_a_run_keeps_what_its_picks_were_made_on_and_what_it_ends_with(tmp_path: Path) -> None:
    run_toy(tmp_path)
    run = run_folder(tmp_path, "entropy")
    first = read_examples(run / "rounds/01", classes=3)
    assert list(first) == ["train-0", "train-2", "train-4"]
    # The score is the entropy: more of it is more of the score, in every pixel.
    example = first["train-2"]
    assert example.score is not None
    order = np.argsort(example.score, axis=None)
    assert (np.diff(example.uncertainty.reshape(-1)[order].astype(int)) >= -1).all()
    assert (run / "rounds/02" / NAME).exists()
    assert not (run / "rounds/00" / NAME).exists()
    for method in ("entropy", "source-only", "fully-supervised"):
        last = read_examples(run_folder(tmp_path, method), classes=3)
        assert [each.score for each in last.values()] == [None] * 3


def test_no_examples_are_kept_where_none_are_wanted(tmp_path: Path) -> None:
    run_toy(tmp_path, toy_document(settings={"device": "cpu", "examples": 0}))
    assert not list(tmp_path.rglob(NAME))


def test_examples_change_nothing_else(tmp_path: Path) -> None:
    results = []
    for count in (0, 2):
        run_toy(tmp_path / str(count), toy_document(settings={"device": "cpu", "examples": count}))
        run = run_folder(tmp_path / str(count), "entropy")
        results.append([(run / name).read_bytes() for name in ("weights.pt", "rounds/02/ledger.npy")])
    assert results[0] == results[1]


def test_a_round_says_how_many_pixels_of_each_class_were_bought(tmp_path: Path) -> None:
    run_toy(tmp_path)
    entropy = read_run(run_folder(tmp_path, "entropy")).rounds
    for result in entropy:
        assert result.bought is not None
        assert sum(result.bought.values()) == result.cost.valid_pixels
    assert entropy[0].bought == {"red": 0, "green": 0, "blue": 0}
    everything = read_run(run_folder(tmp_path, "fully-supervised")).rounds[-1]
    # Six images of twelve rows; of their 24 columns the last one is void.
    assert everything.bought is not None
    assert sum(everything.bought.values()) == 6 * 12 * 23
    assert (
        read_json(run_folder(tmp_path, "source-only") / "rounds/02/metrics.json")["bought"]
        == entropy[0].bought
    )


def test_bought_classes_are_counted_again_after_an_interruption(tmp_path: Path) -> None:
    run_toy(tmp_path)
    run = run_folder(tmp_path, "entropy")
    before = read_run(run).rounds[-1].bought
    for name in ("rounds/02/metrics.json", "status.json"):
        (run / name).unlink()
    assert run_toy(tmp_path).done == 3
    assert read_run(run).rounds[-1].bought == before
