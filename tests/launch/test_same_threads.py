"""An experiment goes on with the number of threads with which it was begun, where there are the cores."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from alseg.cli import main
from alseg.config.sections import Settings
from alseg.files import read_json, write_record
from alseg.launch.same_threads import first_threads, with_first_threads
from comparing import compared
from fakeruns import write_run


def begun(root: Path, run: str, threads: int, start: str, number: int = 0) -> None:
    path = root / "runs" / run / "attempts" / f"{number}.json"
    write_record(path, {"threads": threads, "start": start})


def test_the_number_of_the_earliest_attempt_counts_and_folders_put_aside_do_not(tmp_path: Path) -> None:
    assert first_threads(tmp_path) is None
    begun(tmp_path, "a__s0__1", 4, "2026-01-02T00:00:00+00:00")
    begun(tmp_path, "b__s0__2", 2, "2026-01-01T00:00:00+00:00")
    begun(tmp_path, "b__s0__2.old-1", 8, "2025-01-01T00:00:00+00:00")
    (tmp_path / "runs" / "b__s0__2" / "attempts" / "1.json").write_text("{")
    assert first_threads(tmp_path) == 2


BEGUN = "the experiment was begun with 2 threads and goes on with"


@pytest.mark.parametrize(
    ("settings", "default", "chosen", "threads", "note"),
    [
        (Settings(), 2, False, None, None),
        (
            Settings(),
            16,
            False,
            2,
            f"{BEGUN} as many, not with the 16 that torch would take here; "
            "settings.threads sets another number.",
        ),
        (
            Settings(),
            1,
            False,
            None,
            f"{BEGUN} 1, for there are not enough cores: sums are rounded otherwise, so bytes may differ.",
        ),
        (Settings(threads=4), 16, False, 4, f"{BEGUN} 4: sums are rounded otherwise, so bytes may differ."),
        (Settings(), 3, True, None, f"{BEGUN} 3: sums are rounded otherwise, so bytes may differ."),
        # Two processes have 2 threads each, where the first one had 2 alone.
        (Settings(processes=2), 4, False, None, None),
        (
            Settings(processes=2),
            3,
            False,
            None,
            f"{BEGUN} 1, for there are not enough cores: sums are rounded otherwise, so bytes may differ.",
        ),
    ],
)
def test_the_first_number_is_kept_unless_the_user_or_the_machine_says_otherwise(
    tmp_path: Path, settings: Settings, default: int, chosen: bool, threads: int | None, note: str | None
) -> None:
    begun(tmp_path, "a__s0__1", 2, "2026-01-01T00:00:00+00:00")
    found, said = with_first_threads(settings, tmp_path, default=default, chosen=chosen)
    assert (found.threads, said) == (threads, note)


def test_a_new_experiment_has_what_torch_takes(tmp_path: Path) -> None:
    assert with_first_threads(Settings(), tmp_path, default=16, chosen=False) == (Settings(), None)


def test_a_table_says_where_numbers_of_threads_differ(tmp_path: Path) -> None:
    results = tmp_path / "quickstart"
    for order, (label, threads) in enumerate((("Random", 2), ("Entropy", 1))):
        path = write_run(results, label, order=order) / "attempts" / "0.json"
        write_record(path, {**read_json(path), "threads": threads})
    assert (
        "Threads differ, which changes how sums are rounded: 2 (1 run), 1 (1 run)." in compared(results).notes
    )


def test_alseg_run_says_that_an_experiment_was_begun_with_another_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setattr("alseg.system.threads._made", [])
    begun(tmp_path / "dry", "a__s0__1", 3, "2026-01-01T00:00:00+00:00")
    scenes = {"name": "streets", "height": 32, "width": 64, "count": 2}
    document = {
        "name": "dry",
        "scenario": {"source": scenes, "target": {**scenes, "domain": "camera", "val_count": 1}},
        "model": {"name": "smp", "architecture": "FPN", "encoder": "resnet18", "weights": "none"},
        "recipe": {"name": "plain", "iterations": 2, "source_size": [32, 64], "target_size": [32, 64]},
        "rounds": [1],
        "methods": [{"label": "None", "target_labels": "none"}],
        "settings": {"device": "cpu", "threads": 1},
    }
    file = tmp_path / "dry.yaml"
    file.write_text(yaml.safe_dump(document))
    outcome = CliRunner().invoke(main, ["run", str(file), "--dry-run", "--results", str(tmp_path)])
    assert outcome.exit_code == 0, outcome.output
    note = "note: the experiment was begun with 3 threads and goes on with 1: sums are rounded otherwise"
    assert note in " ".join(outcome.stderr.split())
