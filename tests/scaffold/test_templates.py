"""What the templates make, without installing it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from alseg import AlsegError
from alseg.contracts import CONTRACT_VERSION
from alseg.files import WriteError
from alseg.scaffold.kinds import TEMPLATES, Template
from alseg.scaffold.names import MOST_CHARACTERS, Names
from alseg.scaffold.rendering import renamed, rendered, template_files
from alseg.scaffold.writing import write_distribution
from new_distributions import ALL_TEMPLATES, own_names, write_all

LONGEST = Names(("a-name-of-many-characters" * 2)[:MOST_CHARACTERS])

by_folder = pytest.mark.parametrize("template", ALL_TEMPLATES, ids=lambda template: template.folder)


def test_names_take_the_place_of_the_placeholder_in_each_form() -> None:
    text = "newname: alseg-newname, alseg_newname, test_newname(), newname_tiny, NewnameRecipe, newname-tiny"
    assert renamed(text, Names("rare-class")) == (
        "rare-class: alseg-rare-class, alseg_rare_class, test_rare_class(), rare_class_tiny, "
        "RareClassRecipe, rare-class-tiny"
    )


@by_folder
def test_a_distribution_is_complete(template: Template) -> None:
    found = {str(path) for path in rendered(template, Names("rare-class"))}
    assert found >= {
        ".github/workflows/test.yml",
        ".gitignore",
        "README.md",
        "alseg_rare_class/__init__.py",
        f"alseg_rare_class/{template.module}.py",
        "pyproject.toml",
        "tests/test_rare_class.py",
        "tiny.yaml",
    }
    assert all("newname" not in path and "__pycache__" not in path for path in found)


@by_folder
def test_no_placeholder_is_left(template: Template) -> None:
    for path, content in rendered(template, Names("rare-class")).items():
        if path.suffix != ".png":
            words = ("newname", "newabout", "newdescription", "newmodule", "newrun")
            assert not [word for word in words if word in content.decode().lower()], path


@by_folder
def test_the_entry_point_names_the_package(template: Template) -> None:
    (content,) = (
        file for path, file in rendered(template, Names("a-b")).items() if path.name == "pyproject.toml"
    )
    project = tomllib.loads(content.decode())
    assert project["project"]["name"] == "alseg-a-b"
    assert project["project"]["entry-points"]["alseg"] == {"a-b": "alseg_a_b"}
    assert project["tool"]["setuptools"]["packages"] == ["alseg_a_b"]


@by_folder
def test_the_contract_is_that_of_today(template: Template) -> None:
    init = rendered(template, Names("a-b"))[Path("alseg_a_b/__init__.py")].decode()
    assert f'\nALSEG_CONTRACT = "{CONTRACT_VERSION}"\n' in init


@by_folder
def test_the_experiment_names_the_plugin_and_downloads_nothing(template: Template) -> None:
    (content,) = (file for path, file in rendered(template, Names("a-b")).items() if path.name == "tiny.yaml")
    experiment = yaml.safe_load(content)
    assert experiment["name"] == "a-b-tiny"
    assert "a-b" in content.decode().replace("a-b-tiny", "")
    assert "weights" not in experiment["model"]
    assert experiment["settings"]["device"] == "cpu"


@pytest.mark.parametrize(
    "names", [Names("z"), Names("rare-class"), LONGEST], ids=lambda names: names.registered
)
def test_the_code_passes_its_own_lint_whatever_the_name(names: Names, tmp_path: Path) -> None:
    for template in ALL_TEMPLATES:
        write_distribution(template, names, tmp_path / template.folder)
    for arguments in (["check"], ["format", "--check"]):
        command = [sys.executable, "-m", "ruff", *arguments, "--no-cache", str(tmp_path)]
        completed = subprocess.run(command, capture_output=True, text=True, check=False)
        assert completed.returncode == 0, completed.stdout


@by_folder
def test_the_code_imports_only_the_public_part_of_alseg(template: Template) -> None:
    public = re.compile(r"alseg(\.contracts|\.testing|\.toolkit(\.[a-z]\w*)?)?")
    code = [file.decode() for path, file in rendered(template, Names("a-b")).items() if path.suffix == ".py"]
    found = re.findall(r"^\s*(?:from|import) (alseg(?:\.\w+)*)\b", "\n".join(code), re.MULTILINE)
    assert {"alseg", "alseg.testing"} <= set(found)
    assert not [module for module in found if not public.fullmatch(module)]


def test_packages_are_listed_without_torch(tmp_path: Path) -> None:
    folders = write_all(tmp_path)
    modules = [own_names(template).module for template in ALL_TEMPLATES]
    code = f"import sys, {', '.join(modules)}; sys.exit('torch' in sys.modules)"
    path = os.pathsep.join([*map(str, folders.values()), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
    completed = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False
    )
    assert completed.returncode == 0, completed.stderr


def test_caches_beside_the_templates_are_left_out(tmp_path: Path) -> None:
    for name in ("a.py", "__pycache__/a.pyc", ".ruff_cache/a", "dot_gitignore"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    assert {str(path) for path in template_files(tmp_path)} == {"a.py", ".gitignore"}


def test_a_name_that_would_clash_with_a_class_of_alseg_is_refused() -> None:
    with pytest.raises(AlsegError) as refused:
        rendered(TEMPLATES["recipe"], Names("supervised"))
    assert str(refused.value) == (
        "The name 'supervised' would make a class SupervisedRecipe, which alseg or the template has already. "
        "Choose another one, such as 'my-supervised'."
    )


@pytest.mark.parametrize("empty", [True, False])
def test_a_folder_that_is_there_is_left_as_it_is(tmp_path: Path, empty: bool) -> None:
    folder = tmp_path / "alseg-mine"
    folder.mkdir()
    if not empty:
        (folder / "README.md").write_text("mine")
    with pytest.raises(AlsegError) as refused:
        write_distribution(TEMPLATES["recipe"], Names("mine"), tmp_path)
    assert str(refused.value) == (
        f"{folder} is there already, and is never overwritten. Choose another name, or another folder "
        "with --into."
    )
    assert [file.read_text() for file in folder.iterdir()] == ([] if empty else ["mine"])
    assert [path.name for path in tmp_path.iterdir()] == ["alseg-mine"]


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WriteError, match=r"Cannot write .*: Not a directory"):
        write_distribution(TEMPLATES["recipe"], Names("mine"), tmp_path / "file" / "folder")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_what_is_half_written_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(WriteError, match="No space left on device"):
        write_distribution(TEMPLATES["recipe"], Names("mine"), tmp_path)
    assert not list(tmp_path.iterdir())
