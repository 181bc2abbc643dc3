"""A run whose regions have changed since they were bought trains on no labels that nobody paid for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import alseg_partitions
from toys import run_folder, run_toy, toy_document


def write_masks(folder: Path, shift: int) -> None:
    """Write vertical stripes of 6 pixels as regions of the pool's images, moved by so many pixels."""
    folder.mkdir(exist_ok=True)
    ids = np.tile((np.arange(24) + shift) // 6, (12, 1)).astype(np.uint8)
    for index in range(6):
        Image.fromarray(ids).save(folder / f"train-{index}.png")


@pytest.mark.parametrize("shift", [0, 2])
def test_regions_that_have_changed_are_refused(tmp_path: Path, shift: int) -> None:
    masks = tmp_path / "masks"
    write_masks(masks, 0)
    method = {
        "label": "M",
        "acquisition": "random",
        "partition": {"name": "file", "root": str(masks)},
        "annotation": "superpixel",
        "budget": "50%",
    }
    document = toy_document(methods=[method])
    assert run_toy(tmp_path, document, alseg_partitions).done == 1
    folder = run_folder(tmp_path, "m")
    # As if it had been killed after the first purchase.
    for path in [
        folder / "weights.pt",
        *(folder / "rounds" / "02").iterdir(),
        *(folder / "rounds" / "01").glob("m*"),
    ]:
        path.unlink()
    write_masks(masks, shift)
    outcome = run_toy(tmp_path, document, alseg_partitions)
    if shift:
        [(_, problem)] = outcome.failed
        assert "are not those about which the run has asked" in problem
        assert problem.endswith("Put them back as they were, or begin the run anew with --fresh.")
    else:
        assert outcome.done == 1
