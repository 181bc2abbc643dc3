"""A network ready to predict: of a run, or exported, with what its evaluation settings say of images."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from alseg.contracts import LabelSpace, Size
from alseg.deployment.exported import ExportedNetwork, read_exported
from alseg.errors import AlsegError
from alseg.evaluation.request import Options, complete
from alseg.inference.predict import InferenceOptions, predict
from alseg.inference.strips import LARGE, strips_of
from alseg.inspection.loaded_network import load_network, require_weights
from alseg.inspection.saved_run import SavedRun
from alseg.registry.registry import Registry
from alseg.storage.layout import RUN_NAME

WINDOW_OF_LARGE: Size = (1024, 1024)
"""Windows of images above `LARGE` pixels, where neither a run nor a user says how they fit the network."""

_ROWS = 256


@dataclass(frozen=True, kw_only=True)
class Changes:
    """What a user wants other than in the run's evaluation; None for the same.

    Attributes:
        size: Input size in pixels, or ``native``.
        flip: Whether predictions are averaged with those of the mirrored image.
        window: Height and width of sliding windows in pixels, or ``none``.
        overlap: Share of a window that the next one covers, too.
    """

    size: Size | str | None = None
    flip: bool | None = None
    window: Size | str | None = None
    overlap: float | None = None


@dataclass(frozen=True)
class Predicted:
    """What a network says of one image.

    Attributes:
        classes: uint8 ``(H, W)``, the likeliest class.
        confidence: uint16 ``(H, W)``, its probability times 65,535, rounded.
    """

    classes: NDArray[np.uint8]
    confidence: NDArray[np.uint16]


class Network:
    """A network, its classes, and how images are fed to it.

    Args:
        name: What it is called: the run's folder, or the exported file.
        model: In evaluation mode, on its device.
        space: The classes that it predicts.
        options: How images are fed to it, one at a time.
    """

    def __init__(self, name: str, model: Any, space: LabelSpace, options: InferenceOptions) -> None:
        self.name, self.space, self.options = name, space, replace(options, batch_size=1, overlap=False)
        self._model = model
        model.eval()

    def options_for(self, size: Size) -> InferenceOptions:
        """Return how an image of a height and width is fed: a large one of native size always in windows."""
        options = self.options
        if size[0] * size[1] > LARGE and options.size is None and options.window is None:
            return replace(options, window=WINDOW_OF_LARGE)
        return options

    def predict(self, image: NDArray[np.uint8]) -> Predicted:
        """Return what the network says of an image, uint8 RGB ``(H, W, 3)``.

        Images of at most `LARGE` pixels are predicted as in the run's evaluation. Larger ones are predicted
        in strips, so that memory does not grow with the number of classes times that of pixels.

        Raises:
            AlsegError: If the network does not take such an image.
        """
        size = (image.shape[0], image.shape[1])
        classes, confidence = np.empty(size, np.uint8), np.empty(size, np.uint16)
        for first, scores in self._scores(image, self.options_for(size)):
            for row in range(0, scores.shape[1], _ROWS):
                part = scores[:, row : row + _ROWS]
                rows = slice(first + row, first + row + part.shape[1])
                classes[rows] = part.argmax(0).to(device="cpu", dtype=torch.uint8).numpy()
                likeliest = (part if self.options.flip else part.softmax(0)).amax(0)
                confidence[rows] = (likeliest.clamp(0, 1) * 65535).round().cpu().numpy().astype(np.uint16)
        return Predicted(classes, confidence)

    def _scores(
        self, image: NDArray[np.uint8], options: InferenceOptions
    ) -> Iterator[tuple[int, torch.Tensor]]:
        if image.shape[0] * image.shape[1] > LARGE:
            yield from strips_of(self._model, image, options)
            return
        for prediction in predict(self._model, _OneImage(image), options):
            yield 0, prediction.logits


def open_network(path: Path, registry: Registry, changes: Changes, device: str) -> Network:
    """Open the final network of a run, or an exported one.

    Args:
        path: A run folder, or a file that `alseg export` wrote.
        registry: Where names are looked up.
        changes: What is wanted other than in the run's evaluation.
        device: In the words of ``settings.device``.

    Raises:
        AlsegError: If it is neither, the run is not done, or an option does not fit the network.
    """
    if path.is_file():
        return _of_export(path, changes, device)
    if not (path / RUN_NAME).is_file():
        raise AlsegError(
            f"{path} is no run folder: it has no run.json. "
            "Name a run, a results folder or an exported network."
        )
    require_weights(path)
    return _of_run(path, registry, changes, device)


def _of_run(folder: Path, registry: Registry, changes: Changes, device: str) -> Network:
    asked = Options(
        checkpoint=folder,
        size=changes.size,
        flip=changes.flip,
        window=changes.window,
        overlap=changes.overlap,
    )
    request, space = complete(asked, registry), SavedRun(folder, registry).space
    loaded = load_network(request, registry, len(space.classes), device)
    return Network(folder.resolve().name, loaded.model, space, loaded.options)


def _of_export(path: Path, changes: Changes, device: str) -> Network:
    from alseg.training.device import find_device

    exported = read_exported(path)
    record, where = exported.record, find_device(device)
    size, window = record.size, record.window
    if changes.size is not None:
        size = None if isinstance(changes.size, str) else changes.size
    if changes.window is not None:
        window = None if isinstance(changes.window, str) else changes.window
    if changes.overlap is not None and window is None:
        raise AlsegError("--overlap needs windows. Give their size with --window HxW.")
    if record.only_size is not None and record.only_size not in (size, window):
        height, width = record.only_size
        raise AlsegError(
            f"{path} takes images of {height} x {width} pixels (height x width) only. Leave out --size and "
            f"--window, or set one of them to {height}x{width}."
        )
    options = InferenceOptions(
        size=size,
        flip=record.flip if changes.flip is None else changes.flip,
        window=window,
        window_overlap=record.overlap if changes.overlap is None else changes.overlap,
        device=where if exported.takes_device else "cpu",
    )
    return Network(path.name, ExportedNetwork(exported, options.device), record.space, options)


class _OneImage:
    """A data set of one image that is decoded already, uint8 RGB ``(H, W, 3)``."""

    def __init__(self, image: NDArray[np.uint8]) -> None:
        self._image = image

    def __len__(self) -> int:
        return 1

    def image_id(self, index: int) -> str:
        return "image"

    def size(self, index: int) -> Size:
        return self._image.shape[0], self._image.shape[1]

    def image(self, index: int) -> NDArray[np.uint8]:
        return self._image

    def label(self, index: int) -> NDArray[np.uint8]:
        raise ValueError(f"images to predict have no labels, that of image {index} was asked for")
