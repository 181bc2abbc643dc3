"""The tutorials of docs/tutorials do what they say; experiments are run in small."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from alseg_ripu.published import published_results
from documents import DOCS, REPOSITORY, blocks, section
from install import skip_unless_alseg_is_installed
from people import call
from walkthrough import Walkthrough

TUTORIALS = DOCS / "tutorials"
STREETS = [
    f"scenario.{domain}.{key}"
    for domain in ("source", "target")
    for key in ("height=32", "width=64", "count=4")
]
NETWORK = [
    "model={name: smp, architecture: Unet, encoder_depth: 3, decoder_channels: [8, 8, 8], weights: none}"
]
SHORT = ["recipe.iterations=3", "recipe.source_size=[32, 64]", "recipe.target_size=[32, 64]"]
CPU = ["settings={device: cpu, threads: 1}"]


def nothing(_: str) -> None:
    """Leave nothing to be done by people."""


def walk(
    name: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    *overrides: str,
    more: Mapping[str, Sequence[str]] | None = None,
    before: Callable[[str], None] = nothing,
) -> Walkthrough:
    """Follow a tutorial, its experiments in small; ``more`` has options by the first words of commands."""
    skip_unless_alseg_is_installed()
    reader = Walkthrough(folder, monkeypatch, {"alseg run": overrides, **(more or {})}, before)
    assert reader.follow(TUTORIALS / f"{name}.md") > 0
    return reader


@pytest.mark.slow
def test_the_tutorial_about_acquisitions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    walk(
        "acquisition",
        tmp_path,
        monkeypatch,
        *STREETS,
        "scenario.target.val_count=2",
        *NETWORK,
        *SHORT,
        *CPU,
        "rounds=[1]",
        "seeds=[0]",
    )
    assert (tmp_path / "confusion.html").stat().st_size > 10_000
    assert list((tmp_path / "dist").glob("alseg_confusion-0.1-*.whl"))


@pytest.mark.slow
def test_the_tutorial_about_images_of_your_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    walk("own-images", tmp_path, monkeypatch, *NETWORK, *CPU, "recipe.iterations=3", "rounds=[1, 2]")
    assert len(list((tmp_path / "masks" / "masks").glob("*.png"))) == 8
    assert (tmp_path / "network" / "network.torchscript").exists()


@pytest.mark.slow
def test_the_tutorial_about_data_sets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    walk("dataset", tmp_path, monkeypatch, more={"alseg check": ["--timeout", "600"]})
    folder = tmp_path / "alseg-rivers"
    assert len(list((folder / "tiny-data").rglob("*.jpg"))) == 2 * 2 * 6
    assert len(list((folder / "results" / "rivers-tiny" / "runs").iterdir())) == 3


@pytest.mark.slow
def test_the_tutorial_about_recipes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    [plugin] = [block for block in blocks(DOCS / "plugins.md", "python") if "class EmaTeacher" in block]
    (tmp_path / "alseg_ema_teacher.py").write_text(plugin, encoding="utf-8")
    size = [f"methods.{number}.{change}" for number in (1, 2) for change in SHORT]
    walk("recipe", tmp_path, monkeypatch, *STREETS, *NETWORK, *SHORT, *size, *CPU, "rounds=[1]", "seeds=[0]")


def test_the_tutorial_about_significance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    published = Path("results") / "published" / "answers"
    shutil.copytree(REPOSITORY / published, tmp_path / published)
    reader = walk("significance", tmp_path, monkeypatch)
    assert "equivalent within ±2" in reader.printed


def test_the_experiment_of_the_concepts_is_valid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    skip_unless_alseg_is_installed()
    reader = Walkthrough(tmp_path, monkeypatch)
    assert reader.follow(DOCS / "concepts.md") == 0
    assert reader.validated == 1


@pytest.mark.nightly
def test_the_tutorial_about_ripu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(REPOSITORY / "experiments", tmp_path / "experiments")

    def download(command: str) -> None:
        """Put data where the tutorial leaves the download to the reader."""
        if command == "alseg data":
            for name in ("gtav", "synthia", "cityscapes"):
                call("data", "fake", name, "data", "--count", "4", "--size", "64x128")

    sizes = [f"{key}=[32, 64]" for key in ("recipe.source_size", "recipe.target_size", "evaluation.size")]
    short = [
        "recipe.iterations=2",
        "rounds=[1]",
        "model.backbone=resnet50",
        "model.weights=none",
        "settings={device: cpu}",
    ]
    rows = ["--only=method=RIPU RA 2.2%, V2", "--only=seed=0"]
    # Budgets of the released code are those of images of 2048 x 1024.
    released = {
        "alseg run experiments/gta2city-released.yaml": [f"methods.{row}.budget=2.2%" for row in (0, 1, 4, 5)]
    }
    reader = walk(
        "reproduce-ripu", tmp_path, monkeypatch, *sizes, *short, *rows, more=released, before=download
    )
    assert reader.validated == 1


def test_the_numbers_of_ripu_are_the_published_ones() -> None:
    table = section(TUTORIALS / "reproduce-ripu.md", "## 5. Your numbers beside the paper's")
    rows = [
        [cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines() if line[:1] == "|"
    ]
    printed = {
        (label, column): float(cell)
        for label, *cells in rows[2:]
        for column, cell in zip(("gtav", "synthia", "13"), cells, strict=True)
        if cell
    }
    known = {}
    for result in published_results():
        if "RIPU" in result.label or "Source only" in result.label:
            known[result.label, result.source] = result.miou
            known |= {(result.label, name): value for name, value in result.subsets.items()}
    assert printed == known
