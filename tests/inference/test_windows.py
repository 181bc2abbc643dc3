"""Sliding windows: where they lie, what is averaged, and that neither batch nor whole images matter."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch.nn import functional

from alseg.contracts import Passes
from alseg.guard.answers import AnswerError
from alseg.inference.predict import InferenceOptions, predict
from alseg.inference.windows import WindowedModel, window_starts
from toys import Stripes, TinyNet

OPTIONS = InferenceOptions(size=(24, 40), window=(16, 16), batch_size=3, features=True)


class Position(torch.nn.Module):
    """Says of every pixel of what it is given where it lies, at a quarter of the resolution in features."""

    mean, std = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[int, ...]] = []

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        self.seen.append(tuple(images.shape))
        return images[:, :1] * 1.0

    def features(self, images: torch.Tensor) -> torch.Tensor:
        return functional.avg_pool2d(images[:, :2], 4)

    def outputs(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
        return {"double": 2 * images[:, :1]}


@pytest.mark.parametrize(
    ("side", "window", "overlap", "starts"),
    [
        (16, 16, 1 / 3, [0]),
        # Steps of 16 * 2/3 = 10.7, so 11; the third would begin at 22 and end with the image at 20.
        (36, 16, 1 / 3, [0, 11, 20]),
        (48, 16, 0.0, [0, 16, 32]),
        (17, 16, 0.0, [0, 1]),
        (20, 16, 0.5, [0, 4]),
        (4, 2, 0.9, [0, 1, 2]),  # a step is never below a pixel
    ],
)
def test_windows_cover_a_side_and_end_with_it(
    side: int, window: int, overlap: float, starts: list[int]
) -> None:
    assert window_starts(side, window, overlap) == starts


def test_what_windows_agree_on_is_their_mean() -> None:
    images = torch.rand(2, 3, 24, 40, generator=torch.Generator().manual_seed(0))
    network = Position()
    model = WindowedModel(network, (16, 16), 0.5)
    torch.testing.assert_close(model(images), images[:, :1])
    # Rows begin at 0 and 8, columns at 0, 8, 16 and 24: 8 windows of each image, 4 at a time.
    assert network.seen == [(4, 3, 16, 16)] * 4
    torch.testing.assert_close(model.features(images), functional.avg_pool2d(images[:, :2], 4))
    torch.testing.assert_close(model.outputs(images)["double"], 2 * images[:, :1])
    logits, features = model.logits_and_features(images)
    assert torch.equal(logits, model(images)) and torch.equal(features, model.features(images))


def test_logits_of_overlapping_windows_are_averaged_with_equal_weights() -> None:
    class Numbered(Position):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return torch.arange(1.0, len(images) + 1)[:, None, None, None].expand(-1, 1, 4, 4)

    # Columns 0-15 are of window 1, 8-23 of window 2: 1 alone, (1 + 2) / 2, 2 alone.
    logits = WindowedModel(Numbered(), (16, 16), 0.5)(torch.zeros(1, 3, 16, 24))
    assert logits[0, 0, 0].tolist() == [1.0] * 8 + [1.5] * 8 + [2.0] * 8


def test_a_windows_features_lie_on_the_nearest_cells_and_leave_no_gap() -> None:
    class Coarse(Position):
        def features(self, images: torch.Tensor) -> torch.Tensor:
            return functional.adaptive_avg_pool2d(images[:, :1], 3)

    # Windows of 16 have 3 cells, so 40 columns have 7.5, rounded up to 8; they begin at 0, 11, 22 and 24, in
    # cells 0, 2.06, 4.1 and 4.5, the last of which is rounded up.
    features = WindowedModel(Coarse(), (16, 16), 1 / 3).features(torch.ones(1, 3, 16, 40))
    assert features.shape == (1, 1, 3, 8)
    torch.testing.assert_close(features, torch.ones(1, 1, 3, 8))


def test_a_window_larger_than_the_image_is_the_image() -> None:
    images = torch.rand(1, 3, 12, 24, generator=torch.Generator().manual_seed(0))
    network = Position()
    assert torch.equal(WindowedModel(network, (64, 16), 0.0)(images), images[:, :1])
    assert network.seen == [(2, 3, 12, 16)]


def everything(model: Any, dataset: Stripes, options: InferenceOptions) -> list[torch.Tensor]:
    found: list[torch.Tensor] = []
    for prediction in predict(model, dataset, options, previous=model):
        assert prediction.features is not None and prediction.moments is not None
        assert prediction.previous is not None
        found += [prediction.logits, prediction.features, prediction.previous, prediction.moments.mean]
    return found


def test_predictions_depend_on_no_batch_byte_for_byte() -> None:
    dataset, model = Stripes("train", 5, (30, 50)), TinyNet(3)
    options = replace(OPTIONS, passes=Passes("jitter", 2), flip=True)
    expected = everything(model, dataset, replace(options, batch_size=1))
    for batch_size in (2, 5):
        found = everything(model, dataset, replace(options, batch_size=batch_size))
        assert all(torch.equal(one, other) for one, other in zip(found, expected, strict=True))
    assert expected[0].shape == (3, 30, 50)
    assert expected[1].shape == (8, 12, 20)  # half of 24 x 40


def test_windows_change_predictions_and_whole_images_are_as_before() -> None:
    dataset, model = Stripes("train", 1, (24, 40)), TinyNet(3)
    (whole,) = predict(model, dataset, replace(OPTIONS, window=None))
    (one_window,) = predict(model, dataset, replace(OPTIONS, window=(24, 40)))
    (several,) = predict(model, dataset, OPTIONS)
    assert torch.equal(whole.logits, one_window.logits)
    assert not torch.equal(whole.logits, several.logits)
    # Away from the borders of windows a network of 3 x 3 pixels sees the same.
    torch.testing.assert_close(several.logits.mean(), whole.logits.mean(), rtol=0.1, atol=0.1)


def test_a_network_that_returns_no_logits_is_named() -> None:
    class Broken(Position):
        def forward(self, images: torch.Tensor) -> Any:
            return images[0]

    with pytest.raises(AnswerError, match=r"forward must return float \(4, C, h, w\), but returned float32"):
        list(
            predict(
                Broken(), Stripes("train", 1, (24, 40)), replace(OPTIONS, features=False, window=(16, 16))
            )
        )
