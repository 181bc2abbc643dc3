"""Source only, no labels, fully supervised: the rows that others are read against."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from alseg.cli import main
from comparing import compared, row
from demofile import BASE, errors_of, read, replaced
from fakeruns import write_run
from toys import Silent, run_folder, run_toy, toy_document

ALL_LATER = {"labels": "all", "since": "first-purchase"}
FULL = "target_labels: all}"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the working directory, so that messages name the file as ``demo.yaml``."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _metrics(folder: Path, number: int) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / f"rounds/{number:02d}/metrics.json").read_text())
    return content


# ----------------------------------------------------------------------------------------------------
# In the file


def test_all_labels_can_be_known_since_the_first_purchase(folder: Path) -> None:
    later = read(replaced(FULL, "target_labels: {labels: all, since: first-purchase}}")).methods[3]
    at_once = read(replaced(FULL, "target_labels: {labels: all}}")).methods[3]
    assert (later.target_labels, later.labels_since) == ("all", "first-purchase")
    assert (at_once.target_labels, at_once.labels_since) == ("all", "start")
    assert at_once.identity() == read(BASE).methods[3].identity() != later.identity()


def test_what_a_method_refers_to_is_no_part_of_its_identity(folder: Path) -> None:
    plain, declared = read(BASE), read(replaced(FULL, "target_labels: all, reference: upper}"))
    assert declared.methods[3].reference == "upper"
    assert declared.runs()[3].fingerprint == plain.runs()[3].fingerprint


@pytest.mark.parametrize(
    ("new", "error"),
    [
        (
            "target_labels: {labels: al, since: first-purchase}}",
            "13:55: expected 'none', 'acquired' or 'all', got 'al', did you mean 'all'?",
        ),
        (
            "target_labels: {labels: none, since: start}}",
            "13:68: 'since' belongs to labels: all, not to labels: none",
        ),
        (
            "target_labels: {labels: all, since: first}}",
            "13:67: expected 'start' or 'first-purchase', got 'first'",
        ),
        (
            "target_labels: {labels: all, sinze: start}}",
            "13:60: unknown key 'sinze', did you mean 'since'?",
        ),
        (
            "target_labels: {labels: none, tolerance: 1}}",
            "13:72: 'tolerance' belongs to labels: all, not to labels: none",
        ),
        ("target_labels: {labels: all, tolerance: -1}}", "13:71: must be at least 0.0, got -1"),
        ("target_labels: {since: start}}", "13:31: missing key 'labels'"),
        ("target_labels: all, reference: lower}", "13:62: reference: lower needs target_labels: none"),
        ("target_labels: all, reference: top}", "13:62: expected 'lower' or 'upper', got 'top'"),
        (
            "target_labels: all, reference: upper}\n  - {label: Same, target_labels: all, reference: upper}",
            "14:50: method 'Fully supervised' is reference: upper for this network already",
        ),
    ],
)
def test_mistakes_have_their_places(folder: Path, new: str, error: str) -> None:
    assert f"demo.yaml:{error}" in errors_of(replaced(FULL, new))


def test_a_reference_of_another_network_is_another_one(folder: Path) -> None:
    wide = "target_labels: all, reference: upper}\n  - {label: Wide, target_labels: all, reference: upper, "
    methods = read(replaced(FULL, f"{wide}model: {{width: 9}}}}")).methods
    assert [method.reference for method in methods[3:]] == ["upper", "upper"]


def test_labels_since_the_first_purchase_need_one(folder: Path) -> None:
    text = """\
name: demo
scenario: {source: scenes, target: scenes}
model: tiny
recipe: plain
rounds: []
methods:
  - {label: Later, target_labels: {labels: all, since: first-purchase}}
"""
    expected = "demo.yaml:5:9: no rounds: labels known since the first purchase need one at least"
    assert errors_of(text) == [expected]


# ----------------------------------------------------------------------------------------------------
# In a run


def _document(*methods: dict[str, object]) -> dict[str, object]:
    return toy_document(methods=[toy_document()["methods"][1], *methods])  # type: ignore[index]


def test_full_supervision_since_the_first_purchase_shares_the_training_before_it(tmp_path: Path) -> None:
    reporter = Silent()
    later = {"label": "Later", "target_labels": ALL_LATER}
    run_toy(tmp_path, _document(later), reporter=reporter)
    # Entropy trains rounds 0, 1, 2; the other one takes round 0 over.
    assert reporter.phases.count("train") == 3 + 2
    asking, full = (run_folder(tmp_path, method) for method in ("entropy", "later"))
    assert _metrics(asking, 0)["iou"] == _metrics(full, 0)["iou"]
    assert _metrics(full, 0)["cost"]["pixels"] == 0 and sum(_metrics(full, 0)["bought"].values()) == 0
    # 6 images of 12 x 24, of which a column of 12 pixels is void.
    assert [_metrics(full, number)["cost"]["pixels"] for number in (1, 2)] == [1728, 1728]
    assert _metrics(full, 1)["cost"]["valid_pixels"] == 1728 - 6 * 12
    record = json.loads((full / "run.json").read_text())["method"]
    assert (record["target_labels"], record["labels_since"]) == ("all", "first-purchase")


def test_full_supervision_since_the_first_purchase_is_buying_everything_at_once(tmp_path: Path) -> None:
    everything = {"label": "Buys", "acquisition": "random", "annotation": "image", "budget": "6 images"}
    later = {"label": "Later", "target_labels": ALL_LATER}
    # The network learns from all labels, resized or not: the toy trains at native size.
    run_toy(tmp_path, toy_document(methods=[everything, later], rounds=[2]))
    buys, full = (run_folder(tmp_path, method) for method in ("buys", "later"))
    assert _metrics(buys, 1)["iou"] == _metrics(full, 1)["iou"]
    assert _metrics(buys, 1)["bought"] == _metrics(full, 1)["bought"]


def test_full_supervision_since_the_first_purchase_goes_on_to_the_same_bytes(tmp_path: Path) -> None:
    document = toy_document(methods=[{"label": "Later", "target_labels": ALL_LATER}])
    run_toy(tmp_path / "through", document)
    folder = run_folder(tmp_path / "through", "later")
    weights = (folder / "weights.pt").read_bytes()
    metrics = folder / "rounds" / "02" / "metrics.json"
    before = metrics.read_bytes()
    metrics.unlink()
    (folder / "rounds" / "02" / "confusion.npz").unlink()
    run_toy(tmp_path / "through", document)
    assert metrics.read_bytes() == before
    assert (folder / "weights.pt").read_bytes() == weights


def test_source_only_sees_no_target_image(tmp_path: Path) -> None:
    # The photographs of the target differ with the seed of its data; nothing of the network may.
    metrics = []
    for count in (6, 7):
        recipe = {"target_batch": 0}
        document = toy_document(
            methods=[{"label": "Source only", "target_labels": "none", "recipe": recipe}],
            scenario={"source": "stripes", "target": {"name": "stripes", "count": count}},
        )
        run_toy(tmp_path / str(count), document)
        state = run_folder(tmp_path / str(count), "source-only") / "weights.pt"
        metrics.append(state.read_bytes())
    assert metrics[0] == metrics[1]


def test_a_reference_that_is_declared_after_the_run_is_written_down(tmp_path: Path) -> None:
    later = {"label": "Later", "target_labels": ALL_LATER}
    run_toy(tmp_path, toy_document(methods=[later]))
    path = run_folder(tmp_path, "later") / "run.json"
    assert json.loads(path.read_text())["method"]["reference"] is None
    reporter = Silent()
    run_toy(tmp_path, toy_document(methods=[{**later, "reference": "upper"}]), reporter=reporter)
    assert reporter.phases == []
    assert json.loads(path.read_text())["method"]["reference"] == "upper"
    assert CliRunner().invoke(main, ["compare", str(tmp_path / "results/toy")]).exit_code == 0


# ----------------------------------------------------------------------------------------------------
# In a comparison


def test_the_gap_is_between_the_declared_references(tmp_path: Path) -> None:
    results = tmp_path / "demo"
    heights = {"Source only": 20, "No labels": 30, "Entropy": 45, "Full": 90, "Full, same time": 60}
    kinds = {"Source only": "none", "No labels": "none", "Full": "all", "Full, same time": "all"}
    declared = {"No labels": "lower", "Full, same time": "upper"}
    for order, (label, height) in enumerate(heights.items()):
        write_run(
            results,
            label,
            order=order,
            target_labels=kinds.get(label, "acquired"),
            iou=[[height] * 3],
            reference=declared.get(label),
        )
    # 15 of the 30 points from 30 to 60; undeclared it would be 25 of the 70 points from 20 to 90.
    closed = row(compared(results), "Entropy").gap_closed
    assert closed is not None
    assert closed.gap.percent == pytest.approx(50)
