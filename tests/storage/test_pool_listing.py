from __future__ import annotations

import json
from pathlib import Path

import pytest

from alseg.errors import DamageError
from alseg.files import write_record
from alseg.storage.pool_listing import PoolListing, last_pool

LISTING = PoolListing({"b": (2, 3), "ä/a": (4, 5)})


def test_a_listing_comes_back_in_its_order(tmp_path: Path) -> None:
    assert not PoolListing.kept(tmp_path)
    LISTING.write(tmp_path)
    assert PoolListing.kept(tmp_path)
    assert list(PoolListing.read(tmp_path).images.items()) == [("b", (2, 3)), ("ä/a", (4, 5))]


def test_known_images_come_first_and_new_ones_follow_in_their_order() -> None:
    now = PoolListing({"a": (1, 1), "ä/a": (6, 7), "c": (1, 2)})
    assert list(LISTING.followed_by(now).images.items()) == [("ä/a", (6, 7)), ("a", (1, 1)), ("c", (1, 2))]
    assert LISTING.resized_in(now) == ["Image ä/a was 4 x 5 and is 6 x 7 (height x width)"]
    assert LISTING.resized_in(now, gone=["ä/a"]) == []


def test_the_last_pool_of_a_run_is_that_of_its_last_round(tmp_path: Path) -> None:
    assert last_pool(tmp_path) is None
    LISTING.write(tmp_path / "rounds" / "00")
    PoolListing({"c": (1, 1)}).write(tmp_path / "rounds" / "01")
    (tmp_path / "rounds" / "02").mkdir()
    found = last_pool(tmp_path)
    assert found is not None and list(found.images) == ["c"]


@pytest.mark.parametrize(
    ("images", "problem"),
    [
        ([], "it lists no image, or one twice"),
        ([["a", 1, 1], ["a", 1, 1]], "it lists no image, or one twice"),
        ([["a", 0, 1]], "images.0.1: Input should be greater than or equal to 1"),
        ([["a", 1]], "images.0.2: Field required"),
        ([[1, 1, 1]], "images.0.0: Input should be a valid string"),
        ("a", "images: Input should be a valid tuple"),
    ],
)
def test_a_listing_that_makes_no_sense_is_damaged(tmp_path: Path, images: object, problem: str) -> None:
    write_record(tmp_path / "pool.json", {"images": images})
    with pytest.raises(DamageError) as raised:
        PoolListing.read(tmp_path)
    assert str(raised.value) == f"{tmp_path / 'pool.json'} is damaged: {problem}."


def test_a_changed_listing_is_damaged(tmp_path: Path) -> None:
    LISTING.write(tmp_path)
    content = json.loads((tmp_path / "pool.json").read_text())
    content["images"][0][0] = "c"
    (tmp_path / "pool.json").write_text(json.dumps(content))
    with pytest.raises(DamageError, match="its checksum does not fit its content"):
        PoolListing.read(tmp_path)
