"""Networks as TorchScript or ONNX: raw RGB in, classes and probabilities out, checked on real images."""

from __future__ import annotations

import io
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import torch
from torch.nn import functional

from alseg.contracts import Size
from alseg.deployment.exported import (
    INPUT,
    ONNX,
    OUTPUTS,
    RECORD_NAME,
    TORCHSCRIPT,
    ExportRecord,
    Run,
    require,
    run_of_session,
)
from alseg.errors import AlsegError, one_line

Format = Literal["torchscript", "onnx"]

MOST_CHANGED = 0.001
"""Share of pixels whose class may differ between an exported network and its original."""
_SAME = 1e-3
"""Largest difference of a probability at which a size counts as one that the exported network takes."""
_OPSET = 18


class RawNetwork(torch.nn.Module):
    """A network with its normalisation before it, and its classes and probabilities at the images' size.

    Args:
        network: A `SegmentationModel`; put into evaluation mode.
    """

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.network = network
        self.mean, self.std = (
            torch.nn.Buffer(torch.tensor(values, dtype=torch.float32).view(1, 3, 1, 1))
            for values in (network.mean, network.std)
        )
        self.eval()  # all of it: the exporter of ONNX puts everything back into the mode of the whole

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Map images to classes and probabilities.

        Args:
            images: RGB 0-255, uint8 or float ``(B, 3, H, W)``.

        Returns:
            uint8 ``(B, H, W)``, the likeliest class; float32 ``(B, C, H, W)``, probabilities.
        """
        logits = self.network((images.float() / 255 - self.mean) / self.std).float()
        size = (images.shape[-2], images.shape[-1])
        logits = functional.interpolate(logits, size=size, mode="bilinear", align_corners=True)
        return logits.argmax(1).to(torch.uint8), logits.softmax(1)


@dataclass(frozen=True)
class Check:
    """How far an exported network is from its original, over all images that were tried.

    Attributes:
        images: How many.
        pixels: Of all of them.
        difference: The largest of a probability, 0-1.
        changed: Share of pixels with another class, 0-1.
    """

    images: int
    pixels: int
    difference: float
    changed: float


@dataclass(frozen=True)
class Export:
    """A file that has been made, not yet written.

    Attributes:
        content: Of the file.
        record: What it says of itself.
        check: How far it is from the original.
    """

    content: bytes
    record: ExportRecord
    check: Check


def export_network(
    network: Any, record: ExportRecord, kind: Format, images: Sequence[torch.Tensor]
) -> Export:
    """Make the file of a network and check it on real images.

    It is tried with any size first. A network whose code depends on the size of its images in a way that the
    format cannot hold gets a file for one size.

    Args:
        network: A `SegmentationModel` on the CPU.
        record: What the file is to say; which sizes it takes is filled in.
        kind: The format.
        images: Real images as the run's evaluation feeds them, uint8 ``(1, 3, h, w)``, at least one.

    Raises:
        AlsegError: If the format cannot hold the network, or `MOST_CHANGED` is exceeded.
    """
    raw = RawNetwork(network)
    problem: Exception | None = None
    only: Size = (images[0].shape[-2], images[0].shape[-1])
    for size in (None, only):
        made = replace(record, only_size=size)
        try:
            content, run = _MAKERS[kind](raw, made, images[0])
            if size is None and not _takes_any_size(raw, run, images[0]):
                continue
            found = _compare(raw, run, [each for each in images if size in (None, tuple(each.shape[-2:]))])
        except AlsegError:
            raise
        except Exception as error:  # tracers and exporters raise whatever they like
            problem = error
            continue
        if found.changed > MOST_CHANGED:
            raise AlsegError(
                f"Refused to write {kind}: on {found.images} images it predicts another class than the "
                f"original for {found.changed:.2%} of the pixels, more than {MOST_CHANGED:.2%}. "
                "Use another format."
            )
        return Export(content, made, found)
    reason = one_line(problem) if problem is not None else "its result depends on the size of the image"
    raise AlsegError(
        f"This network cannot be written as {kind}: {reason[:300]}. Use another format."
    ) from problem


def file_name(kind: Format) -> str:
    """Return what a file of a format is called."""
    return TORCHSCRIPT if kind == "torchscript" else ONNX


def _torchscript(raw: RawNetwork, record: ExportRecord, image: torch.Tensor) -> tuple[bytes, Run]:
    jit: Any = torch.jit  # untyped
    with _quiet(), torch.inference_mode():
        traced = jit.trace(raw, _example(record, image), check_trace=False)
        if record.only_size is not None:
            traced = jit.script(_OneSize(traced, *record.only_size))
        file = io.BytesIO()
        jit.save(traced, file, _extra_files={RECORD_NAME: record.as_json()})
        loaded = jit.load(io.BytesIO(file.getvalue()))
    return file.getvalue(), loaded.eval()


def _onnx(raw: RawNetwork, record: ExportRecord, image: torch.Tensor) -> tuple[bytes, Run]:
    onnx, runtime = require("onnx"), require("onnxruntime")
    example = _example(record, image)
    with _quiet(), torch.no_grad(), tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / ONNX
        try:
            _export_onnx(raw, example, path, record, dynamo=False)
        except torch.onnx.errors.UnsupportedOperatorError:
            # Antialiased resizing, as vision transformers do to their position embeddings.
            require("onnxscript")
            _export_onnx(raw, example, path, record, dynamo=True)
        model = onnx.load(str(path))
    entry = model.metadata_props.add()
    entry.key, entry.value = RECORD_NAME, record.as_json()
    content: bytes = model.SerializeToString()
    session = runtime.InferenceSession(content, providers=["CPUExecutionProvider"])
    return content, run_of_session(session)


def _export_onnx(
    raw: RawNetwork, example: torch.Tensor, path: Path, record: ExportRecord, *, dynamo: bool
) -> None:
    sides = {0: "batch", 2: "height", 3: "width"}
    names: dict[str, Any] = {"input_names": [INPUT], "output_names": list(OUTPUTS), "opset_version": _OPSET}
    if dynamo:
        any_side = dict.fromkeys(sides, torch.export.Dim.DYNAMIC)
        shapes = {INPUT: any_side} if record.only_size is None else None
        torch.onnx.export(
            raw,
            (example,),
            path,
            dynamo=True,
            external_data=False,
            dynamic_shapes=shapes,
            verbose=False,
            **names,
        )
        return
    if record.only_size is None:
        names["dynamic_axes"] = {
            INPUT: sides,
            OUTPUTS[0]: {0: "batch", 1: "height", 2: "width"},
            OUTPUTS[1]: sides,
        }
    torch.onnx.export(raw, (example,), str(path), dynamo=False, **names)


_MAKERS = {"torchscript": _torchscript, "onnx": _onnx}


class _OneSize(torch.nn.Module):
    """A traced network that refuses images of other sizes, whose results would be wrong without a word."""

    def __init__(self, traced: torch.jit.ScriptModule, height: int, width: int) -> None:
        super().__init__()
        self.traced, self.height, self.width = traced, height, width

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        if images.shape[-2] != self.height or images.shape[-1] != self.width:
            raise ValueError("This network takes images of one size only; see only_size in alseg.json.")
        classes, probabilities = self.traced(images)
        return classes, probabilities


def _example(record: ExportRecord, image: torch.Tensor) -> torch.Tensor:
    """Return the image that is traced: of odd sides where any size is to be taken.

    Networks pad sides that are no multiples of their stride. A trace follows one branch: that which pads, by
    nothing if need be, is right for every size.
    """
    return image if record.only_size is not None else _cut(image, 1)


def _cut(image: torch.Tensor, parts: int) -> torch.Tensor:
    """Return the upper left part of an image with odd sides."""
    height, width = ((side // parts - 1) // 2 * 2 + 1 for side in image.shape[-2:])
    return image[..., :height, :width].contiguous()


def _takes_any_size(raw: RawNetwork, run: Run, image: torch.Tensor) -> bool:
    """Whether an exported network says the same as the original for other sizes and two images at once."""
    for tried in (image, _cut(image, 1), _turned(image).repeat(2, 1, 1, 1)):
        try:
            with torch.inference_mode():
                classes, probabilities = raw(tried)
        except Exception:
            continue  # too small for the original
        try:
            with torch.inference_mode():
                found, shares = run(tried)
        except Exception:
            return False
        if found.shape != classes.shape or float((shares - probabilities).abs().max()) > _SAME:
            return False
    return True


def _turned(image: torch.Tensor) -> torch.Tensor:
    """Return an image with height and width exchanged."""
    return image.transpose(-1, -2).contiguous()


def _compare(raw: RawNetwork, run: Run, images: Sequence[torch.Tensor]) -> Check:
    difference, changed, pixels = 0.0, 0, 0
    with torch.inference_mode():
        for image in images:
            (classes, probabilities), (found, shares) = raw(image), run(image)
            difference = max(difference, float((shares - probabilities).abs().max()))
            changed += int((found != classes).sum())
            pixels += classes.numel()
    return Check(len(images), pixels, difference, changed / pixels)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the tracers' warnings from users: what they warn of is measured."""
    with warnings.catch_warnings(action="ignore"):
        yield
