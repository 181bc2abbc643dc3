"""Every command reads results of runs without evaluation labels, alone and beside others."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

import alseg_driving
import alseg_streets
from alseg.cli import main
from toycommand import write_toy
from toys import toy_document, toy_registry

LABELS = ("Random", "Entropy")
ESTIMATE = re.compile(r"\d+\.\d \[\d+\.\d, \d+\.\d\] N=\d+")


def streets(**scenario: Any) -> dict[str, Any]:
    """Return an experiment on streets whose target has no evaluation labels."""
    bought = {"annotation": {"name": "region", "radius": 1}, "budget": "20%"}
    size = {"height": 32, "width": 64}
    return toy_document(
        name="blind",
        scenario={
            "source": {"name": "streets", "domain": "render", "count": 6, **size},
            "target": {"name": "streets", "domain": "camera", "count": 24, "val_count": 8, **size},
            "label_space": "cityscapes-19",
            "evaluation_split": "none",
            **scenario,
        },
        evaluation={"held_out": "50%"},
        methods=[
            {"label": "No labels", "target_labels": "none"},
            *({"label": name, "acquisition": name.lower(), **bought} for name in LABELS),
        ],
        seeds=[0, 1],
        settings={"device": "cpu", "examples": 1},
    )


@pytest.fixture(scope="module", autouse=True)
def _registry() -> Iterator[None]:
    registry = toy_registry(alseg_driving, alseg_streets)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("alseg.registry.loading.load_registry", lambda: registry)
        yield


def command(*arguments: str | Path, code: int = 0, width: int = 80) -> Result:
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("COLUMNS", str(width))
        result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exit_code == code, result.output
    return result


@pytest.fixture(scope="module")
def blind(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results of runs without evaluation labels."""
    folder = tmp_path_factory.mktemp("blind")
    command("run", write_toy(folder, streets()), "--results", folder / "results")
    return folder / "results" / "blind"


@pytest.fixture(scope="module")
def mixed(blind: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with runs beside them that have evaluation labels."""
    folder = tmp_path_factory.mktemp("mixed")
    document = streets(evaluation_split="val")
    del document["evaluation"]
    command("run", write_toy(folder, document), "--results", folder / "results")
    for run in blind.glob("runs/*"):
        (folder / "results" / "blind" / "runs" / run.name).symlink_to(run)
    return folder / "results" / "blind"


def run_of(results: Path, method: str, seed: int = 0) -> Path:
    (found,) = results.glob(f"runs/{method}__s{seed}__*")
    return found


def last_metrics(results: Path, method: str, seed: int = 0) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(
        (run_of(results, method, seed) / "rounds/02/metrics.json").read_text()
    )
    return content


def test_a_table_shows_what_was_bought_and_learnt(blind: Path) -> None:
    shown = command("compare", blind).output
    tables, _, notes = shown.partition("\nn: seeds averaged.")
    assert max(map(len, shown.splitlines())) <= 80
    assert "Estimate from N" in tables and "held-out answers" in tables
    random = next(line for line in tables.splitlines() if line.startswith("Random"))
    assert ESTIMATE.search(random), random
    assert "Bought pixels of each class, in percent of those with a class" in tables
    titles = tables.replace("mIoU on", "")  # of new answers
    assert "mIoU" not in titles and "vs " not in titles and "nan" not in shown.lower()
    prose = " ".join(notes.split())
    assert "No evaluation labels, so the IoU is unknown: shown is what was bought and learnt." in prose
    assert "such numbers are not the mIoU of the target" in prose
    assert "IoU in percent" not in prose and "Not in the ground truth" not in prose


def test_an_interval_of_an_estimate_lies_around_it(blind: Path) -> None:
    rows = json.loads(command("compare", blind, "--format", "json").stdout)["rows"]
    for row in rows[1:]:
        estimate = row["learnt"]["estimate_from_held_out_answers"]
        found = [last_metrics(blind, row["label"].lower(), seed)["estimate"] for seed in (0, 1)]
        mean = np.mean([each["miou_of_answers"] for each in found])
        assert estimate["miou_estimate"]["mean"] == pytest.approx(mean)
        assert estimate["answers"] == np.mean([each["answers"] for each in found])
        assert estimate["low"] < mean < estimate["high"]


def test_json_and_csv_call_no_estimate_miou(blind: Path) -> None:
    content = json.loads(command("compare", blind, "--format", "json").stdout)
    row = content["rows"][1]
    assert (row["evaluated"], row["score"], row["difference"], row["gap_closed"]) == (False, None, None, None)
    assert set(row["iou"].values()) == {None}
    assert "miou" not in json.dumps(row["learnt"]).replace("miou_of_answers", "").replace("miou_estimate", "")
    bought = [last_metrics(blind, "random", seed)["bought"]["road"] for seed in (0, 1)]
    assert row["learnt"]["bought"]["road"] == np.mean(bought)
    lines = list(csv.DictReader(io.StringIO(command("compare", blind, "--format", "csv").stdout)))
    assert lines[1]["score"] == ""
    assert float(lines[1]["miou_estimate_from_held_out_answers"]) == pytest.approx(
        row["learnt"]["estimate_from_held_out_answers"]["miou_estimate"]["mean"]
    )
    assert float(lines[1]["bought:road"]) == row["learnt"]["bought"]["road"]


def test_markdown_and_latex_show_no_empty_score(blind: Path) -> None:
    markdown = command("compare", blind, "--format", "markdown").stdout
    titles = [title.strip() for title in markdown.splitlines()[0].split("|")]
    assert {"Estimate from N held-out answers", "Bought: road", "Accuracy on new answers"} <= set(titles)
    assert "mIoU (19)" not in titles and "road" not in titles
    assert "Estimate from N held-out answers" in command("compare", blind, "--format", "latex").stdout


def test_ranks_penalties_and_gaps_are_of_no_method(blind: Path) -> None:
    options = ("--ranks", "--penalties", "--images", "--reach", "95", "--x", "pixels")
    content = json.loads(command("compare", blind, *options, "--format", "json").stdout)
    assert [each["methods"] for each in (*content["ranks"], *content["penalties"])] == [[], []]
    assert {(row["reach"], row["crossed"], row["aubc"]) for row in content["rows"]} == {(None, None, None)}
    command("compare", blind, *options)


@pytest.mark.parametrize("metric", ["accuracy", "iou:road", "aubc"])
def test_a_metric_that_is_asked_for_and_unknown_is_refused(blind: Path, metric: str) -> None:
    output = command("compare", blind, "--metric", metric, code=2, width=300).output
    assert output.endswith(
        "is unknown: the runs have no evaluation labels. Leave out --metric and --subset to see what was "
        "bought and learnt.\n"
    )


def test_runs_with_and_without_evaluation_stand_in_one_comparison(mixed: Path) -> None:
    shown = command("compare", mixed).output
    blind_table, evaluated_table = sorted(
        re.split(r"\n(?=blind: streets)", shown.partition("\nn: seeds")[0]),
        key=lambda table: "Estimate from N" not in table,
    )
    assert "mIoU (19)" not in blind_table and "Bought pixels of each class" in blind_table
    assert "mIoU" in evaluated_table and "Estimate from N" not in evaluated_table
    content = json.loads(command("compare", mixed, "--format", "json").stdout)
    assert sorted(row["evaluated"] for row in content["rows"]) == [False] * 3 + [True] * 3
    assert all((row["score"] is None) == (row["learnt"] is not None) for row in content["rows"])
    scores = [row["score"]["mean"] for row in content["rows"] if row["score"]]
    alone = json.loads(
        command(
            "compare", *(run for run in mixed.glob("runs/*") if not run.is_symlink()), "--format", "json"
        ).stdout
    )
    assert sorted(scores) == sorted(row["score"]["mean"] for row in alone["rows"])
    for output in ("markdown", "latex", "csv"):
        command("compare", mixed, "--format", output)
    command("compare", mixed, "--metric", "iou:road")
    command("compare", mixed, "--ranks", "--penalties")


def test_status_says_what_is_known(blind: Path, mixed: Path) -> None:
    shown = command("status", blind).output
    assert "mIoU" not in shown and "held-out" in shown
    estimate = last_metrics(blind, "random")["estimate"]
    assert f"{estimate['miou_of_answers']:.2f} N={estimate['answers']}" in shown
    runs = json.loads(command("status", blind, "--json").stdout)["runs"]
    rounds = next(run["rounds"] for run in runs if run["name"] == run_of(blind, "random").name)
    assert (rounds[2]["miou"], rounds[2]["held_out_answers"]) == (None, estimate["answers"])
    assert "mIoU" in command("status", mixed).output


@pytest.mark.parametrize("name", ["blind", "mixed"])
def test_a_report_has_charts_of_answers(name: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    page = tmp_path / "report.html"
    command("report", request.getfixturevalue(name), "-o", page)
    text = page.read_text(encoding="utf-8")
    found = re.search(r'<script type="application/json" id="content">(.*?)</script>', text, re.S)
    assert found is not None
    scenarios = json.loads(found[1])["scenarios"]
    blind = next(each for each in scenarios if not each["evaluated"])
    assert [each["key"] for each in blind["metrics"]] == ["estimate", "new-answers", "new-answers-miou"]
    assert blind["metrics"][0]["title"] == "mIoU, estimate from N held-out answers"
    random = blind["methods"][1]
    assert random["stats"]["estimate"]["answers"] > 0
    assert random["curve"][2]["scores"]["estimate"] == random["stats"]["estimate"]["score"]
    assert random["curve"][0]["scores"]["estimate"] is None
    evaluated = [each for each in scenarios if each["evaluated"]]
    assert len(evaluated) == (name == "mixed")
    for each in evaluated:
        assert each["metrics"][0]["key"] == "miou"
        assert "estimate" not in each["methods"][1]["stats"]


def test_pictures_masks_and_predictions_need_no_evaluation_images(blind: Path, tmp_path: Path) -> None:
    run = run_of(blind, "entropy")
    command("show", run, "-o", tmp_path / "pictures")
    assert list((tmp_path / "pictures").glob("*_bought-round-2.png"))
    command("export", run, "--what", "masks", "-o", tmp_path / "masks")
    told = command("export", run, "--what", "predictions", "-o", tmp_path / "predictions", width=200).output
    assert "note: the run has no evaluation images, so predictions are those on the pool." in told
    images = list((tmp_path / "predictions").glob("*.png"))
    assert len(images) == 24
    with Image.open(images[0]) as picture:
        assert picture.size == (64, 32)


def test_eval_asks_for_a_split(blind: Path) -> None:
    run = run_of(blind, "entropy")
    output = command("eval", run, code=2, width=400).output
    assert output == (
        f"Error: The run {run} has no evaluation split: its scenario has no evaluation labels. Name a split "
        "with label maps with --split; splits of streets: train, val.\n"
    )
    assert "mean of" in command("eval", run, "--split", "val").output


def test_rescore_finds_what_was_changed(blind: Path, tmp_path: Path) -> None:
    assert "nothing differs" in command("rescore", blind).output
    copy = tmp_path / "runs" / "copy"
    copy.mkdir(parents=True)
    for path in run_of(blind, "random").rglob("*"):
        if path.is_file() and path.suffix in (".json", ".npz", ".npy"):
            target = copy / path.relative_to(run_of(blind, "random"))
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    metrics = copy / "rounds" / "02" / "metrics.json"
    content = json.loads(metrics.read_text())
    kept = content["estimate"]["miou_of_answers"]
    content["estimate"]["miou_of_answers"] = 99.0
    del content["seal"]
    metrics.write_text(json.dumps(content))
    output = command("rescore", copy, width=300).output
    assert f"round 2: estimate miou_of_answers 99.0000 -> {kept:.4f}" in output
    command("rescore", copy, "--write")
    assert json.loads(metrics.read_text())["estimate"]["miou_of_answers"] == kept


def test_a_difference_of_runs_names_the_split(blind: Path, mixed: Path) -> None:
    (other,) = (run for run in mixed.glob("runs/random__s0__*") if not run.is_symlink())
    output = command("diff", run_of(blind, "random"), other, width=200).output
    assert "scenario.evaluation_split" in output and "evaluation.held_out" in output


def test_the_overview_draws_the_estimate(blind: Path, tmp_path: Path) -> None:
    from alseg.overview.curves import read_curves
    from alseg.overview.write import write_overview
    from alseg.storage.reader import load_results

    curves = read_curves(load_results([blind]))
    assert curves.height == "mIoU, estimate from held-out answers (%)"
    assert [curve.label for curve in curves.curves] == list(LABELS)
    write_overview([blind], tmp_path / "overview.png", toy_registry(alseg_driving, alseg_streets))
    with Image.open(tmp_path / "overview.png") as picture:
        assert picture.size[0] == 1608
