from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from alseg.contracts import Augmentation, DataPlan, Size
from alseg.data.cropping import NEW_CROPS, Wanted, draw_cut
from alseg.data.loading import DenseLabels, TrainingSamples
from alseg.data.rare_classes import RareClassOrder
from alseg.data.scenario import Domain
from toys import STRIPES, Stripes

IDENTITY = np.arange(256, dtype=np.uint8)


def random(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def corner_label() -> torch.Tensor:
    """Return class 0 with class 1 in the lower right quarter of 40 x 60 pixels."""
    label = torch.zeros((40, 60), dtype=torch.uint8)
    label[20:, 30:] = 1
    return label


def test_cuts_lie_anywhere_and_have_the_size_of_the_frame() -> None:
    cuts = [draw_cut(corner_label(), (10, 20), random(seed)) for seed in range(200)]
    tops = {read[0].start for read, _ in cuts}
    lefts = {read[1].start for read, _ in cuts}
    assert min(tops) == 0 and max(tops) == 30 and min(lefts) <= 1 and max(lefts) >= 39
    for read, write in cuts:
        assert corner_label()[read].shape == (10, 20)
        assert write == (slice(0, 10), slice(0, 20))


def test_a_frame_that_is_larger_is_written_in_part() -> None:
    read, write = draw_cut(corner_label(), (50, 20), random())
    assert corner_label()[read].shape == (40, 20)
    assert write[0].stop - write[0].start == 40 and 0 <= write[0].start <= 10


def test_a_cut_is_drawn_again_until_it_shows_enough() -> None:
    label, wanted = corner_label(), Wanted(1, 50)
    shown = [wanted.shown(label[draw_cut(label, (10, 20), random(seed), wanted)[0]]) for seed in range(200)]
    blind = [wanted.shown(label[draw_cut(label, (10, 20), random(seed))[0]]) for seed in range(200)]
    # About two in five of all cuts have more than 50 such pixels; of eleven none has them one time in 250.
    assert 50 < sum(blind) < 110
    assert sum(shown) >= 190


def test_the_last_cut_is_taken_where_none_shows_enough() -> None:
    class Counting(np.random.Generator):
        drawn = 0

        def integers(self, *bounds):  # type: ignore[no-untyped-def]
            type(self).drawn += 1
            return super().integers(*bounds)

    numbers = Counting(np.random.PCG64(0))
    read, _ = draw_cut(corner_label(), (10, 20), numbers, Wanted(7, 0))
    assert corner_label()[read].shape == (10, 20)
    # A row and a column each.
    assert Counting.drawn == 2 * (1 + NEW_CROPS)


class Corner:
    """One image of 40 x 60 pixels whose red channel is its label map, with class 1 in a corner."""

    def __len__(self) -> int:
        return 1

    def image_id(self, index: int) -> str:
        return "corner"

    def size(self, index: int) -> Size:
        return (40, 60)

    def image(self, index: int) -> NDArray[np.uint8]:
        return np.repeat(self.label(index)[..., None], 3, axis=2)

    def label(self, index: int) -> NDArray[np.uint8]:
        label = np.zeros((40, 60), np.uint8)
        label[36:, 54:] = 1
        return label


def samples(rare: bool, **plan: object) -> TrainingSamples:
    dataset = Corner()
    options = {"batch_size": 1, "size": None, "crop": (10, 20), **plan}
    pixels = np.array([[40 * 60 - 24, 24]], np.int64)
    order = RareClassOrder(pixels, np.array([2400]), 0.001, 0.002, "source", 0) if rare else None
    return TrainingSamples(
        dataset,
        DenseLabels(dataset, IDENTITY),
        DataPlan(**options),  # type: ignore[arg-type]
        "source",
        0,
        rare_classes=order,
    )


def test_image_and_label_are_cut_together() -> None:
    for number in range(20):
        image, label = samples(rare=False, augmentation=Augmentation(flip=True, scale=(0.4, 2.0)))[
            (number, 0)
        ]
        assert image.shape == (3, 10, 20) and label.shape == (10, 20)
    plain = [samples(rare=False)[(number, 0)] for number in range(20)]
    assert all(torch.equal(image[0], label) for image, label in plain)


def test_cuts_show_the_class_for_which_the_image_was_drawn() -> None:
    # At this temperature class 1 alone is drawn; a cut should hold more than 0.002 * 2400 = 4.8 pixels of it.
    for_class, blind = (
        sum(int((samples(rare)[(number, 0)][1] == 1).sum()) > 4.8 for number in range(150))
        for rare in (True, False)
    )
    assert for_class > 4 * blind > 0


def test_the_counts_of_a_domain_are_those_the_order_wants() -> None:
    domain = Domain(Stripes("train", 3, (12, 24)), IDENTITY, STRIPES, 3)
    sizes = np.array([height * width for height, width in domain.sizes])
    ours = RareClassOrder(domain.class_pixels, sizes, 0.01, 0.1, 0)
    assert {ours.drawn(number).label for number in range(50)} <= {0, 1, 2}
