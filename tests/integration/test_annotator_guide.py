"""The session of docs/annotators.md, as it stands there."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
import yaml

from alseg.asking.waiting_run import find_waiting
from alseg.config.experiment import read_experiment
from alseg.registry.loading import load_registry
from documents import DOCS, blocks, section
from people import call, fill_table

GUIDE = DOCS / "annotators.md"
NETWORK = {"name": "smp", "architecture": "Unet", "encoder_depth": 3, "decoder_channels": [8, 8, 8]}
TINY = {"height": 64, "width": 128, "count": 3, "val_count": 2}


def session() -> list[list[str]]:
    """Return the words of each command, without ``alseg`` and comments."""
    lines = section(GUIDE, "## The whole session").split("```")[1].splitlines()
    return [words[1:] for line in lines if (words := shlex.split(line, comments=True))]


def test_the_experiment_is_valid(tmp_path: Path) -> None:
    file = tmp_path / "street-labels.yaml"
    file.write_text(blocks(GUIDE, "yaml")[0], encoding="utf-8")
    experiment = read_experiment(file, registry=load_registry())
    assert [spec.method.annotator is not None for spec in experiment.runs()] == [True]


@pytest.mark.slow
def test_the_session_does_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    document = yaml.safe_load(blocks(GUIDE, "yaml")[0])
    document["scenario"] = {"source": {"name": "streets", **TINY}, "target": {"name": "streets", **TINY}}
    document["scenario"]["target"]["domain"] = "camera"
    document["model"] = NETWORK
    document["recipe"] |= {"iterations": 3, "source_size": [64, 128], "target_size": [64, 128]}
    document |= {"rounds": [1, 2], "settings": {"device": "cpu", "threads": 1}}
    Path("street-labels.yaml").write_text(yaml.safe_dump(document, sort_keys=False))
    run, status, ask, answer, again = session()

    call(*run, code=3)
    assert "0 of 30 questions answered" in " ".join(call(*status).output.split())
    call(*ask)
    [task] = Path("tasks").iterdir()
    [waiting] = find_waiting(Path("results/street-labels"), load_registry())
    fill_table(task, waiting)
    # The hash in the folder's name is that of the experiment.
    written = Path(answer[2])
    assert written.parent.name.split("__")[:2] == task.name.split("__")[:2]
    answer[2] = str(task / written.name)
    assert "The round is complete" in call(*answer).output
    assert "round 2 waits for people" in call(*again, code=3).output
