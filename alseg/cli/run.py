"""``alseg run``: do an experiment, or go on with it."""

from __future__ import annotations

import faulthandler
import shlex
import signal
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from alseg.cli import CANCELLED, WAITING
from alseg.cli.dry_run import dry_run_text
from alseg.cli.inputs import read_registry
from alseg.cli.options import FOLDER, RESULTS, experiment_argument, list_option
from alseg.config.shipped import find_experiment
from alseg.text.display import output_width, put, say, say_command

if TYPE_CHECKING:
    from alseg.config.executor import ExecutorChoice
    from alseg.contracts import Executor
    from alseg.launch.options import LaunchOptions
    from alseg.launch.outcome import Outcome
    from alseg.launch.preparation import CheckedExperiment, PreparedExperiment
    from alseg.registry.registry import Registry
    from alseg.system.signals import StopRequest


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """The command line of ``alseg run``.

    Attributes:
        file: The experiment file, or the name of an experiment of alseg.
        overrides: ``KEY=VALUE`` each.
        only: ``KEY=PATTERN`` each.
        results: Folder under which the experiment gets its own.
        dry_run: Whether to check everything and train nothing.
        fresh: Whether to start the runs anew.
        accept_drift: Whether to go on with runs that were begun with other versions or code.
        executor: Where the runs are done, such as ``local:4``; None for what the file says.
    """

    file: Path
    overrides: tuple[str, ...]
    only: tuple[str, ...]
    results: Path
    dry_run: bool
    fresh: bool
    accept_drift: bool
    executor: str | None

    def launch(self, stop: StopRequest) -> LaunchOptions:
        """Return what the launcher needs of it.

        Args:
            stop: What signals set.
        """
        from alseg.launch.options import LaunchOptions

        return LaunchOptions(
            results=self.results, fresh=self.fresh, accept_drift=self.accept_drift, stop=stop
        )

    def again(self) -> str:
        """Return the command that goes on with the same runs; with ``--fresh`` it would begin them anew."""
        words = ["alseg", "run", str(self.file), *self.overrides]
        for pattern in self.only:
            words += ["--only", pattern]
        words += ["--results", str(self.results)] if self.results != RESULTS else []
        words += ["--accept-drift"] if self.accept_drift else []
        words += ["--on", self.executor] if self.executor is not None else []
        return shlex.join(words)


@contextmanager
def traced_crashes() -> Iterator[None]:
    """Print where Python was when native code ends the process."""
    if faulthandler.is_enabled() or sys.__stderr__ is None:
        yield
        return
    with suppress(OSError, ValueError):  # standard error is no file
        faulthandler.enable(sys.__stderr__)
    try:
        yield
    finally:
        faulthandler.disable()


@click.command("run")
@experiment_argument
@click.argument("overrides", nargs=-1, metavar="[KEY=VALUE]...")
@click.option(
    "--only",
    multiple=True,
    metavar="KEY=PATTERN",
    help="Only some runs, such as 'method=RIPU*' or seed=0. May be repeated.",
)
@click.option(
    "--results",
    type=FOLDER,
    default=RESULTS,
    show_default=True,
    help="Folder under which the experiment gets its own.",
)
@click.option("--dry-run", is_flag=True, help="Check everything, print runs and label costs, train nothing.")
@click.option("--fresh", is_flag=True, help="Start the runs anew; folders of earlier ones are kept aside.")
@click.option(
    "--accept-drift", is_flag=True, help="Go on with runs that were begun with other versions or code."
)
@click.option(
    "--on",
    "executor",
    metavar="EXECUTOR",
    help="Where to do the runs: local:N for N processes of this machine, or what a plugin offers.",
)
@list_option
def command(**given: Any) -> None:
    """Run the experiment in FILE, or go on where it was stopped.

    FILE may be the name of an experiment that comes with alseg; --list lists them. Runs that are complete are
    not done again. Overrides change single values of the file:

    \b
    alseg run quickstart recipe.iterations=100 "seeds=[0, 1]"
    """
    from alseg.system.signals import Interrupted, listening

    options = RunOptions(**given)
    context = click.get_current_context()
    with listening(until_exit=True) as stop, traced_crashes():
        try:
            registry = read_registry()
            outcome, folder = _run(options, registry, stop)
        except Interrupted:
            put(f"Stopped by {stop.name} before anything was trained; nothing is lost.", err=True)
            context.exit(128 + (stop.signal or 0))
        if outcome is not None:
            _finish(outcome, folder, options.again(), registry)


def _run(options: RunOptions, registry: Registry, stop: StopRequest) -> tuple[Outcome | None, Path]:
    """Check everything and do it; returns how it went, None after a dry run, and the folder."""
    from alseg.config.experiment import read_experiment

    experiment = read_experiment(find_experiment(options.file, "run"), options.overrides, registry=registry)
    specs = experiment.runs(options.only)
    folder = options.results / experiment.name

    choice = experiment.settings.executor
    if options.executor is not None:
        from alseg.config.executor import named_executor

        choice = named_executor(options.executor, registry)
    executor = choice.build(registry) if choice is not None else None  # a mistake is told before data is read

    from alseg.launch.unit_needs import getting_ready

    with getting_ready(None if options.dry_run else executor, experiment.settings, folder):
        # Torch is imported from here on: mistakes in the file are told at once.
        from alseg.launch.preparation import PreparedExperiment, check_experiment, prepare

        together = experiment.settings.devices * experiment.settings.nodes > 1
        checked = (
            prepare(experiment, specs, registry, folder, fresh=options.fresh)
            if choice is None and not together
            else check_experiment(experiment, specs, registry, folder)
        )
        for note in checked.plan.notes:
            say(f"note: {note}", err=True)
        if options.dry_run:
            say(dry_run_text(checked.experiment, checked.plan, folder, output_width()))
            return None, folder
        if isinstance(checked, PreparedExperiment):
            return _here(checked, options, stop), folder
        if choice is None:
            return _on_ranks(checked, options, stop), folder
        return _elsewhere(checked, choice, executor, options, stop), folder


def _here(prepared: PreparedExperiment, options: RunOptions, stop: StopRequest) -> Outcome:
    """Do the runs in this process."""
    import torch

    from alseg.cli.progress import make_reporter
    from alseg.launch.runner import run_experiment
    from alseg.system.threads import chosen

    say(chosen().text(torch.get_num_threads()), err=True)
    with closing(make_reporter()) as reporter:
        return run_experiment(prepared, reporter, options.launch(stop))


def _on_ranks(checked: CheckedExperiment, options: RunOptions, stop: StopRequest) -> Outcome:
    """Have each run done by several processes together."""
    from rich.console import Console

    from alseg.cli.progress import PlainReporter
    from alseg.launch.on_ranks import run_on_ranks

    reporter = PlainReporter(Console(stderr=True))  # bars are those of the first rank
    return run_on_ranks(checked, reporter, options.launch(stop))


def _elsewhere(
    checked: CheckedExperiment,
    choice: ExecutorChoice,
    executor: Executor | None,
    options: RunOptions,
    stop: StopRequest,
) -> Outcome:
    """Have the runs done by an executor."""
    from alseg.cli.progress import make_reporter
    from alseg.launch.elsewhere import run_elsewhere

    with closing(make_reporter()) as reporter:
        return run_elsewhere(checked, choice, reporter, options.launch(stop), executor=executor)


def _finish(outcome: Outcome, folder: Path, again: str, registry: Registry) -> None:
    """Print what there is to say at the end and leave with the right exit code."""
    counts = [f"{outcome.done} done"]
    counts += [f"{len(outcome.skipped)} skipped"] if outcome.skipped else []
    counts += [f"{len(outcome.waiting)} waiting"] if outcome.waiting else []
    counts += [f"{len(outcome.failed)} failed"] if outcome.failed else []
    counts += [f"{len(outcome.cancelled)} cancelled"] if outcome.cancelled else []
    say(", ".join(counts) + ".", err=True)
    for name, error in outcome.failed:
        say(f"failed: {name}: {error}", err=True)
    for name, what in outcome.waiting:
        say(f"waiting: {name}: {what}", err=True)
    context = click.get_current_context()
    if outcome.signal is not None:
        name = signal.Signals(outcome.signal).name
        how = "all is saved"
        if outcome.at_once:
            name, how = "a second Ctrl-C", "and what came after the last checkpoint was NOT saved"
        say_command(f"Stopped by {name}, {how}. Go on with:", again, err=True)
        context.exit(128 + outcome.signal)
    if outcome.done:
        say_command(f"Results in {folder}. Compare them:", f"alseg compare {folder}", err=True)
        _draw(folder, registry)
    else:
        put(f"Results in {folder}.", err=True)
    if outcome.waiting:
        shown, one = shlex.quote(str(folder)), " --run NAME" if len(outcome.waiting) > 1 else ""
        put(
            "People are asked. Write what they need, give back their files, go on:\n"
            f"  alseg ask {shown} -o tasks\n  alseg answer {shown} FILE{one}\n  {again}",
            err=True,
        )
    if outcome.cancelled:
        put(f"Cancelled: {', '.join(outcome.cancelled)}. Go on with: {again}", err=True)
    if outcome.failed:
        context.exit(1)
    if outcome.cancelled:
        context.exit(CANCELLED)
    if outcome.waiting:
        context.exit(WAITING)


def _draw(folder: Path, registry: Registry) -> None:
    """Draw the overview and say where it is."""
    from alseg.overview.write import overview_or_note

    picture = overview_or_note(folder, registry, lambda line: say(f"note: {line}", err=True))
    if picture:
        put(f"Look at them: {picture}", err=True)
