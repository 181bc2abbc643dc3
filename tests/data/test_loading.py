from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from alseg.contracts import Augmentation, DataPlan, Size
from alseg.data.loading import DenseLabels, InferenceSamples, TrainingSamples, normalise
from alseg.data.scenario import Domain
from alseg.toolkit.imaging import resize_label_nearest
from toys import STRIPES, Stripes

IDENTITY = np.arange(256, dtype=np.uint8)


class Painted:
    """An image whose red channel is the class of each pixel, so that image and label can be compared."""

    def __init__(self, size: Size) -> None:
        self._label = np.random.default_rng(0).integers(0, 200, size).astype(np.uint8)

    def __len__(self) -> int:
        return 1

    def image_id(self, index: int) -> str:
        return "painted"

    def size(self, index: int) -> Size:
        return self._label.shape  # type: ignore[return-value]

    def image(self, index: int) -> NDArray[np.uint8]:
        return np.repeat(self._label[..., None], 3, axis=2)

    def label(self, index: int) -> NDArray[np.uint8]:
        return self._label


def _samples(dataset: Painted | Stripes, **plan: object) -> TrainingSamples:
    options = {"batch_size": 2, "size": None, **plan}
    return TrainingSamples(dataset, DenseLabels(dataset, IDENTITY), DataPlan(**options), "source", 0)  # type: ignore[arg-type]


def test_image_and_label_are_mirrored_together() -> None:
    samples = _samples(Painted((5, 7)), augmentation=Augmentation(flip=True))
    drawn = [samples[(number, 0)] for number in range(12)]
    assert all(torch.equal(image[0], label) for image, label in drawn)
    left = {int(label[0, 0]) for _, label in drawn}
    # Both orientations occur.
    assert len(left) == 2


def test_cutting_and_padding_move_image_and_label_together() -> None:
    # A zoom of exactly 1 with a frame of another size cuts one side and pads the other.
    dataset = Painted((8, 8))
    samples = _samples(dataset, size=(8, 8), augmentation=Augmentation(scale=(0.5, 2.0)))
    for number in range(10):
        image, label = samples[(number, 0)]
        assert image.shape == (3, 8, 8) and label.shape == (8, 8)
        outside = label == 255
        assert (image[:, outside] == 0).all()


def test_a_draw_is_the_same_whoever_makes_it() -> None:
    augmentation = Augmentation(flip=True, scale=(0.7, 1.4), color=0.4)
    first, second = (
        _samples(Stripes("train", 3, (12, 24)), size=(10, 20), augmentation=augmentation) for _ in "ab"
    )
    for number in (5, 0, 3):
        for one, two in zip(first[(number, 1)], second[(number, 1)], strict=True):
            assert torch.equal(one, two)


def test_two_draws_of_one_image_differ() -> None:
    samples = _samples(Stripes("train", 3, (12, 24)), augmentation=Augmentation(color=0.5))
    assert not torch.equal(samples[(0, 1)][0], samples[(1, 1)][0])


def test_color_changes_leave_the_label_alone() -> None:
    samples = _samples(Painted((5, 7)), augmentation=Augmentation(color=0.5))
    image, label = samples[(0, 0)]
    assert torch.equal(label, torch.from_numpy(Painted((5, 7)).label(0)))
    assert not torch.equal(image[0], label)


def test_labels_are_translated_to_the_scenario() -> None:
    translation = IDENTITY.copy()
    translation[:3] = [2, 255, 0]
    label = DenseLabels(Stripes("train", 1, (4, 12)), translation).label(0)
    # Stripes 0 1 2 0 1 2, two columns each; the last column is void.
    assert label[0].tolist() == [2, 2, 255, 255, 0, 0, 2, 2, 255, 255, 0, 255]


def test_class_pixels_count_every_class_and_no_void() -> None:
    pixels = Domain(Stripes("train", 2, (4, 12)), IDENTITY, STRIPES, 3).class_pixels
    # 16 pixels of each class; the void column takes 4 of the last one's.
    assert pixels[0].tolist() == [16, 16, 12]


def test_native_pictures_come_only_where_they_are_asked_for() -> None:
    dataset = Stripes("val", 2, (12, 24))
    index, resized, native = InferenceSamples(dataset, (6, 12))[1]
    assert (index, resized.shape, native) == (1, (3, 6, 12), None)
    kept = InferenceSamples(dataset, (6, 12), keep_image=True)[1][2]
    assert kept is not None and torch.equal(kept, torch.from_numpy(dataset.image(1)).permute(2, 0, 1))


def test_normalisation_takes_units_of_zero_to_one() -> None:
    images = torch.tensor([0, 51, 255], dtype=torch.uint8).view(1, 3, 1, 1)
    # (0 - 0.1) / 0.5, (0.2 - 0.2) / 0.25, (1 - 0.5) / 0.1.
    expected = torch.tensor([-0.2, 0.0, 5.0]).view(1, 3, 1, 1)
    torch.testing.assert_close(normalise(images, (0.1, 0.2, 0.5), (0.5, 0.25, 0.1)), expected)


def test_a_training_label_is_the_translated_label_resized() -> None:
    translation = (IDENTITY[::-1]).copy()
    labels = DenseLabels(Painted((9, 13)), translation)
    small = labels.training_label(0, (4, 6))
    np.testing.assert_array_equal(small, resize_label_nearest(labels.label(0), (4, 6)))
    np.testing.assert_array_equal(labels.training_label(0, (9, 13)), labels.label(0))
