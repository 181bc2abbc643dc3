"""Experiments that come with alseg are found by name; a file that exists comes first."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

import alseg.config.shipped as shipped_module
from alseg.cli import main
from alseg.config.shipped import find_experiment, headline, shipped_experiments
from alseg.errors import AlsegError
from documents import REPOSITORY
from install import skip_unless_alseg_is_installed


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder, as one does without a clone."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def found(given: str, command: str = "run") -> Path:
    return find_experiment(Path(given), command)


def refusal(given: str, command: str = "run") -> str:
    with pytest.raises(AlsegError) as caught:
        found(given, command)
    return str(caught.value)


def test_a_name_is_the_file_of_the_clone() -> None:
    assert found("quickstart") == REPOSITORY / "experiments" / "quickstart.yaml"


def test_in_an_installed_package_the_files_lie_in_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shipped = folder / "alseg" / "experiments"
    shipped.mkdir(parents=True)
    for name in ("quickstart", "other"):
        (shipped / f"{name}.yaml").touch()
    monkeypatch.setattr(shipped_module, "_PACKAGE", folder / "alseg")
    assert dict(shipped_experiments()) == {name: shipped / f"{name}.yaml" for name in ("other", "quickstart")}


def test_a_file_that_exists_comes_before_the_name(folder: Path) -> None:
    (folder / "quickstart").write_text("name: mine")
    assert found("quickstart") == Path("quickstart")


def test_a_folder_of_the_name_does_not_hide_it(folder: Path) -> None:
    (folder / "quickstart").mkdir()
    assert found("quickstart").is_file()


def test_the_path_of_a_clone_is_answered_with_the_name() -> None:
    assert refusal("experiments/quickstart.yaml", "plan") == (
        "experiments/quickstart.yaml: no such file. "
        "alseg has an experiment of this name: alseg plan quickstart"
    )


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    assert refusal("quickstrat") == (
        "'quickstrat' is neither a file nor an experiment of alseg. "
        "Did you mean 'quickstart'? List them: alseg run --list"
    )


@pytest.mark.parametrize("given", ["mine.yaml", "folder/mine", "x" * 300, "."])
def test_any_other_path_is_left_to_the_reader_of_files(given: str) -> None:
    assert found(given) == Path(given)


def test_the_list_has_each_experiment_with_its_first_sentence() -> None:
    result = CliRunner(env={"COLUMNS": "100"}).invoke(main, ["run", "--list"])
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    names = [line.split()[0] for line in lines if line.startswith("  ") and line[2] != " "]
    assert names == sorted(file.stem for file in (REPOSITORY / "experiments").glob("*.yaml"))
    assert lines[-1] == f"To change one, copy its file from {REPOSITORY / 'experiments'}"
    assert all(headline(file) for file in shipped_experiments().values())


def test_plan_takes_a_name_and_gives_it_on() -> None:
    skip_unless_alseg_is_installed()
    result = CliRunner().invoke(
        main, ["plan", "quickstart", "--seconds-per-step", "1", "--seconds-per-image", "1", "--json"]
    )
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["experiment"] == "quickstart"


def test_results_of_an_experiment_are_in_a_folder_of_its_name() -> None:
    for name, file in shipped_experiments().items():
        assert f"\nname: {name}\n" in file.read_text(encoding="utf-8")
