from __future__ import annotations

import torch

from alseg.contracts import TargetView
from alseg.testing import observe, parts_of_views, view_of
from alseg_methods.acquisitions.clasp_pe import ClaspPe, stratified_order

NEVER = -torch.inf
BY_CLASS = torch.tensor([[5.0, NEVER], [4.0, NEVER], [NEVER, NEVER], [NEVER, NEVER], [NEVER, 1.0]])
OVERALL = torch.tensor([5.0, 4.0, 3.0, 2.0, 1.0])


def test_a_share_of_the_parts_comes_from_the_classes_in_turn() -> None:
    # Every second place is a class's: part 1 of class 0 (part 0 is taken), then part 4 of class 1.
    assert stratified_order(BY_CLASS, OVERALL, 0.5, 5) == [0, 1, 2, 4, 3]


def test_classes_that_have_no_part_left_lose_their_turn() -> None:
    assert stratified_order(BY_CLASS, OVERALL, 1, 5) == [0, 4, 1, 2, 3]


def test_no_more_parts_than_wanted_or_possible() -> None:
    assert stratified_order(BY_CLASS, OVERALL, 0, 2) == [0, 1]
    assert stratified_order(BY_CLASS, OVERALL.masked_fill(OVERALL < 3, NEVER), 0, 9) == [0, 1, 2]
    assert stratified_order(BY_CLASS, OVERALL, 0.5, 0) == []


def _view(round_: int) -> TargetView:
    """Ten regions of one pixel, doubts growing to the right; the first three are of a class of their own."""
    top = torch.linspace(0.99, 0.55, 10)[None]
    rest = torch.zeros((1, 10))
    probs = torch.stack([top, rest, 1 - top])
    probs[:, :, :3] = probs[[1, 0, 2], :, :3]
    regions = torch.arange(10, dtype=torch.int32)[None]
    return view_of(probs, regions=regions, unit="region", round=round_, rounds=5)


def test_without_strata_and_noise_the_most_uncertain_parts_come_first() -> None:
    acquisition = ClaspPe(share=0, beta=1, beta_end=1e6)
    views = [_view(5)]
    ranked = acquisition.rank(observe(acquisition, views), parts_of_views(views, bought=[9], count=2))
    assert ranked == [8, 7, 6, 5]


def test_strata_give_the_rare_class_its_turns() -> None:
    acquisition = ClaspPe(share=1, beta=1, beta_end=1e6)
    views = [_view(5)]
    ranked = acquisition.rank(observe(acquisition, views), parts_of_views(views, count=2))
    # Parts 9 and 8 of the common class, 2 and 1 of the rare one; which class begins is random.
    assert ranked in ([9, 2, 8, 1], [2, 9, 1, 8])


def test_noise_of_the_first_round_mixes_the_ranks() -> None:
    acquisition = ClaspPe(share=0)
    views = [_view(1)]
    kept = observe(acquisition, views)
    rankings = {
        tuple(acquisition.rank(kept, parts_of_views(views, count=2, seed=seed))) for seed in range(10)
    }
    assert len(rankings) > 5


def test_the_uncertainty_of_a_part_is_kept_by_predicted_class() -> None:
    probs = torch.tensor([[[0.5, 0.5, 0.1, 1.0]], [[0.5, 0.5, 0.9, 0.0]]])
    view = view_of(probs, unit="image")
    seen = observe(ClaspPe(uncertainty="least-confidence"), [view])[0]["uncertainty"]
    # Over four pixels: twice 0.5 of class 0, 0.1 of class 1.
    torch.testing.assert_close(seen, torch.tensor([[0.25, 0.025]]))
