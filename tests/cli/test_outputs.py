from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from alseg.cli import COMMANDS, main
from alseg.cli.data_init import init
from alseg.cli.outputs import OutputFile, OutputFolder

FILES = [
    (("pack", "toy"), "--output"),
    (("merge", "ada.zip"), "--output"),
    (("report", "toy"), "--output"),
    (("picture", "toy"), "--output"),
    (("perf", "--history", "history.json"), "--output"),
    (("data", "init", "."), "--output"),
    (("data", "check", "streets"), "--write-exclude"),
]
FOLDERS = [
    (("export", "run", "--what", "picks"), "--output"),
    (("show", "run"), "--output"),
    (("data", "init", "."), "--pictures"),
    (("eval", "weights.pt"), "--save-colors"),
    (("eval", "weights.pt"), "--save-ids"),
]
WHOLE = [("merge", "ada.zip", "-o", "there"), ("data", "fake", "gtav", "."), ("new", "recipe", "mine")]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(("arguments", "option"), FILES)
def test_no_command_replaces_a_file_unless_told(arguments: tuple[str, ...], option: str) -> None:
    there = Path("there.zip")
    there.write_text("mine")
    refused = alseg(*arguments, option, there)
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert refused.stderr == (
        f"Error: there.zip exists. Name another file with {option}, or replace it with --force.\n"
    )
    # What is named does not exist, which is told once the file may be replaced.
    assert "there.zip exists" not in alseg(*arguments, option, there, "--force").stderr
    assert there.read_text() == "mine"


@pytest.mark.parametrize(("arguments", "option"), FOLDERS)
def test_no_command_writes_into_a_folder_that_is_not_empty_unless_told(
    arguments: tuple[str, ...], option: str
) -> None:
    there = Path("there/mine.png")
    there.parent.mkdir()
    there.write_text("mine")
    refused = alseg(*arguments, option, there.parent)
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert refused.stderr == (
        f"Error: there is not empty. Name another folder with {option}, or give --force: files of the same "
        "names are replaced, the others stay.\n"
    )
    assert "is not empty" not in alseg(*arguments, option, there.parent, "--force").stderr
    assert there.read_text() == "mine"


@pytest.mark.parametrize("arguments", WHOLE)
def test_a_folder_that_is_written_whole_is_never_replaced(arguments: tuple[str, ...]) -> None:
    for name in ("there", "gtav", "alseg-mine"):
        Path(name).mkdir()
        Path(name, "mine").touch()
    refused = alseg(*arguments)
    assert refused.exit_code == 2
    said = refused.stderr.removeprefix("Error: ")
    assert said.startswith(("there is there already", "gtav exists", "alseg-mine is there already")), said
    assert "--force" not in said
    assert sorted(path.name for path in Path().rglob("mine")) == ["mine"] * 3


def test_a_link_that_leads_to_a_file_is_that_file(folder: Path) -> None:
    there = folder / "there.zip"
    there.write_text("mine")
    Path("link.zip").symlink_to(there)
    assert alseg("pack", "toy", "-o", "link.zip").stderr == (
        f"Error: {there} exists. Name another file with --output, or replace it with --force.\n"
    )


def test_the_drawing_beside_a_page_is_one_of_the_files(folder: Path) -> None:
    history = Path(__file__).parents[2] / "results" / "published" / "perf" / "history.json"
    Path("page.svg").write_text("mine")
    refused = alseg("perf", "--history", history, "-o", "page.md")
    assert refused.stderr == (
        "Error: page.svg exists. Name another file with --output, or replace it with --force.\n"
    )
    assert [path.name for path in Path().iterdir()] == ["page.svg"]
    assert alseg("perf", "--history", history, "-o", "page.md", "--force").exit_code == 0
    assert Path("page.svg").read_text().startswith("<?xml")


@pytest.mark.parametrize("beside", ["own-exclude.txt", "own-source-exclude.txt", "own-classes/sky.png"])
def test_what_is_written_beside_a_proposal_is_one_of_the_files(folder: Path, beside: str) -> None:
    there = folder / beside
    there.parent.mkdir(exist_ok=True)
    there.write_text("mine")
    (folder / "photos").mkdir()
    refused = alseg("data", "init", "photos", "-o", "own.yaml")
    assert refused.exit_code == 2
    told = f"{there} exists. Name another file with --output"
    if there.suffix == ".png":
        told = f"{there.parent.name} is not empty. Name another folder with --pictures"
    assert refused.stderr.startswith(f"Error: {told}, or ")
    assert told not in alseg("data", "init", "photos", "-o", "own.yaml", "--force").stderr


def test_every_option_that_names_an_output_is_tested_above_and_every_such_command_can_be_told() -> None:
    tested = {(first[0], option) for first, option in [*FILES, *FOLDERS]}
    never = {("ask", "--output"), ("predict", "--output")}  # see the tests of these commands
    for name, command in _commands():
        options = [each for each in command.params if isinstance(each, click.Option)]
        for option in options:
            names = {"--output", "--pictures", "--write-exclude", "--save-colors", "--save-ids"}
            is_typed = isinstance(option.type, OutputFile | OutputFolder)
            for opt in (opt for opt in option.opts if opt in names or (is_typed and opt.startswith("--"))):
                assert ((name, opt) in tested) != ((name, opt) in never), (name, opt)
                if name != "ask":
                    assert any("--force" in each.opts for each in options), name


def _commands() -> Iterator[tuple[str, click.Command]]:
    """Yield each command, those of groups by the name of the group."""
    yield "data", init
    for name in COMMANDS:
        command: click.Command = importlib.import_module(f"alseg.cli.{name}").command
        yield name, command
        for inner in command.commands.values() if isinstance(command, click.Group) else ():
            yield name, inner


def alseg(*arguments: object) -> Result:
    return CliRunner().invoke(main, [*map(str, arguments)])
