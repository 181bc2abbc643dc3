from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from alseg.contracts import ObserverSpec, RoundReport
from alseg.testing import check_observer


class Listens:
    """Keeps what it hears, and where it may write a file."""

    def __init__(self, heard: list[int]) -> None:
        self.heard = heard

    def on_round_end(self, report: RoundReport) -> None:
        self.heard.append(report.round)
        folder = Path(report.folder).parents[1] / "mine"
        folder.mkdir(exist_ok=True)
        (folder / f"{report.round}.txt").write_text(f"{report.miou}")

    def close(self) -> None:
        self.heard.append(-1)


def spec_of(build: Any) -> ObserverSpec:
    return ObserverSpec(name="mine", summary="Listens.", source="tests", build=build)


def test_an_observer_hears_two_purchases_twice_and_is_closed(tmp_path: Path) -> None:
    heard: list[int] = []
    check_observer(spec_of(lambda: Listens(heard)), folder=tmp_path)
    assert heard == [0, 1, 2, 0, 1, 2, -1]
    assert sorted(path.name for path in (tmp_path / "experiment" / "mine").iterdir()) == [
        "0.txt",
        "1.txt",
        "2.txt",
    ]


class Fragile(Listens):
    """Cannot bear a round that comes a second time."""

    def on_round_end(self, report: RoundReport) -> None:
        if report.round in self.heard:
            raise ValueError(f"round {report.round} again")
        super().on_round_end(report)


class Meddles(Listens):
    """Changes a file of the run."""

    def on_round_end(self, report: RoundReport) -> None:
        (Path(report.folder) / "attempts" / "1.json").write_text("{}")


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (
            lambda: Fragile([]),
            "'mine', round 0 that comes again: on_round_end raises ValueError('round 0 again')",
        ),
        (lambda: Meddles([]), "'mine': it writes into the run's folder (attempts/1.json)"),
        (lambda: object(), "'mine': object lacks on_round_end or close"),
    ],
)
def test_what_an_observer_must_not_do_is_named(build: Any, message: str) -> None:
    with pytest.raises(AssertionError) as caught:
        check_observer(spec_of(build))
    assert str(caught.value) == message
