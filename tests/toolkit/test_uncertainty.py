from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from alseg.toolkit import uncertainty
from alseg.toolkit._kernels import uncertainty_cpu

logit_maps = st.tuples(st.integers(2, 6), st.integers(1, 7), st.integers(1, 7)).flatmap(
    lambda shape: hnp.arrays(
        np.float32,
        shape,
        elements=st.one_of(st.sampled_from([0.0, -0.0, 1.0, -300.0]), st.floats(-60, 60, width=32)),
    )
)


@settings(deadline=None, max_examples=200)
@given(values=logit_maps, rows=st.integers(1, 3))
def test_all_maps_are_those_of_a_softmax_in_float64(values: NDArray[np.float32], rows: int) -> None:
    logits = torch.from_numpy(values)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(uncertainty_cpu, "_STRIP_ELEMENTS", rows * values.shape[0] * values.shape[2])
        maps = uncertainty.statistics(logits, "entropy", "confidence", "margin", "classes")
    probs = logits.double().softmax(0)
    first, second = probs.topk(2, dim=0).values
    expected = {
        "entropy": torch.special.entr(probs).sum(0),
        "confidence": first,
        "margin": first - second,
    }
    for name, wanted in expected.items():
        torch.testing.assert_close(getattr(maps, name), wanted.float(), rtol=2e-6, atol=2e-6)
    assert maps.classes is not None and maps.classes.dtype == torch.uint8
    assert np.array_equal(maps.classes.numpy(), values.argmax(0))


@pytest.mark.parametrize("name", ["entropy", "confidence", "margin", "classes"])
def test_a_map_alone_equals_the_one_computed_with_others(name: str) -> None:
    logits = torch.randn(5, 9, 11, generator=torch.Generator().manual_seed(0))
    together = uncertainty.statistics(logits, "entropy", "confidence", "margin", "classes")
    alone = getattr(uncertainty, name)(logits)
    assert torch.equal(alone, getattr(together, name))


@pytest.mark.parametrize("height", [1, 8, 20])
def test_strips_on_a_device_give_what_the_cpu_gives(height: int) -> None:
    # Run here on the CPU: the code for devices is plain torch.
    logits = 3 * torch.randn(6, height, 13, generator=torch.Generator().manual_seed(height))
    logits[2, 0, 0] = -torch.inf
    logits[4, 0] = logits[1, 0]
    expected = uncertainty.statistics(logits, "entropy", "confidence", "margin", "classes")
    maps = uncertainty.Statistics(*(torch.empty_like(values) for values in expected if values is not None))
    uncertainty._fill_on_device(logits, maps)
    for computed, wanted in zip(maps, expected, strict=True):
        torch.testing.assert_close(computed, wanted, rtol=2e-6, atol=2e-6)


def test_maps_of_one_pixel_are_what_the_formulas_say() -> None:
    # Probabilities 1/2, 1/4, 1/4: entropy (1/2) log 2 + 2 (1/4) log 4 = 1.5 log 2.
    logits = torch.tensor([0.25, 0.5, 0.25]).log().reshape(3, 1, 1)
    maps = uncertainty.statistics(logits, "entropy", "confidence", "margin", "classes")
    assert maps.entropy is not None and maps.confidence is not None
    assert maps.margin is not None and maps.classes is not None
    assert maps.entropy.item() == pytest.approx(1.5 * math.log(2), abs=1e-6)
    assert maps.confidence.item() == pytest.approx(0.5, abs=1e-6)
    assert maps.margin.item() == pytest.approx(0.25, abs=1e-6)
    assert maps.classes.item() == 1


def test_maps_that_were_not_asked_for_are_none() -> None:
    maps = uncertainty.statistics(torch.zeros(2, 1, 1), "confidence")
    assert maps.entropy is None and maps.margin is None and maps.classes is None


def test_of_equal_logits_the_first_class_counts_and_the_margin_is_zero() -> None:
    maps = uncertainty.statistics(torch.tensor([1.0, 3.0, 3.0, 2.0]).reshape(4, 1, 1), "margin", "classes")
    assert maps.margin is not None and maps.classes is not None
    assert (maps.margin.item(), maps.classes.item()) == (0.0, 1)


def test_an_impossible_class_has_probability_zero() -> None:
    logits = torch.tensor([0.0, -torch.inf, 0.0]).reshape(3, 1, 1)
    assert uncertainty.entropy(logits).item() == pytest.approx(math.log(2), abs=1e-6)
    assert uncertainty.confidence(logits).item() == pytest.approx(0.5, abs=1e-6)


@pytest.mark.parametrize("bad", [torch.nan, torch.inf])
def test_a_pixel_with_nan_or_infinity_is_nan_and_no_other_is(bad: float) -> None:
    logits = torch.zeros(3, 2, 2)
    logits[1, 0, 1] = bad
    maps = uncertainty.statistics(logits, "entropy", "confidence", "margin", "classes")
    for values in (maps.entropy, maps.confidence, maps.margin):
        assert values is not None
        assert values.isnan().tolist() == [[False, True], [False, False]]
    assert maps.classes is not None and int(maps.classes.max()) < 3


def test_half_precision_logits_are_computed_in_float32() -> None:
    logits = torch.randn(4, 3, 3, generator=torch.Generator().manual_seed(0)).half()
    assert torch.equal(uncertainty.entropy(logits), uncertainty.entropy(logits.float()))


def test_255_classes_fit_a_class_map() -> None:
    logits = torch.zeros(255, 1, 1)
    logits[254] = 1
    assert uncertainty.classes(logits).item() == 254


def test_logits_that_need_gradients_give_maps_that_do_not() -> None:
    assert not uncertainty.entropy(torch.zeros(2, 1, 1, requires_grad=True)).requires_grad


def test_an_empty_map_is_computed_too() -> None:
    assert tuple(uncertainty.entropy(torch.zeros(3, 0, 4)).shape) == (0, 4)


@pytest.mark.parametrize(
    ("logits", "message"),
    [
        (torch.zeros(2, 3), "logits must be float (C, H, W), not torch.float32 (2, 3)"),
        (
            torch.zeros(2, 1, 1, dtype=torch.int64),
            "logits must be float (C, H, W), not torch.int64 (2, 1, 1)",
        ),
        (torch.zeros(1, 1, 1), "logits must have 2 to 255 classes, not 1"),
        (torch.zeros(256, 1, 1), "logits must have 2 to 255 classes, not 256"),
    ],
)
def test_what_are_no_logits_is_refused(logits: torch.Tensor, message: str) -> None:
    with pytest.raises(ValueError) as refusal:
        uncertainty.margin(logits)
    assert str(refusal.value) == message


def test_bvsb_is_the_second_probability_over_the_first() -> None:
    # 0.2 / 0.7 and 0.25 / 0.5; a temperature of 0.5 squares ratios.
    logits = torch.tensor([[[0.7, 0.25]], [[0.2, 0.5]], [[0.1, 0.25]]]).log()
    torch.testing.assert_close(uncertainty.bvsb(logits), torch.tensor([[2 / 7, 0.5]]))
    torch.testing.assert_close(uncertainty.bvsb(logits, 0.5), torch.tensor([[4 / 49, 0.25]]))


def test_bvsb_is_one_where_classes_are_alike_and_zero_where_one_is_certain() -> None:
    logits = torch.tensor([[[0.0, 300.0]], [[0.0, -300.0]]])
    assert torch.equal(uncertainty.bvsb(logits), torch.tensor([[1.0, 0.0]]))


def test_bvsb_refuses_a_temperature_of_nothing() -> None:
    with pytest.raises(ValueError, match="temperature must be more than 0, not 0"):
        uncertainty.bvsb(torch.zeros((2, 1, 1)), 0)
