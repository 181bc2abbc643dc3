"""Files that the system does not let a process read now are not damaged."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from alseg.system.signals import Interrupted
from killing import result_bytes
from toys import Silent, run_folder, run_toy, toy_document


class StopsInTheSecondTraining(Silent):
    """Asks the run to stop after the first purchase."""

    def advance(self, detail: str = "") -> None:
        if self.phases.count("train") == 2:
            raise Interrupted


@pytest.mark.parametrize(
    "name",
    [
        "checkpoint.pt",
        "ledger.npy",
        "ledger.json",
        "confusion.npz",
        "metrics.json",
        "run.json",
        "status.json",
        "timing.json",
        "0.json",
    ],
)
@pytest.mark.parametrize("number", [errno.EMFILE, errno.EACCES])
def test_a_file_that_cannot_be_read_now_is_left_where_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, number: int
) -> None:
    document = toy_document(methods=[toy_document()["methods"][1]])  # type: ignore[index]
    run_toy(tmp_path / "through", document)
    run_toy(tmp_path / "stopped", document, reporter=StopsInTheSecondTraining())
    folder = run_folder(tmp_path / "stopped", "entropy")
    before = {path: path.read_bytes() for path in folder.rglob(name)}
    assert before
    opened = os.open

    def refused(path: Any, *arguments: Any, **options: Any) -> int:
        if Path(str(path)).name == name:
            raise OSError(number, os.strerror(number))
        return opened(path, *arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr("alseg.system.regular_file.os.open", refused)
        try:
            ((_, reason),) = run_toy(tmp_path / "stopped", document).failed
        except Exception as error:  # what the command line says in one line
            reason = str(error)
    assert ("Cannot read" in reason and name in reason) or "Too many open files" in reason
    assert {path: path.read_bytes() for path in folder.rglob(name)} == before
    assert not (folder / "damaged").exists()
    assert run_toy(tmp_path / "stopped", document).done == 1
    assert result_bytes(tmp_path / "stopped") == result_bytes(tmp_path / "through")
