from __future__ import annotations

from pathlib import Path

import pytest

from alseg.errors import AlsegError
from alseg.system.data_roots import data_root


@pytest.mark.parametrize(
    ("root", "folder"),
    [
        ("data", "data"),
        ("/data", "/data"),
        ("${FAST_DISK}/city", "/scratch/one/city"),
        ("~/data", "/home/ann/data"),
        ("a$b/{c}", "a$b/{c}"),
    ],
)
def test_a_root_is_what_this_host_has(root: str, folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAST_DISK", "/scratch/one")
    monkeypatch.setenv("HOME", "/home/ann")
    assert data_root(root) == Path(folder)


@pytest.mark.parametrize("value", [None, ""])
def test_a_variable_that_is_not_set_is_named(value: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_DISK", raising=False)
    if value is not None:
        monkeypatch.setenv("NO_DISK", value)
    with pytest.raises(AlsegError) as raised:
        data_root("${NO_DISK}/city")
    assert str(raised.value) == (
        "The folder of data sets is ${NO_DISK}/city, but the variable NO_DISK is not set here. Set it to the "
        "folder that this host has, on every host that does runs."
    )
