from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from alseg.data import class_counts
from alseg.data.class_counts import user_cache, value_counts
from alseg.errors import DataError


class Maps:
    """Label maps of 2 x 3 pixels: image i has one pixel of 255, i % 4 of class 7, and class 0 elsewhere."""

    def __init__(self, count: int, stamp: str = "first", bad: int | None = None) -> None:
        self.count, self.bad, self.text = count, bad, stamp
        self.read = 0

    def __len__(self) -> int:
        return self.count

    def image_id(self, index: int) -> str:
        return str(index)

    def size(self, index: int) -> tuple[int, int]:
        return 2, 3

    def image(self, index: int) -> NDArray[np.uint8]:
        raise NotImplementedError

    def label(self, index: int) -> NDArray[np.uint8]:
        self.read += 1
        if index == self.bad:
            raise DataError(f"label{index}.png cannot be decoded.")
        label = np.zeros(6, np.uint8)
        label[0], label[1 : 1 + index % 4] = 255, 7
        return label.reshape(2, 3)


class StampedMaps(Maps):
    def stamp(self, index: int) -> str:
        return f"{self.text} {index}"


def expected(count: int) -> list[list[int]]:
    return [[5 - index % 4, index % 4, 1] for index in range(count)]


def columns(counts: NDArray[np.int64]) -> list[list[int]]:
    assert counts.dtype == np.int64 and counts.shape[1] == 256
    assert not np.delete(counts, [0, 7, 255], axis=1).any()
    return counts[:, [0, 7, 255]].tolist()  # type: ignore[no-any-return]


def files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.npz"))


@pytest.mark.parametrize("count", [5, 130])
@pytest.mark.parametrize("processors", [1, 2])
def test_one_process_and_several_count_the_same(
    count: int, processors: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(class_counts, "_processors", lambda: processors)
    assert columns(value_counts(Maps(count))) == expected(count)


def test_a_damaged_label_map_is_named_by_the_data_set_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(class_counts, "_processors", lambda: 2)
    with pytest.raises(DataError, match=r"^label77\.png cannot be decoded\.$"):
        value_counts(Maps(130, bad=77))


def test_counts_are_kept_until_a_file_changes(tmp_path: Path) -> None:
    first, again, changed = StampedMaps(5), StampedMaps(5), StampedMaps(5, stamp="second")
    for maps in (first, again, changed):
        assert columns(value_counts(maps, tmp_path)) == expected(5)
    assert (first.read, again.read, changed.read) == (5, 0, 5)
    assert len(files(tmp_path)) == 2


def test_a_subset_of_the_images_has_counts_of_its_own(tmp_path: Path) -> None:
    value_counts(StampedMaps(5), tmp_path)
    assert columns(value_counts(StampedMaps(4), tmp_path)) == expected(4)


def test_without_a_folder_counts_go_to_the_users_cache() -> None:
    value_counts(StampedMaps(3))
    (file,) = files(user_cache())
    assert file.parent == user_cache() / "class-counts"


def test_the_users_cache_is_where_torch_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert user_cache() == Path("/somewhere/alseg")
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", "/home/ann")
    assert user_cache() == Path("/home/ann/.cache/alseg")


def test_a_data_set_that_cannot_tell_changes_is_counted_every_time(tmp_path: Path) -> None:
    value_counts(Maps(3), tmp_path)
    assert not files(tmp_path)


@pytest.mark.parametrize("damage", ["nothing", "cut", "other", "text"])
def test_a_damaged_file_is_made_again(damage: str, tmp_path: Path) -> None:
    value_counts(StampedMaps(5), tmp_path)
    (file,) = files(tmp_path)
    whole = file.read_bytes()
    if damage == "other":
        np.savez(file, values=np.array([0], np.uint8), counts=np.zeros((4, 1), np.int64))
    else:
        broken = {"nothing": b"", "cut": whole[: len(whole) // 2], "text": b"counts"}
        file.write_bytes(broken[damage])
    maps = StampedMaps(5)
    assert columns(value_counts(maps, tmp_path)) == expected(5)
    assert maps.read == 5
    assert columns(value_counts(StampedMaps(5), tmp_path)) == expected(5)


def test_no_changed_byte_changes_a_count(tmp_path: Path) -> None:
    value_counts(StampedMaps(5), tmp_path)
    (file,) = files(tmp_path)
    whole = file.read_bytes()
    for place in range(len(whole)):
        for mask in (0x01, 0x80, 0xFF):
            changed = bytearray(whole)
            changed[place] ^= mask
            file.write_bytes(changed)
            kept = class_counts._read(file, 5)
            assert kept is None or columns(kept) == expected(5), (place, mask)


def test_a_folder_that_cannot_be_written_is_not_missed(tmp_path: Path) -> None:
    (tmp_path / "class-counts").write_text("a file where the folder should be")
    assert columns(value_counts(StampedMaps(3), tmp_path)) == expected(3)
