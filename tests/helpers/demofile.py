"""The experiment file that tests of reading experiments change."""

from __future__ import annotations

from pathlib import Path

import pytest

from alseg.config.experiment import Experiment, ExperimentError, read_experiment
from fakeregistry import fake_registry

BASE = """\
name: demo
scenario: {source: scenes, target: {name: scenes, size: [8, 16]}}
model: {name: tiny, width: 8}
recipe: {name: plain, iterations: 100}
rounds: [20, 40]
methods:
  - {label: Source only, target_labels: none}
  - {label: RIPU (RA), acquisition: {name: ripu, radius: 2}, annotation: region, budget: 2.2%}
  - label: Images
    acquisition: core-set
    annotation: image
    budget: 13 images
  - {label: Fully supervised, target_labels: all}
seeds: [0, 1]
"""


def read(text: str | bytes, *overrides: str) -> Experiment:
    file = Path("demo.yaml")
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_experiment(file, overrides, registry=fake_registry())


def errors_of(text: str | bytes, *overrides: str) -> list[str]:
    with pytest.raises(ExperimentError) as caught:
        read(text, *overrides)
    return str(caught.value).splitlines()


def replaced(old: str, new: str) -> str:
    assert BASE.count(old) == 1
    return BASE.replace(old, new)
