from __future__ import annotations

from pathlib import Path

import pytest

from alseg.config.specs import slug
from demofile import BASE, read, replaced


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the working directory, so that messages name the file as ``demo.yaml``."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def fingerprint(text: str, *overrides: str, index: int = 1) -> str:
    return read(text, *overrides).runs()[index].fingerprint


@pytest.mark.parametrize(
    "override",
    [
        "name=elsewhere",
        "scenario.root=data",
        "scenario.pool=fixed",
        "scenario.label_space=two-classes",
        "settings.device=cpu",
        "settings.workers=3",
        "settings.threads=1",
        "methods.1.label=Other",
        "methods.1.budget=2.20%",
        "model.weights=none",
        "methods.0.recipe.iterations=60",
    ],
)
def test_what_cannot_change_a_result_is_not_in_the_fingerprint(folder: Path, override: str) -> None:
    assert fingerprint(BASE, override) == fingerprint(BASE)


@pytest.mark.parametrize(
    "override",
    [
        "scenario.target.size=[8, 8]",
        "scenario.source=photos",
        "scenario.label_space=same-two",
        "scenario.evaluation_split=train",
        "scenario.pool=growing",
        "model.width=9",
        "recipe.iterations=101",
        "methods.1.recipe.schedule=constant",
        "rounds=[20, 41]",
        "seeds=[5]",
        "methods.1.budget=2.3%",
        "methods.1.budget.scope=pool",
        "methods.1.acquisition.radius=3",
        "methods.1.annotation.radius=3",
        "evaluation.flip=true",
        "settings.precision=16-mixed",
    ],
)
def test_what_can_change_a_result_is_in_the_fingerprint(folder: Path, override: str) -> None:
    assert fingerprint(BASE, override, "scenario.root=data") != fingerprint(BASE)


def test_a_folder_has_a_label_for_people_and_a_hash_for_identity(folder: Path) -> None:
    run = read(BASE).runs()[1]
    assert len(run.fingerprint) == 64
    assert run.folder == f"ripu-ra__s0__{run.fingerprint[:8]}"


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("RIPU (RA), 2.2%", "ripu-ra-2-2"),
        ("Größe ↑", "groe"),
        ("主动学习", "method"),
        ("../../etc", "etc"),
        ("a" * 300, "a" * 40),
        ("a" * 39 + " b", "a" * 39),
    ],
)
def test_a_slug_is_short_lower_case_ascii(label: str, expected: str) -> None:
    # NFKD splits "ö" into o and dots; "ß" has no ASCII form.
    assert slug(label) == expected


def test_methods_that_differ_in_nothing_but_case_have_folders_of_their_own(folder: Path) -> None:
    text = replaced("  - label: Images", "  - {label: SOURCE only, target_labels: none}\n  - label: Images")
    runs = read(text, "seeds=[0]").runs()
    assert runs[0].fingerprint == runs[2].fingerprint
    assert runs[2].folder == f"source-only-2__s0__{runs[0].fingerprint[:8]}"
    assert len({run.folder for run in runs}) == 5
