from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping

import numpy as np
import pytest
from numpy.typing import NDArray

from alseg import ClassInfo, LabelSpace
from alseg.testing import check_dataset

SPACE = LabelSpace("toy", "", "", (ClassInfo("road", (0, 0, 0)), ClassInfo("sky", (9, 9, 9))))


class Toy:
    """Two images of 2 x 3 pixels; keeps the contract."""

    def __len__(self) -> int:
        return 2

    def image_id(self, index: int) -> str:
        return f"toy-{index}"

    def size(self, index: int) -> tuple[int, int]:
        return 2, 3

    def image(self, index: int) -> NDArray[np.uint8]:
        return np.full((2, 3, 3), index, np.uint8)

    def label(self, index: int) -> NDArray[np.uint8]:
        return np.array([[0, 1, 255], [1, 1, 0]], np.uint8)


class Empty(Toy):
    def __len__(self) -> int:
        return 0


class SameIds(Toy):
    def image_id(self, index: int) -> str:
        return "toy"


class FloatImages(Toy):
    def image(self, index: int) -> NDArray[np.uint8]:
        return np.zeros((2, 3, 3))  # type: ignore[return-value]


class OtherSize(Toy):
    def size(self, index: int) -> tuple[int, int]:
        return 3, 2


class ForeignIndex(Toy):
    def label(self, index: int) -> NDArray[np.uint8]:
        return np.array([[0, 1, 255], [2, 1, 0]], np.uint8)


class Cached(Toy):
    def __init__(self) -> None:
        self.kept = np.full((2, 3, 3), 5, np.uint8)

    def image(self, index: int) -> NDArray[np.uint8]:
        return self.kept


class Lazy(Toy):
    """Renders with a generator that goes on from reading to reading."""

    def __init__(self) -> None:
        self.generator = np.random.default_rng(0)

    def image(self, index: int) -> NDArray[np.uint8]:
        return self.generator.integers(0, 256, (2, 3, 3)).astype(np.uint8)


class OtherIds(Toy):
    """Gives ids of a label map that is not that of the image."""

    def label_and_ids(self, index: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        ids = np.zeros((2, 3), np.uint8)
        return ids, ids

    def ids_problem(self, ids: Mapping[int, int]) -> str | None:
        return None


def test_a_data_set_that_keeps_the_contract_passes() -> None:
    check_dataset(Toy(), SPACE)


@pytest.mark.parametrize(
    ("dataset", "message"),
    [
        (object(), "object lacks one of the methods __len__, image_id, size, image, label"),
        (Empty(), "the data set is empty"),
        (SameIds(), "2 images have the id 'toy'"),
        (FloatImages(), "toy-0: image must be uint8, got float64"),
        (OtherSize(), "toy-0: image must have shape (3, 2, 3), as size() says, got (2, 3, 3)"),
        (
            ForeignIndex(),
            "toy-0: the label map holds [2]; 'toy' has indices 0 to 1, and 255 is void",
        ),
        (Cached(), "toy-0: a second reading gives another image"),
        (OtherIds(), "toy-0: label_and_ids gives another label map than label"),
        (Lazy(), "toy-0: a second reading gives another image"),
    ],
)
def test_a_data_set_that_breaks_the_contract_is_told_how(dataset: Toy, message: str) -> None:
    with pytest.raises(AssertionError, match=f"^{re.escape(message)}"):
        check_dataset(dataset, SPACE)


def test_a_data_set_that_cannot_go_to_a_worker_is_told_why() -> None:
    dataset = Toy()
    dataset.hook = lambda: None  # type: ignore[attr-defined]
    with pytest.raises(AssertionError, match=r"^Toy cannot be pickled, which loader workers need: "):
        check_dataset(dataset, SPACE)


def test_importing_the_kit_and_its_data_set_check_does_not_import_torch() -> None:
    code = "import alseg.testing, alseg.testing.datasets, sys; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_an_unknown_name_of_the_kit_is_an_attribute_error() -> None:
    import alseg.testing

    with pytest.raises(AttributeError, match=r"^No alseg.testing attribute check_dataset_$"):
        _ = alseg.testing.check_dataset_
