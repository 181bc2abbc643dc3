from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import torch

from alseg import DataError
from alseg.contracts import DataPlan, Dataset
from alseg.data.cache import CachedDataset
from alseg.data.inference_samples import InferenceSamples
from alseg.data.loading import DenseLabels, TrainingSamples
from alseg_driving.gtav import build_gtav, write_fake
from toys import Stripes

SIZE = (24, 40)
TRANSLATION = np.arange(256, dtype=np.uint8)[::-1].copy()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_fake(tmp_path / "data", count=2, size=(48, 64))
    return tmp_path / "data"


def _dataset(root: Path) -> Dataset:
    return build_gtav(root=root, split="train")


def _cached(root: Path) -> CachedDataset:
    return CachedDataset(_dataset(root), root.parent / "cache")


def _files(root: Path) -> list[Path]:
    return sorted((root.parent / "cache").rglob("*.bin"))


def _sample(dataset: Dataset) -> tuple[torch.Tensor, torch.Tensor]:
    return TrainingSamples(dataset, DenseLabels(dataset, TRANSLATION), DataPlan(batch_size=1, size=SIZE))[
        (0, 1)
    ]


def test_samples_are_the_same_without_and_with_kept_files(root: Path) -> None:
    plain, first, second = _sample(_dataset(root)), _sample(_cached(root)), _sample(_cached(root))
    for image, label in (first, second):
        assert torch.equal(image, plain[0])
        assert torch.equal(label, plain[1])
    # One image and its label map.
    assert len(_files(root)) == 2


def test_training_and_prediction_share_what_is_kept(root: Path) -> None:
    image, _ = _sample(_cached(root))
    assert torch.equal(InferenceSamples(_cached(root), SIZE)[1][1], image)
    assert len(_files(root)) == 2


def test_a_kept_file_spares_decoding(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = _cached(root).resized_image(0, SIZE)
    monkeypatch.setattr("alseg.toolkit.paired_files.read_image", None)
    np.testing.assert_array_equal(_cached(root).resized_image(0, SIZE), kept)


def test_a_changed_image_is_decoded_again(root: Path) -> None:
    before = _cached(root).resized_image(0, SIZE)
    first, second = sorted((root / "gtav/images").iterdir())
    first.write_bytes(second.read_bytes())
    os.utime(first, ns=(0, 0))
    after = _cached(root).resized_image(0, SIZE)
    assert not np.array_equal(before, after)
    np.testing.assert_array_equal(after, _cached(root).resized_image(1, SIZE))


@pytest.mark.parametrize("content", [b"", b"no array", None])
def test_a_damaged_file_is_made_again(root: Path, content: bytes | None) -> None:
    kept = _cached(root).resized_image(0, SIZE)
    (file,) = _files(root)
    file.write_bytes(file.read_bytes()[:-1] if content is None else content)
    np.testing.assert_array_equal(_cached(root).resized_image(0, SIZE), kept)
    assert file.stat().st_size == kept.size + 4  # and their checksum


def test_a_changed_bit_is_noticed_wherever_it_is(root: Path) -> None:
    kept = _cached(root).resized_label(0, SIZE)
    (file,) = _files(root)
    whole = file.read_bytes()
    for place in range(0, len(whole), 97):
        damaged = bytearray(whole)
        damaged[place] ^= 1
        file.write_bytes(damaged)
        np.testing.assert_array_equal(_cached(root).resized_label(0, SIZE), kept)


def test_a_missing_image_is_named_as_without_a_cache(root: Path) -> None:
    dataset = _cached(root)
    image = sorted((root / "gtav/images").iterdir())[0]
    image.unlink()
    with pytest.raises(DataError, match=r"00001\.png does not exist\. Copy or unpack it again\."):
        dataset.resized_image(0, SIZE)


def test_native_pixels_are_passed_on(root: Path) -> None:
    cached, plain = _cached(root), _dataset(root)
    assert (len(cached), cached.image_id(1), cached.size(1)) == (2, plain.image_id(1), plain.size(1))
    np.testing.assert_array_equal(cached.label(1), plain.label(1))
    assert not _files(root)


def test_a_data_set_that_cannot_tell_changes_is_a_bug_of_the_caller(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match=r"^Stripes has no stamp: changed files would go unnoticed$"):
        CachedDataset(Stripes("train", 1, (4, 12)), tmp_path)
