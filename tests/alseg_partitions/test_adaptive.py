"""Superpixels that merge where the network predicts alike."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from alseg.contracts import TargetView
from alseg.testing import view_of
from alseg_partitions.adaptive import Amsl, Gao
from alseg_partitions.superpixels import Seeds, Slic

ROW = np.arange(5, dtype=np.int32)[None]


def view(first: list[float], **changes: Any) -> TargetView:
    """Return a view of five regions, a pixel each, with these probabilities of the first of two classes."""
    probs = torch.tensor([first, [1 - value for value in first]])[:, None]
    return view_of(probs, regions=torch.from_numpy(ROW.copy()), unit="region", **changes)


@pytest.mark.parametrize("partition", [Amsl(segments=24), Gao(segments=24)])
def test_the_base_are_superpixels(partition: Any) -> None:
    image = np.random.default_rng(0).integers(0, 256, (64, 96, 3)).astype(np.uint8)
    usual = {Amsl: Seeds, Gao: Slic}[type(partition)](segments=24)
    found, expected = (each.regions(image, "a", torch.Generator()) for each in (partition, usual))
    assert np.array_equal(found, expected)
    other = type(partition)(base="slic" if usual == Seeds(segments=24) else "seeds", segments=24)
    assert not np.array_equal(other.regions(image, "a", torch.Generator()), expected)


def test_amsl_merges_like_neighbours_of_the_most_uncertain_region() -> None:
    # Distances to region 1, of the highest BvSB: 0.054 of 0 and 0.052 of 2; of 3 to 2 0.059, to 1 0.109.
    found = Amsl(epsilon=0.1).adapt(ROW, view([0.75, 0.7, 0.77, 0.83, 0.2]))
    assert found.tolist() == [[0, 0, 0, 1, 2]]
    assert Amsl(epsilon=0).adapt(ROW, view([0.7] * 5)).tolist() == ROW.tolist()
    assert Amsl(epsilon=1).adapt(ROW, view([0, 1, 0, 1, 0.5])).tolist() == [[0] * 5]


def test_amsl_does_not_merge_regions_that_do_not_touch() -> None:
    assert Amsl().adapt(ROW, view([0.9, 0.1, 0.9, 0.1, 0.9])).tolist() == ROW.tolist()


def test_gao_groups_sure_regions_wherever_they_are() -> None:
    doubtful = view([1, 0, 1, 0.5, 0.5])
    assert Gao().adapt(ROW, doubtful).tolist() == [[0, 1, 0, 2, 3]]
    # 0.5 has the full entropy, which is not below 1.
    assert Gao(sure=1).adapt(ROW, doubtful).tolist() == [[0, 1, 0, 2, 3]]
    # 0.8 has 0.722 of it, and a divergence of 0.075 from 1.
    nearly = view([1, 0, 0.8, 0.5, 0.5])
    assert Gao().adapt(ROW, nearly).tolist() == ROW.tolist()
    assert Gao(sure=0.73).adapt(ROW, nearly).tolist() == [[0, 1, 0, 2, 3]]
    assert Gao(sure=0.73, divergence=0.07).adapt(ROW, nearly).tolist() == ROW.tolist()


def test_gao_asks_about_superpixels_in_later_rounds() -> None:
    assert Gao().adapt(ROW, view([1, 0, 1, 0.5, 0.5], round=2)).tolist() == ROW.tolist()
