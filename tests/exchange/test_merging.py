"""``alseg merge``: every run once, and what disagrees is named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fakepacks import alseg, make, members_of, write_counted


def packed(folder: Path, who: str, *seeds: int, quality: int = 0) -> Path:
    """Return a pack of somebody's runs of one method."""
    for seed in seeds:
        write_counted(folder / who / "toy", "Mine", seed, quality=quality)
    # The fake specification holds the folder: one root for all.
    return make(folder / f"{who}.zip", folder / who / "toy", "--by", who)


@pytest.fixture(autouse=True)
def _one_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make fake runs of the same settings the same runs, wherever they lie."""
    import fakeruns

    given = fakeruns.write_run

    def write(results: Path, label: str, seed: int = 0, **options: object) -> Path:
        spec = {"experiment": "toy", "scenario": {"source": "render", "root": "data"}, "seed": seed}
        spec["method"] = {"label": label, "acquisition": None, "annotation": None, "recipe": None}
        extra = {"spec": spec, "fingerprint": f"{seed:064x}", "run": f"mine__s{seed}__0"}
        folder = given(results, label, seed, extra=extra, **options)  # type: ignore[arg-type]
        return folder.rename(folder.with_name(f"mine__s{seed}__0"))

    monkeypatch.setattr("fakepacks.write_run", write)


def parts_of(pack: Path) -> list[tuple[str, str]]:
    parts = json.loads(members_of(pack)["pack.json"])["parts"]
    return [(part["folder"], part["maker"]["by"]) for part in parts]


def runs_of(pack: Path) -> list[str]:
    return [name.removesuffix("/run.json") for name in members_of(pack) if name.endswith("/run.json")]


def test_parts_of_two_people_stay_apart(tmp_path: Path) -> None:
    ada, bob = packed(tmp_path, "Ada", 0, 1), packed(tmp_path, "Bob", 2)
    result = alseg("merge", ada, bob, "-o", tmp_path / "both.zip")
    assert result.stderr == f"Wrote {tmp_path}/both.zip: 3 runs in 2 parts.\n"
    assert parts_of(tmp_path / "both.zip") == [("toy", "Ada"), ("toy-2", "Bob")]
    assert runs_of(tmp_path / "both.zip") == [
        "toy-2/runs/mine__s2__0", "toy/runs/mine__s0__0", "toy/runs/mine__s1__0"]  # fmt: skip
    rows = json.loads(alseg("compare", tmp_path / "both.zip", "--format", "json").stdout)["rows"]
    assert [len(row["runs"]) for row in rows] == [3]


def test_parts_of_one_person_become_one(tmp_path: Path) -> None:
    first = packed(tmp_path / "first", "Ada", 0)
    second = packed(tmp_path / "second", "Ada", 1)
    alseg("merge", first, second, "-o", tmp_path / "both.zip")
    assert parts_of(tmp_path / "both.zip") == [("toy", "Ada")]
    assert len(runs_of(tmp_path / "both.zip")) == 2


def test_the_same_run_is_kept_once(tmp_path: Path) -> None:
    ada, bob = packed(tmp_path, "Ada", 0, 1), packed(tmp_path, "Bob", 1, 2)
    result = alseg("merge", ada, bob, "-o", tmp_path / "both.zip")
    assert result.stderr.splitlines()[0] == (f"note: 1 run of {bob}/toy is there already, and is kept once.")
    assert runs_of(tmp_path / "both.zip") == [
        "toy-2/runs/mine__s2__0", "toy/runs/mine__s0__0", "toy/runs/mine__s1__0"]  # fmt: skip


def test_merging_a_pack_with_itself_changes_nothing(tmp_path: Path) -> None:
    ada = packed(tmp_path, "Ada", 0, 1)
    alseg("merge", ada, ada, "-o", tmp_path / "both.zip")
    assert (tmp_path / "both.zip").read_bytes() == ada.read_bytes()


def test_other_results_of_the_same_run_stop_a_merge(tmp_path: Path) -> None:
    ada, bob = packed(tmp_path, "Ada", 0), packed(tmp_path, "Bob", 0, quality=1)
    result = alseg("merge", ada, bob, "-o", tmp_path / "both.zip")
    assert result.exit_code == 2
    assert result.stderr == (
        f"Error: {bob}/toy/runs/mine__s0__0 and {ada}/toy/runs/mine__s0__0 are the same run with different "
        "results. Find out why (another machine, another version), leave one pack out, or keep both with "
        "--keep-both.\n"
    )
    assert not (tmp_path / "both.zip").exists()


def test_other_results_are_kept_apart_if_asked_for(tmp_path: Path) -> None:
    ada, bob = packed(tmp_path, "Ada", 0), packed(tmp_path, "Bob", 0, quality=1)
    result = alseg("merge", ada, bob, "-o", tmp_path / "both.zip", "--keep-both")
    assert result.stderr.splitlines()[0] == (
        f"note: {bob}/toy/runs/mine__s0__0 has other results of a run that is there already."
    )
    both = tmp_path / "both.zip"
    assert parts_of(both) == [("toy", "Ada"), ("toy-2", "Bob")]
    note = f"Left out, since other results of the same run are there already: {both}/toy-2/runs/mine__s0__0."
    assert note in " ".join(alseg("compare", both).stdout.split())


def test_a_part_of_a_pack_can_be_taken_out(tmp_path: Path) -> None:
    ada, bob = packed(tmp_path, "Ada", 0), packed(tmp_path, "Bob", 1)
    alseg("merge", ada, bob, "-o", tmp_path / "both.zip")
    alseg("merge", tmp_path / "both.zip" / "toy-2", "-o", tmp_path / "one.zip")
    assert parts_of(tmp_path / "one.zip") == [("toy-2", "Bob")]
    assert runs_of(tmp_path / "one.zip") == ["toy-2/runs/mine__s1__0"]


def test_a_results_folder_is_no_pack(tmp_path: Path) -> None:
    write_counted(tmp_path / "toy", "Mine")
    result = alseg("merge", tmp_path / "toy", "-o", tmp_path / "both.zip")
    assert result.stderr == (
        f"Error: {tmp_path}/toy is no pack. Name packs, which 'alseg pack' makes of results folders.\n"
    )
