"""``alseg pack``: what is in a pack, what is not, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from alseg.cli import main
from alseg.contracts import Picks
from alseg.exchange.tokens import tokens_of
from alseg.files import read_json, write_checked_text, write_record
from alseg.storage.ledger import Purchase
from fakepacks import alseg, make, members_of, write_counted


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """An experiment of two runs."""
    folder = tmp_path / "results" / "toy"
    write_counted(folder, "Random", acquisition="random")
    write_counted(folder, "Mine", order=1, quality=2)
    return folder


def run_of(results: Path, label: str) -> Path:
    return next(results.glob(f"runs/{label}__*"))


def edited(path: Path, **changes: object) -> None:
    write_record(path, {**read_json(path), **changes})


def test_a_pack_holds_records_and_counts_and_nothing_else(results: Path, tmp_path: Path) -> None:
    run = run_of(results, "mine")
    for name in ("weights.pt", "log.txt", "events.jsonl", "examples.npz", "rounds/01/examples.npz"):
        (run / name).write_bytes(b"pixels")
    (run / "rounds" / "02").mkdir()
    (run / "rounds" / "02" / "confusion.npz").write_bytes(b"not committed")
    names = members_of(make(tmp_path / "toy.zip", run))
    place = f"toy/runs/{run.name}"
    rounds = [f"{place}/rounds/{number}/{name}" for number in ("00", "01") for name in
              ("confusion.npz", "metrics.json")]  # fmt: skip
    expected = [f"{place}/attempts/0.json", *rounds, f"{place}/run.json", f"{place}/status.json"]
    assert list(names) == ["pack.json", *expected]


def test_the_same_results_give_the_same_bytes(results: Path, tmp_path: Path) -> None:
    first = make(tmp_path / "first.zip", results).read_bytes()
    for path in results.rglob("*"):
        path.touch()
    assert make(tmp_path / "second.zip", results).read_bytes() == first


def test_files_that_need_no_change_keep_their_bytes(results: Path, tmp_path: Path) -> None:
    run = run_of(results, "mine")
    packed = members_of(make(tmp_path / "toy.zip", results))
    name = f"toy/runs/{run.name}/rounds/01/metrics.json"
    assert packed[name] == (run / "rounds/01/metrics.json").read_bytes()


def test_the_manifest_says_who_and_when(results: Path, tmp_path: Path) -> None:
    edited(run_of(results, "mine") / "attempts/0.json", end="2026-03-04T05:06:07+00:00")
    words = ("--by", "Ada", "--contact", "ada@example.org", "--licence", "CC0-1.0")
    pack = make(tmp_path / "toy.zip", results, *words, "--link", "https://example.org/mine")
    part = json.loads(members_of(pack)["pack.json"])["parts"][0]
    assert (part["folder"], part["experiment"], part["date"], part["names"]) == (
        "toy",
        "toy",
        "2026-03-04",
        "kept",
    )
    assert part["maker"] == {
        "by": "Ada",
        "contact": "ada@example.org",
        "licence": "CC0-1.0",
        "link": "https://example.org/mine",
    }


def test_no_path_host_or_executor_of_the_machine_is_packed(results: Path, tmp_path: Path) -> None:
    run = run_of(results, "mine")
    spec = read_json(run / "run.json")["spec"]
    spec["scenario"] |= {"source_root": "/home/ada/data", "target": {"params": {"images": "*/left/*.png"}}}
    spec["model"] = {"name": "net", "params": {"weights": "/home/ada/nets/best.pt", "share": "1/2"}}
    made_with = {"weights /home/ada/nets/best.pt": "0123", "torch": "2.6"}
    edited(run / "run.json", spec=spec, made_with=made_with)
    edited(run / "attempts/0.json", hosts=["ada-laptop"], git="abc")
    edited(run / "status.json", state="failed", error='File "/home/ada/x.py": no /home/ada/data/1.png')
    text = "name: toy\nscenario:\n  root: ../ada/data\nsettings:\n  executor: slurm:ada\n  threads: 1\n"
    write_checked_text(results / "experiment.yaml", text)
    packed = members_of(make(tmp_path / "toy.zip", results, "--incomplete"))
    assert not any(b"ada" in content for content in packed.values())
    place = f"toy/runs/{run.name}"
    found = json.loads(packed[f"{place}/run.json"])
    assert found["spec"]["scenario"]["root"] == found["spec"]["scenario"]["source_root"] == "data"
    assert found["spec"]["scenario"]["target"]["params"] == {"images": "*/left/*.png"}
    assert found["spec"]["model"]["params"] == {"weights": "best.pt", "share": "1/2"}
    assert found["made_with"] == {"weights best.pt": "0123", "torch": "2.6"}
    assert json.loads(packed[f"{place}/status.json"])["error"] == 'File "x.py": no 1.png'
    assert packed["toy/experiment.yaml"].decode().splitlines()[1:] == [
        "name: toy", "scenario:", "  root: data", "settings:", "  threads: 1"]  # fmt: skip


def test_a_run_that_is_not_done_is_refused(results: Path, tmp_path: Path) -> None:
    run = run_of(results, "mine")
    edited(run / "status.json", state="interrupted")
    result = alseg("pack", results, "-o", tmp_path / "toy.zip")
    assert result.exit_code == 2
    assert result.stderr == (
        f"Error: {run} is interrupted, not done. Finish it with 'alseg run', or pack it as it is with "
        "--incomplete.\n"
    )
    assert not (tmp_path / "toy.zip").exists()


def test_metrics_that_do_not_follow_from_the_counts_are_refused(results: Path, tmp_path: Path) -> None:
    path = run_of(results, "mine") / "rounds/01/metrics.json"
    edited(path, miou=99.0)
    result = alseg("pack", results, "-o", tmp_path / "toy.zip")
    # 8 of 10 pixels of each class are right: 8 / 12.
    assert result.stderr == (
        f"Error: {path.parent} has metrics that do not follow from its counts: miou 99.0000 -> 66.6667. "
        "Metrics of a pack must follow from its counts; 'alseg rescore --write' computes them anew.\n"
    )


def test_runs_without_counts_are_packed_only_if_asked_for(results: Path, tmp_path: Path) -> None:
    run = run_of(results, "mine")
    (run / "rounds/01/confusion.npz").unlink()
    result = alseg("pack", results, "-o", tmp_path / "toy.zip")
    assert result.stderr == (
        f"Error: {run} lacks confusion counts of some rounds, so that nobody can compute its metrics anew. "
        "Pack it as it is with --without-counts; leaderboards leave it out.\n"
    )
    result = alseg("pack", results, "-o", tmp_path / "toy.zip", "--without-counts")
    assert "2 runs, of 1 of which all metrics of 2 rounds were computed anew and agree." in result.stderr


def test_a_pack_in_which_nothing_could_be_computed_anew_says_so(results: Path, tmp_path: Path) -> None:
    for counts in results.glob("runs/*/rounds/01/confusion.npz"):
        counts.unlink()
    result = alseg("pack", results, "-o", tmp_path / "toy.zip", "--without-counts")
    assert result.exit_code == 0, result.stderr
    assert ": 2 runs. None has counts of evaluation images, so that no metric was computed anew." in (
        " ".join(result.stderr.split())
    )


def write_purchase(run: Path, images: list[str]) -> Purchase:
    """Buy one region of 50 pixels, of which 5 are void, for 50 clicks in each of two images."""
    one = Picks(np.zeros((1, 2), np.int32), np.zeros(1, np.float32), np.array([50]))
    bought = Purchase.of(
        dict.fromkeys(images, one),
        dict.fromkeys(images, np.array([5])),
        dict.fromkeys(images, np.array([50])),
    )
    bought.write(run / "rounds" / "01")
    return bought


def test_costs_that_are_not_those_of_the_ledgers_are_refused(results: Path, tmp_path: Path) -> None:
    run = run_of(results, "mine")
    write_purchase(run, ["one", "two"])
    result = alseg("pack", results, "-o", tmp_path / "toy.zip")
    # The fake metrics say that 10 images were touched.
    assert result.stderr == (
        f"Error: {run / 'rounds/01'} says that 10 images were bought, but its ledgers hold 2. The run is "
        "damaged, or its numbers were changed.\n"
    )
    metrics = read_json(run / "rounds/01/metrics.json")
    edited(run / "rounds/01/metrics.json", cost={**metrics["cost"], "images": 2})
    assert alseg("pack", results, "-o", tmp_path / "toy.zip").exit_code == 0


def test_names_of_images_become_tokens_and_still_pair(results: Path, tmp_path: Path) -> None:
    run = run_of(results, "mine")
    write_purchase(run, ["secret street", "secret house"])
    metrics = read_json(run / "rounds/01/metrics.json")
    edited(run / "rounds/01/metrics.json", cost={**metrics["cost"], "images": 2})
    plain = make(tmp_path / "plain.zip", results)
    hidden = make(tmp_path / "hidden.zip", results, "--no-names")
    alseg("merge", hidden, "-o", tmp_path / "unpacked")
    found = tmp_path / "unpacked" / "toy" / "runs" / run.name / "rounds" / "01"
    assert sorted(Purchase.read(found).spans) == sorted(tokens_of({"secret street", "secret house"}).values())
    with np.load(found / "confusion.npz") as arrays:
        assert arrays["image_ids"].tolist() == list(tokens_of({"image-0", "image-1"}).values())
    assert not any(b"secret" in content for content in members_of(hidden).values())
    tables = [alseg("compare", pack, "--images", "--format", "csv").stdout for pack in (plain, hidden)]
    assert tables[0] == tables[1] != ""


def test_tokens_depend_on_the_whole_set_of_names() -> None:
    few, more = tokens_of({"a", "b"}), tokens_of({"a", "b", "c"})
    assert few["a"].endswith("-000000")
    assert few["b"].endswith("-000001")
    assert tokens_of(["b", "a"]) == few
    assert few["a"] != more["a"]


def test_an_experiment_may_have_any_name(results: Path, tmp_path: Path) -> None:
    edited(run_of(results, "mine") / "run.json", experiment="../étude 1")
    pack = make(tmp_path / "toy.zip", run_of(results, "mine"))
    assert json.loads(members_of(pack)["pack.json"])["parts"][0]["folder"] == "tude-1"


def test_two_results_folders_of_one_name_have_parts_of_their_own(tmp_path: Path) -> None:
    folders = [tmp_path / name / "toy" for name in ("one", "two")]
    for number, folder in enumerate(folders):
        write_counted(folder, "Random", number, acquisition="random")
    manifest = json.loads(members_of(make(tmp_path / "toy.zip", *folders))["pack.json"])
    assert [part["folder"] for part in manifest["parts"]] == ["toy", "toy-2"]


def test_a_link_that_is_no_address_is_refused(results: Path, tmp_path: Path) -> None:
    result = alseg("pack", results, "-o", tmp_path / "toy.zip", "--link", "javascript:alert(1)")
    assert result.stderr == (
        "Error: --link 'javascript:alert(1)' cannot be used. Give an address such as "
        "https://example.org/method.\n"
    )


def test_a_pack_is_not_packed_again(results: Path, tmp_path: Path) -> None:
    pack = make(tmp_path / "toy.zip", results)
    result = CliRunner().invoke(main, ["pack", str(pack), "-o", str(tmp_path / "again.zip")])
    assert result.stderr == (f"Error: {pack} is a pack already. 'alseg merge' makes one pack of several.\n")
