"""The tutorials of docs/tutorials do what they say; experiments are run in small."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from documents import DOCS, REPOSITORY, blocks
from install import skip_unless_alseg_is_installed
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


def walk(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch, *overrides: str) -> Walkthrough:
    """Follow a tutorial, its experiments in small."""
    skip_unless_alseg_is_installed()
    reader = Walkthrough(folder, monkeypatch, {"alseg run": overrides})
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
