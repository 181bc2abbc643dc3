"""What happens when versions, code or weights are not what a run was begun with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from alseg import DatasetSpec, hookimpl
from alseg.engine import provenance
from alseg.errors import AlsegError
from alseg.files import content_hash, write_record
from alseg.storage.reader import load_results
from alseg.system.signals import Interrupted
from toys import Silent, Stripes, run_folder, run_toy, toy_document

DOCUMENT: dict[str, Any] = toy_document(methods=[toy_document()["methods"][1]])  # type: ignore[index]

REMEDY = (
    "\nGo on with what there is now with --accept-drift, or start them anew with --fresh, which keeps "
    "the old folders."
)


class StopInSecondTraining(Silent):
    def advance(self, detail: str = "") -> None:
        if self.phases.count("train") == 2:
            raise Interrupted


def begin(folder: Path) -> Path:
    """Run until the first step after the first purchase; returns the run folder."""
    assert run_toy(folder, DOCUMENT, reporter=StopInSecondTraining()).signal is not None
    return run_folder(folder, "entropy")


def pretend_torch_was(version: str, run: Path) -> str:
    """Rewrite run.json as another version of torch would have; returns the version that there is."""
    content = json.loads((run / "run.json").read_text())
    del content["seal"]
    now = str(content["made_with"]["torch"])
    content["made_with"]["torch"] = version
    write_record(run / "run.json", content)
    return now


def test_another_version_stops_with_its_name_and_the_ways_on(tmp_path: Path) -> None:
    run = begin(tmp_path)
    now = pretend_torch_was("1.0", run)
    with pytest.raises(AlsegError) as raised:
        run_toy(tmp_path, DOCUMENT)
    assert str(raised.value) == (
        f"Not all is as it was when these runs were begun:\n  {run.name}: torch was 1.0 and is {now}{REMEDY}"
    )


def test_another_version_of_alseg_with_the_same_code_is_no_drift(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A commit that changes a document, and is installed.
    monkeypatch.setattr("alseg.version.installed_version", lambda: "0.1.0.dev7+gabcdef0")
    run = begin(tmp_path)
    assert json.loads((run / "run.json").read_text())["made_with"]["alseg"].startswith(
        "0.1.0.dev7+gabcdef0, code "
    )
    monkeypatch.setattr("alseg.version.installed_version", lambda: "0.1.0.dev8+g1234567")
    assert run_toy(tmp_path, DOCUMENT).done == 1
    shared = tmp_path / "results" / "toy" / "shared"
    assert len([folder for folder in shared.iterdir() if (folder / "checkpoint.pt").exists()]) == 1


def test_only_the_version_of_alseg_beside_a_hash_is_not_compared() -> None:
    digest = "0123456789ab"
    made_with = {
        "alseg": f"0.1.0.dev7+gabcdef0, code {digest}",
        "label space cityscapes-19": f"alseg 0.1.0, {digest}",
        "plugin foo": f"alseg-foo 0.3, code {digest}",
        "plugin ripu": f"alseg 0.1.0, code {digest}",
        "source data": f"6 images, {digest}",
        "torch": "2.14.1",
    }
    assert provenance.comparable(made_with) == {
        **made_with,
        "alseg": f"code {digest}",
        "label space cityscapes-19": digest,
        "plugin ripu": f"code {digest}",
    }


def test_changed_code_of_a_plugin_is_drift(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = begin(tmp_path)
    unchanged = provenance._code_of
    monkeypatch.setattr(
        provenance, "_code_of", lambda package: "0" * 12 if package == "toys" else unchanged(package)
    )
    with pytest.raises(
        AlsegError, match=rf"  {run.name}: plugin ToyPlugin was .*, code \w+ and is .*, code 0+\n"
    ):
        run_toy(tmp_path, DOCUMENT)


class _Growing:
    """Stripes of which there are more each time one looks."""

    def __init__(self, count: int) -> None:
        self._count = count

    @hookimpl
    def register_datasets(self) -> list[DatasetSpec]:
        def build(*, root: Path | None, split: str) -> Stripes:
            return Stripes(split, self._count if split == "train" else 6, (12, 24))

        return [
            DatasetSpec(
                name="growing",
                summary="Test.",
                source="Test.",
                build=build,
                label_space="stripes-3",
                needs_root=False,
            )
        ]


def test_images_that_came_or_went_are_drift(tmp_path: Path) -> None:
    document = {**DOCUMENT, "scenario": {"source": "stripes", "target": "growing"}}
    stopped = run_toy(tmp_path, document, _Growing(6), reporter=StopInSecondTraining())
    assert stopped.signal is not None
    with pytest.raises(AlsegError) as raised:
        run_toy(tmp_path, document, _Growing(7))
    # Ids and sizes in order: the hash says which list, not what is in it.
    before, now = (
        f"{count} images, {content_hash([[f'train-{index}', 12, 24] for index in range(count)])[:12]}"
        for count in (6, 7)
    )
    run = run_folder(tmp_path, "entropy")
    assert str(raised.value) == (
        "Not all is as it was when these runs were begun:\n"
        f"  {run.name}: target data was {before} and is {now}{REMEDY}"
    )


def test_source_training_with_other_images_is_not_taken_over(tmp_path: Path) -> None:
    document = {**DOCUMENT, "scenario": {"source": "growing", "target": "stripes"}}
    run_toy(tmp_path, document, _Growing(6))
    assert run_toy(tmp_path, document, _Growing(7), fresh=True).done == 1
    shared = tmp_path / "results" / "toy" / "shared"
    assert len([folder for folder in shared.iterdir() if (folder / "checkpoint.pt").exists()]) == 2


def test_accepted_drift_goes_on_and_is_written_down(tmp_path: Path) -> None:
    run = begin(tmp_path)
    now = pretend_torch_was("1.0", run)
    bought = (run / "rounds" / "01" / "ledger.npy").stat().st_mtime_ns
    assert run_toy(tmp_path, DOCUMENT, accept_drift=True).done == 1
    assert (run / "rounds" / "01" / "ledger.npy").stat().st_mtime_ns == bought
    assert json.loads((run / "run.json").read_text())["made_with"]["torch"] == now


def test_fresh_keeps_the_old_folder_where_nothing_reads_it(tmp_path: Path) -> None:
    run = begin(tmp_path)
    pretend_torch_was("1.0", run)
    reporter = Silent()
    assert run_toy(tmp_path, DOCUMENT, fresh=True, reporter=reporter).done == 1
    old = run.with_name(f"{run.name}.old-1")
    assert reporter.notes[0] == f"{run.name} is kept as {old.name}"
    assert (old / "rounds" / "01" / "ledger.npy").exists()
    results = load_results([tmp_path / "results" / "toy"])
    assert ([each.folder for each in results.runs], results.damaged) == ([run], ())
    assert run_toy(tmp_path, DOCUMENT, fresh=True).done == 1
    assert run.with_name(f"{run.name}.old-2").exists()


def test_runs_that_are_done_know_no_drift(tmp_path: Path) -> None:
    run_toy(tmp_path, DOCUMENT)
    pretend_torch_was("1.0", run_folder(tmp_path, "entropy"))
    assert run_toy(tmp_path, DOCUMENT).done == 1


def test_runs_that_are_done_with_other_code_of_a_plugin_stay_and_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_toy(tmp_path, DOCUMENT)
    untold = Silent()
    run_toy(tmp_path, DOCUMENT, reporter=untold)
    assert [note for note in untold.notes if "version" in note] == []
    unchanged = provenance._code_of
    monkeypatch.setattr(
        provenance, "_code_of", lambda package: "0" * 12 if package == "toys" else unchanged(package)
    )
    told = Silent()
    assert run_toy(tmp_path, DOCUMENT, reporter=told).done == 1
    name = run_folder(tmp_path, "entropy").name
    assert [note for note in told.notes if "version" in note] == [
        "note: A run that is done used another version of plugin ToyPlugin than is installed now "
        f"({name}). Nothing is made again; --fresh does, with --only for some."
    ]


def test_device_workers_and_checkpoint_interval_are_no_drift(tmp_path: Path) -> None:
    begin(tmp_path)
    settings = {
        "device": "auto",
        "workers": 1,
        "checkpoint_minutes": 1,
        "pool_batch": 1,
        "threads": 1,
        "examples": 0,
    }
    assert run_toy(tmp_path, {**DOCUMENT, "settings": settings}).done == 1


def test_a_damaged_run_json_of_an_unfinished_run_stops_with_its_name(tmp_path: Path) -> None:
    run = begin(tmp_path)
    (run / "run.json").write_text("{")
    with pytest.raises(AlsegError) as raised:
        run_toy(tmp_path, DOCUMENT)
    assert f"  {run.name}: {run}/run.json is damaged: " in str(raised.value)
    assert str(raised.value).endswith(f"What it was begun with is not known{REMEDY}")
    assert run_toy(tmp_path, DOCUMENT, accept_drift=True).done == 1


def test_a_folder_of_another_run_is_not_gone_on_with(tmp_path: Path) -> None:
    run = begin(tmp_path)
    content = json.loads((run / "run.json").read_text())
    del content["seal"]
    write_record(run / "run.json", {**content, "fingerprint": "abc"})
    reporter = Silent()
    for accept_drift in (False, True):
        with pytest.raises(AlsegError) as raised:
            run_toy(tmp_path, DOCUMENT, reporter=reporter, accept_drift=accept_drift)
        assert str(raised.value) == (
            f"{run}/run.json is of another run: its fingerprint is abc, that of the run asked for is "
            f"{content['fingerprint']}. Nothing was changed. Move {run} somewhere else, or start the run "
            "anew with --fresh, which keeps the folder under another name."
        )
    assert reporter.phases == []
    assert run_toy(tmp_path, DOCUMENT, fresh=True).done == 1


def test_a_file_of_weights_is_known_by_its_content(tmp_path: Path) -> None:
    from dataclasses import replace

    from alseg.config.experiment import read_experiment
    from toys import toy_registry

    file = tmp_path / "weights.pt"
    file.write_bytes(b"one")
    (tmp_path / "toy.yaml").write_text(json.dumps(DOCUMENT))
    (spec,) = read_experiment(tmp_path / "toy.yaml", registry=toy_registry()).runs()
    spec = replace(spec, model=replace(spec.model, params={"weights": str(file)}))
    first = provenance.provenance_of(spec, toy_registry())
    file.write_bytes(b"two")
    second = provenance.provenance_of(spec, toy_registry())
    assert {name for name in first if first[name] != second[name]} == {f"weights {file}"}
