"""A data set to which images are added: stripes listed in a file, and more once a run has come so far."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from alseg import hookimpl
from alseg.contracts import DatasetSpec, Size
from toys import Stripes, toy_document

WHEN_ROUND_1_IS_DONE = "../results/toy/runs/*/rounds/01/metrics.json"
"""Files under the data's root that exist from the end of round 1 on."""

METHOD = {
    "label": "Entropy",
    "acquisition": "entropy",
    "annotation": {"name": "region", "radius": 1},
    "budget": "20%",
}


class Listed:
    """Stripes of the names ``train-N`` in ``names.txt``, sorted; those in ``more.txt`` join them later."""

    def __init__(self, root: Path, after: str) -> None:
        names = (root / "names.txt").read_text().split()
        if after and any(root.glob(after)):
            names += (root / "more.txt").read_text().split()
        self._names = sorted(names)
        resized = root / "resized.txt"
        self._resized = resized.read_text().split() if resized.exists() else []

    def __len__(self) -> int:
        return len(self._names)

    def image_id(self, index: int) -> str:
        return self._names[index]

    def size(self, index: int) -> Size:
        return self._stripes(index)[0].size(0)

    def image(self, index: int) -> NDArray[np.uint8]:
        stripes, number = self._stripes(index)
        return stripes.image(number)

    def label(self, index: int) -> NDArray[np.uint8]:
        stripes, number = self._stripes(index)
        return stripes.label(number)

    def stamp(self, index: int) -> str:
        return self._names[index]

    def group(self, index: int) -> str:
        return f"group {self._stripes(index)[1] % 2}"

    def _stripes(self, index: int) -> tuple[Stripes, int]:
        name = self._names[index]
        size = (12, 26) if name in self._resized else (12, 24)
        return Stripes("train", 100, size), int(name.rsplit("-", 1)[1])


def build_listed(*, root: Path, split: str, after: str = "") -> Listed | Stripes:
    return Listed(root, after) if split == "train" else Stripes(split, 6, (12, 24))


class GrowingPlugin:
    """The data set ``listed``."""

    @hookimpl
    def register_datasets(self) -> list[DatasetSpec]:
        texts = {"summary": "Stripes.", "source": "alseg's tests", "label_space": "stripes-3"}
        return [DatasetSpec(name="listed", build=build_listed, **texts)]


def write_names(folder: Path, *numbers: int, file: str = "names.txt") -> None:
    """List images in the data's root under a folder."""
    root = folder / "data"
    root.mkdir(parents=True, exist_ok=True)
    (root / file).write_text("\n".join(f"train-{number:02d}" for number in numbers))


def growing_document(folder: Path, after: str = "", **changes: object) -> dict[str, object]:
    """Return an experiment whose pool may grow; its data lie under a folder."""
    target = {"name": "listed", "after": after, "root": str(folder / "data")}
    return toy_document(
        scenario={"source": "stripes", "target": target, "pool": "growing"},
        **{"methods": [METHOD], **changes},
    )
