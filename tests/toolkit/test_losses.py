from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import torch
from torch.nn import functional

from alseg.toolkit import losses
from alseg.toolkit.losses import CrossEntropy, Term, Weighted, WeightedCrossEntropy, counting, softmax_losses
from alseg_ripu.losses import LocalConsistency, NegativeLearning

CLASSES = 5
SIZES = [(24, 40), (1, 7), (3, 1), (2, 2), (37, 5)]


@pytest.fixture(params=[2**19, 100], ids=["one strip", "many strips"])
def strips(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(losses, "_STRIP_ELEMENTS", request.param)
    yield


def inputs(size: tuple[int, int], dtype: torch.dtype) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn((2, CLASSES, *size), generator=generator, dtype=dtype)
    labels = torch.randint(0, CLASSES, (2, *size), generator=generator)
    labels[torch.rand(labels.shape, generator=generator) < 0.2] = 255
    return logits.requires_grad_(), labels


def boundary(labels: torch.Tensor) -> torch.Tensor:
    kernel = torch.full((1, 1, 3, 3), -1.0)
    kernel[0, 0, 1, 1] = 8
    return (functional.conv2d(labels[:, None].float(), kernel, padding=1)[:, 0] != 0) & (labels != 255)


def window_means(probs: torch.Tensor) -> torch.Tensor:
    padded = functional.pad(probs, (1, 1, 1, 1), mode="replicate")
    return functional.avg_pool2d(padded, kernel_size=3, stride=1)


def plain_l1(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    probs = logits.softmax(1)
    return (probs - window_means(probs)).abs().sum(1)[boundary(labels)].mean()


def plain_kl(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    probs = logits.softmax(1)
    ratio = probs / (window_means(probs) + 1e-6)
    return (probs * torch.log(ratio + 1e-6)).sum(1)[boundary(labels)].mean()


def plain_negative(logits: torch.Tensor, _: torch.Tensor) -> torch.Tensor:
    probs = logits.softmax(1)
    return -torch.log(1 - probs + 1e-6)[probs < 0.2].mean()


def plain_cross_entropy(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    return functional.cross_entropy(logits, labels, ignore_index=255)


def pixel_weights(labels: torch.Tensor) -> torch.Tensor:
    return labels % 3 / 2


def plain_weighted(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    each = functional.cross_entropy(logits, labels, ignore_index=255, reduction="none")
    return (each * pixel_weights(labels)).mean()


PLAIN: dict[str, Callable[[torch.Tensor, torch.Tensor], torch.Tensor]] = {
    "cross-entropy": plain_cross_entropy,
    "l1": plain_l1,
    "kl": plain_kl,
    "negative": plain_negative,
    "weighted": plain_weighted,
}


def terms(labels: torch.Tensor) -> dict[str, Term]:
    return {
        "cross-entropy": CrossEntropy(labels),
        "l1": LocalConsistency(labels, "l1"),
        "kl": LocalConsistency(labels, "kl"),
        "negative": NegativeLearning(0.2),
        "weighted": WeightedCrossEntropy(labels, pixel_weights(labels)),
    }


def gradient(loss: torch.Tensor, logits: torch.Tensor) -> torch.Tensor:
    (found,) = torch.autograd.grad(loss, logits, retain_graph=True)
    return found


@pytest.mark.usefixtures("strips")
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-12), (torch.float32, 1e-6)])
def test_values_and_gradients_are_those_of_the_plain_formulas(
    size: tuple[int, int], dtype: torch.dtype, tolerance: float
) -> None:
    logits, labels = inputs(size, dtype)
    together = softmax_losses(logits, terms(labels))
    for name, plain in PLAIN.items():
        expected = plain(logits, labels)
        torch.testing.assert_close(together[name], expected, rtol=1e-5, atol=tolerance)
        torch.testing.assert_close(
            gradient(together[name], logits), gradient(expected, logits), rtol=1e-4, atol=tolerance
        )


@pytest.mark.usefixtures("strips")
def test_gradients_are_differences_of_values() -> None:
    logits, labels = inputs((9, 4), torch.float64)
    # Random probabilities lie far from their mean and from the threshold, against steps of 1e-6.
    assert torch.autograd.gradcheck(
        lambda given: tuple(softmax_losses(given, terms(labels)).values()), logits.detach().requires_grad_()
    )


@pytest.mark.usefixtures("strips")
def test_several_losses_have_the_sum_of_their_gradients() -> None:
    logits, labels = inputs((24, 40), torch.float64)
    together = softmax_losses(logits, terms(labels))
    weights = dict(zip(PLAIN, (1.0, 0.1, 2.0, 3.0, 0.5), strict=True))
    found = gradient(sum((weights[name] * loss for name, loss in together.items()), torch.zeros(())), logits)
    expected = sum(
        (weights[name] * gradient(plain(logits, labels), logits) for name, plain in PLAIN.items()),
        torch.zeros_like(logits),
    )
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-12)


def test_memory_with_channels_last_changes_nothing() -> None:
    logits, labels = inputs((24, 40), torch.float32)
    last = logits.detach().to(memory_format=torch.channels_last).requires_grad_()
    for found, expected in zip(
        softmax_losses(last, terms(labels)).values(),
        softmax_losses(logits, terms(labels)).values(),
        strict=True,
    ):
        assert torch.equal(found, expected)
        assert torch.equal(gradient(found, last), gradient(expected, logits))


@pytest.mark.parametrize("level", [0.1, 1 / 3, 0.7])
def test_a_probability_equal_to_the_mean_around_it_has_the_derivative_zero(level: float) -> None:
    # Every pixel is like its neighbours, so all differences are ties, whatever the rounding of nine times p.
    logits = torch.tensor([level, 1.0, 2.0]).reshape(1, 3, 1, 1).expand(1, 3, 6, 7).clone().requires_grad_()
    labels = torch.arange(42).reshape(1, 6, 7) % 3
    loss = softmax_losses(logits, {"l1": LocalConsistency(labels)})["l1"]
    assert loss.item() == 0.0
    assert not gradient(loss, logits).any()


def test_signs_that_float32_can_tell_are_those_of_float64() -> None:
    # A bend of 2**-12 of a logit: p and its mean differ by less than 2**-14, nine values add up to 4.5.
    ramp = torch.arange(16.0) ** 2 * 2**-12
    logits = torch.stack([ramp, torch.zeros(16)]).reshape(1, 2, 1, 16).expand(1, 2, 8, 16)
    labels = torch.arange(128).reshape(1, 8, 16) % 2
    single = logits.clone().requires_grad_()
    double = logits.double().requires_grad_()
    found = gradient(softmax_losses(single, {"l1": LocalConsistency(labels)})["l1"], single)
    expected = gradient(plain_l1(double, labels), double)
    torch.testing.assert_close(found.double(), expected, rtol=1e-3, atol=1e-3 * float(expected.abs().max()))


def test_half_precision_is_computed_in_float32() -> None:
    logits, labels = inputs((4, 6), torch.float32)
    half = logits.detach().bfloat16()
    found = softmax_losses(half, terms(labels))
    expected = softmax_losses(half.float(), terms(labels))
    assert {name: loss.dtype for name, loss in found.items()} == dict.fromkeys(PLAIN, torch.float32)
    assert all(torch.equal(found[name], expected[name]) for name in PLAIN)


def test_autocast_changes_nothing() -> None:
    logits, labels = inputs((4, 6), torch.float32)
    expected = {name: gradient(loss, logits) for name, loss in softmax_losses(logits, terms(labels)).items()}
    with torch.autocast("cpu", torch.bfloat16):
        found = {name: gradient(loss, logits) for name, loss in softmax_losses(logits, terms(labels)).items()}
    assert all(torch.equal(found[name], expected[name]) for name in PLAIN)


def test_deterministic_kernels_give_the_same() -> None:
    logits, labels = inputs((4, 6), torch.float32)
    expected = gradient(softmax_losses(logits, terms(labels))["cross-entropy"], logits)
    torch.use_deterministic_algorithms(True)
    try:
        found = gradient(softmax_losses(logits, terms(labels))["cross-entropy"], logits)
    finally:
        torch.use_deterministic_algorithms(False)
    assert torch.equal(found, expected)


def test_a_weighted_loss_is_the_loss_times_the_weight() -> None:
    logits, labels = inputs((4, 6), torch.float64)
    plain = {"negative": NegativeLearning(0.2), "source": CrossEntropy(labels)}
    loss = softmax_losses(logits, plain)["negative"]
    weighted = softmax_losses(logits, plain | {"negative": Weighted(plain["negative"], 0.5)})["negative"]
    torch.testing.assert_close(weighted, 0.5 * loss)
    torch.testing.assert_close(gradient(weighted, logits), 0.5 * gradient(loss, logits))


def test_no_term_is_no_loss() -> None:
    assert softmax_losses(torch.zeros(1, 2, 3, 4), {}) == {}


def test_pixels_are_counted_exactly_on_every_device() -> None:
    # float32 is not exact beyond 2^24 pixels, fewer than 9 images of 2048 x 1024; Apple's GPU has no float64.
    assert {name: counting(torch.device(name)) for name in ("cpu", "cuda", "mps")} == {
        "cpu": torch.float64,
        "cuda": torch.float64,
        "mps": torch.int64,
    }
