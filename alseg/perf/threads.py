"""How threads wait: training steps, and a whole command, on idle cores and beside busy processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from alseg.errors import AlsegError
from alseg.perf.result import Line, Options, Result, Spread
from alseg.system.threads import THREAD_VARIABLES, WAIT_VARIABLES, choose, look

SECONDS = 2.0
"""How long a side takes steps in a turn."""

OURS, SPINNING, ONE = "ours", "spinning", "one thread"

RUN: Mapping[str, Any] = {
    "name": "threads",
    "scenario": {
        "source": {"name": "streets", "domain": "render", "height": 96, "width": 192, "count": 40},
        "target": {
            "name": "streets",
            "domain": "camera",
            "height": 96,
            "width": 192,
            "count": 20,
            "val_count": 10,
        },
        "label_space": "cityscapes-19",
    },
    "model": {
        "name": "smp",
        "architecture": "FPN",
        "encoder": "tf_efficientnet_lite0",
        "weights": "none",
        "decoder_channels": 32,
        "freeze_encoder_norm": True,
    },
    "recipe": {
        "name": "ripu",
        "iterations": 40,
        "optimizer": "adamw",
        "source_size": [96, 192],
        "target_size": [96, 192],
    },
    "rounds": [20],
    "methods": [{"label": "Random", "acquisition": "random", "annotation": "region", "budget": "5%"}],
    "settings": {"device": "cpu"},
}
"""The quickstart's random method, a fifth as long."""


def sides(threads: int | None = None) -> dict[str, dict[str, str]]:
    """Return the environment of each way to wait, without what the user's says about threads.

    Args:
        threads: Of all but one; None for torch's choice.
    """
    unset = {
        name: value for name, value in os.environ.items() if name not in {*THREAD_VARIABLES, *WAIT_VARIABLES}
    }
    if threads is not None:
        unset["OMP_NUM_THREADS"] = str(threads)
    return {
        OURS: {**unset, **choose(look(), unset, gnu=sys.platform == "linux").environment},
        SPINNING: unset,
        "passive": {**unset, "OMP_WAIT_POLICY": "PASSIVE"},
        ONE: {**unset, "OMP_NUM_THREADS": "1"},
    }


def ideal(threads: int, busy: int, cores: int) -> float:
    """Return in idle times what work takes where all threads of all processes share the cores equally."""
    return max(1.0, (threads + busy) / max(cores, threads))


def run(options: Options) -> Result:
    """Time steps and commands.

    Raises:
        AlsegError: If a process ends before it should.
    """
    cores = look().cores
    loads = (0, 1) if options.quick else (0, 1, cores, 2 * cores)
    lines: list[Line] = []
    facts: dict[str, str] = {}
    with ExitStack() as stack:
        options.on_step("starting a process for each way to wait")
        every = sides(options.threads)
        # Beside other processes a spinning step can take very long, which --quick must not.
        names = [OURS, ONE] if options.quick else list(every)
        workers = [stack.enter_context(stepping_process(every[name])) for name in names]
        idle: dict[str, Spread] = {}
        for busy in loads:
            options.on_step(f"steps beside {busy} busy processes")
            seconds = _steps(workers, names, busy, options)
            idle = idle or seconds
            lines += map(options.told, _lines("a step", busy, seconds))
            facts |= _facts("a step", busy, seconds, idle, options.threads, cores)
    if not options.quick:
        idle = {}
        for busy in (0, cores):
            options.on_step(f"whole commands beside {busy} busy processes")
            seconds = _commands(busy, options)
            idle = idle or seconds
            lines += map(options.told, _lines("alseg run", busy, seconds))
            facts |= _facts("alseg run", busy, seconds, idle, options.threads, cores)
    return Result(
        name="threads",
        setting=f"the quickstart's network, {cores} cores, {options.threads} threads; plain: spinning",
        lines=lines,
        facts=facts,
    )


def _lines(work: str, busy: int, seconds: Mapping[str, Spread]) -> Iterator[Line]:
    plain = seconds.get(SPINNING)
    for name, spread in seconds.items():
        if name != SPINNING:
            yield Line(
                work=f"{work}, {busy} busy: {name}",
                ours=spread,
                plain=plain,
                ratio=None if plain is None else plain.over(spread),
            )


def _facts(
    work: str, busy: int, seconds: Mapping[str, Spread], idle: Mapping[str, Spread], threads: int, cores: int
) -> dict[str, str]:
    best = ideal(threads, busy, cores)
    slower = seconds[OURS].median / idle[OURS].median
    facts = {}
    if busy:
        facts[f"{work}, {busy} busy: ours, in idle times"] = f"{slower:.2f}, ideal share {best:.2f}"
    elif SPINNING in seconds:
        share = seconds[OURS].median / seconds[SPINNING].median
        facts[f"{work}, idle: ours, in spinning times"] = f"{share:.2f}"
    return facts


# ----------------------------------------------------------------------------------------------------
# Processes


@contextmanager
def busy_processes(count: int) -> Iterator[None]:
    """Keep cores busy with processes that do nothing but count."""
    with ExitStack() as stack:
        for _ in range(count):
            stack.enter_context(_process([sys.executable, "-c", "while True: pass"], dict(os.environ)))
        if count:
            time.sleep(0.3)  # until they are at it
        yield


@contextmanager
def _process(command: Sequence[str], env: Mapping[str, str]) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@contextmanager
def stepping_process(env: Mapping[str, str]) -> Iterator[subprocess.Popen[str]]:
    """Start a process that takes steps; it is ready when this returns."""
    with _process([sys.executable, "-m", "alseg.perf.stepping"], env) as worker:
        step_seconds(worker)
        yield worker


def take_steps(worker: subprocess.Popen[str], seconds: float) -> None:
    """Let a process take steps, one at least; `step_seconds` waits for it."""
    assert worker.stdin is not None
    worker.stdin.write(f"{seconds}\n")
    worker.stdin.flush()


def step_seconds(worker: subprocess.Popen[str]) -> float:
    """Return how long a step has taken.

    Raises:
        AlsegError: If the process has ended.
    """
    assert worker.stdout is not None
    answer = worker.stdout.readline()
    if not answer:
        raise AlsegError(
            "A process that takes training steps ended early. See why: python -m alseg.perf.stepping"
        )
    return float(answer)


def _steps(
    workers: Sequence[subprocess.Popen[str]], names: Sequence[str], busy: int, options: Options
) -> dict[str, Spread]:
    """Let every worker take steps in every turn; returns seconds of a step."""
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(options.repeats):
        with busy_processes(busy):
            for name, worker in zip(names, workers, strict=True):
                take_steps(worker, 0.0 if options.quick else SECONDS)
                seconds[name].append(step_seconds(worker))
    return {name: Spread(values) for name, values in seconds.items()}


def _commands(busy: int, options: Options) -> dict[str, Spread]:
    """Do a small experiment with the real command in every turn; spinning only where nothing else is busy."""
    every = sides(options.threads)
    names = [OURS] if busy else [OURS, SPINNING]
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(options.repeats):
        with busy_processes(busy):
            for name in names:
                seconds[name].append(_command(every[name]))
    return {name: Spread(values) for name, values in seconds.items()}


def _command(env: Mapping[str, str]) -> float:
    with tempfile.TemporaryDirectory(prefix="alseg-perf-") as folder:
        file = Path(folder) / "threads.yaml"
        file.write_text(json.dumps(RUN))
        command = [sys.executable, "-m", "alseg", "run", str(file), "--results", folder]
        started = time.perf_counter()
        ended = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        if ended.returncode:
            raise AlsegError(f"alseg run failed: {ended.stderr.strip().splitlines()[-1]}")
        return time.perf_counter() - started
