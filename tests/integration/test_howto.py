"""The pages of docs/howto do what they say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from documents import DOCS
from install import skip_unless_alseg_is_installed
from walkthrough import Walkthrough

HOWTO = DOCS / "howto"
CPU = ["settings.device=cpu", "settings.threads=1"]


def walk(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Walkthrough:
    """Follow a page on the CPU."""
    skip_unless_alseg_is_installed()
    reader = Walkthrough(folder, monkeypatch, {"alseg run": CPU, "alseg eval": ["--device=cpu"]})
    assert reader.follow(HOWTO / f"{name}.md") > 0
    return reader


@pytest.mark.slow
def test_going_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    walk("resume", tmp_path, monkeypatch)
    runs = sorted(folder.name.split("__")[0:2] for folder in (tmp_path / "results/small/runs").iterdir())
    assert runs == [
        ["entropy", "s0"],
        ["entropy", "s0"],
        ["entropy", "s1"],
        ["random", "s0"],
        ["random", "s1"],
    ]


@pytest.mark.slow
def test_trackers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for package in ("mlflow", "tensorboard"):
        pytest.importorskip(package)
    walk("trackers", tmp_path, monkeypatch)
    assert list((tmp_path / "results/small/tensorboard").glob("random__s0__*/events*"))


@pytest.mark.slow
def test_foreign_checkpoints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    walk("foreign-checkpoints", tmp_path, monkeypatch)
    assert len(list((tmp_path / "pictures").glob("*_color.png"))) == 2


def test_every_page_is_followed_by_a_test() -> None:
    here = Path(__file__).parent
    for folder, module in (("tutorials", "test_tutorials.py"), ("howto", "test_howto.py")):
        followed = set(re.findall(r'walk\(\s*"([a-z-]+)"', (here / module).read_text(encoding="utf-8")))
        assert followed == {page.stem for page in (DOCS / folder).glob("*.md")}
