"""Does an acquisition keep the contract?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch

from alseg.contracts import (
    AcquisitionSpec,
    PoolView,
    ScoreAcquisition,
    SelectAcquisition,
    Size,
    TargetView,
)
from alseg.seeding import image_token

_FEATURES = 8
_IMAGES = 7


def check_acquisition(spec: AcquisitionSpec, *, num_classes: int = 5, **params: Any) -> None:
    """Check an acquisition against `alseg.contracts.ScoreAcquisition` or `SelectAcquisition`.

    It is built and given made-up predictions: doubtful ones, certain ones, all classes alike, a map of a
    single pixel. Of what it may see it gets only what its ``needs`` name. Checked are dtypes, shapes, that
    nothing is NaN or changed, that all randomness comes from the generator, and of selections that they are
    no longer than can be paid for, without repetition and without images that are bought.

    Args:
        spec: The spec that the plugin registers.
        num_classes: Classes of the predictions, at least 2.
        params: Parameters for ``build``, where it has some without a default.

    Raises:
        AssertionError: Says what is not as it should be, and for which prediction.
    """
    acquisition = spec.build(**params)
    if spec.kind == "select":
        assert isinstance(acquisition, SelectAcquisition), f"'{spec.name}' has no select, as its kind says"
        _check_selections(spec.name, acquisition)
        return
    assert isinstance(acquisition, ScoreAcquisition), f"'{spec.name}' has no score, as its kind says"
    for what, make_view in _views(spec, num_classes):
        _check_score(f"'{spec.name}', {what}", acquisition, make_view)


def _check_score(where: str, acquisition: ScoreAcquisition, make_view: Callable[[], TargetView]) -> None:
    view, untouched = make_view(), make_view()
    try:
        score = acquisition.score(view)
    except (NotImplementedError, RuntimeError, AttributeError, TypeError) as error:
        if view.logits.is_meta or view.features is None or view.image is None:
            raise AssertionError(
                f"{where}: failed; does it read what 'needs' does not name? {error}"
            ) from error
        raise
    assert isinstance(score, torch.Tensor), f"{where}: score must be a tensor, got {type(score).__name__}"
    assert score.is_floating_point(), f"{where}: score must be float, got {score.dtype}"
    assert score.shape == view.size, f"{where}: score must have shape {view.size}, got {tuple(score.shape)}"
    assert not score.is_meta, f"{where}: it reads the logits, but 'needs' is empty"
    assert not score.isnan().any(), f"{where}: the score holds NaN"
    kept = score.clone()
    for name in ("logits", "image", "features"):
        before, after = getattr(untouched, name), getattr(view, name)
        same = before is None or before.is_meta or torch.equal(before, after)
        assert same, f"{where}: it changes the view's {name}"
    torch.manual_seed(1)
    np.random.seed(1)
    again = acquisition.score(make_view())
    assert torch.equal(again, kept), (
        f"{where}: the same view gives another score; all randomness must come from view.generator"
    )
    assert torch.equal(score, kept), f"{where}: a score changes after it was given"


def _views(spec: AcquisitionSpec, num_classes: int) -> Iterator[tuple[str, Callable[[], TargetView]]]:
    """Yield names of predictions and functions that make the same view of them each time."""
    random = torch.Generator().manual_seed(0)
    doubtful = torch.randn((num_classes, 13, 21), generator=random)
    certain = torch.full((num_classes, 9, 12), -200.0)
    certain[0, :, :6] = certain[1, :, 6:] = 200.0
    predictions = {
        "doubtful predictions": doubtful,
        "certain predictions": certain,
        "all classes alike": torch.zeros((num_classes, 6, 4)),
        "a single pixel": doubtful[:, :1, :1].clone(),
    }
    for what, logits in predictions.items():
        yield what, _maker(spec, logits)


def _maker(spec: AcquisitionSpec, logits: torch.Tensor) -> Callable[[], TargetView]:
    size: Size = (logits.shape[1], logits.shape[2])
    half = (_FEATURES, -(-size[0] // 2), -(-size[1] // 2))

    def make() -> TargetView:
        random = torch.Generator().manual_seed(2)
        image = torch.randint(0, 256, (3, *size), generator=random, dtype=torch.uint8)
        features = torch.rand(half, generator=random)
        return TargetView(
            image_id="image",
            logits=logits.clone() if spec.needs else torch.empty_like(logits, device="meta"),
            generator=torch.Generator().manual_seed(0),
            image=image if "image" in spec.needs else None,
            features=features if "features" in spec.needs else None,
        )

    return make


def _check_selections(name: str, acquisition: SelectAcquisition) -> None:
    nothing = torch.zeros(_IMAGES, dtype=torch.bool)
    some = torch.tensor([index in (1, 4) for index in range(_IMAGES)])
    for what, bought, count in (
        ("nothing bought, three to choose", nothing, 3),
        ("two of seven bought, two to choose", some, 2),
        ("all that is left to choose", some, _IMAGES - 2),
        ("none to choose", nothing, 0),
    ):
        where = f"'{name}', {what}"
        chosen = [int(index) for index in acquisition.select(_pool(bought, count))]
        assert len(chosen) <= count, f"{where}: it selected {len(chosen)} images"
        assert len(set(chosen)) == len(chosen), f"{where}: it selected an image twice: {chosen}"
        valid = all(0 <= index < _IMAGES and not bought[index] for index in chosen)
        assert valid, f"{where}: it selected images that are bought or do not exist: {chosen}"
        torch.manual_seed(1)
        np.random.seed(1)
        again = [int(index) for index in acquisition.select(_pool(bought, count))]
        assert again == chosen, (
            f"{where}: the same pool gives another selection; all randomness must come from pool.generator"
        )


def _pool(bought: torch.Tensor, count: int) -> PoolView:
    random = torch.Generator().manual_seed(2)
    return PoolView(
        image_ids=tuple(image_token(f"image-{index}") for index in range(_IMAGES)),
        features=torch.rand((_IMAGES, _FEATURES), generator=random),
        bought=bought.clone(),
        count=count,
        generator=torch.Generator().manual_seed(0),
    )
