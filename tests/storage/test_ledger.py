from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from alseg import AlsegError
from alseg.contracts import Picks
from alseg.storage.ledger import Purchase, all_positions, refuse_other_regions


def _picks(*positions: tuple[int, int], pixels: int = 9) -> Picks:
    count = len(positions)
    return Picks(
        np.array(positions, np.int32).reshape(count, 2),
        np.linspace(1, 0.5, count, dtype=np.float32),
        np.full(count, pixels, np.int64),
    )


def _purchase() -> Purchase:
    picks = {"a": _picks((1, 2), (7, 4)), "untouched": _picks(), "b": _picks((65535, 3))}
    void = {"a": np.array([0, 2]), "b": np.array([9])}
    return Purchase.of(picks, void, {"a": np.array([1, 2]), "b": np.array([4])})


def test_a_purchase_read_back_is_the_one_written(tmp_path: Path) -> None:
    _purchase().write(tmp_path)
    read = Purchase.read(tmp_path)
    np.testing.assert_array_equal(read.rows, _purchase().rows)
    assert read.spans == {"a": (0, 2), "b": (2, 3)}
    assert read.questions_per_pick is None


def test_a_purchase_adds_up_its_pixels_void_and_questions() -> None:
    purchase = _purchase()
    # 3 picks of 9 pixels; 0 + 2 + 9 of them void; 1 + 2 + 4 clicks.
    assert (purchase.pixels, purchase.void, purchase.clicks) == (27, 11, 7)


def test_proposed_classes_are_kept_where_there_are_some(tmp_path: Path) -> None:
    picks = {
        "a": replace(_picks((1, 2), (7, 4)), proposed=np.array([3, 0], np.uint8)),
        "untouched": _picks(),
        "b": replace(_picks((5, 3)), proposed=np.array([18], np.uint8)),
    }
    void = {"a": np.array([0, 2]), "b": np.array([9])}
    purchase = Purchase.of(picks, void, {"a": np.array([1, 1]), "b": np.array([1])})
    purchase.write(tmp_path)
    read = Purchase.read(tmp_path)
    assert read.rows["proposed"].tolist() == [3, 0, 18]
    np.testing.assert_array_equal(read.rows, purchase.rows)
    assert "proposed" not in (_purchase().rows.dtype.names or ())


def test_a_field_that_no_ledger_has_is_damage(tmp_path: Path) -> None:
    purchase = _purchase()
    fields = [*purchase.rows.dtype.descr, ("guessed", "u1")]
    rows = np.zeros(len(purchase.rows), fields)
    for name in purchase.rows.dtype.names or ():
        rows[name] = purchase.rows[name]
    replace(purchase, rows=rows).write(tmp_path)
    with pytest.raises(AlsegError, match=r"ledger\.npy is damaged or does not fit"):
        Purchase.read(tmp_path)


def test_a_region_takes_eleven_bytes() -> None:
    # y and x 2 bytes each, score 4, pixels, void and clicks 1 each.
    assert _purchase().rows.dtype.itemsize == 11


def test_pixel_counts_of_whole_images_fit() -> None:
    picks = {"a": _picks((0, 0), pixels=2048 * 1024)}
    purchase = Purchase.of(picks, {"a": np.array([5])}, {"a": np.array([70000])})
    assert (purchase.pixels, purchase.void, purchase.clicks) == (2097152, 5, 70000)


def test_an_empty_round_can_be_bought_and_read(tmp_path: Path) -> None:
    Purchase.of({}, {}, {}).write(tmp_path)
    read = Purchase.read(tmp_path)
    assert (read.pixels, read.void, read.clicks, len(read.positions("a"))) == (0, 0, 0, 0)


def test_a_round_without_its_index_is_not_committed(tmp_path: Path) -> None:
    _purchase().write(tmp_path)
    assert Purchase.committed(tmp_path)
    (tmp_path / "ledger.json").unlink()
    assert not Purchase.committed(tmp_path)


def test_a_changed_byte_is_found(tmp_path: Path) -> None:
    _purchase().write(tmp_path)
    array = tmp_path / "ledger.npy"
    content = bytearray(array.read_bytes())
    content[-1] ^= 1
    array.write_bytes(bytes(content))
    with pytest.raises(AlsegError) as raised:
        Purchase.read(tmp_path)
    assert str(raised.value) == f"{array} is damaged: its checksum differs from the one in ledger.json."


def test_any_changed_bit_of_the_header_is_damage_or_harmless(tmp_path: Path) -> None:
    _purchase().write(tmp_path)
    array = tmp_path / "ledger.npy"
    whole = array.read_bytes()
    damage = f"{array} is damaged or does not fit ledger.json."
    refused = 0
    for place in range(128):  # numpy fills the header up to here
        for bit in range(8):
            content = bytearray(whole)
            content[place] ^= 1 << bit
            array.write_bytes(bytes(content))
            for read in (Purchase.refuse_partial, partial(Purchase.read, verify=False)):
                try:
                    read(tmp_path)
                except AlsegError as error:
                    assert str(error) == damage
                    refused += 1
    assert refused > 500


def test_a_missing_array_is_named(tmp_path: Path) -> None:
    _purchase().write(tmp_path)
    (tmp_path / "ledger.npy").unlink()
    with pytest.raises(AlsegError, match=r"ledger\.npy is missing\.$"):
        Purchase.read(tmp_path)


def test_positions_of_all_rounds_come_in_the_order_asked() -> None:
    later = Purchase.of({"a": _picks((5, 5))}, {"a": np.array([0])}, {"a": np.array([1])})
    assert all_positions([_purchase(), later], "a").tolist() == [[1, 2], [7, 4], [5, 5]]
    assert all_positions([], "a").shape == (0, 2)


def test_questions_about_other_regions_than_there_are_now_are_refused() -> None:
    regions = np.array([[0, 0, 1], [2, 1, 1]], np.int32)
    rows = np.zeros(2, [("y", "<u2"), ("x", "<u2"), ("pixels", "<i8")])
    rows["y"], rows["x"], rows["pixels"] = [0, 0], [2, 0], [3, 2]
    refuse_other_regions(rows, "a", regions)
    for changed in (regions[::-1], np.array([[0, 0, 1], [2, 2, 1]], np.int32)):
        with pytest.raises(AlsegError, match="regions of image a are not those"):
            refuse_other_regions(rows, "a", changed)
