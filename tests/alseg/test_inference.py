from __future__ import annotations

import numpy as np
import torch

from alseg.data import normalise
from alseg.inference import InferenceOptions, mean_features, network_outputs, predict
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
    model, inputs = InOnePass().eval(), torch.rand(1, 3, 6, 12)
    _, plain = network_outputs(model, inputs, features=True)
    outputs, flipped = network_outputs(model, inputs, flip=True, features=True)
    assert plain is not None and flipped is not None
    assert torch.equal(plain, flipped)
    torch.testing.assert_close(outputs.sum(dim=1), torch.ones(1, 6, 12))


def test_mean_features_are_the_mean_over_each_image_and_need_no_logits() -> None:
    dataset = Stripes("train", 3, (6, 12))
    model = Counting()
    means = torch.stack(list(mean_features(model, dataset, OPTIONS)))
    assert model.passes == 2
    images = torch.from_numpy(np.stack([dataset.image(index) for index in range(3)])).permute(0, 3, 1, 2)
    features = model.features(normalise(images, model.mean, model.std))
    torch.testing.assert_close(means, features.mean(dim=(2, 3)))
