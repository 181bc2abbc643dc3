"""Plugins of other people, installed as distributions of their own, through the real command line."""

from __future__ import annotations

import json
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from install import (
    BROKEN,
    TINY,
    expected_warnings,
    install,
    run_alseg,
    skip_unless_alseg_is_installed,
    warnings_of,
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an environment with one distribution that works and five that do not."""
    skip_unless_alseg_is_installed()
    folder = tmp_path_factory.mktemp("environment") / "site"
    for module in ("alseg_margin_demo", *BROKEN):
        install(module, folder)
    return folder


@pytest.fixture(scope="module")
def finished(site: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[CompletedProcess[str], Path]:
    """Run the tiny experiment once; return how it ended and the experiment's results folder."""
    results = tmp_path_factory.mktemp("results")
    return run_alseg("run", str(TINY), "--results", str(results), site=site), results / "tiny"


@pytest.mark.slow
def test_a_third_party_acquisition_is_found_and_runs_beside_our_own(
    finished: tuple[CompletedProcess[str], Path],
) -> None:
    completed, results = finished
    assert completed.returncode == 0, completed.stderr
    assert "2 done." in completed.stderr
    (folder,) = (results / "runs").glob("third-party__s0__*")
    run = json.loads((folder / "run.json").read_text())
    assert run["method"]["acquisition"] == "margin-demo"
    assert {"plugin": "margin-demo", "distribution": "alseg-margin-demo", "version": "0.3"} in run["plugins"]
    metrics = json.loads((folder / "rounds" / "01" / "metrics.json").read_text())
    # 5% of 2 images of 32 x 64 pixels are 102 pixels each, 204 in all; regions have up to 9.
    assert 2 * (102 - 8) <= metrics["cost"]["pixels"] <= 204
    assert metrics["allowance_pixels"] == 204


@pytest.mark.slow
def test_broken_plugins_are_one_line_each_while_an_experiment_runs(
    finished: tuple[CompletedProcess[str], Path],
) -> None:
    completed, _ = finished
    assert warnings_of(completed) == expected_warnings()
    assert "Traceback" not in completed.stderr
    assert "a greeting" not in completed.stdout


@pytest.mark.slow
def test_compare_has_a_row_for_the_third_party_method(
    finished: tuple[CompletedProcess[str], Path], site: Path
) -> None:
    _, results = finished
    completed = run_alseg("compare", str(results), "--format", "json", site=site)
    assert completed.returncode == 0, completed.stderr
    rows = {row["label"]: row for row in json.loads(completed.stdout)["rows"]}
    assert set(rows) == {"Random", "Third party"}
    assert rows["Third party"]["acquisition"] == "margin-demo"
    assert rows["Third party"]["score"]["n"] == 1


def test_broken_plugins_do_not_stop_the_listing(site: Path) -> None:
    completed = run_alseg("plugins", "--json", site=site)
    assert completed.returncode == 0, completed.stderr
    assert warnings_of(completed) == expected_warnings()
    listing = json.loads(completed.stdout)
    names = [acquisition["name"] for acquisition in listing["acquisitions"]]
    assert "margin-demo" in names
    assert "mine" not in names  # offered by the plugin that also wants the name 'random'
    assert len(listing["failures"]) == len(BROKEN)


def test_an_experiment_that_names_what_is_not_installed_says_what_is(tmp_path: Path) -> None:
    skip_unless_alseg_is_installed()
    completed = run_alseg("run", str(TINY), "--results", str(tmp_path), site=tmp_path / "nothing")
    assert completed.returncode == 2
    assert " ".join(completed.stderr.split()) == (  # a folder may be so long that the line is broken
        f"Error: {TINY}:11:39: unknown acquisition 'margin-demo', did you mean 'margin'?"
    )
    assert not list(tmp_path.iterdir())
