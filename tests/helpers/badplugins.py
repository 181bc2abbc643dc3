"""Acquisitions that do what no plugin should, beside the toys of the tests.

``python -m badplugins FOLDER DOCUMENT`` does an experiment, and prints notes and failures.
"""

from __future__ import annotations

import decimal
import json
import locale
import logging
import os
import random
import signal
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from PIL import ImageFile

from alseg import hookimpl
from alseg.contracts import AcquisitionSpec, TargetView

_MODES: list[Any] = []


def _leave_inference_mode_on() -> None:
    mode = torch.inference_mode()
    mode.__enter__()
    _MODES.append(mode)  # it ends when it is freed


CHANGES: dict[str, Callable[[], object]] = {
    "threads": lambda: torch.set_num_threads(torch.get_num_threads() + 1),
    "default dtype": lambda: torch.set_default_dtype(torch.float64),
    "default device": lambda: torch.set_default_device("meta"),
    "gradients": lambda: torch.set_grad_enabled(False),
    "inference mode": _leave_inference_mode_on,
    "autocast": lambda: torch.set_autocast_enabled("cpu", True),
    "precision": lambda: torch.set_float32_matmul_precision("medium"),
    "deterministic": lambda: torch.use_deterministic_algorithms(True, warn_only=True),
    "anomalies": lambda: torch.set_anomaly_enabled(True),
    "small numbers": lambda: torch.set_flush_denormal(True),
    "NumPy's errors": lambda: np.seterr(all="raise"),
    "Pillow": lambda: setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True),
    "folder": lambda: os.chdir(tempfile.gettempdir()),
    "environment": lambda: os.environ.update({"ALSEG_TEST": "1", "HOME": "/nowhere"}),
    "sys.path": lambda: sys.path.insert(0, "/nowhere"),
    "streams": lambda: setattr(sys, "stdout", sys.stderr),
    "warnings": lambda: warnings.simplefilter("error"),
    "logging": lambda: logging.disable(logging.CRITICAL),
    "locale": lambda: locale.setlocale(locale.LC_ALL, "C" if _locale() != "C" else "C.UTF-8"),
    "recursion": lambda: sys.setrecursionlimit(500),
    "decimals": lambda: setattr(decimal.getcontext(), "prec", 2),
    "signals": lambda: signal.signal(signal.SIGTERM, signal.SIG_IGN),
}
"""Each leaves something of the process changed; the last one only in the main thread."""

RANDOM = (
    lambda: random.seed(1),
    lambda: np.random.seed(1),
    lambda: torch.default_generator.manual_seed(1),
)


def _locale() -> str:
    return locale.setlocale(locale.LC_ALL)


class Bad:
    """Does one thing of those above, or ends the process, and scores evenly."""

    def __init__(self, what: str) -> None:
        self.what = what

    def score(self, view: TargetView) -> Any:
        if self.what == "exit":
            sys.exit(3)
        if self.what == "os._exit":
            os._exit(5)
        if self.what == "hang":
            _hang()
        if self.what == "deaf":
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])  # as code outside Python is
            time.sleep(60)
        if self.what == "huge":
            return torch.zeros(()).expand(1_000_000, 1_000_000)
        if self.what == "changes":
            for name, change in CHANGES.items():
                if name != "signals":
                    change()
            for change in RANDOM:
                change()
        height, width = view.size
        return torch.linspace(0, 1, height * width, dtype=torch.float32, device="cpu").reshape(height, width)


def _hang() -> None:
    until = time.monotonic() + 60  # the test fails then
    while time.monotonic() < until:
        try:
            time.sleep(0.01)
        except Exception:  # what a careless plugin does
            continue


def build_bad(
    what: Literal["nothing", "changes", "exit", "os._exit", "hang", "deaf", "huge"] = "nothing",
) -> Bad:
    return Bad(what)


class BadPlugin:
    """Offers ``bad``."""

    @hookimpl
    def register_acquisitions(self) -> list[AcquisitionSpec]:
        summary = "Does what no plugin should."
        return [
            AcquisitionSpec(name="bad", summary=summary, source="tests", build=build_bad, needs=("logits",))
        ]


def main() -> None:
    """Do an experiment in a process that may end at any time."""
    from toys import Silent, run_toy

    folder, document = sys.argv[1:]
    reporter = Silent()
    run_toy(Path(folder), json.loads(document), BadPlugin(), reporter=reporter)
    print(*reporter.notes, sep="\n")


if __name__ == "__main__":
    main()
