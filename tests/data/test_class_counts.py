from __future__ import annotations

import resource
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from alseg.data import class_counts
from alseg.data.class_counts import read_counts, user_cache, value_counts, write_counts
from alseg.errors import DataError


class Maps:
    """Label maps of 2 x 3 pixels: image i has one pixel of 255, i % 4 of class 7, and class 0 elsewhere."""

    def __init__(self, count: int, bad: int | None = None) -> None:
        self.count, self.bad = count, bad

    def __len__(self) -> int:
        return self.count

    def image_id(self, index: int) -> str:
        return str(index)

    def size(self, index: int) -> tuple[int, int]:
        return 2, 3

    def image(self, index: int) -> NDArray[np.uint8]:
        raise NotImplementedError

    def label(self, index: int) -> NDArray[np.uint8]:
        if index == self.bad:
            raise DataError(f"label{index}.png cannot be decoded.")
        label = np.zeros(6, np.uint8)
        label[0], label[1 : 1 + index % 4] = 255, 7
        return label.reshape(2, 3)


def expected(count: int) -> list[list[int]]:
    return [[5 - index % 4, index % 4, 1] for index in range(count)]


def columns(counts: NDArray[np.int64]) -> list[list[int]]:
    assert counts.dtype == np.int64 and counts.shape[1] == 256
    assert not np.delete(counts, [0, 7, 255], axis=1).any()
    return counts[:, [0, 7, 255]].tolist()  # type: ignore[no-any-return]


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


def test_the_users_cache_is_where_torch_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert user_cache() == Path("/somewhere/alseg")
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", "/home/ann")
    assert user_cache() == Path("/home/ann/.cache/alseg")


def test_more_images_than_files_that_may_be_open_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(class_counts, "_processors", lambda: 2)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (200, hard))
    try:
        assert columns(value_counts(Maps(1000))) == expected(1000)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize("damage", ["nothing", "cut", "other", "text", "below zero"])
def test_a_damaged_file_is_not_read(damage: str, tmp_path: Path) -> None:
    file = tmp_path / "counts.npz"
    write_counts(file, value_counts(Maps(5)))
    whole = file.read_bytes()
    if damage == "other":
        np.savez(file, values=np.array([0], np.uint8), counts=np.zeros((4, 1), np.int64))
    elif damage == "below zero":
        np.savez(file, values=np.array([0], np.uint8), counts=np.full((5, 1), -1, np.int64))
    else:
        file.write_bytes({"nothing": b"", "cut": whole[: len(whole) // 2], "text": b"counts"}[damage])
    assert read_counts(file, 5) is None


def test_no_changed_byte_changes_a_count(tmp_path: Path) -> None:
    file = tmp_path / "counts.npz"
    write_counts(file, value_counts(Maps(5)))
    whole = file.read_bytes()
    written = read_counts(file, 5)
    assert written is not None and columns(written) == expected(5)
    for place in range(len(whole)):
        for mask in (0x01, 0x80, 0xFF):
            changed = bytearray(whole)
            changed[place] ^= mask
            file.write_bytes(changed)
            kept = read_counts(file, 5)
            assert kept is None or columns(kept) == expected(5), (place, mask)
