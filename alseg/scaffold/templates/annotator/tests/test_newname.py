from __future__ import annotations

import numpy as np
import pytest
from alseg.contracts import AnnotatorSpec
from alseg.testing import check_annotator, check_spec

from alseg_newname import register_annotators
from alseg_newname.annotator import NewnameAnnotator

QUESTIONS = np.array([[0, 0], [3, 5]], np.int32)


@pytest.mark.parametrize("spec", register_annotators(), ids=lambda spec: spec.name)
def test_the_annotator_keeps_its_contract(spec: AnnotatorSpec) -> None:
    check_spec(spec)
    check_annotator(spec)


def test_without_a_share_every_class_is_said_as_it_is() -> None:
    said = NewnameAnnotator(share=0.0).spoken(QUESTIONS, 3, "image")
    assert said.tolist() == [[0, 1, 2, 3]] * 2


def test_one_class_is_mistaken_throughout_an_image_and_void_never() -> None:
    annotator = NewnameAnnotator(share=1.0)
    said = annotator.spoken(QUESTIONS, 3, "image")
    assert (said != [0, 1, 2, 3]).sum(axis=1).tolist() == [1, 1]
    assert said[0].tolist() == said[1].tolist()
    assert said[:, 3].tolist() == [3, 3]
    assert np.array_equal(annotator.spoken(QUESTIONS, 3, "image"), said)


def test_the_share_is_that_of_the_images() -> None:
    annotator = NewnameAnnotator(share=0.25)
    said = [annotator.spoken(QUESTIONS, 3, f"image {number}") for number in range(1000)]
    wrong = sum(bool((answers != [0, 1, 2, 3]).any()) for answers in said)
    # 250 of 1000 are expected, with a standard deviation of 14.
    assert 200 < wrong < 300
