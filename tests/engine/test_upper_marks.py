"""The labels of the pool are shown to acquisitions that declare it, and to nobody else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import alseg_methods
from alseg import AcquisitionSpec, hookimpl
from alseg.annotation.revealed import RevealedLabels
from alseg.contracts import TargetView
from alseg.testing import check_acquisition
from growing import WHEN_ROUND_1_IS_DONE, GrowingPlugin, growing_document, write_names
from rankedtoys import run_ranked
from toys import Stripes, run_toy, toy_document

BUYING = {"annotation": {"name": "region", "radius": 1}, "budget": "20%"}
ORACLES = [
    {"label": name, "acquisition": f"oracle-{name}", **BUYING} for name in ("impurity", "class-balanced")
]


class Spying:
    """Remembers what its views hold."""

    seen: dict[str, list[torch.Tensor | None]]

    def __init__(self, name: str) -> None:
        self.name = name

    def score(self, view: TargetView) -> torch.Tensor:
        Spying.seen.setdefault(self.name, []).append(view.true_labels)
        return torch.zeros(view.size)


def build_declared() -> Spying:
    """Build it."""
    return Spying("declared")


def build_fair() -> Spying:
    """Build it."""
    return Spying("fair")


def spec(name: str, build: Callable[..., Any], *needs: str) -> AcquisitionSpec:
    return AcquisitionSpec(name=name, summary="Spies.", source="made up", build=build, needs=needs)


class SpyPlugin:
    @hookimpl
    def register_acquisitions(self) -> list[AcquisitionSpec]:
        return [spec("declared", build_declared, "logits", "true_labels"), spec("fair", build_fair, "logits")]


def test_only_who_declares_it_sees_the_labels_and_all_of_them(tmp_path: Path) -> None:
    Spying.seen = {}
    methods = [{"label": name, "acquisition": name, **BUYING} for name in ("declared", "fair")]
    assert run_toy(tmp_path, toy_document(methods=methods), SpyPlugin()).done == 2
    # Six images and two purchases; pictures of examples score some of them again.
    assert len(Spying.seen["fair"]) >= 12 and set(map(type, Spying.seen["fair"])) == {type(None)}
    expected = [Stripes("train", 6, (12, 24)).label(index) for index in range(6)]
    for labels, shown in zip(expected, Spying.seen["declared"], strict=False):
        assert shown is not None and shown.dtype == torch.uint8
        np.testing.assert_array_equal(shown.numpy(), labels)


class Peeking:
    """Reads the labels, which it has not declared."""

    def score(self, view: TargetView) -> torch.Tensor:
        """Return them."""
        return view.true_labels.float()  # type: ignore[union-attr]


def test_who_reads_them_undeclared_departs_from_the_contract() -> None:
    with pytest.raises(AssertionError) as raised:
        check_acquisition(spec("peeking", Peeking, "logits"))
    assert str(raised.value) == (
        "'peeking', doubtful predictions: failed; does it read what 'needs' does not name? 'NoneType' object "
        "has no attribute 'float'"
    )
    check_acquisition(spec("peeking", Peeking, "true_labels"))


def test_labels_are_shown_in_the_classes_of_the_scenario() -> None:
    stripes = Stripes("train", 1, (2, 6), swapped=True)
    swap = np.array([2, 1, 0, *[255] * 253], np.uint8)
    labels = RevealedLabels(stripes, swap, num_classes=3)
    assert labels.true_label(0).tolist() == Stripes("train", 1, (2, 6)).label(0).tolist()
    assert labels.revealed(0).tolist() == [[255] * 6] * 2  # nothing is bought by looking


def test_upper_marks_ask_about_a_pool_that_grows(tmp_path: Path) -> None:
    write_names(tmp_path, 2, 3, 4, 5, 6, 7)
    write_names(tmp_path, 1, 8, 9, file="more.txt")
    document = growing_document(tmp_path, WHEN_ROUND_1_IS_DONE, methods=ORACLES)
    outcome = run_toy(tmp_path, document, GrowingPlugin(), alseg_methods)
    assert (outcome.done, outcome.failed) == (2, [])


@pytest.mark.slow
def test_two_processes_ask_what_one_asks(tmp_path: Path) -> None:
    ledgers = []
    for devices in (1, 2):
        folder = tmp_path / str(devices)
        document = toy_document(methods=ORACLES, settings={"device": "cpu", "devices": devices})
        completed = run_ranked(folder, document)
        assert completed.returncode == 0, completed.stderr
        found = sorted((folder / "results").glob("toy/runs/*/rounds/*/ledger.npy"))
        ledgers.append([np.load(path) for path in found])
    assert len(ledgers[0]) == len(ledgers[1]) == 4
    for one, other in zip(*ledgers, strict=True):
        np.testing.assert_array_equal(one, other)
