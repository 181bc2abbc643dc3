from __future__ import annotations

from pathlib import Path

import pytest
from alseg import AlsegError
from alseg.contracts import Observer
from alseg.testing import check_spec, round_report

from alseg_newname import register_observers
from alseg_newname.observer import NewnameObserver


def test_the_observer_keeps_its_contract() -> None:
    for spec in register_observers():
        check_spec(spec)
        assert isinstance(spec.build(), Observer)


def test_each_round_is_a_row_and_may_come_twice(tmp_path: Path) -> None:
    run = tmp_path / "runs" / "random__s0"
    run.mkdir(parents=True)
    observer = NewnameObserver()
    for number, miou in ((0, 20.0), (1, 30.0), (0, 20.0), (1, 30.0)):
        observer.on_round_end(
            round_report(run=run.name, folder=str(run), round=number, iteration=100 * number, miou=miou)
        )
    observer.close()
    written = (tmp_path / "newname" / "random__s0.csv").read_text(encoding="utf-8")
    # A made-up report has 90 pixels and 10 clicks.
    rows = ["round,iteration,pixels,clicks,miou", "0,0,90,10,20.00", "1,100,90,10,30.00"]
    assert written.splitlines() == rows


@pytest.mark.parametrize("folder", ["", "..", "runs", "a/b"])
def test_a_folder_that_is_not_its_own_is_refused(folder: str) -> None:
    with pytest.raises(AlsegError, match="no folder of its own"):
        NewnameObserver(folder)
