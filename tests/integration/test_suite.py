"""How the suite itself is run: workers and markers."""

from __future__ import annotations

import os

import pytest


@pytest.mark.parametrize(("cores", "workers"), [(1, 1), (2, 2), (8, 8), (64, 8)])
def test_there_is_a_worker_for_each_core_and_at_most_eight(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, cores: int, workers: int
) -> None:
    monkeypatch.delenv("PYTEST_XDIST_AUTO_NUM_WORKERS", raising=False)
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(cores)), raising=False)
    assert request.config.hook.pytest_xdist_auto_num_workers(config=request.config) == workers


def test_the_environment_may_name_the_number_of_workers(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_XDIST_AUTO_NUM_WORKERS", "3")
    assert request.config.hook.pytest_xdist_auto_num_workers(config=request.config) == 3
