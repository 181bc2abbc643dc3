from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from alseg.contracts import Size
from alseg.data import kept
from alseg.data.class_counts import user_cache
from alseg.data.kept import KeptData, key_of
from alseg.errors import DataError


class Plain:
    """Image i is i + 1 high and 3 wide, all of class 7; counts what is read."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.headers = self.labels = 0

    def __len__(self) -> int:
        return self.count

    def image_id(self, index: int) -> str:
        return str(index)

    def size(self, index: int) -> Size:
        self.headers += 1
        return index + 1, 3

    def image(self, index: int) -> NDArray[np.uint8]:
        raise NotImplementedError

    def label(self, index: int) -> NDArray[np.uint8]:
        self.labels += 1
        return np.full((index + 1, 3), 7, np.uint8)


class Stamped(Plain):
    def __init__(self, count: int, text: str = "first") -> None:
        super().__init__(count)
        self.text = text

    def stamp(self, index: int) -> str:
        return f"{self.text} {index}"


SIZES = ((1, 3), (2, 3), (3, 3))


def writing(folder: Path, cache: Path | None = None) -> KeptData:
    keeper = KeptData(folder, cache)
    keeper.begin()
    return keeper


def sizes(keeper: KeptData, dataset: Plain) -> tuple[Size, ...]:
    return keeper.sizes(dataset, key_of(dataset))


def pixels(keeper: KeptData, dataset: Plain) -> list[int]:
    counts = keeper.value_counts(dataset, key_of(dataset))
    assert counts.shape == (dataset.count, 256) and counts.sum() == counts[:, 7].sum()
    return counts[:, 7].tolist()  # type: ignore[no-any-return]


def test_a_second_process_opens_no_file_of_the_data_set(tmp_path: Path) -> None:
    first, second = Stamped(3), Stamped(3)
    for dataset in (first, second):
        keeper = writing(tmp_path / "data", tmp_path / "another cache of each node")
        assert sizes(keeper, dataset) == SIZES
        assert pixels(keeper, dataset) == [3, 6, 9]
        for file in (tmp_path / "another cache of each node").rglob("*.npz"):
            file.unlink()
    assert (first.headers, first.labels) == (3, 3)
    assert (second.headers, second.labels) == (0, 0)


def test_a_file_that_has_changed_is_read_again(tmp_path: Path) -> None:
    keeper = writing(tmp_path)
    sizes(keeper, Stamped(3))
    changed, fewer = Stamped(3, "second"), Stamped(2)
    assert sizes(keeper, changed) == SIZES
    assert sizes(keeper, fewer) == SIZES[:2]
    assert (changed.headers, fewer.headers) == (3, 2)


def test_nothing_is_written_before_the_experiment_may_be_and_then_what_was_found(tmp_path: Path) -> None:
    keeper = KeptData(tmp_path / "data", tmp_path / "cache")
    sizes(keeper, Stamped(3))
    pixels(keeper, Stamped(3))
    assert not (tmp_path / "data").exists()
    keeper.begin()
    later = Stamped(3)
    other = KeptData(tmp_path / "data", tmp_path / "empty")
    assert (sizes(other, later), pixels(other, later)) == (SIZES, [3, 6, 9])
    assert (later.headers, later.labels) == (0, 0)


def test_counts_of_an_earlier_experiment_are_found_in_the_cache_and_passed_on(tmp_path: Path) -> None:
    pixels(writing(tmp_path / "one", tmp_path / "cache"), Stamped(3))
    here = Stamped(3)
    assert pixels(writing(tmp_path / "two", tmp_path / "cache"), here) == [3, 6, 9]
    elsewhere = Stamped(3)
    assert pixels(writing(tmp_path / "two", tmp_path / "cache of another node"), elsewhere) == [3, 6, 9]
    assert (here.labels, elsewhere.labels) == (0, 0)


def test_without_a_folder_counts_go_to_the_users_cache() -> None:
    pixels(KeptData(), Stamped(3))
    (file,) = user_cache().rglob("*.npz")
    assert file.parent == user_cache() / "class-counts"


def test_a_data_set_that_cannot_tell_changes_is_read_every_time(tmp_path: Path) -> None:
    for _ in range(2):
        dataset = Plain(3)
        keeper = writing(tmp_path / "data", tmp_path / "cache")
        assert (sizes(keeper, dataset), pixels(keeper, dataset)) == (SIZES, [3, 6, 9])
        assert (dataset.headers, dataset.labels) == (3, 3)
    assert list(tmp_path.rglob("*.npz")) == []


def test_a_data_set_with_a_file_that_is_gone_has_no_key() -> None:
    class Gone(Stamped):
        def stamp(self, index: int) -> str:
            raise DataError("Image 1 is gone.")

    assert key_of(Gone(3)) is None


@pytest.mark.parametrize("damage", ["nothing", "cut", "other", "text", "no size"])
def test_damaged_sizes_are_made_again(damage: str, tmp_path: Path) -> None:
    sizes(writing(tmp_path), Stamped(3))
    (file,) = tmp_path.rglob("*.npz")
    whole = file.read_bytes()
    if damage == "other":
        np.savez(file, sizes=np.ones((4, 2), np.int32))
    elif damage == "no size":
        np.savez(file, sizes=np.zeros((3, 2), np.int32))
    else:
        file.write_bytes({"nothing": b"", "cut": whole[:-20], "text": b"sizes"}[damage])
    again, later = Stamped(3), Stamped(3)
    assert sizes(writing(tmp_path), again) == SIZES
    assert again.headers == 3
    assert sizes(writing(tmp_path), later) == SIZES
    assert later.headers == 0


def test_no_changed_byte_changes_a_size(tmp_path: Path) -> None:
    sizes(writing(tmp_path), Stamped(3))
    (file,) = tmp_path.rglob("*.npz")
    whole = file.read_bytes()
    for place in range(len(whole)):
        changed = bytearray(whole)
        changed[place] ^= 0xFF
        file.write_bytes(changed)
        assert kept._read_sizes(file, 3) in (None, SIZES), place


def test_one_of_several_processes_counts_and_the_others_wait(tmp_path: Path) -> None:
    class Slow(Stamped):
        def label(self, index: int) -> NDArray[np.uint8]:
            time.sleep(0.05)
            return super().label(index)

    datasets = [Slow(3) for _ in range(4)]
    keepers = [writing(tmp_path / "data", tmp_path / f"cache {place}") for place in range(4)]
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(pixels, keepers, datasets)) == [[3, 6, 9]] * 4
    assert sorted(dataset.labels for dataset in datasets) == [0, 0, 0, 3]


def test_a_slow_file_system_is_asked_for_many_files_at_a_time() -> None:
    class Far(Stamped):
        def stamp(self, index: int) -> str:
            time.sleep(0.005)
            return super().stamp(index)

    started = time.perf_counter()
    key = key_of(Far(2000))
    # One after the other: 10 s. The first 64 are, then 16 at a time: 0.32 s + 0.61 s.
    assert time.perf_counter() - started < 5
    assert key == key_of(Stamped(2000))


def test_a_folder_that_cannot_be_written_is_not_missed(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "sizes").write_text("a file where the folder should be")
    assert sizes(writing(tmp_path / "data"), Stamped(3)) == SIZES
