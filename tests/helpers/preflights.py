"""The checks before training, on experiments of toys."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from alseg import AlsegError
from alseg.config.experiment import read_experiment
from alseg.engine.assembly import Assembler
from alseg.launch.preflight import Plan, check
from toys import toy_document, toy_registry


def checked(folder: Path, document: dict[str, object], *more: object) -> Plan:
    """Return what the checks say of an experiment, with further plugins."""
    registry = toy_registry(*more)
    file = folder / "toy.yaml"
    file.write_text(yaml.safe_dump(document))
    return check(read_experiment(file, registry=registry).runs(), Assembler(registry))


def refused(folder: Path, document: dict[str, object], *more: object) -> str:
    """Return why the checks refuse an experiment."""
    with pytest.raises(AlsegError) as raised:
        checked(folder, document, *more)
    return str(raised.value)


def asking_file(**changes: object) -> dict[str, object]:
    """Return an experiment of one method that asks at random, changed."""
    method = {
        "label": "Asking",
        "acquisition": "random",
        "annotation": "region",
        "budget": "20%",
        **changes,
    }
    return toy_document(methods=[method])
