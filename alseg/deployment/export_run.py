"""The final network of a run as one file, checked on images of the run's target."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from alseg import version
from alseg.contracts import Size
from alseg.data.subset import evenly
from alseg.deployment.exported import ExportedClass, ExportRecord
from alseg.deployment.exporting import Format, export_network, file_name
from alseg.deployment.files import write_bytes, write_classes
from alseg.errors import AlsegError
from alseg.evaluation.request import Options, Request, complete
from alseg.files import write_text
from alseg.inspection.loaded_network import filled_model, require_weights
from alseg.inspection.saved_run import SavedRun
from alseg.registry.registry import Registry
from alseg.toolkit.imaging import read_image, resize_image

_CHECKED = 4
"""Images on which a network is checked unless they are named."""
_LONGEST = 2048
"""Pixels of the longer side of a checked image of native size; of a larger one, the upper left part."""


def export_run(
    run: SavedRun, registry: Registry, kind: Format, checks: Sequence[Path], root: Path | None, output: Path
) -> str:
    """Write a run's final network and its classes.

    Args:
        run: The run.
        registry: Where names are looked up.
        kind: The format.
        checks: Images on which it is checked; empty for some evaluation images.
        root: Folder of the data sets; None for the one the run has used.
        output: Folder for the files.

    Returns:
        What was written and how far it is from the original, for people.

    Raises:
        AlsegError: If the run is not done, there are no images to check it on, the format cannot hold it, or
            it differs too much.
    """
    require_weights(run.folder)
    request = complete(Options(checkpoint=run.folder, root=root), registry)
    model, _ = filled_model(request, registry, len(run.space.classes))
    images = [_as_evaluated(image, request) for image in _images(run, checks)]
    made = export_network(model.cpu(), _record(run, request), kind, images)
    path = output / file_name(kind)
    write_bytes(path, made.content)
    write_text(output / "alseg.json", made.record.as_json() + "\n")
    write_classes(output, run.space)
    check, only = made.check, made.record.only_size
    sizes = "images of any size" if only is None else f"images of {only[0]} x {only[1]} only (height x width)"
    return (
        f"Wrote {path}, which takes {sizes}. On {check.images} images, its probabilities differ from the "
        f"original's by {check.difference:.1g} at most, and its classes at {check.changed:.4%} of the pixels."
    )


def _record(run: SavedRun, request: Request) -> ExportRecord:
    return ExportRecord(
        made_by=f"alseg export {version.installed_version()}",
        run=run.folder.resolve().name,
        label_space=run.space.name,
        classes=tuple(ExportedClass(info.name, info.color) for info in run.space.classes),
        size=request.size,
        window=request.window,
        overlap=request.overlap,
        flip=request.flip,
    )


def _images(run: SavedRun, checks: Sequence[Path]) -> Iterator[NDArray[np.uint8]]:
    """Yield the images to check on, uint8 RGB ``(H, W, 3)``."""
    if checks:
        yield from map(read_image, checks)
        return
    try:
        dataset = (run.evaluation or run.pool).dataset
        found = [dataset.image(index) for index in evenly(len(dataset), _CHECKED)]
    except AlsegError as error:
        raise AlsegError(
            f"The exported network cannot be checked on the run's images: {error} "
            "Name images with --check, or the folder of the data sets with --root."
        ) from error
    yield from found


def _as_evaluated(image: NDArray[np.uint8], request: Request) -> torch.Tensor:
    """Return an image as the network sees it, uint8 ``(1, 3, h, w)``: at its input size, or one window."""
    native: Size = (image.shape[0], image.shape[1])
    planes = resize_image(image, request.size or native)
    height, width = request.window or (_LONGEST, _LONGEST)
    return torch.from_numpy(np.ascontiguousarray(planes[None, :, :height, :width]))
