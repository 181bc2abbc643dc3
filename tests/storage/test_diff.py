from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from alseg.cli import main
from fakeruns import write_run


def diff(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["diff", *map(str, arguments)])


def write(tmp_path: Path, label: str, seed: int = 0, **options: Any) -> Path:
    return write_run(tmp_path / "toy", label, seed, **options)


def test_a_run_does_not_differ_from_itself(tmp_path: Path) -> None:
    folder = write(tmp_path, "Random")
    result = diff(folder, folder)
    assert result.exit_code == 0
    assert result.output == "Nothing differs in settings, classes, plugins and environment.\n"


def test_exactly_what_differs_is_printed_by_section(tmp_path: Path) -> None:
    first = write(tmp_path, "Random", 0, acquisition="random", settings={"recipe": {"rate": 0.1, "decay": 1}})
    plugins = [{"plugin": "ripu", "distribution": "alseg", "version": "0.1.0"}]
    second = write(
        tmp_path,
        "Random",
        1,
        acquisition="random",
        settings={"recipe": {"rate": 0.2, "decay": 1}},
        device="H100",
        extra={"plugins": plugins},
    )
    assert diff(first, second).output == (
        "settings:\n"
        "  seed: 0 -> 1\n"
        "  recipe.rate: 0.1 -> 0.2\n"
        "plugins:\n"
        "  ripu: (absent) -> alseg 0.1.0\n"
        "environment:\n"
        "  device: cpu -> H100\n"
    )


def test_differences_come_as_json_too(tmp_path: Path) -> None:
    first, second = write(tmp_path, "Random", 0), write(tmp_path, "Random", 1)
    assert json.loads(diff(first, second, "--format", "json").output) == [
        {"section": "settings", "key": "seed", "first": "0", "second": "1"}
    ]


def test_the_last_attempt_counts_also_after_ten(tmp_path: Path) -> None:
    first, second = write(tmp_path, "Random", 0), write(tmp_path, "Random", 0, order=1)
    for number in (2, 10):
        path = second / f"attempts/{number}.json"
        path.write_text(json.dumps({"device": f"device {number}"}), encoding="utf-8")
    assert "  device: cpu -> device 10\n" in diff(first, second).output


def test_a_folder_that_is_no_run_is_a_users_mistake(tmp_path: Path) -> None:
    folder = write(tmp_path, "Random")
    result = diff(folder, tmp_path)
    assert result.exit_code == 2
    assert result.stderr == (
        f"Error: {tmp_path} is no run folder: it has no run.json. "
        "Name one such as results/quickstart/runs/ripu-ra__s0__3f9c1a7e.\n"
    )
