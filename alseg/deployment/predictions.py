"""Predictions of many image files as files: one image is decoded, one predicted, one written at a time."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alseg.deployment.files import (
    MARK,
    classes_as_json,
    classes_csv,
    encoded_confidence,
    encoded_mask,
    encoded_overlay,
    refuse_foreign,
    write_bytes,
)
from alseg.deployment.images import ImageFile, decoded_images
from alseg.deployment.network import Network, Predicted
from alseg.errors import AlsegError, DataError
from alseg.files import write_text
from alseg.inference.prefetch import ahead, behind

MASKS, OVERLAYS, CONFIDENCE = "masks", "overlays", "confidence"
"""Folders of the outputs."""

_HOW_TO_READ = {
    MASKS: "PNG, 8 bits, one channel: each pixel is the index of its class; the palette gives colours.",
    CONFIDENCE: "PNG, 16 bits, one channel: value / 65535 is the probability of the class in the mask.",
    OVERLAYS: "JPEG: the image, half covered by the colours of the classes.",
}


class _Done(NamedTuple):
    """An image that has been predicted."""

    file: ImageFile
    pixels: NDArray[np.uint8]
    predicted: Predicted


@dataclass(frozen=True, kw_only=True)
class PredictionFolder:
    """Where predictions are written, and which.

    Attributes:
        folder: The folder.
        overlays: Whether colours are laid over the images.
        confidence: Whether the probability of the predicted class is written.
        overwrite: Whether files that ``alseg predict`` has written may be replaced.
    """

    folder: Path
    overlays: bool = False
    confidence: bool = False
    overwrite: bool = False

    def paths_of(self, file: ImageFile) -> dict[str, Path]:
        """Return where the outputs of an image are written, by the name of their folder."""
        wanted = {MASKS: ".png"}
        wanted |= {OVERLAYS: ".jpg"} if self.overlays else {}
        wanted |= {CONFIDENCE: ".png"} if self.confidence else {}
        return {kind: self.folder / kind / f"{file.name}{ending}" for kind, ending in wanted.items()}

    def refuse_foreign(self, files: Sequence[ImageFile]) -> None:
        """Refuse to predict images whose outputs would replace files that must stay.

        Raises:
            AlsegError: Names the first of them.
        """
        for file in files:
            for path in self.paths_of(file).values():
                refuse_foreign(path, overwrite=self.overwrite)

    def write_legend(self, network: Network) -> None:
        """Write ``classes.csv`` and ``classes.json``: the classes, and how the outputs are read.

        Raises:
            AlsegError: If there are such files already that say something else.
        """
        kinds = (MASKS, *([OVERLAYS] if self.overlays else []), *([CONFIDENCE] if self.confidence else []))
        options = network.options
        legend = {
            "made_by": MARK,
            "network": network.name,
            "size": options.size,
            "window": options.window,
            "flip": options.flip,
            "outputs": {kind: _HOW_TO_READ[kind] for kind in kinds},
            "classes": classes_as_json(network.space),
        }
        texts = {
            "classes.json": json.dumps(legend, ensure_ascii=False, indent=1) + "\n",
            "classes.csv": classes_csv(network.space),
        }
        for name, text in texts.items():
            self._refuse_other(self.folder / name, text)
        for name, text in texts.items():
            write_text(self.folder / name, text)

    def _refuse_other(self, path: Path, text: str) -> None:
        """Refuse to replace a legend that is not this one and may be of files that stay."""
        if not path.exists() or (self.overwrite and self._is_own_legend()):
            return
        if path.read_bytes() != text.encode():
            raise AlsegError(
                f"{path} exists, and says something else than these predictions would. "
                "Name another folder with -o."
            )

    def _is_own_legend(self) -> bool:
        try:
            said = json.loads((self.folder / "classes.json").read_bytes())
        except (OSError, ValueError):
            return False
        return isinstance(said, dict) and said.get("made_by") == MARK

    def write(self, done: _Done, network: Network) -> None:
        """Write the outputs of one image."""
        for kind, path in self.paths_of(done.file).items():
            refuse_foreign(path, overwrite=self.overwrite)  # it may have come since the work began
            if kind == MASKS:
                content = encoded_mask(done.predicted.classes, network.space)
            elif kind == OVERLAYS:
                content = encoded_overlay(done.pixels, done.predicted.classes, network.space)
            else:
                content = encoded_confidence(done.predicted.confidence)
            write_bytes(path, content)


def predict_files(
    network: Network,
    files: Sequence[ImageFile],
    output: PredictionFolder,
    *,
    on_image: Callable[[], None] = lambda: None,
    on_problem: Callable[[str], None],
) -> int:
    """Predict images one after the other and write the outputs of each.

    Args:
        network: The network.
        files: The images.
        output: Where and what is written.
        on_image: Called after every image.
        on_problem: Given one sentence about each image that cannot be used; the others go on.

    Returns:
        How many images could not be used.

    Raises:
        AlsegError: If an output cannot be written.
    """
    problems = 0

    def write(item: _Done | str) -> str:
        if isinstance(item, str):
            return item
        output.write(item, network)
        return ""

    with closing(behind(write, _predicted(network, files))) as written:
        for problem in written:
            if problem:
                problems += 1
                on_problem(problem)
            on_image()
    return problems


def _predicted(network: Network, files: Sequence[ImageFile]) -> Iterator[_Done | str]:
    """Yield what is predicted of each image, or what is wrong with it."""
    with closing(ahead(decoded_images(files))) as images:
        for file, pixels in images:
            if isinstance(pixels, DataError):
                yield str(pixels)
                continue
            try:
                yield _Done(file, pixels, network.predict(pixels))
            except AlsegError as error:  # such as an image too small for the network
                yield f"{file.path} cannot be predicted: {error}"
