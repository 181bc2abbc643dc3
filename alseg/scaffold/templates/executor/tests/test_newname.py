from __future__ import annotations

from pathlib import Path

import pytest
from alseg import AlsegError
from alseg.contracts import ExecutorSpec
from alseg.testing import check_executor, check_spec

from alseg_newname import build_newname, register_executors


@pytest.mark.parametrize("spec", register_executors(), ids=lambda spec: spec.name)
def test_the_executor_keeps_its_contract(spec: ExecutorSpec, tmp_path: Path) -> None:
    check_spec(spec)
    check_executor(spec, address="1", folder=tmp_path)


@pytest.mark.parametrize("address", ["", "0", "two", "-1", "100000"])
def test_an_address_that_is_no_number_of_processes_is_refused(address: str) -> None:
    with pytest.raises(AlsegError, match="needs a number of processes"):
        build_newname(address=address)
