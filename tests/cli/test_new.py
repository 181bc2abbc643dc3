from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from alseg.cli import main
from alseg.scaffold.kinds import TEMPLATES


def new(*arguments: str) -> Result:
    """Run ``alseg new``."""
    return CliRunner().invoke(main, ["new", *arguments])


def test_it_writes_a_distribution_and_prints_the_next_commands(tmp_path: Path) -> None:
    result = new("acquisition", "rare-class", "--into", str(tmp_path))
    folder = tmp_path / "alseg-rare-class"
    assert result.exit_code == 0
    assert result.stdout == (
        f"Wrote {folder}: an acquisition 'rare-class'. Its README.md says what to fill in. Next:\n"
        f"  cd {folder} && pip install -e '.[test]'\n"
        "  pytest\n"
        "  alseg run tiny.yaml\n"
    )
    assert (folder / "alseg_rare_class" / "acquisition.py").is_file()


def test_it_writes_into_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert "  cd alseg-mine && pip" in new("observer", "mine").stdout
    assert (tmp_path / "alseg-mine" / "tiny.yaml").is_file()


@pytest.mark.parametrize(
    ("kind", "option", "text"),
    [
        ("acquisition", "--pool", "def rank("),
        ("recipe", "--stateful", "def modules("),
        ("annotator", "--people", "def export("),
    ],
)
def test_an_option_chooses_another_template(kind: str, option: str, text: str, tmp_path: Path) -> None:
    assert new(kind, "mine", option, "--into", str(tmp_path)).exit_code == 0
    assert new(kind, "other", "--into", str(tmp_path)).exit_code == 0
    assert text in (tmp_path / "alseg-mine" / "alseg_mine" / f"{kind}.py").read_text()
    assert text not in (tmp_path / "alseg-other" / "alseg_other" / f"{kind}.py").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("aquisition", "mine"), "Unknown kind of plugin 'aquisition'. Did you mean 'acquisition'?"),
        (("acquisition", "entropy"), "The name 'entropy' is taken: plugin baselines (alseg "),
        (("acquisition", "class"), "The name 'class' means something else in Python."),
        (("observer", "mine", "--pool"), "--pool is an option of the kind 'acquisition', not of 'observer'."),
        (("recipe", "mine", "--pool", "--stateful"), "--pool and --stateful do not go together."),
    ],
)
def test_a_mistake_is_told_and_nothing_is_written(
    arguments: tuple[str, ...], message: str, tmp_path: Path
) -> None:
    result = new(*arguments, "--into", str(tmp_path))
    assert result.exit_code == 2
    assert result.stderr.startswith(f"Error: {message}")
    assert not list(tmp_path.iterdir())


def test_help_names_every_kind() -> None:
    text = " ".join(new("--help").output.replace(",", " ").replace(".", " ").split())
    assert set(TEMPLATES) <= set(text.split())
