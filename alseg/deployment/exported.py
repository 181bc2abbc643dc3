"""Exported networks: what their files say of themselves, and how they are run."""

from __future__ import annotations

import importlib
import json
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import torch
from pydantic import Field, TypeAdapter, ValidationError

from alseg.contracts import ClassInfo, LabelSpace
from alseg.contracts.types import WINDOW_OVERLAP
from alseg.errors import AlsegError

RECORD_NAME = "alseg.json"
"""Extra file of a TorchScript archive, and metadata of an ONNX file, with an `ExportRecord` as JSON."""
TORCHSCRIPT, ONNX = "network.torchscript", "network.onnx"
"""Names of exported networks."""
INPUT, OUTPUTS = "images", ("classes", "probabilities")
"""Names of the input and the outputs of an ONNX file."""

_SMALLEST = 1e-12

_Side = Annotated[int, Field(ge=1, le=65_536)]
_Channel = Annotated[int, Field(ge=0, le=255)]


@dataclass(frozen=True)
class ExportedClass:
    """One class: name and RGB colour 0-255."""

    name: Annotated[str, Field(max_length=1_000)]
    color: tuple[_Channel, _Channel, _Channel]


@dataclass(frozen=True, kw_only=True)
class ExportRecord:
    """What an exported network says of itself.

    Attributes:
        format: 1.
        made_by: ``alseg export`` with the version.
        run: Name of the run's folder.
        label_space: Name of the label space.
        classes: In the order of the network's channels.
        size: Height and width in pixels to which evaluation resizes images; None for the native size.
        window: Height and width of its sliding windows; None for whole images.
        overlap: Share of a window that the next one covers, too.
        flip: Whether it averages with the mirrored image.
        only_size: The one height and width that the file takes; None where it takes any.
    """

    format: Literal[1] = 1
    made_by: str
    run: str
    label_space: str
    classes: Annotated[tuple[ExportedClass, ...], Field(min_length=1, max_length=254)]
    size: tuple[_Side, _Side] | None = None
    window: tuple[_Side, _Side] | None = None
    overlap: Annotated[float, Field(ge=0, le=0.9)] = WINDOW_OVERLAP
    flip: bool = False
    only_size: tuple[_Side, _Side] | None = None

    @property
    def space(self) -> LabelSpace:
        """The classes as a label space."""
        classes = tuple(ClassInfo(each.name, each.color) for each in self.classes)
        return LabelSpace(self.label_space, f"Classes of {self.run}.", self.made_by, classes)

    def as_json(self) -> str:
        """Return the record as JSON."""
        return json.dumps(asdict(self), ensure_ascii=False)


_RECORD = TypeAdapter(ExportRecord)

Run = Callable[[torch.Tensor], tuple[torch.Tensor, torch.Tensor]]
"""Maps RGB, uint8 ``(B, 3, H, W)``, to classes, uint8 ``(B, H, W)``, and probabilities, float32
``(B, C, H, W)``."""


@dataclass(frozen=True)
class Exported:
    """An exported network that has been opened.

    Attributes:
        record: What it says of itself.
        run: Runs it.
        module: The TorchScript module; None of an ONNX file, which runs on the CPU.
    """

    record: ExportRecord
    run: Run
    module: torch.jit.ScriptModule | None

    @property
    def takes_device(self) -> bool:
        """Whether it can run elsewhere than on the CPU."""
        return self.module is not None


class ExportedNetwork(torch.nn.Module):
    """An exported network as a `SegmentationModel`: its logits are the logarithms of its probabilities.

    Args:
        exported: The network.
        device: Where it runs.
    """

    mean = (0.0, 0.0, 0.0)
    std = (1.0, 1.0, 1.0)

    def __init__(self, exported: Exported, device: torch.device | str) -> None:
        super().__init__()
        self._run = exported.run
        if exported.module is not None:
            exported.module.to(device)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Map images, float ``(B, 3, H, W)`` in 0-1, to logits, float32 ``(B, C, H, W)``."""
        pixels = (images * 255).round().to(torch.uint8)
        return self._run(pixels)[1].to(images.device).clamp(min=_SMALLEST).log()


def read_exported(path: Path) -> Exported:
    """Open a network that ``alseg export`` wrote.

    Raises:
        AlsegError: If the file is damaged, of another program, or needs a package that is not installed.
    """
    return _read_onnx(path) if path.suffix == ".onnx" else _read_torchscript(path)


def _read_torchscript(path: Path) -> Exported:
    extra = {RECORD_NAME: ""}
    try:
        with warnings.catch_warnings(action="ignore", category=FutureWarning):  # torch.export is to follow
            load: Any = torch.jit.load  # untyped
            module = load(str(path), map_location="cpu", _extra_files=extra)
    except (RuntimeError, ValueError) as error:  # of files that are no archives, or archives of others
        raise AlsegError(
            f"{path} is no exported network: torch cannot read it as TorchScript. Name a run folder, or a "
            "file that 'alseg export --as torchscript' or '--as onnx' has written."
        ) from error
    record = _record(path, extra[RECORD_NAME])
    module.eval()
    return Exported(record, module, module)


def _read_onnx(path: Path) -> Exported:
    runtime = require("onnxruntime")
    try:
        session = runtime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime has a class of its own for each reason
        raise AlsegError(f"{path} is no ONNX file that onnxruntime can run. Export it again.") from error
    record = _record(path, session.get_modelmeta().custom_metadata_map.get(RECORD_NAME, ""))
    return Exported(record, run_of_session(session), None)


def run_of_session(session: Any) -> Run:
    """Return how a session of onnxruntime is run."""

    def run(images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        classes, probabilities = session.run(list(OUTPUTS), {INPUT: images.cpu().numpy()})
        return torch.from_numpy(classes), torch.from_numpy(probabilities)

    return run


def require(package: str) -> Any:
    """Import a package of the extra ``onnx``.

    Raises:
        AlsegError: If it is not installed.
    """
    try:
        return importlib.import_module(package)
    except ImportError as error:
        raise AlsegError(
            f'ONNX needs the package {package}, which is not installed: pip install "alseg[onnx]"'
        ) from error


def _record(path: Path, text: str | bytes) -> ExportRecord:
    if not text:
        raise AlsegError(f"{path} was not written by 'alseg export': it does not say which classes it has.")
    try:
        return _RECORD.validate_json(text)
    except ValidationError as error:
        raise AlsegError(
            f"{path} is damaged, or of a later version of alseg: its {RECORD_NAME} cannot be read. "
            "Export it again."
        ) from error
