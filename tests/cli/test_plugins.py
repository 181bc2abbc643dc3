from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import alseg.cli.plugins as plugins_command
from alseg import AlsegError
from alseg.cli import COMMANDS, main
from alseg.cli.plugins import TITLES
from alseg.contracts import CONTRACT_VERSION
from alseg.registry.registry import KINDS
from fakeregistry import fake_registry
from install import install, run_alseg, skip_unless_alseg_is_installed

REPOSITORY = Path(__file__).parents[2]

# ----------------------------------------------------------------------------------------------------
# The command line as a whole


def test_help_lists_every_command_without_importing_what_is_slow() -> None:
    code = (
        "import sys\n"
        "from alseg.cli import main\n"
        "main(['--help'], standalone_mode=False)\n"
        "slow = {'torch', 'pydantic', 'pandas', 'numpy', 'yaml', 'rich'}\n"
        "print(sorted(slow & set(sys.modules)))\n"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=REPOSITORY, check=True
    )
    assert shown.stdout.splitlines()[-1] == "[]"
    for name, summary in COMMANDS.items():
        assert f"  {name:<7}  {summary}" in shown.stdout


def test_help_takes_less_than_three_tenths_of_a_second() -> None:
    # Processor time and the best of three, so that a busy machine does not count.
    seconds = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(
            [sys.executable, "-m", "alseg", "--help"], capture_output=True, cwd=REPOSITORY, check=True
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(seconds) < 0.3


def test_every_command_in_the_table_exists_and_has_help() -> None:
    for name in COMMANDS:
        result = CliRunner().invoke(main, [name, "--help"], prog_name="alseg")
        assert result.exit_code == 0
        assert result.output.startswith(f"Usage: alseg {name} ")


def test_an_unknown_command_is_answered_with_the_nearest() -> None:
    result = CliRunner().invoke(main, ["plugin"], prog_name="alseg")
    assert result.exit_code == 2
    assert result.stderr.endswith(
        f"Error: No command 'plugin'. Did you mean 'plugins'? Commands: {', '.join(COMMANDS)}.\n"
    )


@pytest.mark.parametrize(
    ("raised", "code", "message"),
    [
        (AlsegError("No such thing.\nMend it."), 2, "Error: No such thing.\nMend it.\n"),
        (KeyboardInterrupt(), 130, "Interrupted.\n"),
    ],
)
def test_exceptions_become_messages_and_exit_codes_in_one_place(
    monkeypatch: pytest.MonkeyPatch, raised: BaseException, code: int, message: str
) -> None:
    @click.command()
    def command() -> None:
        raise raised

    monkeypatch.setattr(plugins_command, "command", command)
    result = CliRunner().invoke(main, ["plugins"])
    assert (result.exit_code, result.stdout, result.stderr) == (code, "", message)


def test_the_version_is_that_of_the_installed_distribution() -> None:
    skip_unless_alseg_is_installed()
    from importlib import metadata

    result = CliRunner().invoke(main, ["--version"])
    assert result.output == f"alseg {metadata.version('alseg')}\n"


# ----------------------------------------------------------------------------------------------------
# alseg plugins


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a small registry the installed one."""
    monkeypatch.setattr("alseg.registry.loading.load_registry", fake_registry)


def shown(*arguments: str, columns: str = "80") -> list[str]:
    result = CliRunner(env={"COLUMNS": columns}).invoke(main, ["plugins", *arguments])
    assert result.exit_code == 0, result.output
    return result.stdout.splitlines()


@pytest.mark.usefixtures("fakes")
def test_the_listing_is_by_kind_with_the_distribution_of_what_is_not_ours() -> None:
    assert shown() == [
        "Label spaces",
        "  same-two     The same-two. [unpackaged 0]",
        "  two-classes  The two-classes. [unpackaged 0]",
        "",
        "Datasets",
        "  photos       The photos. [unpackaged 0]",
        "  scenes       The scenes. [unpackaged 0]",
        "",
        "Models",
        "  tiny         The tiny. [unpackaged 0]",
        "",
        "Recipes",
        "  other        The other. [unpackaged 0]",
        "  plain        The plain. [unpackaged 0]",
        "",
        "Acquisitions",
        "  core-set     The core-set. [unpackaged 0]",
        "  random       The random. [unpackaged 0]",
        "  ripu         The ripu. [unpackaged 0]",
        "  windowed     The windowed. [unpackaged 0]",
        "",
        "Annotation modes",
        "  image        The image. [unpackaged 0]",
        "  region       The region. [unpackaged 0]",
        "",
        "Plugins",
        "  Fakes        unpackaged 0",
    ]


@pytest.mark.usefixtures("fakes")
def test_a_name_shows_source_parameters_and_defaults() -> None:
    assert shown("plain") == [
        "plain (recipe)",
        "  The plain.",
        "  plugin  Fakes (unpackaged 0)",
        "  source  made up",
        "Parameters",
        "  iterations     int, default 1000",
        "  learning_rate  float, default 0.01",
        "  size           tuple[int, int] | None, default null",
        "  schedule       'poly' | 'constant', default poly",
    ]


@pytest.mark.usefixtures("fakes")
def test_a_required_parameter_is_shown_as_such() -> None:
    assert shown("windowed")[-3:] == ["  needs   logits", "Parameters", "  radius  int, required"]


@pytest.mark.usefixtures("fakes")
def test_a_dataset_shows_label_space_and_splits() -> None:
    assert shown("scenes")[2:] == [
        "  plugin       Fakes (unpackaged 0)",
        "  source       made up",
        "  label space  two-classes",
        "  splits       train, val",
        "  needs root   no",
        "Parameters",
        "  size  tuple[int, int], default [16, 32]",
    ]


@pytest.mark.usefixtures("fakes")
def test_nothing_is_wider_than_a_narrow_terminal() -> None:
    lines = [line for name in ("", "plain", "scenes") for line in shown(*filter(None, [name]), columns="36")]
    assert max(map(len, lines)) <= 36


@pytest.mark.usefixtures("fakes")
def test_the_name_of_a_plugin_lists_what_it_offers() -> None:
    assert shown("Fakes") == shown()


@pytest.mark.usefixtures("fakes")
def test_an_unknown_name_is_a_mistake_of_the_user() -> None:
    result = CliRunner().invoke(main, ["plugins", "rippu"])
    assert result.exit_code == 2
    assert result.stderr.startswith(
        "Error: Unknown name 'rippu'. Did you mean 'ripu'? Available: Fakes, core-set,"
    )


def test_every_kind_of_component_has_a_heading_in_the_listing() -> None:
    assert set(TITLES) == set(KINDS)


def test_a_method_from_a_paper_shows_how_the_released_code_differs() -> None:
    skip_unless_alseg_is_installed()
    lines = shown("strata", columns="120")
    assert "  units     region, image" in lines
    assert "  observes  target" in lines
    (differs,) = [line for line in lines if line.startswith("  differs ")]
    assert "averaged teacher" in differs


@pytest.mark.usefixtures("fakes")
def test_json_says_the_same_to_programs() -> None:
    listing = json.loads("\n".join(shown("windowed", "--json")))
    assert listing["acquisitions"] == [
        {
            "name": "windowed",
            "summary": "The windowed.",
            "source": "made up",
            "plugin": "Fakes",
            "distribution": "unpackaged",
            "version": "0",
            "kind": "score",
            "units": ["part", "region", "image"],
            "needs": ["logits"],
            "sees_labels": False,
            "observes": [],
            "differs": "",
            "parameters": [{"name": "radius", "type": "int", "required": True}],
        }
    ]
    assert listing["contract"] == CONTRACT_VERSION
    assert listing["plugins"] == [
        {"plugin": "Fakes", "distribution": "unpackaged", "version": "0", "contract": None, "remarks": []}
    ]
    assert listing["failures"] == []
    everything = json.loads("\n".join(shown("--json")))
    assert everything["models"][0]["parameters"] == [
        {"name": "width", "type": "int", "required": False, "default": 4},
        {"name": "weights", "type": "str", "required": False, "default": "none"},
    ]


# ----------------------------------------------------------------------------------------------------
# Other people's distributions


def test_another_distribution_is_found_beside_ours(tmp_path: Path) -> None:
    skip_unless_alseg_is_installed()
    install("alseg_margin_demo", tmp_path)
    result = run_alseg("plugins", "margin-demo", site=tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.splitlines() == [
        "margin-demo (acquisition)",
        "  Smallest gap between the two likeliest classes.",
        "  plugin  margin-demo (alseg-margin-demo 0.3)",
        "  source  Scheffer 2001",
        "  kind    score",
        "  units   part, region, image",
        "  needs   logits",
        "No parameters.",
    ]


def test_broken_distributions_are_one_line_each_and_stop_nothing(tmp_path: Path) -> None:
    skip_unless_alseg_is_installed()
    for module in ("alseg_no_import", "alseg_misspelt", "alseg_raising", "alseg_taken", "alseg_exiting"):
        install(module, tmp_path)
    install("alseg_margin_demo", tmp_path)
    result = run_alseg("plugins", "--json", site=tmp_path)
    assert result.returncode == 0
    listing = json.loads(result.stdout)
    names = [entry["name"] for entry in listing["acquisitions"]]
    assert {"margin-demo", "random"} <= set(names)
    assert "mine" not in names
    warnings = [line for line in result.stderr.splitlines() if line.startswith("warning: ")]
    own_version = listing["plugins"][0]["version"]
    assert warnings == [
        "warning: plugin exiting (alseg-exiting 1.4) failed at import: SystemExit: 1",
        "warning: plugin misspelt (alseg-misspelt 1.1) failed at registration: "
        "unknown hook 'register_aquisitions', did you mean 'register_acquisitions'?",
        "warning: plugin no-import (alseg-no-import 1.0) failed at import: "
        "ModuleNotFoundError: No module named 'no_such_module'",
        "warning: plugin raising (alseg-raising 1.2) failed at register_models: "
        "RuntimeError: no model today (try tomorrow)",
        "warning: plugin taken (alseg-taken 1.3) failed at register_acquisitions: "
        f"name 'random' is already taken by plugin baselines (alseg {own_version})",
    ]


def test_a_new_acquisition_is_at_most_twenty_lines_and_four_of_toml() -> None:
    folder = Path(__file__).parents[1] / "third_party" / "alseg_margin_demo"
    assert len((folder / "alseg_margin_demo.py").read_text().splitlines()) <= 20
    assert len((folder / "pyproject.toml").read_text().splitlines()) <= 4
