"""What an experiment of toys will take, and the whole command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from rich.cells import cell_len

import alseg.registry.loading
from alseg.cli import main
from alseg.config.experiment import read_experiment
from alseg.engine.assembly import Assembler
from alseg.launch.units import plan_units
from alseg.planning.forecast import planned_units
from alseg.registry.loading import load_registry
from toys import prepared_toy, run_toy, toy_document, toy_registry

REGION = {"name": "region", "radius": 1}
METHODS = [
    {"label": "Source only", "target_labels": "none"},
    {"label": "Random", "acquisition": "random", "annotation": REGION, "budget": "20%"},
    {"label": "Entropy", "acquisition": "entropy", "annotation": REGION, "budget": "20%"},
    {"label": "Fully supervised", "target_labels": "all"},
]
GTA = "experiments/gta2city.yaml"
GIVEN = ("--seconds-per-step", "0.5", "--seconds-per-image", "0.1")


def plan(*arguments: object, columns: int = 80, code: int = 0) -> Result:
    runner = CliRunner(env={"COLUMNS": str(columns)})
    result = runner.invoke(main, ["plan", *map(str, arguments)])
    assert result.exit_code == code, result.output
    return result


def planned(*arguments: object) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(plan(*arguments, "--json").stdout)
    return found


@pytest.fixture
def toys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write the toy experiment."""
    monkeypatch.setattr(alseg.registry.loading, "load_registry", toy_registry)
    file = tmp_path / "toy.yaml"
    file.write_text(json.dumps(toy_document(methods=METHODS, seeds=[0, 1])))
    return file


def test_units_are_those_of_the_dispatcher(tmp_path: Path) -> None:
    prepared = prepared_toy(tmp_path, toy_document(methods=METHODS, seeds=[0, 1]))
    root, specs = tmp_path / "results/toy", [run.spec for run in prepared.plan.runs]
    expected = plan_units(prepared, root)
    found, skipped = planned_units(prepared.experiment, specs, Assembler(toy_registry()), root)
    assert skipped == {}
    assert [unit.runs for unit in found] == [unit.runs for unit in expected]
    names = {new.key: old.key for new, old in zip(found, expected, strict=True)}
    assert [tuple(names[key] for key in unit.after) for unit in found] == [unit.after for unit in expected]
    assert [unit.needs for unit in found] == [unit.needs for unit in expected]


def test_the_suites_large_experiment_is_planned_without_its_data(tmp_path: Path) -> None:
    registry = load_registry()
    experiment = read_experiment(Path(GTA), [f"scenario.root={tmp_path}"], registry=registry)
    units, _ = planned_units(experiment, experiment.runs(), Assembler(registry), tmp_path / "none")
    # Of 19 methods with 3 seeds, 10 with one network and 5 with the other share source training.
    assert [len(unit.runs) for unit in units if unit.is_shared] == [10, 5] * 3
    assert len([unit for unit in units if not unit.is_shared]) == 57


def test_seconds_follow_from_steps_and_images(tmp_path: Path) -> None:
    found = planned(
        GTA, f"scenario.root={tmp_path}", "--only", "seed=0", "--only", "method=*V2", "--gpus", "2,64", *GIVEN
    )
    units = {each["key"].split("__")[0]: each for each in found["units"]}
    (shared,) = (each for key, each in units.items() if key.startswith("shared-"))
    # 10,000 steps; Cityscapes has 2,975 images to ask about, and 500 to evaluate, each with its mirror image.
    evaluation, asking, start = 500 * 2 * 0.1, 2975 * 0.1, 10
    assert shared["seconds"] == [pytest.approx(10_000 * 0.5 + asking + evaluation + start)] * 3
    entropy, random = units["entropy-2-2-v2"], units["random-2-2-v2"]
    assert entropy["after"] == [shared["key"]]
    assert (entropy["steps"], entropy["pool_passes"], entropy["evaluations"]) == (30_000, 4, 5)
    rest = 30_000 * 0.5 + 5 * evaluation + start
    assert entropy["seconds"][1] == pytest.approx(rest + 4 * asking)
    assert random["seconds"][1] == pytest.approx(rest)
    full = units["fully-supervised-v2"]
    assert (full["steps"], full["evaluations"], full["after"]) == (40_000, 6, [])
    assert found["critical_path"]["seconds"][1] == pytest.approx(shared["seconds"][1] + entropy["seconds"][1])
    assert found["on"][1]["seconds"] == found["critical_path"]["seconds"]
    assert found["device_seconds"][1] == pytest.approx(sum(each["seconds"][1] for each in found["units"]))


def test_a_pattern_gives_a_method_its_own_seconds(tmp_path: Path) -> None:
    arguments = (
        GTA,
        f"scenario.root={tmp_path}",
        "--only",
        "method=Fully supervised, V*",
        "--only",
        "seed=0",
    )
    found = planned(*arguments, *GIVEN, "--seconds-per-step", "*V3+=0.75", "--start-seconds", "0")
    seconds = [each["seconds"][1] for each in found["units"]]
    assert seconds == [40_000 * 0.5 + 600, 40_000 * 0.75 + 600]


def test_a_time_limit_costs_waits_and_starts(tmp_path: Path) -> None:
    arguments = (
        GTA,
        f"scenario.root={tmp_path}",
        "--only",
        "method=Fully supervised, V2",
        "--only",
        "seed=0",
    )
    found = planned(*arguments, *GIVEN, "--gpus", "1", "--minutes", "60", "--requeue-seconds", "100")
    # 20,600 s of work, 3,590 s of it in each job: 6 jobs.
    assert found["units"][0]["processes"] == 6
    assert found["resubmissions"] == 5
    assert found["on"][0]["seconds"][1] == pytest.approx(20_600 + 6 * 10 + 5 * 100)
    assert found["start_device_seconds"] == 60


def test_runs_that_were_timed_give_seconds_with_bounds(toys: Path, tmp_path: Path) -> None:
    document = toy_document(methods=METHODS, seeds=[0, 1])
    run_toy(tmp_path, document)
    root = tmp_path / "results" / "toy"
    for seed, step in ((0, 0.2), (1, 0.4)):
        for folder in root.glob(f"runs/*__s{seed}__*"):
            # 8 steps, 2 before each of the two purchases.
            for number, steps in enumerate((2, 2, 4)):
                path = folder / "rounds" / f"{number:02d}" / "timing.json"
                path.write_text(json.dumps({"train": steps * step, "acquire": 1.0, "evaluate": 2.0}))
    results = ("--results", tmp_path / "results", "--start-seconds", "0", "--gpus", "1")
    found = planned(toys, *results)
    rates = {each["what"]: each for each in found["rates"]}
    assert rates["a step"]["seconds"] == pytest.approx([0.2, 0.3, 0.4])
    assert rates["a step"]["runs"] == 8
    assert rates["an evaluation"]["seconds"] == [2, 2, 2]
    assert found["measured"]["runs"] == 8
    text = plan(toys, *results).stdout
    assert "a step               0.2 to 0.4  8 runs  all methods" in text
    # Given seconds go before measured ones.
    found = planned(toys, *results, "--seconds-per-step", "7")
    assert [each["seconds"][1] for each in found["rates"] if each["what"] == "a step"] == [7]


def test_a_plan_of_what_is_left_leaves_out_committed_rounds(toys: Path, tmp_path: Path) -> None:
    run_toy(tmp_path, toy_document(methods=METHODS, seeds=[0, 1]))
    arguments = (toys, "--results", tmp_path / "results", *GIVEN)
    assert sum(each["steps"] for each in planned(*arguments)["units"]) > 0
    found = planned(*arguments, "--left")
    assert [each["runs"] for each in found["units"] if each["key"].startswith("shared")] == []
    assert [each["steps"] + each["evaluations"] for each in found["units"]] == [0] * 8


@pytest.mark.parametrize("columns", [60, 80, 100])
def test_a_plan_fits_the_terminal(tmp_path: Path, columns: int) -> None:
    root = f"scenario.root={tmp_path}"
    text = plan(GTA, root, *GIVEN, "--minutes", "240", "--gpus", "1,8,64", columns=columns).stdout
    assert [line for line in text.splitlines() if cell_len(line) > columns] == []
    assert text.startswith("gta2city: 57 runs in 63 units\n")
    assert " device-hours, of them " in " ".join(text.split())  # nobody has said whether there is a GPU
    if columns == 80:
        assert len(text.splitlines()) < 45  # a screen


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (
            (GTA, "--gpus", "8"),
            2,
            "Error: The seconds of a step and of a predicted image are neither given nor measured for "
            "'No labels, V2' and 18 other methods. Give --seconds-per-step and --seconds-per-image, or time "
            f"a short version: alseg run {GTA} with few iterations and --results FOLDER, then --measured "
            "FOLDER/NAME.",
        ),
        (
            (GTA, "--on", "slurm", *GIVEN),
            2,
            "Error: --on slurm does not say how many devices there are. Give their number: --gpus 64.",
        ),
        (
            (GTA, "--on", "local:x", *GIVEN),
            2,
            "Error: --on local:x names no number of processes. Write local:4, for instance.",
        ),
        (
            (GTA, "--gpus", "4,0"),
            2,
            "Error: Invalid value for '--gpus': '4,0' is no list of numbers from 1 to 100,000; write 64, or "
            "1,8,64 to compare.",
        ),
        (
            (GTA, "--seconds-per-step", "RIPU*=fast"),
            2,
            "Error: Invalid value for '--seconds-per-step': 'RIPU*=fast' names no seconds; write a number "
            "above 0 such as 0.45, or METHOD=0.45 for the methods whose labels fit a pattern.",
        ),
    ],
)
def test_what_a_plan_lacks_is_told(
    arguments: tuple[str, ...], code: int, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = plan(*arguments, "--results", tmp_path, columns=1000, code=code)
    assert result.stderr.splitlines()[-1] == message


def test_the_executors_own_number_counts(tmp_path: Path) -> None:
    arguments = (GTA, f"scenario.root={tmp_path}", *GIVEN)
    assert [each["devices"] for each in planned(*arguments)["on"]] == [1, 8, 64]
    assert [each["devices"] for each in planned(*arguments, "--on", "local:4")["on"]] == [4]
    assert [each["devices"] for each in planned(*arguments, "--on", "local:4", "--gpus", "2")["on"]] == [2]
    named = planned(*arguments, "settings.executor=local:3")
    assert [each["devices"] for each in named["on"]] == [3]
