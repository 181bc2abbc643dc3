from __future__ import annotations

import pytest
import torch

from alseg.toolkit.pseudo_labels import set_pseudo_labels

REGIONS = torch.tensor([[0, 0, 0, 1, 1, 2]])
ASKED = torch.tensor([[True, True, True, False, False, False]])
SETS = torch.tensor([[1, 0, 1, 0], [0, 0, 0, 0], [0, 0, 0, 0]]).bool()
"""Region 0 has the classes 0 and 2."""

PROBS = torch.tensor(
    [[0.8, 0.3, 0.1, 0.2, 0.2, 0.2], [0.1, 0.6, 0.1, 0.2, 0.2, 0.2], [0.1, 0.1, 0.8, 0.6, 0.6, 0.6]]
)[:, None]
"""Class 0 is most probable at the first pixel, class 2 at the third."""

FEATURES = torch.tensor([[1.0, 0.8, 0.0, 0.9, 0.1, 1.0], [0.0, 0.6, 1.0, 0.0, 0.0, 0.0]])[:, None]


def test_a_pixel_has_the_class_of_the_prototype_most_like_it() -> None:
    labels = set_pseudo_labels(PROBS, FEATURES, REGIONS, ASKED, SETS, expand=False)
    # Inner products of the second pixel with the prototypes (1, 0) and (0, 1): 0.8 and 0.6.
    assert labels.tolist() == [[0, 0, 2, 255, 255, 255]]


def test_like_pixels_of_neighbours_are_labelled_too() -> None:
    labels = set_pseudo_labels(PROBS, FEATURES, REGIONS, ASKED, SETS)
    # Class 0 has pixels at 1.0 and 0.8: more than the lower median 0.8 has the fourth pixel, 0.9, not the
    # fifth, 0.1. Region 2 is no neighbour.
    assert labels.tolist() == [[0, 0, 2, 0, 255, 255]]


def test_a_neighbour_that_was_asked_about_keeps_its_answer() -> None:
    sets = SETS.clone()
    sets[1, 1] = True
    asked = REGIONS < 2
    labels = set_pseudo_labels(PROBS, FEATURES, REGIONS, asked, sets)
    # The prototype of region 1 is its first pixel, (0.9, 0); its pixels have 0.81 and 0.09, so that the last
    # pixel, 0.9, is more like it than the lower median, 0.09.
    assert labels.tolist() == [[0, 0, 2, 1, 1, 1]]


def test_regions_touch_at_corners() -> None:
    regions = torch.tensor([[0, 1], [1, 2]])
    asked = regions == 0
    sets = torch.tensor([[True], [False], [False]])
    features = torch.tensor([[[1.0, 0.5], [0.5, 2.0]]])
    labels = set_pseudo_labels(torch.ones((1, 2, 2)), features, regions, asked, sets)
    # The prototype (1) has its own pixel at 1; only the pixel across the corner, at 2, is more like it.
    assert labels.tolist() == [[0, 255], [255, 0]]


def test_a_region_that_is_void_alone_has_no_label() -> None:
    sets = torch.zeros((3, 4), dtype=torch.bool)
    sets[0, 3] = True
    assert set_pseudo_labels(PROBS, FEATURES, REGIONS, ASKED, sets).unique().tolist() == [255]


def test_the_larger_id_wins_between_regions() -> None:
    regions = torch.tensor([[0, 2, 1]])
    asked = regions != 2
    sets = torch.tensor([[True, False], [False, True], [False, False]])
    features = torch.tensor([[[1.0, 2.0, 1.0]]])
    labels = set_pseudo_labels(torch.ones((2, 1, 3)), features, regions, asked, sets)
    assert labels.tolist() == [[0, 1, 1]]


def test_coarse_features_are_resized() -> None:
    wide = torch.nn.functional.interpolate(
        torch.tensor([[[[1.0, 0.0]], [[0.0, 1.0]]]]), size=(1, 6), mode="bilinear", align_corners=True
    )[0]
    coarse = torch.tensor([[[1.0, 0.0]], [[0.0, 1.0]]])
    found = set_pseudo_labels(PROBS, coarse, REGIONS, ASKED, SETS)
    assert torch.equal(found, set_pseudo_labels(PROBS, wide, REGIONS, ASKED, SETS))


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match=r"regions \(1, 5\)"):
        set_pseudo_labels(PROBS, FEATURES, REGIONS[:, :5], ASKED, SETS)
    with pytest.raises(ValueError, match="sets have 2 classes, the probabilities 3"):
        set_pseudo_labels(PROBS, FEATURES, REGIONS, ASKED, SETS[:, :2])
