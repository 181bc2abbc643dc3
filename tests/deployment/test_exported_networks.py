from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result
from PIL import Image
from torch.nn import functional

from alseg.cli import export, main, predict
from alseg.config.building import build
from alseg.config.components import read_component
from alseg.deployment import exporting
from alseg.deployment.exported import ExportedClass, ExportRecord, read_exported
from alseg.deployment.exporting import export_network
from alseg.errors import AlsegError
from alseg.registry.loading import load_registry
from photos import write_photos
from toys import Stripes, TinyNet, run_toy, toy_document, toy_registry

KINDS = ("torchscript", "onnx")
FAMILIES: dict[str, tuple[str, ...]] = {
    "deeplab-v2": ("backbone=resnet50", "weights=none"),
    "deeplab-v3plus": ("backbone=resnet50", "weights=none"),
    "smp": ("weights=none", "architecture=Unet", "encoder=resnet18"),
    "segformer": ("weights=none",),
    "dpt": ("weights=none",),
    "vit-linear": ("weights=none",),
}
"""Every network of ours that needs no file from elsewhere, as small as it gets."""


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("toy")
    run_toy(folder)
    return next(folder.rglob("runs")).parent


@pytest.fixture(autouse=True)
def toys_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (predict, export):
        monkeypatch.setattr(module, "read_registry", toy_registry)


@pytest.fixture
def run(results: Path) -> Path:
    return next(results.glob("runs/entropy__*"))


def alseg(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [*map(str, arguments)])


def needed(kind: str) -> None:
    if kind == "onnx":
        for package in ("onnx", "onnxruntime"):
            pytest.importorskip(package, reason=f"{package} of the extra onnx is not installed")


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.array(image)


def record(classes: int = 3) -> ExportRecord:
    names = tuple(ExportedClass(f"class {index}", (index, 0, 0)) for index in range(classes))
    return ExportRecord(made_by="tests", run="run", label_space="space", classes=names)


def photo(height: int, width: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    coarse = torch.rand((1, 3, 6, 8), generator=generator)
    smooth = functional.interpolate(coarse, size=(height, width), mode="bilinear")
    return (smooth * 255).to(torch.uint8)


@pytest.mark.parametrize("kind", KINDS)
def test_an_exported_network_predicts_what_its_run_does(kind: str, run: Path, tmp_path: Path) -> None:
    needed(kind)
    result = alseg("export", run, "--as", kind, "-o", tmp_path / "net")
    assert result.exit_code == 0, result.output
    file = tmp_path / "net" / f"network.{kind}"
    assert result.stderr.startswith(
        f"Wrote {file}, which takes images of any size. On 4 images, its probabilities differ from the "
        "original's by "
    )
    assert result.stderr.endswith(" at most, and its classes at 0.0000% of the pixels.\n")
    write_photos(tmp_path / "photos", Stripes("val", 6, (12, 24)))
    write_photos(tmp_path / "photos", Stripes("odd", 1, (31, 45)))
    for model, out in ((run, "run"), (file, "file")):
        found = alseg("predict", model, tmp_path / "photos", "--confidence", "-o", tmp_path / out)
        assert found.exit_code == 0, found.output
    for mask in (tmp_path / "run" / "masks").iterdir():
        assert np.array_equal(pixels(mask), pixels(tmp_path / "file" / "masks" / mask.name))
        sure, other = (
            pixels(tmp_path / way / "confidence" / mask.name).astype(int) for way in ("run", "file")
        )
        assert np.abs(sure - other).max() <= 2  # of 65,535
    legend = json.loads((tmp_path / "file" / "classes.json").read_text())
    assert [each["name"] for each in legend["classes"]] == ["red", "green", "blue"]


def test_windows_size_and_mirroring_of_the_run_go_with_the_file(tmp_path: Path) -> None:
    evaluation = {"size": [18, 30], "flip": True, "window": [16, 16], "overlap": 0.25}
    run_toy(tmp_path, toy_document(evaluation=evaluation))
    run = next(tmp_path.rglob("runs/entropy*"))
    assert alseg("export", run, "--as", "torchscript", "-o", tmp_path / "net").exit_code == 0
    said = json.loads((tmp_path / "net" / "alseg.json").read_text())
    assert [said[key] for key in ("size", "flip", "window", "overlap")] == [[18, 30], True, [16, 16], 0.25]
    write_photos(tmp_path / "photos", Stripes("val", 2, (12, 24)))
    for model, out in ((run, "run"), (tmp_path / "net" / "network.torchscript", "file")):
        assert alseg("predict", model, tmp_path / "photos", "-o", tmp_path / out).exit_code == 0
    for name in ("val-0.png", "val-1.png"):
        one, other = (pixels(tmp_path / way / "masks" / name) for way in ("run", "file"))
        assert np.array_equal(one, other)


def test_any_program_runs_torchscript_on_raw_rgb(run: Path, tmp_path: Path) -> None:
    assert alseg("export", run, "--as", "torchscript", "-o", tmp_path).exit_code == 0
    loaded = torch.jit.load(tmp_path / "network.torchscript")
    image = torch.from_numpy(Stripes("val", 1, (12, 24)).image(0)).permute(2, 0, 1)[None]
    classes, probabilities = loaded(image)
    assert (classes.dtype, classes.shape) == (torch.uint8, (1, 12, 24))
    assert (probabilities.dtype, probabilities.shape) == (torch.float32, (1, 3, 12, 24))
    torch.testing.assert_close(probabilities.sum(1), torch.ones(1, 12, 24))
    assert torch.equal(probabilities.argmax(1).to(torch.uint8), classes)


def test_the_best_run_of_a_results_folder_is_exported(results: Path, tmp_path: Path) -> None:
    result = alseg("export", results, "--as", "torchscript", "-o", tmp_path)
    assert result.exit_code == 0, result.output
    assert result.stderr.startswith("note: Network of ")
    assert "the highest mean IoU of 3 runs" in result.stderr


def test_a_network_can_be_checked_on_named_images(run: Path, tmp_path: Path) -> None:
    [image] = write_photos(tmp_path, Stripes("other", 1, (20, 30)))
    result = alseg("export", run, "--as", "torchscript", "--check", image, "-o", tmp_path / "export")
    assert "On 1 images, its probabilities" in result.stderr


class Normed(TinyNet):
    """Has a norm that in training sees other statistics than in evaluation."""

    def __init__(self, num_classes: int) -> None:
        super().__init__(num_classes)
        self.norm = torch.nn.BatchNorm2d(num_classes)
        self.norm.running_mean.fill_(3.0)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.norm(super().forward(images))


@pytest.mark.parametrize("kind", KINDS)
def test_the_network_stays_in_evaluation_while_it_is_written_and_checked(kind: Any) -> None:
    needed(kind)
    torch.manual_seed(0)
    network = Normed(3).train()
    made = export_network(network, record(), kind, [photo(16, 24)])
    assert not network.training
    assert not network.norm.training
    assert made.check.difference < 1e-5
    assert made.record.only_size is None


class Branching(TinyNet):
    """Turns its logits around for some widths, in a branch that a trace cannot follow."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return super().forward(images) * (1.0 if int(images.shape[-1]) % 4 else -1.0)


def test_what_depends_on_the_size_is_written_for_one_size_and_refuses_others(tmp_path: Path) -> None:
    torch.manual_seed(0)
    image = photo(16, 24)
    network = Branching(3)
    made = export_network(network, record(), "torchscript", [image])
    assert made.record.only_size == (16, 24)
    assert made.check.difference == 0
    (tmp_path / "network.torchscript").write_bytes(made.content)
    opened = read_exported(tmp_path / "network.torchscript")
    assert torch.equal(opened.run(image)[0], exporting.RawNetwork(network)(image)[0])
    with pytest.raises(Exception, match="This network takes images of one size only"):
        opened.run(photo(16, 25))


def test_a_file_that_predicts_other_classes_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def turned(raw: Any, made: ExportRecord, image: torch.Tensor) -> tuple[bytes, Any]:
        def run(images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            classes, probabilities = raw(images)
            changed = classes.clone()
            changed[..., 0] = (changed[..., 0] + 1) % 3
            return changed, probabilities

        return b"", run

    monkeypatch.setitem(exporting._MAKERS, "torchscript", turned)
    # One of 24 columns is another class: 4.17%.
    with pytest.raises(AlsegError) as caught:
        export_network(TinyNet(3), record(), "torchscript", [photo(16, 24)])
    assert str(caught.value) == (
        "Refused to write torchscript: on 1 images it predicts another class than the original for 4.17% of "
        "the pixels, more than 0.10%. Use another format."
    )


def test_torchscript_of_others_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "other.torchscript"
    torch.jit.save(torch.jit.script(torch.nn.Conv2d(3, 3, 1)), file)
    with pytest.raises(AlsegError) as caught:
        read_exported(file)
    assert str(caught.value) == (
        f"{file} was not written by 'alseg export': it does not say which classes it has."
    )


def test_a_missing_package_is_named(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "onnx", None)
    result = alseg("export", run, "--as", "onnx", "-o", tmp_path)
    assert result.exit_code == 2
    assert result.stderr == (
        'Error: ONNX needs the package onnx, which is not installed: pip install "alseg[onnx]"\n'
    )


def test_all_networks_that_are_registered_are_tried() -> None:
    others = {"transformers"}  # needs a checkpoint of the hub
    assert set(load_registry().models) - others == set(FAMILIES)


def tried() -> Iterator[Any]:
    """Yield each family with each format; torch's newer exporter, which transformers need, takes minutes."""
    for family in FAMILIES:
        for kind in KINDS:
            long = kind == "onnx" and family in ("dpt", "vit-linear")
            yield pytest.param(family, kind, marks=pytest.mark.nightly if long else ())


@pytest.mark.slow
@pytest.mark.parametrize(("family", "kind"), list(tried()))
def test_every_network_is_written_as_it_is(family: str, kind: str) -> None:
    needed(kind)
    if kind == "onnx" and family in ("dpt", "vit-linear"):
        pytest.importorskip("onnxscript", reason="onnxscript of the extra onnx is not installed")
    registry = load_registry()
    torch.manual_seed(0)
    network = build(
        registry, "models", read_component(registry, "models", family, FAMILIES[family]), num_classes=3
    )
    made = export_network(network, record(), kind, [photo(64, 96)])
    assert made.check.difference < 1e-4
    assert made.check.changed <= exporting.MOST_CHANGED
    expected = (64, 96) if kind == "onnx" and family in ("dpt", "vit-linear") else None
    assert made.record.only_size == expected
