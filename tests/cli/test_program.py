from __future__ import annotations

import sys
import threading

import pytest

from alseg import cli


@pytest.fixture
def left(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    codes: list[int] = []
    monkeypatch.setattr(cli, "leave_at_once", codes.append)
    monkeypatch.setattr(cli, "works_alone", lambda: True)
    monkeypatch.setitem(sys.modules, "torch", sys)  # whatever it is: nobody uses it
    return codes


@pytest.mark.parametrize(("words", "code"), [(["--version"], 0), (["no-such-command"], 2)])
def test_a_program_with_torch_ends_at_once_with_the_commands_code(
    left: list[int], monkeypatch: pytest.MonkeyPatch, words: list[str], code: int
) -> None:
    monkeypatch.setattr(sys, "argv", ["alseg", *words])
    with pytest.raises(SystemExit):
        cli.program()
    assert left == [code]


def test_without_torch_a_program_ends_as_any_other(left: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "torch")
    monkeypatch.setattr(sys, "argv", ["alseg", "--version"])
    with pytest.raises(SystemExit) as ended:
        cli.program()
    assert (left, ended.value.code) == ([], 0)


def test_threads_that_are_no_daemons_are_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    codes: list[int] = []
    monkeypatch.setattr(cli, "leave_at_once", codes.append)
    monkeypatch.setitem(sys.modules, "torch", sys)
    monkeypatch.setattr(sys, "argv", ["alseg", "--version"])
    go_on = threading.Event()
    thread = threading.Thread(target=go_on.wait)
    thread.start()
    try:
        with pytest.raises(SystemExit):
            cli.program()
    finally:
        go_on.set()
        thread.join()
    assert codes == []
