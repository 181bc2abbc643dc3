"""What `alseg run` finds in data sets is kept for the processes that do its units."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import yaml
from numpy.typing import NDArray
from PIL import Image

from alseg.config.experiment import Experiment, read_experiment
from alseg.data.rules import LABELS_READ
from alseg.launch.admission import admit, write_experiment
from alseg.launch.preparation import check_experiment
from alseg.registry.loading import load_registry
from alseg.toolkit.paired_files import PairedFiles
from toys import Silent

IMAGES = 100


def experiment_in(folder: Path) -> Experiment:
    random = np.random.default_rng(0)
    for kind, shape in (("rgb", (8, 8, 3)), ("seg", (8, 8))):
        (folder / "files" / kind).mkdir(parents=True)
        for index in range(IMAGES):
            pixels = random.integers(0, 2, shape, dtype=np.uint8)
            Image.fromarray(pixels).save(folder / "files" / kind / f"{index:03d}.png")
    data = {"name": "folder", "images": "rgb/*.png", "labels": "seg/{stem}.png", "ids": ["road", "sky"]}
    content = {
        "name": "kept",
        "scenario": {
            "source": {**data, "splits": {"train": "100%"}},
            "target": {**data, "splits": {"train": "98%", "val": "2%"}},
            "root": "${KEPT_FILES}",
        },
        "model": {"name": "smp", "architecture": "Unet", "encoder_depth": 3, "decoder_channels": [8, 8, 8]},
        "recipe": {
            "name": "plain",
            "iterations": 2,
            "source_size": [32, 32],
            "target_size": [32, 32],
            "sampling": "class-balanced",
        },
        "rounds": [1],
        "methods": [{"label": "Source only", "target_labels": "none"}],
        "settings": {"device": "cpu"},
    }
    file = folder / "kept.yaml"
    file.write_text(yaml.safe_dump(content))
    return read_experiment(file, registry=load_registry())


def test_a_later_process_reads_headers_of_some_images_only_and_no_label_map_for_classes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEPT_FILES", str(tmp_path / "files"))
    experiment, root = experiment_in(tmp_path), tmp_path / "results" / "kept"
    read = Counter[str]()
    for name in ("size", "label_and_ids"):
        real = getattr(PairedFiles, name)

        def counted(self: PairedFiles, index: int, name: str = name, real: object = real) -> object:
            read[name] += 1
            return real(self, index)  # type: ignore[operator]

        monkeypatch.setattr(PairedFiles, name, counted)
    monkeypatch.setattr("alseg.data.class_counts._processors", lambda: 1)

    def class_pixels_on(node: str) -> NDArray[np.int64]:
        read.clear()
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / f"cache of {node}"))
        checked = check_experiment(experiment, experiment.runs(), load_registry(), root)
        write_experiment(experiment, root)
        admit(checked, root, Silent(), fresh=False, accept_drift=False)
        scenario = checked.plan.runs[0].spec.scenario
        return checked.assembler.scenario(scenario).source.class_pixels

    first = class_pixels_on("n1")
    in_first = Counter(read)
    second = class_pixels_on("n2")
    np.testing.assert_array_equal(first, second)
    # 100 of the source, 98 and 2 of the target; then those again whose label maps are looked at: 64, 64, 2.
    looked_at = 2 * LABELS_READ + 2
    assert in_first == {"size": 2 * IMAGES + looked_at, "label_and_ids": IMAGES + looked_at}
    assert read == {"size": looked_at, "label_and_ids": looked_at}
    # A file that has changed is noticed.
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(tmp_path / "files" / "seg" / "000.png")
    third = class_pixels_on("n3")
    assert third[0].tolist() == [64, 0]
    np.testing.assert_array_equal(first[1:], third[1:])


def test_a_check_alone_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEPT_FILES", str(tmp_path / "files"))
    experiment = experiment_in(tmp_path)
    check_experiment(experiment, experiment.runs(), load_registry(), tmp_path / "results" / "kept")
    assert not (tmp_path / "results").exists()
