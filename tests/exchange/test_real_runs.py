"""Packs of what the engine has written: ledgers and counts of a toy, and a liar about its costs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from alseg.exchange.opening import opened
from alseg.report.leaderboard import leaderboard_content
from fakepacks import alseg, make, members_of, rewritten
from toys import run_toy


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Source only, Entropy and full supervision on stripes."""
    folder = tmp_path_factory.mktemp("toy")
    run_toy(folder)
    return make(folder / "toy.zip", folder / "results" / "toy", "--by", "Ada")


def test_a_real_experiment_compares_from_its_pack(pack: Path) -> None:
    table = alseg("compare", pack, "--format", "csv").stdout
    assert table == alseg("compare", pack.parent / "results" / "toy", "--format", "csv").stdout != ""


def test_its_ledgers_and_experiment_file_are_packed(pack: Path) -> None:
    names = members_of(pack)
    assert sum(name.endswith("/ledger.npy") for name in names) == 2  # Entropy asks in two rounds
    assert "toy/experiment.yaml" in names
    assert not any(str(pack.parent).encode() in content for content in names.values())
    assert not any(name.endswith((".pt", ".txt", ".jsonl", "examples.npz")) for name in names)


def test_it_stands_on_a_leaderboard_with_its_code(pack: Path) -> None:
    with opened([pack]) as found:
        content = leaderboard_content(found.parts, {})
    (group,) = content["groups"]
    assert [row["label"] for row in group["rows"]] == ["Entropy"]
    assert sorted(row["label"] for row in group["references"]) == ["Fully supervised", "Source only"]
    assert group["rows"][0]["code"][0].startswith("alseg ")
    assert content["parts"][0]["file"].startswith("# sha256 of the rest: ")


@pytest.mark.parametrize("key", ["clicks", "pixels", "images"])
def test_costs_that_the_ledgers_do_not_bear_out_are_refused(pack: Path, key: str) -> None:
    names = members_of(pack)
    name = next(each for each in names if "/entropy__" in each and each.endswith("rounds/02/metrics.json"))
    metrics = json.loads(names[name])
    del metrics["seal"]
    for cost in ("valid_pixels", "pixels") if key == "pixels" else (key,):
        metrics["cost"][cost] -= 1
    changed = rewritten(pack, {name: json.dumps(metrics).encode()}, honest=True)
    result = alseg("compare", changed)
    place = changed / name.removesuffix("/metrics.json")
    said, held = metrics["cost"][key], metrics["cost"][key] + 1
    assert result.stderr == (
        f"Error: {place} says that {said:,} {key} were bought, but its ledgers hold {held:,}. "
        "The run is damaged, or its numbers were changed.\n"
    )
