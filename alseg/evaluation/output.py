"""The result of evaluating one checkpoint, as text and as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alseg.contracts import LabelSpace
from alseg.evaluation.request import Request
from alseg.storage.round_metrics import percent
from alseg.text.display import WIDTH
from alseg.text.layout import column, lay_out
from alseg.text.printable import printable
from alseg.toolkit.metrics import SCORER_VERSION, Metrics, metrics_of


@dataclass(frozen=True)
class Evaluated:
    """What was evaluated and what came out.

    Attributes:
        request: What was evaluated, and how.
        space: In which classes.
        images: How many images.
        iteration: Optimiser steps behind the weights, where the file says so.
        counts: int64 ``(C, C)``, rows ground truth, columns prediction.
    """

    request: Request
    space: LabelSpace
    images: int
    iteration: int | None
    counts: NDArray[np.int64]

    @property
    def metrics(self) -> Metrics:
        """What the counts say, in percent."""
        return metrics_of(self.counts, self.space)

    def as_text(self, width: int = WIDTH) -> str:
        """Return a table of classes with a heading and notes.

        Args:
            width: Columns that tables may take.
        """
        metrics, names = self.metrics, self.space.names
        pixels = self.counts.sum(axis=1)
        rows = [
            (name, f"{iou:.2f}" if count else "-", f"{100 * count / max(1, pixels.sum()):.2f}")
            for name, iou, count in zip(names, metrics.iou, pixels.tolist(), strict=True)
        ]
        present = len(names) - len(metrics.absent)
        rows += [(f"mean of {present}", f"{metrics.miou:.2f}", "")]
        rows += [(f"mean of {name}", f"{value:.2f}", "") for name, value in metrics.subsets.items()]
        rows += [("pixel accuracy", f"{metrics.accuracy:.2f}", "")]
        words, ious, shares = zip(*rows, strict=True)
        keys = [column("class", list(map(printable, words)), "left")]
        table = lay_out(keys, [[column("IoU", ious), column("% of labels", shares)]], width)
        lines = [*self._heading(), "", *(line.plain for line in table)]
        if metrics.absent:
            lines += [
                "",
                f"Left out of the mean, for no label shows them: {printable(', '.join(metrics.absent))}.",
            ]
        return "\n".join(lines)

    def as_json(self) -> dict[str, Any]:
        """Return everything as mappings, lists, text and numbers; percent are 0-100, None for no number."""
        metrics, request = self.metrics, self.request
        return {
            "checkpoint": str(request.weights),
            "iteration": self.iteration,
            "model": request.model.as_json(),
            "dataset": request.dataset.as_json(),
            "split": request.split,
            "images": self.images,
            "label_space": self.space.name,
            "size": None if request.size is None else list(request.size),
            "flip": request.flip,
            "window": None if request.window is None else list(request.window),
            "overlap": None if request.window is None else request.overlap,
            "precision": request.precision,
            "scorer": SCORER_VERSION,
            "miou": percent(metrics.miou),
            "accuracy": percent(metrics.accuracy),
            "iou": {name: percent(iou) for name, iou in zip(self.space.names, metrics.iou, strict=True)},
            "subsets": {name: percent(value) for name, value in metrics.subsets.items()},
            "absent": list(metrics.absent),
            "confusion": self.counts.tolist(),
        }

    def _heading(self) -> list[str]:
        request = self.request
        size = "native size" if request.size is None else f"{request.size[0]} x {request.size[1]}"
        windows = ""
        if request.window is not None:
            windows = f", windows of {request.window[0]} x {request.window[1]}"
        after = "" if self.iteration is None else f" after iteration {self.iteration:,}"
        return [
            f"{request.weights}: {request.model.name}{after}",
            f"{request.dataset.name} {request.split}: {self.images:,} images, {self.space.name}, "
            f"input {size} (height x width){windows}, "
            f"{'with' if request.flip else 'without'} mirrored averaging",
        ]
