"""Steps that are fed from files, beside steps that are fed from memory."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from alseg.errors import AlsegError
from alseg.perf import feeding
from alseg.perf.loading import FILES
from alseg.perf.result import Options
from alseg.perf.trained import SMALL
from alseg.registry.loading import load_registry

_INPUT = (64, 64)
_SECONDS = 0.25
"""Exact in binary, so that sums are."""


class Clock:
    """Time goes on only when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def perf_counter(self) -> float:
        return self.now


class Slow:
    """Images each of which takes some time."""

    def __init__(self, held: Any, clock: Clock) -> None:
        self._held, self._clock = held, clock

    def __getattr__(self, name: str) -> Any:
        return getattr(self._held, name)

    def __len__(self) -> int:
        return len(self._held)

    def image(self, index: int) -> NDArray[np.uint8]:
        self._clock.now += _SECONDS
        image: NDArray[np.uint8] = self._held.image(index)
        return image


@pytest.fixture
def options() -> Options:
    return Options(registry=load_registry(), size=(64, 128), threads=1, repeats=1, quick=True)


@pytest.fixture
def read(tmp_path: Path, options: Options) -> tuple[Any, Any]:
    """Two domains of files."""
    source, target = (
        feeding._domain(replace(files, size=(64, 128)), tmp_path, options) for files in FILES[:2]
    )
    return source, target


def test_images_in_memory_are_those_of_the_files_as_the_network_sees_them(read: tuple[Any, Any]) -> None:
    held = feeding._held(read[0], _INPUT)
    assert (len(held.dataset), held.dataset.size(0)) == (len(read[0].dataset), _INPUT)
    assert held.dataset.image_id(1) == read[0].dataset.image_id(1)
    assert (held.dataset.image(1).shape, held.dataset.label(1).shape) == ((*_INPUT, 3), _INPUT)
    feeding._compare(read[0].dataset, held.dataset, _INPUT)
    with pytest.raises(AlsegError, match=r"the training samples of both sides differ\.$"):
        feeding._compare(read[1].dataset, held.dataset, _INPUT)


def test_a_step_takes_as_long_as_its_four_images_take_and_nothing_from_memory(
    read: tuple[Any, Any], options: Options, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr(feeding, "time", clock)
    case = replace(SMALL, source_size=_INPUT, target_size=_INPUT)
    source, target = (feeding._held(domain, _INPUT) for domain in read)
    slow = tuple(replace(domain, dataset=Slow(domain.dataset, clock)) for domain in (source, target))
    line = feeding._line(case, 0, (slow[0], slow[1]), (source, target), options)
    assert line.plain is not None
    # Two images of each domain, all steps alike: those before the timed ones are not in it.
    assert (line.ours.values, line.plain.values) == ([4 * _SECONDS], [0.0])
    assert line.work == "a step with settings.workers=0"
