from __future__ import annotations

from dataclasses import replace

import torch

from alseg.contracts import Dataset, Size
from alseg.data.inference_samples import InferenceSamples
from alseg.data.loading import normalise
from alseg.inference.predict import InferenceOptions, predict
from toys import Stripes, TinyNet

OPTIONS = InferenceOptions(size=None, batch_size=2, features=True)


class Counting(TinyNet):
    """Counts how often images go through it."""

    def __init__(self) -> None:
        super().__init__(3)
        self.passes = 0

    def features(self, images: torch.Tensor) -> torch.Tensor:
        self.passes += 1
        return super().features(images)


class InOnePass(Counting):
    """Gives logits and features together."""

    def logits_and_features(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        features = self.features(images)
        return self.head(features), features


def network_input(dataset: Dataset, index: int, size: Size) -> torch.Tensor:
    _, image, _ = InferenceSamples(dataset, size)[index]
    return normalise(image[None], TinyNet.mean, TinyNet.std)


def interpolated(logits: torch.Tensor, size: Size) -> torch.Tensor:
    return torch.nn.functional.interpolate(logits, size=size, mode="bilinear", align_corners=True)


def test_logits_and_features_of_one_pass_are_those_of_two() -> None:
    dataset = Stripes("train", 3, (6, 12))
    two, one = Counting(), InOnePass()
    one.load_state_dict(two.state_dict())
    for first, second in zip(predict(two, dataset, OPTIONS), predict(one, dataset, OPTIONS), strict=True):
        assert torch.equal(first.logits, second.logits)
        assert first.features is not None and second.features is not None
        assert torch.equal(first.features, second.features)
    # Three images in batches of two: two batches.
    assert (two.passes, one.passes) == (4, 2)


def test_mirrored_averaging_leaves_features_alone() -> None:
    dataset, model = Stripes("train", 1, (6, 12)), InOnePass()
    (plain,) = predict(model, dataset, OPTIONS)
    (flipped,) = predict(model, dataset, replace(OPTIONS, flip=True))
    assert plain.features is not None and flipped.features is not None
    assert torch.equal(plain.features, flipped.features)
    torch.testing.assert_close(flipped.logits.sum(dim=0), torch.ones(6, 12))


def test_evaluation_takes_the_softmax_at_label_size_of_logits_that_were_resized_once() -> None:
    # 40 rows are more than 16 strips, and no multiple of them.
    dataset, model = Stripes("val", 3, (40, 66)), TinyNet(3).eval()
    options = InferenceOptions(size=(16, 32), flip=True, batch_size=1)
    for prediction in predict(model, dataset, options):
        image = network_input(dataset, prediction.index, (16, 32))
        with torch.no_grad():
            # One by one: sums of convolutions may be ordered by the size of the batch.
            both = torch.cat([model(image), model(image.flip(-1))])
            assert both.shape == (2, 3, 8, 16)
            own, mirrored = interpolated(both, (40, 66)).softmax(1)
        expected = (own + mirrored.flip(-1)) / 2
        # The last digit of an exponential depends on its place in a vector of the processor.
        torch.testing.assert_close(prediction.logits, expected, rtol=0, atol=2e-7)
        assert torch.equal(prediction.logits.argmax(0), expected.argmax(0))


def test_acquisitions_see_logits_that_were_resized_to_the_input_size_first() -> None:
    dataset, model = Stripes("train", 3, (40, 66)), TinyNet(3).eval()
    options = InferenceOptions(size=(16, 32), through_input_size=True, batch_size=1)
    for prediction in predict(model, dataset, options):
        image = network_input(dataset, prediction.index, (16, 32))
        with torch.no_grad():
            raw = model(image)
        expected = interpolated(interpolated(raw, (16, 32)), (40, 66))[0]
        assert torch.equal(prediction.logits, expected)
        assert not torch.equal(prediction.logits, interpolated(raw, (40, 66))[0])


def test_mirrored_averaging_leaves_logits_that_a_model_keeps_alone() -> None:
    dataset, kept = Stripes("val", 1, (6, 12)), torch.randn(1, 3, 6, 12)
    stored = TinyNet(3)
    before = kept.clone()
    stored.forward = lambda images: kept  # type: ignore[method-assign]
    list(predict(stored, dataset, InferenceOptions(size=None, flip=True)))
    assert torch.equal(kept, before)
