from __future__ import annotations

import json
import types
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from alseg import AlsegError, ObserverSpec, hookimpl
from alseg.cli import main
from alseg.config.experiment import ExperimentError, read_experiment
from alseg.config.specs import Component
from alseg.contracts import RoundReport
from alseg.engine.observers import Listener, Observers, build_observers, hooks_of
from alseg.registry.loading import registry_of
from alseg.registry.registry import Registry
from alseg.testing import round_report
from documents import DOCS, blocks
from toys import Silent, run_folder, run_toy, toy_document, toy_registry

ENTROPY = [toy_document()["methods"][1]]  # type: ignore[index]
TEXTS = {"summary": "One line.", "source": "made up"}


class Listening:
    """Remembers what it is told; raises when told to."""

    def __init__(self, raises: BaseException | None = None) -> None:
        self.raises = raises
        self.reports: list[RoundReport] = []
        self.closed = 0

    def on_round_end(self, report: RoundReport) -> None:
        self.reports.append(report)
        print("what an observer prints")
        if self.raises is not None:
            raise self.raises

    def close(self) -> None:
        self.closed += 1
        if self.raises is not None:
            raise self.raises


class Offering:
    """A plugin that offers observers, each one object that is there already."""

    def __init__(self, **observers: Any) -> None:
        self.observers = observers

    @hookimpl
    def register_observers(self) -> list[ObserverSpec]:
        def builder(observer: Any) -> Any:
            def build(volume: int = 1) -> Any:
                return observer

            return build

        return [
            ObserverSpec(name=name, build=builder(observer), **TEXTS)
            for name, observer in self.observers.items()
        ]


def document(*observers: object, **changes: object) -> dict[str, object]:
    settings = {"device": "cpu", "observers": list(observers)}
    return toy_document(**{"methods": ENTROPY, "settings": settings, **changes})


def run_command(
    folder: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch, *more: str, **changes: object
) -> Result:
    """Give ``alseg run`` the toy experiment."""
    monkeypatch.setattr("alseg.registry.loading.load_registry", lambda: registry)
    file = folder / "toy.yaml"
    file.write_text(yaml.safe_dump(toy_document(methods=ENTROPY, **changes), sort_keys=False))
    arguments = ["run", str(file), "--results", str(folder / "results"), *more]
    return CliRunner().invoke(main, arguments, prog_name="alseg")


def test_an_observer_is_told_of_every_round_of_every_run_and_closed_once(tmp_path: Path) -> None:
    observer = Listening()
    outcome = run_toy(tmp_path, document("ear", seeds=[0, 1]), Offering(ear=observer))
    assert outcome.done == 2
    assert [(report.seed, report.round) for report in observer.reports] == [
        (0, 0),
        (0, 1),
        (0, 2),
        (1, 0),
        (1, 1),
        (1, 2),
    ]
    assert observer.closed == 1


def test_a_report_says_what_the_run_folder_says(tmp_path: Path) -> None:
    observer = Listening()
    run_toy(tmp_path, document("ear"), Offering(ear=observer))
    folder, report = run_folder(tmp_path, "entropy"), observer.reports[2]
    metrics = json.loads((folder / "rounds" / "02" / "metrics.json").read_text())
    assert (report.experiment, report.scenario, report.method) == ("toy", "stripes -> stripes", "Entropy")
    assert (report.run, report.folder) == (folder.name, str(folder))
    assert dict(report.spec) == json.loads((folder / "run.json").read_text())["spec"]
    assert report.iteration == 8
    assert (report.miou, report.accuracy) == (metrics["miou"], metrics["accuracy"])
    assert report.class_names == ("red", "green", "blue")
    assert list(report.iou) == list(metrics["iou"].values())
    assert report.cost.pixels == metrics["cost"]["pixels"] > 0


def test_an_observer_that_no_experiment_names_is_not_even_built(tmp_path: Path) -> None:
    observer = Listening()
    assert run_toy(tmp_path, document(), Offering(ear=observer)).done == 1
    assert (observer.reports, observer.closed) == ([], 0)


def test_a_failing_observer_is_one_line_and_the_run_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing, listening = Listening(SystemExit("disk\nfull")), Listening()
    registry = toy_registry(Offering(failing=failing, listening=listening))
    result = run_command(tmp_path, registry, monkeypatch, "settings.observers=[failing, listening]")
    assert result.exit_code == 0, result.output
    run = run_folder(tmp_path, "entropy").name
    assert [line for line in result.stderr.splitlines() if "observer '" in line] == [
        f"  observer 'failing' failed at round 0 of {run}: SystemExit: disk full. "
        "The run goes on, and further failures of this observer are not shown."
    ]
    # What failed once may work the next time, and is asked again.
    assert len(failing.reports) == len(listening.reports) == 3
    assert failing.closed == listening.closed == 1
    assert "1 done." in result.stderr


def test_an_observer_changes_no_result_and_prints_nothing_among_results(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = []
    for name, overrides in (("without", ()), ("with", ("settings.observers=[ear]",))):
        (tmp_path / name).mkdir()
        registry = toy_registry(Offering(ear=Listening(ValueError())))
        result = run_command(tmp_path / name, registry, monkeypatch, *overrides)
        assert (result.exit_code, result.stdout) == (0, "")
        folder = run_folder(tmp_path / name, "entropy")
        paths = [path for path in folder.glob("rounds/*/*") if path.name != "timing.json"]
        numbers.append({path.relative_to(folder): path.read_bytes() for path in paths})
    assert numbers[0] == numbers[1]
    assert sum(path.name == "metrics.json" for path in numbers[0]) == 3


def hook_plugin(name: str, hook: Any) -> object:
    return types.SimpleNamespace(__name__=name, on_round_end=hookimpl(hook))


def test_every_hook_hears_of_a_round_and_a_failing_one_is_reported_once() -> None:
    heard: list[object] = []

    def failing(report: RoundReport) -> None:
        raise SystemExit("enough")

    registry = registry_of(
        hook_plugin("first", failing),
        hook_plugin("second", lambda report: heard.append(report.round)),
        hook_plugin("third", lambda report=None: heard.append(report)),
        hook_plugin("fourth", lambda: heard.append("called")),
    )
    report, reporter = round_report(), Silent()
    observers = Observers(reporter, hooks_of(registry))
    observers.round_committed(report, 4)
    observers.round_committed(report, 4)
    assert heard == [1, report, "called"] * 2
    assert reporter.notes == ["plugin first (unpackaged 0) failed at on_round_end: SystemExit: enough"]


def test_an_interrupt_by_the_user_passes_through_a_hook() -> None:
    def interrupted(report: RoundReport) -> None:
        raise KeyboardInterrupt

    observers = Observers(Silent(), hooks_of(registry_of(hook_plugin("first", interrupted))))
    with pytest.raises(KeyboardInterrupt):
        observers.round_committed(round_report(), 4)


def test_a_round_is_told_to_the_reporter_then_hooks_then_observers() -> None:
    told: list[str] = []

    class First(Silent):
        def round_finished(self, report: RoundReport, rounds: int) -> None:
            told.append("reporter")

    hook = Listener("plugin foo (unpackaged 0)", lambda report: told.append("hook"))
    named = Listener("observer 'ear'", lambda report: told.append("observer"), lambda: told.append("closed"))
    observers = Observers(First(), [hook, named])
    observers.round_committed(round_report(), 4)
    assert told == ["reporter", "hook", "observer"]
    # What an earlier attempt committed has been shown and told to hooks then.
    observers.round_replayed(round_report())
    observers.close()
    assert told[3:] == ["observer", "closed"]


def test_what_a_hook_prints_is_not_among_results(capsys: pytest.CaptureFixture[str]) -> None:
    observers = Observers(Silent(), [Listener("plugin foo (unpackaged 0)", lambda report: print("chatter"))])
    observers.round_committed(round_report(), 4)
    assert capsys.readouterr() == ("", "chatter\n")


def test_an_interrupt_by_the_user_passes_through_an_observer(tmp_path: Path) -> None:
    observer, reporter = Listening(KeyboardInterrupt()), Silent()
    with pytest.raises(KeyboardInterrupt):  # once more when it is closed
        run_toy(tmp_path, document("ear"), Offering(ear=observer), reporter=reporter)
    assert reporter.states == ["interrupted"]


def test_a_run_that_goes_on_tells_its_observers_of_all_rounds_again(tmp_path: Path) -> None:
    class Dying:
        """Ends the process, as far as the run can see, between a round's commit and the observers."""

        @hookimpl
        def on_round_end(self, report: RoundReport) -> None:
            if report.round == 1:
                raise KeyboardInterrupt

    before, after = Listening(), Listening()
    run_toy(tmp_path, document("ear"), Offering(ear=before), Dying())
    assert [report.round for report in before.reports] == [0]
    assert run_toy(tmp_path, document("ear"), Offering(ear=after)).done == 1
    assert [report.round for report in after.reports] == [0, 1, 2]
    assert after.reports[0] == before.reports[0]


def test_observers_may_change_between_two_calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "toy.yaml"
    registry = toy_registry(Offering(ear=Listening()))
    file.write_text(yaml.safe_dump(document(), sort_keys=False))
    (without,) = read_experiment(file, registry=registry).runs()
    override = "settings.observers=[{name: ear, volume: 3}]"
    experiment = read_experiment(file, [override], registry=registry)
    assert experiment.settings.observers == (Component("ear", {"volume": 3}),)
    assert experiment.runs() == [without]


@pytest.mark.parametrize(
    ("observers", "problem"),
    [
        ("[eer]", "15: unknown observer 'eer', did you mean 'ear'?"),
        ("[{name: ear, volum: 2}]", "27: unknown parameter 'volum' of 'ear', did you mean 'volume'?"),
        ("[{name: ear, volume: loud}]", "35: expected a whole number, got 'loud'"),
        ("[{volume: 2}]", "15: missing key 'name' of an observer"),
        ("[ear, {name: ear, volume: 2}]", "20: observer 'ear' is named twice"),
        ("[null]", "15: expected the name of an observer or a mapping with name, got nothing"),
        ("ear", "14: expected a list, got 'ear'"),
    ],
)
def test_a_mistake_in_the_list_of_observers_has_its_place(
    tmp_path: Path, observers: str, problem: str
) -> None:
    file = tmp_path / "toy.yaml"
    lines = yaml.safe_dump(document(), sort_keys=False).replace("observers: []", f"observers: {observers}")
    file.write_text(lines)
    number = 1 + [line.startswith("  observers:") for line in lines.splitlines()].index(True)
    with pytest.raises(ExperimentError) as caught:
        read_experiment(file, registry=toy_registry(Offering(ear=Listening())))
    assert str(caught.value) == f"{file}:{number}:{problem}"


def test_a_mistake_in_an_override_of_observers_names_the_override(tmp_path: Path) -> None:
    file = tmp_path / "toy.yaml"
    file.write_text(yaml.safe_dump(document(), sort_keys=False))
    with pytest.raises(ExperimentError) as caught:
        read_experiment(file, ["settings.observers=[eer]"], registry=toy_registry(Offering(ear=Listening())))
    assert str(caught.value) == (
        "override 'settings.observers=[eer]': unknown observer 'eer', did you mean 'ear'?"
    )


@pytest.mark.parametrize("more", [(), ("--dry-run",)])
def test_an_observer_that_cannot_be_built_is_told_before_anything_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: tuple[str, ...]
) -> None:
    registry = toy_registry(Offering(wrong=object()))
    result = run_command(tmp_path, registry, monkeypatch, "settings.observers=[wrong]", *more)
    assert result.exit_code == 2
    assert result.stderr == (
        "Error: Observer 'wrong' of plugin Offering (unpackaged 0) cannot be built: object lacks "
        "on_round_end or close. Mend it, or leave it out of settings.observers.\n"
    )
    assert not (tmp_path / "results").exists()


def test_an_exception_of_a_builder_is_told_in_one_line() -> None:
    def build() -> None:
        raise RuntimeError("no ear\ntoday")

    spec = ObserverSpec(name="ear", build=build, **TEXTS)
    plugin = types.SimpleNamespace(__name__="foo", register_observers=hookimpl(lambda: [spec]))
    with pytest.raises(AlsegError) as caught:
        build_observers([Component("ear", {})], registry_of(plugin))
    assert str(caught.value) == (
        "Observer 'ear' of plugin foo (unpackaged 0) cannot be built: RuntimeError: no ear today. "
        "Mend it, or leave it out of settings.observers."
    )


def test_the_observer_of_the_plugin_guide_writes_its_diary(tmp_path: Path) -> None:
    plugin = types.ModuleType("diary")
    [example] = [block for block in blocks(DOCS / "plugins.md", "python") if "class Diary" in block]
    exec(compile(example, "plugins.md", "exec"), vars(plugin))
    outcome = run_toy(tmp_path, document({"name": "diary", "file": "note.txt"}), plugin)
    assert outcome.done == 1
    pages = sorted((tmp_path / "results" / "toy" / "diary").glob("*/*"))
    assert [page.name for page in pages] == ["0-note.txt", "1-note.txt", "2-note.txt"]
    assert pages[0].read_text().startswith("Entropy: ")
