"""Acquisitions that end the process or never end, and one after them that behaves."""

from __future__ import annotations

import os
import time

import torch

from alseg import AcquisitionSpec, hookimpl
from alseg.contracts import TargetView


class Dies:
    """Ends the process without a word."""

    def score(self, view: TargetView) -> torch.Tensor:
        os._exit(5)


class Hangs:
    """Takes a minute, and hears of no exception."""

    def score(self, view: TargetView) -> torch.Tensor:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                time.sleep(0.01)
            except Exception:  # what a careless plugin does
                continue
        return torch.zeros(view.size)


class Lives:
    """Scores evenly."""

    def score(self, view: TargetView) -> torch.Tensor:
        return torch.zeros(view.size)


@hookimpl
def register_acquisitions() -> list[AcquisitionSpec]:
    """Offer all of them."""
    return [
        AcquisitionSpec(name=name, summary="Ends.", source="tests", build=build, units=("part",))
        for name, build in {"e-dies": Dies, "e-hangs": Hangs, "e-lives": Lives}.items()
    ]
