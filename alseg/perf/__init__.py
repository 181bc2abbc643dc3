"""Benchmarks of alseg itself: each times our way beside a plain one that is obviously right.

Importing this package imports no torch, so that the command line can list what there is.
"""

from __future__ import annotations

from collections.abc import Mapping

BENCHMARKS: Mapping[str, str] = {
    "acquisition": "Score one image and pick.",
    "methods": "Every registered acquisition: time an image, memory and growth of a pool.",
    "selection": "Pick from a score that is there.",
    "loading": "Decode, resize and map labels for training.",
    "ledger": "Store what has been bought, read it and paint label maps.",
    "losses": "The losses of a training step, with their gradients.",
    "training": "A whole training step of a network.",
    "feeding": "How long a training step waits for files.",
    "step": "What acquisition adds to the forward pass.",
    "threads": "How torch's threads wait, on idle and on busy cores.",
    "executors": "Eight runs in two processes.",
    "planning": "How long eight runs take by alseg plan, and in fact.",
    "start": "Sizes and classes of 20,000 files, where they are kept.",
}
"""Each is a module of this package with ``run(options) -> Result``."""

ON_GPU = ("acquisition", "selection", "training", "feeding", "step")
"""Those that measure on a GPU, too; the others are about the processor, files and processes."""
