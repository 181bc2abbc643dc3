"""Runs of the toy experiment in processes of their own, which kill themselves where they are told to.

The processes are forked from a server that has torch imported and has never used it, so one costs little.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def toy_server() -> ForkServerContext:
    """Return how processes are started."""
    context = multiprocessing.get_context("forkserver")
    # The server looks for modules where this variable says, and is started with the first process.
    os.environ["PYTHONPATH"] = os.pathsep.join([str(HERE), *filter(None, sys.path)])
    context.set_forkserver_preload(["killing", "toys", "numpy.ma", "alseg.config.reader", "preloaded"])
    return context


def start(
    folder: Path, document: dict[str, Any], stop: str | int | None = None, by: int = signal.SIGKILL
) -> ForkServerProcess:
    """Start a run; see `_run`."""
    process = toy_server().Process(target=_run, args=(folder, document, stop, by))
    process.start()
    return process


def start_command(
    folder: Path, document: dict[str, Any], terminal: str | None = None, hold: str | None = None
) -> ForkServerProcess:
    """Start ``alseg run`` in a process group of its own; what it prints goes to ``output.txt``.

    Args:
        folder: Where the experiment file, the results, ``events.txt`` and ``output.txt`` are.
        document: The experiment.
        terminal: Path of a terminal that is to be the process's own; None for none.
        hold: An event that does not end by itself; None for none.
    """
    process = toy_server().Process(target=_command, args=(folder, document, terminal, hold))
    process.start()
    return process


def answer_and_wait(folder: Path, files: list[Path], stop: str | None = None) -> int:
    """Give answers to the only waiting run of `run_and_wait`, and wait; see `_answer`."""
    process = toy_server().Process(target=_answer, args=(folder, files, stop))
    process.start()
    return finish(process)


def finish(process: ForkServerProcess) -> int:
    """Wait for a process; returns its exit code, negative for a signal."""
    process.join(timeout=600)
    assert process.exitcode is not None, "still running after ten minutes"
    return process.exitcode


def run_and_wait(folder: Path, document: dict[str, Any], stop: str | int | None = None) -> int:
    """Start a run and wait for it."""
    return finish(start(folder, document, stop))


def result_bytes(folder: Path) -> dict[str, bytes]:
    """Return the content of all files that must not depend on what a run went through."""
    root = folder / "results" / "toy"
    varying = {"timing.json", "log.txt", "events.jsonl"}
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file()
        and path.name not in varying
        and path.parent.name != "attempts"
        and "damaged" not in path.relative_to(root).parts
        and not path.name.startswith(".lock")
        and path.name != "locking.json"
    }


def events_of(folder: Path) -> list[str]:
    """Return what happened in all runs in a folder, one event a line."""
    return (folder / "events.txt").read_text().splitlines()


def _run(folder: Path, document: dict[str, Any], stop: str | int | None, by: int) -> None:
    """Do an experiment in this process, and die by a signal at an event, or be suspended.

    Args:
        folder: Where the experiment file, the results and ``events.txt`` are.
        document: The experiment.
        stop: Name and occurrence of an event, such as ``train#3``, or its number from 1; None goes through.
        by: SIGKILL or SIGSTOP.
    """
    import torch

    from preloaded import KILLED
    from toys import run_toy

    torch.set_num_threads(1)
    recorder = _Recorder(folder, stop, by=by)
    _instrument(recorder)
    outcome = run_toy(folder, document, *KILLED, reporter=_reporter(recorder))
    if outcome.signal is not None:
        sys.exit(128 + outcome.signal)
    sys.exit(1 if outcome.failed else 0)


def _answer(folder: Path, files: list[Path], stop: str | None) -> None:
    """Import answers as ``alseg answer`` does, and die by SIGKILL at an event."""
    from alseg.asking.importing import import_answers
    from alseg.asking.waiting_run import find_waiting
    from preloaded import KILLED
    from toys import toy_registry

    _instrument(_Recorder(folder, stop))
    [run] = find_waiting(folder / "results" / "toy", toy_registry(*KILLED))
    import_answers(run, files, who="", goes_on=False)


def _command(folder: Path, document: dict[str, Any], terminal: str | None, hold: str | None) -> None:
    """Be ``alseg run`` in this process, with the toy plugin."""
    import torch
    import yaml

    import alseg.cli.progress
    import alseg.registry.loading
    from alseg.cli import main
    from alseg.system.signals import SIGNALS
    from toys import toy_registry

    multiprocessing.set_start_method("fork", force=True)  # as in a process that was not forked itself
    for number in SIGNALS:  # those that nohup and the like ignore, too
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    os.environ.pop("COLUMNS", None)  # of the test in which the server was started
    os.setsid()
    if terminal is not None:
        os.close(os.open(terminal, os.O_RDWR))  # the first terminal that a session opens is its own
    folder.mkdir(parents=True, exist_ok=True)
    output = os.open(folder / "output.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for descriptor in (1, 2):
        os.dup2(output, descriptor)
    torch.set_num_threads(1)
    recorder = _Recorder(folder, None, hold)
    recorder.event("preflight")
    alseg.registry.loading.load_registry = toy_registry
    alseg.cli.progress.make_reporter = lambda: _reporter(recorder)  # type: ignore[assignment]
    (folder / "toy.yaml").write_text(yaml.safe_dump(document, sort_keys=False))
    main(["run", str(folder / "toy.yaml"), "--results", str(folder / "results")], prog_name="alseg")


class _Recorder:
    def __init__(
        self,
        folder: Path,
        stop: str | int | None,
        hold: str | None = None,
        by: int = signal.SIGKILL,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file = os.open(folder / "events.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._stop = stop
        self._hold = hold
        self._by = by
        self._seen: Counter[str] = Counter()

    def event(self, name: str, last_words: Callable[[], object] = lambda: None) -> None:
        """Note an event; where it is the one to die at, do some last harm first."""
        self._seen[name] += 1
        label = f"{name}#{self._seen[name]}"
        os.write(self._file, f"{label}\n".encode())
        if self._stop in (label, self._seen.total()):
            if self._by == signal.SIGKILL:
                last_words()
            os.kill(os.getpid(), self._by)
        if label == self._hold:
            time.sleep(600)


def _instrument(recorder: _Recorder) -> None:
    """Make every write of a file three events: half-written, written, and renamed to its place."""
    sync, replace, unlink = os.fsync, Path.replace, Path.unlink

    def watched_sync(handle: int) -> None:
        path = Path(f"/proc/self/fd/{handle}").readlink()
        if path.suffix == ".tmp":
            name = _name(path.with_name(path.name[1:].rsplit(".", 2)[0]))
            size = path.stat().st_size
            recorder.event(f"half-written {name}", lambda: os.truncate(path, size // 2))
            recorder.event(f"written {name}")
        sync(handle)

    def watched_replace(path: Path, target: Path) -> Path:
        moved = replace(path, target)
        recorder.event(f"renamed {_name(target)}")
        return moved

    def watched_unlink(path: Path, missing_ok: bool = False) -> None:
        if _name(path) in ("checkpoint.pt", "picks") and path.exists():
            recorder.event(f"removing {_name(path)}")
        unlink(path, missing_ok=missing_ok)

    os.fsync = watched_sync  # type: ignore[assignment]
    Path.replace = watched_replace  # type: ignore[assignment, method-assign]
    Path.unlink = watched_unlink  # type: ignore[method-assign]


def _name(path: Path) -> str:
    """Return what a file is called in events; picks that wait for their run are called after the run."""
    return "picks" if path.parent.name == "picks" else path.name


def _reporter(recorder: _Recorder) -> Any:
    from toys import Silent

    class Watched(Silent):
        def phase(self, name: str, total: int, done: int = 0) -> None:
            super().phase(name, total, done)
            recorder.event(f"begin {name}")

        def advance(self, detail: str = "") -> None:
            recorder.event(self.phases[-1])

    return Watched()
