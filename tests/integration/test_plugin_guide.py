"""The complete acquisition in the plugin guide is what it says: short, and it runs."""

from __future__ import annotations

import importlib
import json
import math
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import yaml

from alseg import AcquisitionSpec
from alseg.testing import observations_of, parts_of_pool, view_of
from documents import DOCS, blocks
from install import TINY, install, run_alseg, skip_unless_alseg_is_installed, warnings_of

GUIDE = DOCS / "plugins.md"
MODULE = "alseg_rare_regions"
PROJECT = """[project]
name = "alseg-rare-regions"
version = "0.1"
entry-points.alseg.rare-regions = "alseg_rare_regions"
"""


def example() -> str:
    """Return the guide's plugin with a pool acquisition."""
    (found,) = [block for block in blocks(GUIDE, "python") if "class RareRegions" in block]
    return found


def method() -> dict[str, object]:
    """Return the method that the guide gives an experiment."""
    ((found,),) = [yaml.safe_load(block) for block in blocks(GUIDE, "yaml") if "rare-regions" in block]
    return dict(found)


@pytest.fixture(scope="module")
def distribution(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the example as a distribution: a module and four lines of TOML."""
    folder = tmp_path_factory.mktemp("guide") / MODULE
    folder.mkdir()
    (folder / f"{MODULE}.py").write_text(example(), encoding="utf-8")
    (folder / "pyproject.toml").write_text(PROJECT, encoding="utf-8")
    return folder


def test_a_pool_acquisition_on_regions_takes_at_most_thirty_lines() -> None:
    assert len(example().splitlines()) <= 30


@pytest.fixture
def spec(distribution: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AcquisitionSpec]:
    """Return what the example registers."""
    monkeypatch.syspath_prepend(distribution)
    (found,) = importlib.import_module(MODULE).register_acquisitions()
    yield found
    del sys.modules[MODULE]


def test_the_example_observes_a_row_for_each_region(spec: AcquisitionSpec) -> None:
    probs = torch.tensor([[[0.5, 1.0, 0.0]], [[0.5, 0.0, 1.0]]])
    view = view_of(probs)
    regions = torch.tensor([[0, 0, 1]], dtype=torch.int32)
    observed = spec.build().observe(replace(view, regions=regions, unit="region"))
    # The first region has a pixel of log 2 and one of 0, and 0.75 and 0.25 as mean probabilities.
    torch.testing.assert_close(observed["doubt"], torch.tensor([math.log(2) / 2, 0.0]))
    assert observed["class"].tolist() == [0, 1]


def test_the_example_prefers_regions_of_rare_classes(spec: AcquisitionSpec) -> None:
    observed = [
        {"doubt": torch.tensor([0.9, 0.8]), "class": torch.tensor([0, 0])},
        {"doubt": torch.tensor([0.5, 0.3]), "class": torch.tensor([0, 1])},
    ]
    pool = parts_of_pool([[10, 10], [10, 10]], count=2, bought=[1])
    # Class 0 has 3/4 of the regions, class 1 has 1/4: 0.9, 0.5 and 0.3 become 1.6, 0.89 and 4.8.
    assert spec.build(power=2.0).rank(observations_of(observed), pool).tolist() == [3, 0, 2]
    assert spec.build(power=0.0).rank(observations_of(observed), pool).tolist() == [0, 2, 3]


@pytest.mark.slow
def test_the_example_buys_regions_beside_random_ones(distribution: Path, tmp_path: Path) -> None:
    skip_unless_alseg_is_installed()
    install(MODULE, tmp_path / "site", parent=distribution.parent)
    experiment = yaml.safe_load(TINY.read_text(encoding="utf-8"))
    experiment["methods"] = [{**method(), "label": "Random", "acquisition": "random"}, method()]
    file = tmp_path / "tiny.yaml"
    file.write_text(yaml.safe_dump(experiment, sort_keys=False), encoding="utf-8")
    results = tmp_path / "results"
    completed = run_alseg("run", str(file), "--results", str(results), site=tmp_path / "site")
    assert completed.returncode == 0, completed.stderr
    assert warnings_of(completed) == []
    (folder,) = (results / "tiny" / "runs").glob("rare-regions__s0__*")
    run = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert {"plugin": "rare-regions", "distribution": "alseg-rare-regions", "version": "0.1"} in run[
        "plugins"
    ]
    metrics = json.loads((folder / "rounds" / "01" / "metrics.json").read_text(encoding="utf-8"))
    # A fifth of 2 images of 32 x 64 pixels is 819; regions have about 51 and are bought whole.
    assert 600 < metrics["cost"]["pixels"] <= 819
