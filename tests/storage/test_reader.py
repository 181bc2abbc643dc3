from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from alseg.contracts import Cost
from alseg.errors import AlsegError
from alseg.storage.reader import load_results, read_run
from fakeruns import write_run


@pytest.fixture
def results(tmp_path: Path) -> Path:
    return tmp_path / "quickstart"


def test_a_run_folder_becomes_a_record(results: Path) -> None:
    folder = write_run(
        results,
        "RIPU (RA)",
        seed=1,
        iou=[[10.0, 20.0, None], [40.0, 60.0, None]],
        acquisition="ripu",
        subsets={"vehicles": ["car", "train"]},
        device="NVIDIA H100",
    )
    run = read_run(folder)
    assert (run.method.label, run.seed, run.state, run.devices) == ("RIPU (RA)", 1, "done", ("NVIDIA H100",))
    assert run.label_space.classes == ("road", "car", "train")
    first, second = run.rounds
    assert run.final is second
    # Round 1 has bought 100 pixels, a tenth of them void.
    assert second.cost == Cost(pixels=100, valid_pixels=90, trained_pixels=100, clicks=100, images=10)
    assert second.iou == {"road": 40.0, "car": 60.0, "train": None}
    assert (first.miou, second.miou) == (15.0, 50.0)
    assert second.subsets == {"vehicles": 60.0}
    assert run.at(0) is first
    assert run.at(2) is None


def test_clicks_of_runs_of_format_2_are_read_by_their_old_name(results: Path) -> None:
    folder = write_run(results, "Random", extra={"format": 2}, iou=[[10.0, 20.0, 30.0], [40.0, 60.0, 50.0]])
    path = folder / "rounds" / "01" / "metrics.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    cost = content["cost"]
    content["cost"] = {"questions" if key == "clicks" else key: value for key, value in cost.items()}
    path.write_text(json.dumps(content), encoding="utf-8")
    run = read_run(folder)
    assert run.rounds[1].cost.clicks == cost["clicks"] == 100
    assert run.clicks_of_answers


def test_a_run_that_is_not_done_has_no_final_round(results: Path) -> None:
    assert read_run(write_run(results, "Random", state="running")).final is None


def test_runs_come_in_the_order_of_the_experiment_file_then_by_seed(results: Path) -> None:
    for label, order in (("Random", 1), ("Source only", 0)):
        for seed in (10, 2):
            write_run(results, label, seed, order=order)
    found = [(run.method.label, run.seed) for run in load_results([results]).runs]
    assert found == [("Source only", 2), ("Source only", 10), ("Random", 2), ("Random", 10)]


def test_seed_names_and_data_folder_do_not_make_other_settings(results: Path, tmp_path: Path) -> None:
    first = read_run(write_run(results, "Random", 0, order=1))
    second = read_run(write_run(tmp_path / "other", "Chance", 1, order=2))
    assert first.settings_hash == second.settings_hash


def test_another_parameter_makes_other_settings(results: Path) -> None:
    first = read_run(write_run(results, "Random", settings={"rounds": [10]}))
    second = read_run(write_run(results, "Random", settings={"rounds": [20]}))
    assert first.settings_hash != second.settings_hash


def test_result_folders_their_runs_and_single_runs_can_be_mixed_and_count_once(results: Path) -> None:
    folder = write_run(results, "Random")
    found = load_results([results, results / "runs", folder])
    assert len(found.runs) == 1
    assert found.copies == ()


def test_a_copy_of_a_run_counts_once_and_is_named(results: Path, tmp_path: Path) -> None:
    folder = write_run(results, "Random")
    copy = tmp_path / "published" / "runs" / folder.name
    shutil.copytree(folder, copy)
    found = load_results([results, tmp_path / "published"])
    assert len(found.runs) == 1
    assert found.copies == (copy,)


def test_two_methods_with_the_same_settings_both_stay(results: Path) -> None:
    write_run(results, "Random", order=0, extra={"fingerprint": "f" * 64})
    write_run(results, "Chance", order=1, extra={"fingerprint": "f" * 64})
    assert len(load_results([results]).runs) == 2


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(AlsegError) as caught:
        load_results([tmp_path / "nothing"])
    assert str(caught.value) == (
        f"There is no folder {tmp_path / 'nothing'}. "
        "Name a result folder such as results/quickstart, made by 'alseg run'."
    )


def test_a_folder_without_results_says_what_was_expected(tmp_path: Path) -> None:
    with pytest.raises(AlsegError) as caught:
        load_results([tmp_path])
    assert str(caught.value) == (
        f"{tmp_path} holds no results: neither a folder 'runs' nor a run.json. "
        "Name a result folder such as results/quickstart, made by 'alseg run'."
    )


def test_a_folder_of_result_folders_names_those(tmp_path: Path) -> None:
    write_run(tmp_path / "camvid", "Random")
    write_run(tmp_path / "quickstart", "Random")
    with pytest.raises(AlsegError) as caught:
        load_results([tmp_path])
    assert str(caught.value) == (
        f"{tmp_path} holds no results: neither a folder 'runs' nor a run.json. "
        f"Name one or more of the result folders in it: {tmp_path / 'camvid'}, {tmp_path / 'quickstart'}."
    )


def test_a_result_folder_without_runs_says_so(results: Path) -> None:
    (results / "runs").mkdir(parents=True)
    with pytest.raises(AlsegError) as caught:
        load_results([results])
    assert str(caught.value) == f"There are no runs in {results / 'runs'}. Start some with 'alseg run'."


@pytest.mark.parametrize(
    ("file", "content", "problem"),
    [
        (
            "rounds/00/metrics.json",
            '{"round": 0',
            "damaged: Expecting ',' delimiter: line 1 column 12 (char 11).",
        ),
        ("rounds/00/metrics.json", "[]", "damaged: it holds list, not an object."),
        ("rounds/00/metrics.json", "", "damaged: Expecting value: line 1 column 1 (char 0)."),
        ("run.json", "{}", "damaged: format: Field required."),
        ("status.json", '{"state": "asleep"}', None),
    ],
)
def test_a_damaged_run_is_left_out_and_named(
    results: Path, file: str, content: str, problem: str | None
) -> None:
    write_run(results, "Random", seed=0)
    folder = write_run(results, "Random", seed=1)
    (folder / file).write_text(content)
    found = load_results([results])
    expected = (
        "damaged: state: Input should be 'running', 'waiting', 'done', 'failed', 'interrupted' or 'skipped'."
    )
    assert [run.seed for run in found.runs] == [0]
    assert found.damaged[0].folder == folder
    assert found.damaged[0].problem == f"{folder / file} is {problem or expected}"


def test_a_round_with_other_classes_is_damaged(results: Path) -> None:
    write_run(results, "Random", seed=0)
    folder = write_run(results, "Random", seed=1)
    path = folder / "rounds/00/metrics.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "iou": {"road": 1.0}}))
    assert load_results([results]).damaged[0].problem == (
        f"{path} is damaged: its classes are not those of the run's label space."
    )


def test_a_done_run_whose_last_round_is_gone_is_damaged(results: Path) -> None:
    write_run(results, "Random", seed=0, iou=[[1, 2, 3], [4, 5, 6]])
    folder = write_run(results, "Random", seed=1, iou=[[1, 2, 3], [4, 5, 6]])
    (folder / "rounds/01/metrics.json").unlink()
    assert load_results([results]).damaged[0].problem == (
        f"{folder / 'status.json'} says that round 1 is done, but the last one there is round 0."
    )


def test_another_format_is_refused_with_a_remedy(results: Path) -> None:
    folder = write_run(results, "Random", extra={"format": 4})
    with pytest.raises(AlsegError) as caught:
        load_results([results])
    assert str(caught.value) == (
        "No run can be read:\n"
        f"  {folder / 'run.json'} has format 4, but this alseg reads formats 1, 2 and 3. "
        "Read it with the version that wrote it."
    )


def test_a_run_killed_before_its_first_status_counts_as_interrupted(results: Path) -> None:
    folder = write_run(results, "Random", iou=())
    (folder / "status.json").unlink()
    assert read_run(folder).state == "interrupted"


def test_a_tracebacks_last_line_is_the_explanation(results: Path) -> None:
    error = "Traceback (most recent call last):\n  File ...\nRuntimeError: CUDA out of memory\n"
    assert read_run(write_run(results, "Random", state="failed", error=error)).explanation == (
        "RuntimeError: CUDA out of memory"
    )


def test_reading_and_comparing_imports_neither_torch_nor_pandas() -> None:
    code = (
        "import sys, alseg.cli.compare, alseg.analysis.compare, alseg.storage.reader, alseg.tables.columns, "
        "alseg.tables.export, alseg.tables.terminal; "
        "print([name for name in ('torch', 'pandas') if name in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout == "[]\n"


def test_the_command_module_alone_is_light() -> None:
    code = (
        "import sys, alseg.cli.compare; "
        "print([name for name in ('scipy', 'numpy', 'pydantic', 'rich') if name in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout == "[]\n"


def without_evaluation(results: Path, **changes: object) -> Path:
    """Return a run without evaluation labels, and change what its last round says."""
    folder = write_run(results, "Entropy", extra={"evaluated": False})
    path = folder / "rounds" / "00" / "metrics.json"
    content = json.loads(path.read_text())
    for key in ("miou", "accuracy", "iou", "subsets"):
        del content[key]
    path.write_text(json.dumps({**content, **changes}))
    return folder


def scores(*classes: str) -> dict[str, object]:
    """Return what a round says of answers."""
    iou = dict.fromkeys(classes, 50.0)
    numbers = {"answers": 3, "images": 2, "pixels": 9, "miou_of_answers": 50.0, "accuracy_of_answers": 60.0}
    return {**numbers, "iou_of_answers": iou}


def test_a_run_without_evaluation_labels_has_no_iou_of_any_class(results: Path) -> None:
    run = read_run(without_evaluation(results, estimate=scores("road", "car", "train")))
    (only,) = run.rounds
    assert (run.evaluated, only.miou, only.accuracy, only.prequential) == (False, None, None, None)
    assert only.iou == {"road": None, "car": None, "train": None}
    assert only.estimate is not None
    assert (only.estimate.answers, only.estimate.iou_of_answers["car"]) == (3, 50.0)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"miou": 50.0, "accuracy": 60.0, "iou": {}}, "it has an IoU, but the run has no evaluation labels."),
        ({"miou": 50.0}, "accuracy: Field required."),
        ({"estimate": scores("road")}, "classes of answers are not those of the label space."),
        ({"prequential": {**scores("road"), "answers": -1}}, "prequential.answers: "),
    ],
)
def test_a_round_that_contradicts_its_run_is_damaged(
    results: Path, changes: dict[str, object], problem: str
) -> None:
    folder = without_evaluation(results, **changes)
    with pytest.raises(AlsegError) as caught:
        read_run(folder)
    path = folder / "rounds" / "00" / "metrics.json"
    assert str(caught.value).startswith(f"{path} is damaged: {problem}")


def test_a_round_without_iou_of_a_run_with_evaluation_labels_is_damaged(results: Path) -> None:
    folder = without_evaluation(results)
    content = json.loads((folder / "run.json").read_text())
    del content["evaluated"]
    (folder / "run.json").write_text(json.dumps(content))
    with pytest.raises(AlsegError, match=r"metrics\.json is damaged: it has no IoU\.$"):
        read_run(folder)
