from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from alseg import DataError
from alseg.testing import check_dataset, check_spec
from numpy.typing import NDArray
from PIL import Image

from alseg_newname import CLASSES, register_datasets
from alseg_newname.dataset import SPLITS, build_newname, write_fake


def test_the_spec_can_be_listed() -> None:
    for spec in register_datasets():
        check_spec(spec)


def scene(
    index: int, *, domain: str, split: str, height: int, width: int, seed: int
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Render a stripe of each class of ``cityscapes-19``; ``alseg data fake`` renders streets instead."""
    label = np.tile(np.arange(width, dtype=np.uint8) % 19, (height, 1))
    return np.stack([label] * 3, axis=-1), label


@pytest.mark.parametrize("split", SPLITS)
def test_made_up_data_keep_the_contract(tmp_path: Path, split: str) -> None:
    write_fake(tmp_path, count=2, size=(32, 64), scene=scene)
    dataset = build_newname(root=tmp_path, split=split)
    assert len(dataset) == 2
    check_dataset(dataset, CLASSES)


def test_ids_become_classes(tmp_path: Path) -> None:
    for kind, pixels in (
        ("images", np.zeros((1, 5, 3), np.uint8)),
        ("labels", np.array([[0, 1, 2, 3, 4]], np.uint8)),
    ):
        (tmp_path / kind / "val").mkdir(parents=True)
        Image.fromarray(pixels).save(tmp_path / kind / "val" / "a.png")
    dataset = build_newname(root=tmp_path, split="val")
    assert dataset.image_id(0) == "a"
    assert dataset.label(0).tolist() == [[255, 0, 1, 2, 3]]


def test_missing_files_are_told_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"No newname images at .* Download"):
        build_newname(root=tmp_path, split="train")
