"""Every acquisition runs end to end, and asks the same however the work is divided."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from acquisitions import PLUGINS, acquiring_methods
from toys import run_toy, toy_document


def ledgers(results: Path) -> dict[str, list[NDArray[np.void]]]:
    """Return the ledgers of all purchases by the name of the run's folder."""
    found: dict[str, list[NDArray[np.void]]] = {}
    for path in sorted(results.glob("toy/runs/*/rounds/*/ledger.npy")):
        found.setdefault(path.parents[2].name, []).append(np.load(path))
    return found


def assert_same(found: Path, expected: Path, tolerance: float = 0.0) -> None:
    """Check that runs bought what they bought in other results, for scores that differ by so much at most."""
    one, other = ledgers(found), ledgers(expected)
    assert one.keys() <= other.keys()
    for name, rounds in one.items():
        for purchase, again in zip(rounds, other[name], strict=True):
            for column in purchase.dtype.names or ():
                if column != "score":
                    np.testing.assert_array_equal(purchase[column], again[column], f"{name}, {column}")
            np.testing.assert_allclose(purchase["score"], again["score"], rtol=tolerance, atol=tolerance)


@pytest.mark.slow
def test_every_acquisition_asks_the_same_in_any_order_and_batch(tmp_path: Path) -> None:
    asking = acquiring_methods()
    short = {"rounds": [1, 2], "recipe": {"name": "toy", "iterations": 3}}  # of training; each buys twice
    settings = {"device": "cpu", "examples": 0}
    first = toy_document(**short, methods=asking, settings={**settings, "pool_batch": 4})
    some = list({str(method["acquisition"]["name"]): method for method in asking}.values())  # a unit of each
    second = toy_document(**short, methods=some[::-1], settings={**settings, "pool_batch": 1})
    outcome = run_toy(tmp_path / "first", first, *PLUGINS)
    assert [label for label, _ in outcome.failed] == []
    assert outcome.done == len(asking)
    bought = ledgers(tmp_path / "first" / "results")
    assert len(bought) == len(asking)
    assert all(len(rounds) == 2 for rounds in bought.values())
    assert run_toy(tmp_path / "second", second, *PLUGINS).done == len(some)
    # A convolution of one image rounds in another way than one of four.
    assert_same(tmp_path / "second" / "results", tmp_path / "first" / "results", tolerance=1e-4)


def test_worker_processes_change_nothing(tmp_path: Path) -> None:
    wanted = ("d2ada of regions", "pixbal of parts", "badge of images")
    asking = [method for method in acquiring_methods() if method["label"] in wanted]
    assert len(asking) == len(wanted)
    for name, workers in (("without", 0), ("with", 1)):
        document = toy_document(methods=asking, settings={"device": "cpu", "workers": workers})
        assert run_toy(tmp_path / name, document, *PLUGINS).done == len(asking)
    assert_same(tmp_path / "with" / "results", tmp_path / "without" / "results")
