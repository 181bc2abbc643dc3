from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from alseg.contracts import PartitionSpec, Size, TargetView
from alseg.testing import check_partition

Cut = Callable[[NDArray[np.uint8], torch.Generator], Any]


def whole(image: NDArray[np.uint8]) -> NDArray[np.int32]:
    return np.zeros(image.shape[:2], np.int32)


class Cuts:
    """A partition that cuts as the class attribute says, so that it can be pickled."""

    cut: Cut = staticmethod(lambda image, generator: whole(image))

    def regions(self, image: NDArray[np.uint8], image_id: str, generator: torch.Generator) -> Any:
        return type(self).cut(image, generator)


def _spec(made: object) -> PartitionSpec:
    return PartitionSpec(name="mine", summary="Test.", source="Test.", build=lambda: made)


def _random(image: NDArray[np.uint8], generator: torch.Generator) -> NDArray[np.int32]:
    """Two regions, one of which is a random pixel; a single one where there is one pixel."""
    regions = whole(image)
    if regions.size > 1:
        regions.flat[int(torch.randint(regions.size, (), generator=generator))] = 1
    return regions


def _global(image: NDArray[np.uint8], generator: torch.Generator) -> NDArray[np.int32]:
    regions = whole(image)
    if regions.size > 1:
        regions.flat[np.random.randint(regions.size)] = 1
    return regions


def _changing(image: NDArray[np.uint8], generator: torch.Generator) -> NDArray[np.int32]:
    image[:] = 0
    return whole(image)


_KEPT: list[NDArray[np.int32]] = []


def _kept(image: NDArray[np.uint8], generator: torch.Generator) -> NDArray[np.int32]:
    for earlier in _KEPT:
        earlier[:] = 7
    _KEPT.append(whole(image))
    return _KEPT[-1]


def test_a_partition_may_draw_from_its_generator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Cuts, "cut", staticmethod(_random))
    check_partition(_spec(Cuts()))


@pytest.mark.parametrize(
    ("cut", "problem"),
    [
        (
            lambda image, _: whole(image).astype(np.int64),
            "1 x 1 pixels, noise: regions must be int32 (1, 1), got int64 (1, 1)",
        ),
        (
            lambda image, _: whole(image).T,
            "1 x 40 pixels, noise: regions must be int32 (1, 40), got int32 (40, 1)",
        ),
        (
            lambda image, _: torch.zeros(image.shape[:2]),
            "1 x 1 pixels, noise: regions must be int32 (1, 1), got torch.float32 (1, 1)",
        ),
        (lambda image, _: None, "1 x 1 pixels, noise: regions must be int32 (1, 1), got NoneType"),
        (
            lambda image, _: whole(image) + 1,
            "1 x 1 pixels, noise: ids must go from 0 on without a gap, got 1 ids from 1 to 1",
        ),
        (
            lambda image, _: (2 * np.indices(image.shape[:2])[1]).astype(np.int32),
            "1 x 40 pixels, noise: ids must go from 0 on without a gap, got 40 ids from 0 to 78",
        ),
        (_changing, "1 x 1 pixels, noise: it changes the image"),
        (
            _global,
            "1 x 40 pixels, noise: the same image gives other regions; all randomness must come from "
            "the generator",
        ),
        (_kept, "1 x 1 pixels, noise: regions change after they were given"),
    ],
)
def test_what_is_wrong_is_said(monkeypatch: pytest.MonkeyPatch, cut: Cut, problem: str) -> None:
    monkeypatch.setattr(Cuts, "cut", staticmethod(cut))
    with pytest.raises(AssertionError) as caught:
        check_partition(_spec(Cuts()))
    assert str(caught.value) == f"'mine', {problem}"


def test_what_is_no_partition_is_refused() -> None:
    with pytest.raises(AssertionError) as caught:
        check_partition(_spec(object()))
    assert str(caught.value) == "'mine' has no regions, as alseg.contracts.Partition"


def test_a_partition_that_cannot_be_pickled_is_refused() -> None:
    made = Cuts()
    made.lock = threading.Lock()  # type: ignore[attr-defined]
    with pytest.raises(AssertionError) as caught:
        check_partition(_spec(made))
    assert str(caught.value) == "'mine': the partition cannot be pickled: cannot pickle '_thread.lock' object"


class Remembers(Cuts):
    """Cuts the first image in one, later ones in two."""

    def __init__(self) -> None:
        self.first: dict[tuple[bytes, Size], int] = {}

    def regions(self, image: NDArray[np.uint8], image_id: str, generator: torch.Generator) -> Any:
        number = self.first.setdefault((image.tobytes(), image.shape[:2]), len(self.first))
        regions = whole(image)
        regions.flat[0] = min(number, 1) if regions.size == 1 else 0
        regions[:, 1:] = number % 2
        return regions if regions.shape[1] > 1 else whole(image)

    def __getstate__(self) -> dict[str, Any]:
        return {"first": {}}


def test_regions_that_depend_on_earlier_images_are_refused() -> None:
    with pytest.raises(AssertionError) as caught:
        check_partition(_spec(Remembers()))
    assert str(caught.value) == (
        "'mine', 64 x 96 pixels, two colours: a pickled copy, which saw the images in another order, gives "
        "other regions"
    )


class Stamped(Cuts):
    def __init__(self, stamps: list[Any]) -> None:
        self.stamps = stamps

    def stamp(self, image_id: str) -> Any:
        return self.stamps.pop()


@pytest.mark.parametrize(
    ("stamps", "problem"),
    [
        ([1], "stamp must be a text, got int"),
        (["a", "b"], "stamp is another text, though nothing has changed"),
    ],
)
def test_a_stamp_is_a_text_that_stays(stamps: list[Any], problem: str) -> None:
    with pytest.raises(AssertionError) as caught:
        check_partition(_spec(Stamped(stamps)))
    assert str(caught.value) == f"'mine', 1 x 1 pixels, noise: {problem}"


def test_params_are_handed_on(tmp_path: Path) -> None:
    seen: list[Path] = []

    def build(root: Path) -> Cuts:
        seen.append(root)
        return Cuts()

    check_partition(PartitionSpec(name="mine", summary="Test.", source="Test.", build=build), root=tmp_path)
    assert seen == [tmp_path]


class Adapts(Cuts):
    """A partition that adapts as the class attribute says, so that it can be pickled."""

    change: Callable[[NDArray[np.int32], TargetView], Any] = staticmethod(lambda regions, view: regions)

    def regions(self, image: NDArray[np.uint8], image_id: str, generator: torch.Generator) -> Any:
        return np.arange(image.shape[0] * image.shape[1], dtype=np.int32).reshape(image.shape[:2])

    def adapt(self, regions: NDArray[np.int32], view: TargetView) -> Any:
        return type(self).change(regions, view)


def _by_class(regions: NDArray[np.int32], view: TargetView) -> NDArray[np.int32]:
    return (
        np.unique(view.logits.argmax(0).numpy(), return_inverse=True)[1]
        .reshape(regions.shape)
        .astype(np.int32)
    )


def _written(regions: NDArray[np.int32], view: TargetView) -> NDArray[np.int32]:
    regions[:] = 0
    return regions


def _overwritten(regions: NDArray[np.int32], view: TargetView) -> NDArray[np.int32]:
    view.logits.zero_()
    return regions


def _drawn(regions: NDArray[np.int32], view: TargetView) -> NDArray[np.int32]:
    order = np.random.permutation(regions.size).astype(np.int32)
    return order[regions]


def test_a_partition_may_follow_what_its_needs_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Adapts, "change", staticmethod(_by_class))
    check_partition(_spec(Adapts()))


FIRST = "'mine', 64 x 96 pixels, two colours, 2 classes, round 1"


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (
            lambda regions, _: regions.astype(np.int64),
            f"{FIRST}: adapt: regions must be int32 (64, 96), got int64 (64, 96)",
        ),
        (
            lambda regions, _: regions + 1,
            f"{FIRST}: adapt: ids must go from 0 on without a gap, got 6144 ids from 1 to 6144",
        ),
        (_written, f"{FIRST}: it changes the regions that it is given"),
        (_overwritten, f"{FIRST}: it changes the view's logits"),
        (
            _drawn,
            f"{FIRST}: adapt gives other regions for the same view; all randomness must come from the "
            "view's generator",
        ),
    ],
)
def test_what_is_wrong_with_adapted_regions_is_said(
    monkeypatch: pytest.MonkeyPatch, change: Any, problem: str
) -> None:
    monkeypatch.setattr(Adapts, "change", staticmethod(change))
    with pytest.raises(AssertionError) as caught:
        check_partition(_spec(Adapts()))
    assert str(caught.value) == problem


def test_adapting_by_what_the_needs_do_not_name_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Adapts, "change", staticmethod(lambda regions, view: view.image.numpy()[0]))
    with pytest.raises(AssertionError) as caught:
        check_partition(_spec(Adapts()))
    assert str(caught.value).startswith(f"{FIRST}: failed; does it read what 'needs' does not name?")
