from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from alseg.contracts import Augmentation, DataPlan, Size
from alseg.data.inference_samples import InferenceSamples
from alseg.data.loading import DenseLabels, TrainingSamples, normalise, training_loader
from alseg.data.sampling import ShuffledOrder, StepBatches
from alseg.data.scenario import Domain
from alseg.data.training_answers import TrainingAnswers
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


class Asked(DenseLabels):
    """Every pixel has been revealed by the question that has the number of its class."""

    def __init__(self, dataset: Painted, questions: int) -> None:
        super().__init__(dataset, IDENTITY)
        self._painted, self._questions = dataset, questions

    def training_answers(self, index: int, size: Size) -> TrainingAnswers:
        label = self.training_label(index, size)
        regions = resize_label_nearest(self._painted.label(index).astype(np.int32), size)
        return TrainingAnswers(label, regions, np.eye(self._questions, 256, dtype=np.bool_))


def _asked(dataset: Painted, questions: int = 200, **plan: object) -> TrainingSamples:
    options = {"batch_size": 2, "size": None, "regions": True, **plan}
    return TrainingSamples(dataset, Asked(dataset, questions), DataPlan(**options), "target", 0)  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [(8, 8), (5, 11)])
def test_regions_are_resized_zoomed_cut_padded_and_mirrored_with_the_label(size: Size) -> None:
    augmentation = Augmentation(flip=True, scale=(0.5, 2.0), color=0.4)
    dataset = Painted((8, 8))
    samples = _asked(dataset, size=size, augmentation=augmentation)
    plain = _samples(dataset, size=size, augmentation=augmentation)
    padded = 0
    for number in range(20):
        _, label, regions, classes = samples[(number, 0)]
        assert regions.shape == size and regions.dtype == torch.int32
        assert classes.shape == (200, 256)
        assert torch.equal(regions[regions >= 0], label[regions >= 0].int())
        assert torch.equal(regions < 0, label == 255)
        padded += int((regions < 0).any())
    assert 0 < padded < 20
    # Nothing else of a sample differs from one without regions, with the same draws.
    again = TrainingSamples(dataset, Asked(dataset, 1), samples._plan, "source", 0)  # type: ignore[attr-defined]
    for number in range(20):
        for one, other in zip(again[(number, 0)], plain[(number, 0)], strict=False):
            assert torch.equal(one, other)


@pytest.mark.parametrize("workers", [0, 1])
def test_classes_of_a_batch_are_padded_to_the_most_questions_of_an_image(workers: int) -> None:
    class Several(Asked):
        def training_answers(self, index: int, size: Size) -> TrainingAnswers:
            self._questions = index * 3  # none about the first image
            return super().training_answers(0, size)

    dataset = Stripes("train", 3, (4, 12))
    painted = Painted((4, 12))
    plan = DataPlan(batch_size=3, size=None, regions=True)
    labels = Several(painted, 0)
    samples = TrainingSamples(dataset, labels, plan, "target", 0)
    order = ShuffledOrder(3, "target", 0)
    loader = training_loader(samples, StepBatches(order, 3, 0, 1), workers, pin_memory=False)
    [(images, label, regions, classes)] = list(loader)
    assert images.shape == (3, 3, 4, 12) and label.shape == regions.shape == (3, 4, 12)
    assert classes.shape == (3, 6, 256) and classes.dtype == torch.bool
    for place, index in enumerate(order.image(draw) for draw in range(3)):
        assert torch.equal(classes[place, : 3 * index], torch.eye(256, dtype=torch.bool)[: 3 * index])
        assert not classes[place, 3 * index :].any()


def test_regions_of_labels_that_nobody_was_asked_for_are_refused() -> None:
    with pytest.raises(ValueError, match="DenseLabels are no answers to questions"):
        _samples(Painted((4, 4)), regions=True)
