"""What all tests share."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from typing import Any

# Tests run side by side: threads that wait for each other's cores would only slow them down. Set before torch
# is imported, and handed on to the commands that tests start.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# A job in the background ignores Ctrl-C, and so would the commands that tests start and then interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

import pytest
from hypothesis import settings

import unsynced
from chromium import launched
from preforked import python

unsynced.install()

# What their assertions compare is shown where they fail, as in a test.
pytest.register_assert_rewrite("golden_pools", "golden_scores")

MOST_WORKERS = 8
"""Each worker imports torch, which takes memory; ``-n`` asks for more of them."""

# A busy machine is no failure, and a test that fails here must fail everywhere.
settings.register_profile("alseg", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("alseg")


def pytest_xdist_auto_num_workers() -> int | None:
    """Return one worker for each core that this process may use, up to `MOST_WORKERS`.

    None where the environment names a number, which xdist then reads.
    """
    if os.environ.get("PYTEST_XDIST_AUTO_NUM_WORKERS"):
        return None
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(usable, MOST_WORKERS)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip tests that want a GPU where there is none, and those that take minutes but at night."""
    if item.get_closest_marker("nightly") is not None and not os.environ.get("ALSEG_NIGHTLY"):
        pytest.skip("it takes minutes; ALSEG_NIGHTLY=1 runs it")
    if item.get_closest_marker("gpu") is not None:
        import torch

        if not torch.cuda.is_available():
            pytest.skip("there is no GPU here")


@pytest.fixture(scope="module", autouse=True)
def no_overview() -> Iterator[None]:
    """Keep ``alseg run`` from drawing its results, which takes as long as a small run.

    Where that is what a test is about, a fixture of this name takes this one's place.
    """
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("alseg.overview.write.overview_or_note", lambda *_: None)
        yield


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep pixel counts out of the user's cache folder."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture(autouse=True)
def _plain_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep what the user's terminal asks for out of the texts that tests compare."""
    for name in ("COLUMNS", "FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
        os.unsetenv(name)  # readline, which pytest imports, sets COLUMNS for child processes alone


@pytest.fixture
def preloaded_python(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have processes that alseg starts begin with everything imported."""
    monkeypatch.setattr(sys, "executable", python())


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium, for modules with the marks `chromium.NEEDS_CHROMIUM`."""
    with launched() as started:
        yield started
