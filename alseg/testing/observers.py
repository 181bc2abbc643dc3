"""Does an observer keep the contract?"""

from __future__ import annotations

import json
import math
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from alseg.contracts import Observer, ObserverSpec, RoundReport
from alseg.testing.reports import round_report

_ROUNDS = 2
"""Purchases of the made-up run."""

_RUN = "random__s0__00000000"


def check_observer(spec: ObserverSpec, *, folder: Path | None = None, **params: Any) -> None:
    """Check an observer against `alseg.contracts.Observer`.

    It is built, follows a made-up run of two purchases, and follows it again from round 0, as after a stop.
    The last round has no evaluation labels, so its numbers are NaN. Then it is closed. Checked are that
    ``build`` writes nothing into the experiment's folder, that no method raises, and that nothing is written
    in the run's folder. What it sends elsewhere, it sends: give parameters that name a place for tests.

    Args:
        spec: The spec that the plugin registers.
        folder: An empty folder for the experiment; without it a temporary one.
        params: Parameters for ``build``.

    Raises:
        AssertionError: Says what is not as it should be.
    """
    with tempfile.TemporaryDirectory() as scratch:
        experiment = (folder or Path(scratch)) / "experiment"
        run = experiment / "runs" / _RUN
        _begin(run)
        before = _files(run)
        observer = spec.build(**params)
        made = type(observer).__name__
        assert isinstance(observer, Observer), f"'{spec.name}': {made} lacks on_round_end or close"
        written = sorted(path.name for path in experiment.iterdir() if path.name != "runs")
        assert not written, f"'{spec.name}': build writes {', '.join(written)}; write at the first round"
        for attempt in ("", " that comes again"):
            for number in range(_ROUNDS + 1):
                _tell(f"'{spec.name}', round {number}{attempt}", observer, _report(run, number))
        try:
            observer.close()
        except Exception as error:
            raise AssertionError(f"'{spec.name}': close raises {error!r}") from error
        changed = sorted(name for name, content in _files(run).items() if before.get(name) != content)
        assert not changed, f"'{spec.name}': it writes into the run's folder ({', '.join(changed[:3])})"


def _begin(run: Path) -> None:
    """Make a run's folder with what observers may read there: the attempt that is being made."""
    (run / "attempts").mkdir(parents=True)
    attempt = {"start": "2026-01-01T00:00:00+00:00"}
    (run / "attempts" / "1.json").write_text(json.dumps(attempt), encoding="utf-8")


def _files(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def _tell(where: str, observer: Observer, report: RoundReport) -> None:
    try:
        observer.on_round_end(report)
    except Exception as error:
        raise AssertionError(f"{where}: on_round_end raises {error!r}") from error


def _report(run: Path, number: int) -> RoundReport:
    """Return what is told of a round; the last one was not evaluated."""
    told = round_report(folder=str(run), run=run.name, experiment="experiment", round=number)
    if number < _ROUNDS:
        return told
    unknown = math.nan
    answers = {"prequential/answers": 10.0}
    return replace(
        told, iou=(unknown, unknown), miou=unknown, accuracy=unknown, evaluated=False, of_answers=answers
    )
