"""What run folders of others may hold, kind by kind; `test_hostile_folders` mixes them at random."""

from __future__ import annotations

import json
import os
import shutil
import tracemalloc
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result

from alseg.cli import main
from alseg.errors import AlsegError
from alseg.files import SEAL, append_line, is_as_written, read_json
from alseg.guard.at_work import left_in, noting
from alseg.storage import round_files
from alseg.storage.layout import round_folders
from alseg.storage.ledger import Purchase
from alseg.storage.lock import exclusive
from alseg.storage.reader import load_results
from alseg.storage.round_files import read_image_counts, refuse_damaged_counts
from alseg.system.regular_file import read_regular
from alseg.training import checkpoint
from fakeruns import write_run
from hostile import KINDS, write_sealed
from toys import run_toy, toy_document, toy_registry

METHODS: list[Any] = toy_document()["methods"]  # type: ignore[assignment]
DOCUMENT: dict[str, Any] = toy_document(methods=METHODS[:2])


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("finished")
    assert run_toy(folder, DOCUMENT).done == 2
    with pytest.MonkeyPatch.context() as patched:
        for module in ("alseg.registry.loading", "alseg.launch.wanted"):
            patched.setattr(f"{module}.load_registry", toy_registry)
        yield folder


@pytest.fixture
def toy(tmp_path: Path, finished: Path) -> Path:
    """Return the results of a finished experiment, to be changed; its file lies beside."""
    shutil.copytree(finished / "results", tmp_path / "results")
    shutil.copy(finished / "toy.yaml", tmp_path)
    return tmp_path / "results" / "toy"


def entropy(toy: Path) -> Path:
    (found,) = (toy / "runs").glob("entropy__*")
    return found


def change(path: Path, key: str, value: object) -> None:
    """Change one field of a sealed record, such as ``cost.pixels``, and seal it again."""
    content = json.loads(path.read_bytes())
    content.pop(SEAL, None)
    *above, last = key.split(".")
    container = content
    for each in above:
        container = container[each]
    container[last] = value
    write_sealed(path, content)


def invoked(*command: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in command])


def words(result: Result) -> str:
    """Return what was said, without the places where lines are broken."""
    return "".join(result.output.split())


# -- what nobody asked for


STRAY = [
    "rounds/01-backup",
    "rounds/.x.tmp",
    "rounds/1",
    "rounds/001",
    "rounds/\u0661",
    "attempts/0-old.json",
]


@pytest.mark.parametrize("name", STRAY)
def test_what_is_no_round_and_no_attempt_is_ignored(toy: Path, name: str) -> None:
    before = load_results([toy]).runs
    shutil.copytree(entropy(toy) / "rounds/01", entropy(toy) / name)
    (entropy(toy) / name / "metrics.json").write_text("{")
    assert load_results([toy]).runs == before
    for command in (["status", toy], ["rescore", toy], ["export", entropy(toy), "--what", "picks"]):
        more = ["-o", toy / "export"] if command[0] == "export" else []
        assert invoked(*command, *more).exit_code == 0
    again = invoked("run", toy.parents[1] / "toy.yaml", "--results", toy.parent)
    assert again.exit_code == 0, again.output
    assert (entropy(toy) / name).is_dir()


def test_rounds_come_by_number(tmp_path: Path) -> None:
    for name in ("00", "02", "10", "100", "1", "01x"):
        (tmp_path / "rounds" / name).mkdir(parents=True)
    (tmp_path / "rounds" / "03").touch()
    assert list(round_folders(tmp_path)) == [0, 2, 10, 100]


def test_a_folder_that_is_called_like_a_half_written_file_stays(tmp_path: Path) -> None:
    from alseg.files import remove_unfinished

    (tmp_path / ".x.tmp").mkdir()
    (tmp_path / ".y.tmp").touch()
    remove_unfinished(tmp_path.rglob)
    assert [path.name for path in tmp_path.iterdir()] == [".x.tmp"]


# -- what is sealed, and absurd


@pytest.mark.parametrize(
    ("name", "key", "value", "problem"),
    [
        (
            "rounds/02/metrics.json",
            "pool.pixels",
            0,
            "pool.pixels: Input should be greater than or equal to 1",
        ),
        ("rounds/02/metrics.json", "cost.pixels", 10**400, "a number has 401 digits"),
        ("rounds/02/metrics.json", "cost.pixels", 10**30, "cost: Value error, a cost is less than 0 or more"),
        ("rounds/02/metrics.json", "cost.pixels", 2**40, "more is bought than there is"),
        ("rounds/02/metrics.json", "miou", 1e308, "miou: Input should be less than or equal to 100.000001"),
        ("rounds/02/metrics.json", "iou.red", -1, "iou.red: Input should be greater than or equal to 0"),
        ("rounds/02/metrics.json", "subsets", {"none": 3.0}, "its subsets are not those of the run's label"),
        ("rounds/02/metrics.json", "bought", {"none": 3}, "it has bought classes that the run's label space"),
        ("run.json", "label_space.subsets", {"some": ["none"]}, "there is no class 'none'"),
        (
            "run.json",
            "label_space.classes",
            ["red", "red", "blue"],
            "label_space.classes: a class is there twice",
        ),
        ("run.json", "label_space.colors", [[0, 0, 0]], "label_space.colors: 1 colours of 3 classes"),
        ("run.json", "rounds", [4, 2], "rounds: they do not increase"),
        ("run.json", "spec", [], "spec: Input should be a valid dictionary"),
        ("status.json", "round", -1, "round: Input should be greater than or equal to 0"),
        ("attempts/0.json", "start", "9999-12-31T23:59:59", "start is no time of day"),
    ],
)
def test_a_run_with_absurd_numbers_is_named_and_the_others_are_shown(
    toy: Path, name: str, key: str, value: object, problem: str
) -> None:
    change(entropy(toy) / name, key, value)
    expected = "".join(f"{entropy(toy) / name} is damaged: ".split())
    for command in (["compare", toy], ["report", toy, "-o", toy / "report.html"]):
        result = invoked(*command)
        assert result.exit_code == 0
    shown = invoked("compare", toy)
    assert expected in words(shown)
    assert "".join(problem.split()) in words(shown)
    assert "Source only" in shown.output
    assert "Source only" in (toy / "report.html").read_text(encoding="utf-8")


def test_counts_of_other_classes_are_damaged(tmp_path: Path) -> None:
    run = write_run(tmp_path / "toy", "Ours", counts=np.ones((9, 3, 3)))
    write_run(tmp_path / "toy", "Others", counts=np.ones((9, 2, 2)), order=1)
    results = load_results([tmp_path / "toy"])
    assert [each.folder for each in results.runs] == [run]
    assert results.damaged[0].problem.endswith(
        "confusion.npz is damaged: its counts have the shape (9, 2, 2), of 3 classes."
    )


def test_a_record_that_is_nested_too_deep_is_refused(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text('{"a": ' + "[" * 60 + "]" * 60 + "}")
    with pytest.raises(AlsegError, match="is damaged: it is nested more than 50 levels deep"):
        read_json(tmp_path / "run.json")


# -- of other versions and other plugins


@pytest.mark.parametrize("command", ["show", "export", "diff", "rescore", "compare", "report", "eval"])
def test_a_later_format_is_named_in_one_line(toy: Path, command: str) -> None:
    run = entropy(toy)
    change(run / "run.json", "format", 4)
    more: dict[str, list[Any]] = {
        "show": ["-o", toy / "pictures"],
        "export": ["--what", "picks", "-o", toy / "export"],
        "diff": [run],
        "report": ["-o", toy / "report.html"],
    }
    result = invoked(command, run, *more.get(command, []))
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1].strip().removeprefix("Error: ") == (
        f"{run / 'run.json'} has format 4, but this alseg reads formats 1, 2 and 3. "
        "Read it with the version that wrote it."
    )


@pytest.mark.parametrize("scorer", ["3", "2147483648", "x"])
def test_a_run_of_a_later_scorer_is_named_and_the_others_are_shown(toy: Path, scorer: str) -> None:
    run = entropy(toy)
    change(run / "run.json", "scorer", scorer)
    found = load_results([toy])
    assert [damaged.folder for damaged in found.damaged] == [run]
    assert (
        f"has scorer version '{scorer}', but this alseg knows versions up to 2." in found.damaged[0].problem
    )
    assert len(found.runs) >= 1


def test_a_run_of_a_later_format_is_never_begun_anew(toy: Path) -> None:
    change(entropy(toy) / "run.json", "format", 4)
    before = (entropy(toy) / "run.json").read_bytes()
    for more in ([], ["--accept-drift"]):
        result = invoked("run", toy.parents[1] / "toy.yaml", "--results", toy.parent, *more)
        assert result.exit_code == 2
        assert "has format 4" in result.stderr
    assert (entropy(toy) / "run.json").read_bytes() == before


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("spec.scenario.target.name", "nowhere", "Unknown dataset 'nowhere'."),
        ("spec.scenario.target", "stripes", "is damaged: spec.scenario.target: Input should be a dictionary"),
        (
            "spec.scenario.label_space",
            ["a"],
            "is damaged: spec.scenario.label_space: Input should be a valid",
        ),
        ("spec.scenario.target_split", "none", "Unknown split of stripes 'none'. Available: train, val."),
        ("spec.method.annotation.name", "none", "Unknown annotation mode 'none'."),
        (
            "spec.scenario.target.params.count",
            10**12,
            "1,000,000,000,000 images are more than any data set has.",
        ),
        ("spec.scenario.target.params.height", 10**12, "pixels are more than any image has."),
        ("spec.scenario", None, "is damaged: spec.scenario: Input should be"),
    ],
)
def test_a_specification_that_cannot_be_made_again_is_refused_in_one_line(
    toy: Path, key: str, value: object, message: str
) -> None:
    change(entropy(toy) / "run.json", key, value)
    result = invoked("show", entropy(toy), "-o", toy / "pictures")
    assert result.exit_code == 2
    (line,) = result.stderr.splitlines()
    assert message in line


def test_purchases_of_other_images_are_refused_in_one_line(toy: Path) -> None:
    folder = entropy(toy) / "rounds/01"
    purchase = Purchase.read(folder)
    rows = np.array(purchase.rows)
    rows["y"] = 65_535
    Purchase(rows, purchase.spans).write(folder)
    result = invoked("show", entropy(toy), "-o", toy / "pictures")
    assert result.exit_code == 2
    assert result.stderr.startswith(
        "Error: The purchases are damaged or of other data: they ask about pixels of "
    )
    Purchase(rows, {"elsewhere": (0, len(rows))}).write(folder)
    result = invoked("export", entropy(toy), "--what", "masks", "-o", toy / "masks")
    assert result.stderr == (
        "Error: The purchases are damaged or of other data: there is no image 'elsewhere'.\n"
    )


# -- what is no file


def test_only_regular_files_of_a_stated_size_are_read(tmp_path: Path) -> None:
    pipe, link, large = tmp_path / "pipe", tmp_path / "link", tmp_path / "large"
    os.mkfifo(pipe)
    link.symlink_to("/dev/zero")
    large.write_bytes(b"0123456789")
    for path in (pipe, link, tmp_path):
        with pytest.raises(AlsegError, match=f"^{path} is damaged: it is no regular file.$"):
            read_regular(path, 100)
    with pytest.raises(AlsegError, match=f"^{large} is damaged: it has 10 bytes, more than 9.$"):
        read_regular(large, 9)
    assert read_regular(large, 10) == b"0123456789"
    for read in (read_json, is_as_written, read_image_counts, checkpoint.verify):
        with pytest.raises(AlsegError, match="it is no regular file"):
            read(pipe)


def test_an_experiment_file_that_is_none_declares_nothing(toy: Path) -> None:
    (toy / "experiment.yaml").unlink()
    os.mkfifo(toy / "experiment.yaml")
    assert invoked("compare", toy).exit_code == 0
    status = invoked("status", toy)
    assert status.exit_code == 0
    assert "experiment.yamlisdamaged:itisnoregularfile." in words(status)


def test_lines_are_appended_to_no_link_and_no_pipe(tmp_path: Path) -> None:
    (tmp_path / "target").write_text("kept")
    (tmp_path / "log.txt").symlink_to(tmp_path / "target")
    os.mkfifo(tmp_path / "pipe")
    for name in ("log.txt", "pipe"):
        with pytest.raises(AlsegError, match="Cannot write"):
            append_line(tmp_path / name, "a line")
    assert (tmp_path / "target").read_text() == "kept"


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_notes_of_calls_are_read_from_regular_files_only(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "at-work"
    KINDS[kind](path)
    assert left_in(path) == [] or kind == "bytes"
    with noting(path) as notes:
        assert (notes is None) == (kind == "folder")


def test_notes_of_calls_are_written_through_no_link(tmp_path: Path) -> None:
    (tmp_path / "target").write_text("kept")
    (tmp_path / "at-work").symlink_to(tmp_path / "target")
    with noting(tmp_path / "at-work") as notes:
        assert notes is not None
    assert (tmp_path / "target").read_text() == "kept"


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_run_goes_on_whatever_stands_for_its_notes(toy: Path, kind: str) -> None:
    run = entropy(toy)
    KINDS[kind](run / "at-work")
    (run / "weights.pt").unlink()
    assert invoked("status", toy).exit_code == 0
    result = invoked("run", toy.parents[1] / "toy.yaml", "--results", toy.parent)
    assert result.exit_code == 0, result.output


def test_a_lock_writes_through_no_link(tmp_path: Path) -> None:
    (tmp_path / "target").write_text("kept")
    (tmp_path / ".lock-holder").symlink_to(tmp_path / "target")
    with exclusive(tmp_path / ".lock"):
        assert (tmp_path / ".lock-holder").read_text().startswith("process ")
    assert (tmp_path / "target").read_text() == "kept"


@pytest.mark.parametrize(
    "name", ["rounds", "rounds/00", "rounds/01", "attempts", "log.txt", "weights.pt", "damaged"]
)
def test_alseg_run_makes_again_what_is_no_file_or_folder(toy: Path, name: str) -> None:
    path = entropy(toy) / name
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    os.mkfifo(path)
    result = invoked("run", toy.parents[1] / "toy.yaml", "--results", toy.parent)
    assert result.exit_code == 0, result.output
    assert len(load_results([toy]).runs) == 2


def test_an_archive_that_would_fill_the_memory_is_refused_before_it_is_unfolded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(round_files, "LARGEST_COUNTS", 2**24)
    path = tmp_path / "confusion.npz"
    np.savez_compressed(path, image_ids=np.array(["a"]), counts=np.zeros((1, 4096, 4096), np.int32))
    assert path.stat().st_size < 2**17  # 64 MiB of zeros
    tracemalloc.start()
    try:
        for read in (read_image_counts, refuse_damaged_counts):
            with pytest.raises(AlsegError, match=r"it unfolds to 67,10.,... bytes, more than"):
                read(path)
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


def test_an_array_that_claims_more_than_its_file_has_is_refused(tmp_path: Path) -> None:
    head = b"{'descr': '<i4', 'fortran_order': False, 'shape': (1000000000, 9, 9), }"
    array = b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head
    with zipfile.ZipFile(tmp_path / "confusion.npz", "w") as archive:
        archive.writestr("image_ids.npy", array)
        archive.writestr("counts.npy", array)
    with pytest.raises(AlsegError, match="it holds something else than arrays of numbers and names"):
        read_image_counts(tmp_path / "confusion.npz")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_archives_of_methods_that_unfold_all_at_once_are_refused(tmp_path: Path, method: int) -> None:
    path = tmp_path / "confusion.npz"
    with zipfile.ZipFile(path, "w", method) as archive:
        for name in ("image_ids.npy", "counts.npy"):
            archive.writestr(name, b"0" * 100)
    with pytest.raises(AlsegError, match="it is compressed by another method than NumPy's"):
        refuse_damaged_counts(path)


def doubled(times: int) -> list[Any]:
    nested: list[Any] = []
    for _ in range(times):
        nested = [nested, nested]
    return nested


@pytest.mark.parametrize(
    "model",
    [
        pytest.param({"a": torch.zeros(1).expand(10**12)}, id="one value a million million times"),
        pytest.param({"a": doubled(45)}, id="lists of the same lists"),
        pytest.param({"a": doubled(60)}, id="lists that are too deep"),
    ],
)
def test_weights_that_never_end_are_refused(tmp_path: Path, model: dict[str, Any]) -> None:
    path = tmp_path / "weights.pt"
    torch.save({"format": 1, "iteration": 1, "model": model}, path)
    with pytest.raises(AlsegError, match="is damaged or no checkpoint of torch"):
        checkpoint.verify(path)


def test_compressed_weights_are_refused(tmp_path: Path) -> None:
    plain, path = tmp_path / "plain.pt", tmp_path / "weights.pt"
    torch.save({"format": 1, "iteration": 1, "model": {"a": torch.zeros(10)}}, plain)
    checkpoint.verify(plain)
    with zipfile.ZipFile(plain) as archive, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as folded:
        for name in archive.namelist():
            folded.writestr(name, archive.read(name))
    with pytest.raises(AlsegError, match="is damaged or no checkpoint of torch"):
        checkpoint.verify(path)
