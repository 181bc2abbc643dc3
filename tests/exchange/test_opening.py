"""Packs in place of results folders, and packs that nobody should trust."""

from __future__ import annotations

import json
import struct
import zipfile
from pathlib import Path

import pytest

from alseg.exchange.archive import LARGEST_PACK, unpack
from alseg.exchange.manifest import PackError
from alseg.exchange.opening import opened
from alseg.files import read_json, write_record
from fakepacks import alseg, make, members_of, rewritten, write_counted


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """An experiment of four runs."""
    folder = tmp_path / "results" / "toy"
    for seed in (0, 1):
        write_counted(folder, "Random", seed, acquisition="random", quality=seed)
        write_counted(folder, "Mine", seed, order=1, quality=2 + seed)
    return folder


@pytest.fixture
def pack(results: Path, tmp_path: Path) -> Path:
    return make(tmp_path / "toy.zip", results)


@pytest.mark.parametrize("form", ["table", "markdown", "csv"])
def test_a_pack_compares_as_its_results_folder(results: Path, pack: Path, form: str) -> None:
    words = ("--ranks", "--penalties", "--format", form)
    assert alseg("compare", pack, *words).stdout == alseg("compare", results, *words).stdout != ""


def test_a_folder_and_a_run_in_a_pack_can_be_named(results: Path, pack: Path) -> None:
    one = next(results.glob("runs/mine__s0*"))
    table = alseg("compare", pack / "toy").stdout
    assert table == alseg("compare", results).stdout
    assert alseg("compare", pack / "toy/runs" / one.name).stdout == alseg("compare", one).stdout
    differences = alseg("diff", pack / "toy/runs" / one.name, next(results.glob("runs/mine__s1*"))).stdout
    assert "  seed: 0 -> 1\n" in differences


def test_what_is_not_in_a_pack_is_named(pack: Path) -> None:
    result = alseg("compare", pack / "toy/runs/none")
    assert result.stderr == f"Error: There is no folder toy/runs/none in {pack}. Name one of: {pack}/toy.\n"


def test_outputs_and_messages_name_the_pack_and_no_temporary_folder(results: Path, pack: Path) -> None:
    content = json.loads(alseg("compare", pack, "--format", "json").stdout)
    folders = {run["folder"] for row in content["rows"] for run in row["runs"]}
    assert folders == {str(pack / "toy/runs" / run.name) for run in results.glob("runs/*")}
    result = alseg("compare", pack, "--round", "7")
    assert f"\n  {pack}/toy/runs/mine__s0" in result.stderr
    assert "alseg-pack-" not in result.stderr


def test_a_report_is_made_of_a_pack(pack: Path, tmp_path: Path) -> None:
    result = alseg("report", pack, "-o", tmp_path / "report.html")
    assert result.exit_code == 0, result.output
    assert f"{pack}/toy/experiment.yaml, packed" in (tmp_path / "report.html").read_text()


def test_packs_are_scored_anew_but_never_written(pack: Path) -> None:
    said = alseg("rescore", pack).stderr.splitlines()[-1]
    assert said == "8 rounds of 4 runs computed from the counts: nothing differs."
    assert alseg("rescore", pack, "--write").stderr == (
        f"Error: {pack}/toy is packed, and packs are never written. Leave out --write.\n"
    )


def test_a_folder_beside_a_manifest_is_a_pack(pack: Path, tmp_path: Path) -> None:
    folder = tmp_path / "unpacked"
    alseg("merge", pack, "-o", folder)
    (folder / "README.md").write_text("for people")
    (folder / "toy" / "table.md").write_text("for people")
    assert alseg("compare", folder).stdout == alseg("compare", pack).stdout
    assert alseg("merge", folder, "-o", tmp_path / "again.zip").exit_code == 0
    assert (tmp_path / "again.zip").read_bytes() == pack.read_bytes()


@pytest.mark.parametrize("change", ["change", "remove", "add", "link"])
def test_an_unpacked_pack_that_was_changed_is_refused(pack: Path, tmp_path: Path, change: str) -> None:
    folder = tmp_path / "unpacked"
    alseg("merge", pack, "-o", folder)
    run = next(folder.glob("toy/runs/*"))
    path = run / "rounds/01/metrics.json"
    if change == "change":
        path.write_bytes(path.read_bytes() + b" ")
        expected = f"{path} was changed: its checksum is not the one in pack.json."
    elif change == "remove":
        path.unlink()
        expected = f"{path} is missing, but stands in pack.json."
    elif change == "add":
        path = run / "rounds/01/timing.json"
        path.write_text("{}")
        expected = f"{path} is in the pack, but not in pack.json."
    else:
        path = folder / "toy/runs/foreign"
        path.symlink_to(run)
        expected = f"{path} is in the pack, but not in pack.json."
    assert alseg("compare", folder).stderr == f"Error: {expected} Get the pack again from its makers.\n"


def test_keys_that_are_not_known_are_ignored_and_later_formats_are_not(pack: Path, tmp_path: Path) -> None:
    folder = tmp_path / "unpacked"
    alseg("merge", pack, "-o", folder)
    content = read_json(folder / "pack.json")
    write_record(
        folder / "pack.json", {**content, "colour": "blue", "parts": [{**content["parts"][0], "x": 1}]}
    )
    assert alseg("compare", folder).exit_code == 0
    write_record(folder / "pack.json", {**content, "format": 2, "parts": None})
    assert alseg("compare", folder).stderr == (
        f"Error: {folder}/pack.json has format 2, but this alseg reads format 1. "
        "Read it with a later alseg.\n"
    )


def test_a_liar_who_mends_the_checksums_is_found_by_the_counts(pack: Path) -> None:
    name = next(name for name in members_of(pack) if name.endswith("rounds/01/metrics.json"))
    metrics = json.loads(members_of(pack)[name])
    del metrics["seal"]
    changed = rewritten(pack, {name: json.dumps({**metrics, "miou": 99.0}).encode()}, honest=True)
    result = alseg("compare", changed)
    assert result.exit_code == 2
    assert result.stderr.startswith(
        f"Error: {changed / name.removesuffix('/metrics.json')} has metrics that do not follow from its "
        "counts: miou 99.0000 -> "
    )


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("../../evil.json", b"{}", "'../../evil.json' is no file of a pack"),
        ("/etc/passwd", b"{}", "'/etc/passwd' is no file of a pack"),
        ("toy/runs/../../run.json", b"{}", "'toy/runs/../../run.json' is no file of a pack"),
        ("toy\\runs\\a\\run.json", b"{}", "'toy\\\\runs\\\\a\\\\run.json' is no file of a pack"),
        ("toy/runs/a/weights.pt", b"{}", "'toy/runs/a/weights.pt' is no file of a pack"),
        ("toy/runs/.a/run.json", b"{}", "'toy/runs/.a/run.json' is no file of a pack"),
        ("toy/runs/a.old-1/run.json", b"{}", "'toy/runs/a.old-1/run.json' is no file of a pack"),
    ],
)
def test_files_that_no_pack_holds_are_refused(
    pack: Path, tmp_path: Path, name: str, content: bytes, problem: str
) -> None:
    changed = rewritten(pack, {name: content})
    result = alseg("compare", changed)
    expected = f"{changed} is no pack of alseg: {problem}. Nothing of it was read."
    assert result.stderr == f"Error: {expected}\n"
    assert result.exit_code == 2
    assert not (tmp_path / "evil.json").exists()


def test_a_file_that_the_manifest_does_not_name_is_refused(pack: Path) -> None:
    changed = rewritten(pack, {"other/experiment.yaml": b"name: toy"})
    assert alseg("compare", changed).stderr == (
        f"Error: {changed}/other/experiment.yaml is in the pack, but not in pack.json. Get the pack again "
        "from its makers.\n"
    )


def archive(path: Path, entries: list[tuple[zipfile.ZipInfo | str, bytes]]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for entry, content in entries:
            made.writestr(entry, content)
    return path


def refused(path: Path, tmp_path: Path) -> str:
    """Return why an archive is refused; nothing of it may have been written."""
    folder = tmp_path / "refused"
    folder.mkdir(exist_ok=True)
    with pytest.raises(PackError) as caught:
        unpack(path, folder)
    assert list(folder.rglob("*")) == []
    assert "\n" not in str(caught.value)
    return str(caught.value).removeprefix(f"{path} is no pack of alseg: ")


def test_links_are_refused(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("toy/experiment.yaml")
    link.create_system, link.external_attr = 3, 0o120777 << 16
    path = archive(tmp_path / "a.zip", [("pack.json", b"{}"), (link, b"/etc/passwd")])
    assert refused(path, tmp_path) == "toy/experiment.yaml is no regular file. Nothing of it was read."


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("other", ["toy/experiment.yaml", "TOY/experiment.yaml"])
def test_a_file_that_is_there_twice_is_refused(tmp_path: Path, other: str) -> None:
    entries = [("pack.json", b"{}"), ("toy/experiment.yaml", b"a"), (other, b"b")]
    assert refused(archive(tmp_path / "a.zip", entries), tmp_path) == (
        f"{other} is in it twice. Nothing of it was read."
    )


def test_an_archive_without_a_manifest_is_refused(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.zip", [("toy/experiment.yaml", b"a")])
    assert refused(path, tmp_path) == "it has no pack.json. Nothing of it was read."


def test_an_archive_that_unfolds_to_too_much_is_refused(tmp_path: Path) -> None:
    zeros = bytes(2**24)
    entries = [("pack.json", b"{}"), *((f"a{number}/experiment.yaml", zeros) for number in range(16))]
    path = archive(tmp_path / "a.zip", entries)
    size = path.stat().st_size
    assert refused(path, tmp_path) == (
        f"its {size:,} bytes unfold to {16 * 2**24 + 2:,}. Nothing of it was read."
    )


def test_a_file_that_is_too_large_for_its_kind_is_refused(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.zip", [("pack.json", bytes(2**24 + 1))])
    assert refused(path, tmp_path) == (
        "pack.json unfolds to 16,777,217 bytes, more than 16,777,216. Nothing of it was read."
    )


def test_sizes_that_a_head_makes_up_unfold_to_no_more(pack: Path, tmp_path: Path) -> None:
    """The central directory says 10 bytes of a file of thousands: no more is written, and it is refused."""
    content = bytearray(pack.read_bytes())
    at = content.index(b"PK\x01\x02")
    struct.pack_into("<I", content, at + 24, 10)
    path = tmp_path / "a.zip"
    path.write_bytes(content)
    folder = tmp_path / "refused"
    folder.mkdir()
    with pytest.raises(PackError, match="is no pack of alseg, or damaged: "):
        unpack(path, folder)
    assert sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) <= 10


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x05\x06" + bytes(10)])
def test_a_file_that_is_no_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(content)
    assert alseg("compare", path).stderr == (
        f"Error: {path} is no pack of alseg, or damaged: File is not a zip file. Name a pack, made by "
        "'alseg pack', or get it again from its makers.\n"
    )


def test_an_archive_cut_short_or_with_a_wrong_bit_is_refused(pack: Path, tmp_path: Path) -> None:
    whole = pack.read_bytes()
    middle = len(whole) // 2
    for content in (whole[:middle], whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :]):
        path = tmp_path / "a.zip"
        path.write_bytes(content)
        result = alseg("compare", path)
        assert result.exit_code == 2
        assert result.stderr.startswith(f"Error: {path}")
        assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("parts", []),
        ("parts", {"folder": "toy"}),
        ("parts", [{"folder": "../toy", "experiment": "toy", "date": None, "alseg": "1"}]),
        ("parts", [{"folder": "toy", "experiment": "a\nb", "date": None, "alseg": "1"}]),
        ("parts", [{"folder": "toy", "experiment": "toy", "date": "today", "alseg": "1"}]),
        ("members", None),
        ("members", {"toy/runs/a/run.json": {"bytes": 10**400, "sha256": "0" * 64}}),
        ("members", {"toy/runs/a/run.json": {"bytes": 1, "sha256": 5}}),
        ("format", "1"),
        ("format", None),
    ],
)
def test_a_manifest_of_wrong_types_is_refused_in_one_line(
    pack: Path, tmp_path: Path, key: str, value: object
) -> None:
    content = json.loads(members_of(pack)["pack.json"])
    del content["seal"]
    changed = rewritten(pack, {"pack.json": json.dumps({**content, key: value}).encode()})
    result = alseg("compare", changed)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"Error: {changed}")
    assert result.stderr.count("\n") == 1


def test_nothing_is_left_of_a_pack(pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    with opened([pack]) as found:
        assert len(found.load().runs) == 4
        assert len(list(temporary.iterdir())) == 1
    assert list(temporary.iterdir()) == []


def test_bounds_of_packs_are_those_of_what_they_hold() -> None:
    assert LARGEST_PACK == 16 * 2**30
