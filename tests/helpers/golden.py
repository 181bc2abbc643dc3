"""Golden files: numbers that the authors' own code computed, read by name."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

COMMITTED = Path(__file__).parents[1] / "alseg_methods" / "golden"
"""The folder in the repository."""

FOLDER = Path(os.environ.get("ALSEG_GOLDEN") or COMMITTED)
"""The folder that is checked: ``ALSEG_GOLDEN`` names one of the same names and keys, but other numbers."""


class Arrays(Mapping[str, Any]):
    """The arrays of a file, by key.

    Attributes:
        unread: Keys that nobody has asked for yet.
    """

    def __init__(self, name: str) -> None:
        with np.load(FOLDER / f"{name}.npz") as archive:
            self._arrays = dict(archive)
        self.unread = set(self._arrays)

    def __getitem__(self, key: str) -> Any:
        array = self._arrays[key]
        self.unread.discard(key)
        return array

    def __iter__(self) -> Iterator[str]:
        return iter(self._arrays)

    def __len__(self) -> int:
        return len(self._arrays)


class Tensors(Mapping[str, Any]):
    """The same as tensors, those without dimensions and texts as themselves."""

    def __init__(self, arrays: Arrays) -> None:
        self._arrays = arrays

    def __getitem__(self, key: str) -> Any:
        array = self._arrays[key]
        return torch.from_numpy(array) if array.ndim else array.item()

    def __iter__(self) -> Iterator[str]:
        return iter(self._arrays)

    def __len__(self) -> int:
        return len(self._arrays)


Check = Callable[[Arrays], None]
"""Compares our functions with the arrays of a file."""

TOLERANCE = 2e-5
"""Of scores, as a share of the largest."""


def double(values: Any) -> torch.Tensor:
    """Return values in double precision."""
    return torch.as_tensor(np.asarray(values)).double()


def assert_near(ours: torch.Tensor, theirs: Any) -> None:
    """Scores agree to `TOLERANCE` of the largest."""
    expected = double(theirs)
    largest = float(expected.abs().max())
    torch.testing.assert_close(ours.double().cpu(), expected, rtol=0, atol=TOLERANCE * largest)
