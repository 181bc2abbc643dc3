"""One of the processes that do runs together: ``python -m alseg.cli.rank``, with a task as input."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from alseg.errors import AlsegError, one_line
from alseg.system import threads
from alseg.system.rank_processes import MEETING_VARIABLE, take_task_of_srun
from alseg.system.signals import SIGNALS

if TYPE_CHECKING:
    from alseg.launch.rank_task import RankTask


def main() -> NoReturn:
    """Do the task on the first line of standard input; save and stop when the input ends."""
    threads.prepare()
    take_task_of_srun(os.environ)
    from alseg.launch.rank_task import RankTask  # imports torch

    task = RankTask.of_line(_first_line())
    for number in SIGNALS:
        signal.signal(number, signal.SIG_DFL)  # until ranks have met there is nothing to save
    threading.Thread(target=_stop_with_input, daemon=True).start()
    try:
        well = _done(task)
    except AlsegError as error:
        well = _said(task, str(error))
    except Exception as error:
        sys.excepthook(type(error), error, error.__traceback__)
        well = _said(task, one_line(error))
    _leave(well=well)


def _leave(*, well: bool) -> NoReturn:
    """End this process at once: whatever libraries still wait for, nobody wants it any more."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0 if well else 1)


def _done(task: RankTask) -> bool:
    """Do the task; returns whether all ranks were together to the end."""
    from alseg.cli.progress import make_reporter
    from alseg.config.experiment import read_experiment
    from alseg.engine.reporter import SilentReporter
    from alseg.launch.rank_work import device_type_of, do_task, have_parted
    from alseg.registry.loading import load_registry
    from alseg.system.ranks import LostRank, joined
    from alseg.system.signals import Interrupted, listening

    registry = load_registry()
    experiment = read_experiment(Path(task.experiment), registry=registry)
    meeting = os.environ.get(MEETING_VARIABLE)
    device_type = device_type_of(experiment.settings)
    with (
        joined(device_type, meeting=None if meeting is None else Path(meeting)) as ranks,
        listening(until_exit=True) as stop,
    ):
        reporter = make_reporter() if ranks.is_first and not task.quiet else SilentReporter()
        try:
            report = do_task(task, experiment, registry, ranks, reporter, stop)
            well = not have_parted(report)
        except (LostRank, Interrupted):
            well = False
        finally:
            reporter.close()
        if not well:
            _leave(well=False)  # the group is not taken apart: that would wait for ranks that have ended
    return True


def _said(task: RankTask, error: str) -> bool:
    """Have the first rank say what ended it; returns False."""
    from alseg.launch.rank_task import RankReport

    if os.environ.get("RANK", "0") == "0":
        before = RankReport.read(Path(task.folder))
        RankReport(endings=before.endings, signal=before.signal, error=error).write(Path(task.folder))
    else:
        print(error, file=sys.stderr)
    return False


def _first_line() -> bytes:
    # Not through sys.stdin, which would read ahead.
    line = b""
    while not line.endswith(b"\n") and (part := os.read(0, 1)):
        line += part
    return line


def _stop_with_input() -> None:
    """Save and stop when the process that started this one has ended."""
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
