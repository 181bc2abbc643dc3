from __future__ import annotations

import json
import sys
from importlib.abc import MetaPathFinder
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

import alseg_tensorboard
from alseg import hookimpl
from alseg.cli import main
from alseg.contracts import RoundReport
from alseg.testing import round_report
from alseg_tensorboard.build import build_tensorboard
from install import run_alseg, skip_unless_alseg_is_installed
from toys import run_folder, run_toy, toy_document, toy_registry

HELPERS = Path(__file__).parents[1] / "helpers"

Scalars = dict[str, list[tuple[int, float]]]


@pytest.fixture
def tensorboard() -> None:
    pytest.importorskip("tensorboard", reason='needs pip install "alseg[tensorboard]"')


def read(folder: Path) -> dict[str, Scalars]:
    """Return run to tag to steps and values, as ``tensorboard --logdir FOLDER`` would show them."""
    from tensorboard.backend.event_processing.plugin_event_multiplexer import EventMultiplexer

    multiplexer = EventMultiplexer().AddRunsFromDirectory(str(folder))
    multiplexer.Reload()
    content: dict[str, Scalars] = {}
    for run, tags in multiplexer.Runs().items():
        # torch writes scalars in TensorBoard's older form, which the server converts when it reads them.
        names = [tag for tag in tags["tensors"] if tag != "run/text_summary"]
        content[run] = {
            tag: [(event.step, _value(event)) for event in multiplexer.Tensors(run, tag)] for tag in names
        }
    return content


def _value(event: Any) -> float:
    from tensorboard.util import tensor_util

    return float(tensor_util.make_ndarray(event.tensor_proto))


def stored(folder: Path) -> Scalars:
    """Return what a run folder says, in the same form."""
    content: Scalars = {}
    for path in sorted(folder.glob("rounds/*/metrics.json")):
        metrics = json.loads(path.read_text())
        numbers = {
            "miou": metrics["miou"],
            "accuracy": metrics["accuracy"],
            **{f"iou/{name}": value for name, value in metrics["iou"].items()},
            **{f"cost/{currency}": amount for currency, amount in metrics["cost"].items()},
        }
        for tag, value in numbers.items():
            # Event files hold numbers with 32 bits.
            content.setdefault(tag, []).append((metrics["iteration"], pytest.approx(value, rel=1e-6)))
    return content


@pytest.mark.slow
@pytest.mark.usefixtures("tensorboard")
def test_all_rounds_of_all_runs_of_a_command_can_be_read_back(tmp_path: Path) -> None:
    skip_unless_alseg_is_installed()
    site, file = tmp_path / "site", tmp_path / "toy.yaml"
    information = site / "toys-1.0.dist-info"
    information.mkdir(parents=True)
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: toys\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text("[alseg]\ntoys = toy_plugin:PLUGIN\n")
    (site / "toy_plugin.py").write_text(
        f"import sys\nsys.path.append({str(HELPERS)!r})\nfrom toys import ToyPlugin\nPLUGIN = ToyPlugin()\n"
    )
    file.write_text(yaml.safe_dump(toy_document(), sort_keys=False))
    arguments = ("run", str(file), "settings.observers=[tensorboard]", "--results", str(tmp_path / "results"))
    completed = run_alseg(*arguments, site=site)
    assert completed.returncode == 0, completed.stderr
    runs = tmp_path / "results" / "toy" / "runs"
    content = read(tmp_path / "results" / "toy" / "tensorboard")
    assert len(content) == 3
    assert content == {folder.name: stored(folder) for folder in runs.iterdir()}
    assert [step for step, _ in content[run_folder(tmp_path, "entropy").name]["miou"]] == [2, 4, 8]
    assert not list(runs.rglob("events.out.*"))


@pytest.mark.usefixtures("tensorboard")
def test_a_run_without_evaluation_labels_writes_what_it_knows(tmp_path: Path) -> None:
    document = toy_document(
        scenario={"source": "stripes", "target": "stripes", "evaluation_split": "none"},
        methods=[toy_document()["methods"][1]],  # type: ignore[index]
        settings={"device": "cpu", "observers": ["tensorboard"]},
    )
    run_toy(tmp_path, document, alseg_tensorboard)
    folder = run_folder(tmp_path, "entropy")
    tags = read(tmp_path / "results" / "toy" / "tensorboard")[folder.name]
    assert {tag for tag in tags if not tag.startswith("cost/")} == {
        "prequential/answers",
        "prequential/miou_of_answers",
        "prequential/accuracy_of_answers",
    }
    kept = [json.loads(path.read_text()) for path in sorted(folder.glob("rounds/*/metrics.json"))[1:]]
    accuracy = [(each["iteration"], each["prequential"]["accuracy_of_answers"]) for each in kept]
    assert tags["prequential/accuracy_of_answers"] == [
        (step, pytest.approx(value, rel=1e-6)) for step, value in accuracy
    ]


class Dying:
    """Ends the process, as far as the run can see, between a round's commit and the observers."""

    @hookimpl
    def on_round_end(self, report: RoundReport) -> None:
        if report.round == 1:
            raise KeyboardInterrupt


@pytest.mark.usefixtures("tensorboard")
def test_a_run_that_goes_on_has_every_round_once(tmp_path: Path) -> None:
    document = toy_document(
        methods=[toy_document()["methods"][1]],  # type: ignore[index]
        settings={"device": "cpu", "observers": ["tensorboard"]},
    )
    run_toy(tmp_path, document, alseg_tensorboard, Dying())
    folder = tmp_path / "results" / "toy" / "tensorboard"
    run = run_folder(tmp_path, "entropy")
    assert [step for step, _ in read(folder)[run.name]["miou"]] == [2]
    assert run_toy(tmp_path, document, alseg_tensorboard).done == 1
    assert len(list((folder / run.name).iterdir())) == 2
    assert read(folder) == {run.name: stored(run)}


@pytest.mark.usefixtures("tensorboard")
def test_a_class_that_the_ground_truth_lacks_has_no_curve(tmp_path: Path) -> None:
    observer = build_tensorboard()
    observer.on_round_end(round_report(folder=str(tmp_path / "runs" / "one"), run="one"))
    observer.close()
    content = read(tmp_path / "tensorboard")["one"]
    assert [tag for tag in content if tag.startswith("iou/")] == ["iou/road"]
    assert content["cost/valid_pixels"] == [(200, 80.0)]


@pytest.mark.usefixtures("tensorboard")
def test_an_event_file_says_what_the_run_is(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    observer = build_tensorboard()
    observer.on_round_end(round_report(folder=str(tmp_path / "runs" / "one"), run="one", method="a|b"))
    observer.close()
    events = EventAccumulator(str(tmp_path / "tensorboard" / "one")).Reload()
    (event,) = events.Tensors("run/text_summary")
    assert event.tensor_proto.string_val[0].decode() == (
        "| | |\n|---|---|\n| method | a\\|b |\n| seed | 0 |\n| scenario | one -> other |\n"
        "| experiment | made-up |"
    )


class _Hiding(MetaPathFinder):
    """Makes a package look as if it were not installed."""

    def __init__(self, package: str) -> None:
        self.package = package

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> None:
        if fullname.partition(".")[0] == self.package:
            raise ModuleNotFoundError(f"No module named {self.package!r}", name=self.package)


def test_a_missing_package_stops_the_command_before_anything_is_trained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in list(sys.modules):
        if module.startswith(("tensorboard", "torch.utils.tensorboard", "alseg_tensorboard.observer")):
            monkeypatch.delitem(sys.modules, module)
    monkeypatch.setattr(sys, "meta_path", [_Hiding("tensorboard"), *sys.meta_path])
    monkeypatch.setattr("alseg.registry.loading.load_registry", lambda: toy_registry(alseg_tensorboard))
    file = tmp_path / "toy.yaml"
    file.write_text(yaml.safe_dump(toy_document(), sort_keys=False))
    arguments = ["run", str(file), "settings.observers=[tensorboard]", "--results", str(tmp_path / "results")]
    result = CliRunner().invoke(main, arguments, prog_name="alseg")
    assert (result.exit_code, result.stderr) == (
        2,
        "Error: Observer 'tensorboard' needs packages that are not installed "
        "(No module named 'tensorboard'): pip install \"alseg[tensorboard]\"\n",
    )
    assert not (tmp_path / "results").exists()
