from __future__ import annotations

import base64
import io
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from alseg.cli import main, report
from alseg.files import read_json, write_record
from alseg.report.content import Extras, counted_runs, report_content
from alseg.report.extras import gather_extras
from alseg.storage.examples import NAME, read_examples
from alseg.storage.reader import load_results
from toys import run_toy, toy_registry


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("toy")
    run_toy(folder)
    return next(folder.rglob("runs")).parent


@pytest.fixture(autouse=True)
def toys_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "read_registry", toy_registry)


@pytest.fixture
def results(finished: Path, tmp_path: Path) -> Path:
    """A copy that a test may damage."""
    return Path(shutil.copytree(finished, tmp_path / "toy"))


def run_of(results: Path, start: str) -> Path:
    return next(results.glob(f"runs/{start}__*"))


def extras_of(results: Path, images: int = 2, registry: Any = None) -> Extras:
    return gather_extras(counted_runs(load_results([results])), registry or toy_registry(), images)


def book_of(results: Path, images: int = 2) -> Any:
    (book,) = extras_of(results, images).pictures.values()
    return book


def shown(view: Any) -> dict[str, list[str]]:
    return {group["title"]: [each["caption"] for each in group["images"]] for group in view["groups"]}


def decoded(book: Any, place: int) -> np.ndarray:
    _, encoded = book["sources"][place].split(",", 1)
    with Image.open(io.BytesIO(base64.b64decode(encoded))) as picture:
        return np.array(picture.convert("RGB"))


def without_bought(run: Path) -> None:
    """Make a run one from before the pixels bought of each class were kept."""
    for path in run.glob("rounds/*/metrics.json"):
        content = read_json(path)
        del content["bought"]
        write_record(path, content)


MAPS = ["impurity in 3 x 3", "uncertainty"]


def test_each_round_shows_what_was_bought_and_what_the_network_said_before(finished: Path) -> None:
    book = book_of(finished)
    # Of six images 0, 2 and 4 are kept; of these three the report shows two, spread evenly.
    assert [image["title"] for image in book["images"]] == ["train-0", "train-2"]
    assert book["note"] == ""
    first, second, last = book["images"][1]["views"]
    assert (first["title"], second["title"], last["title"]) == ("Round 1", "Round 2", "After the last round")
    assert shown(first) == {
        "Entropy": ["picks of round 1", "score", *MAPS, "prediction before round 1"],
    }
    assert shown(second) == {
        "Entropy": ["picks of round 2", "score", *MAPS, "prediction before round 2"],
    }
    assert shown(last) == {
        "Source only": [*MAPS, "final prediction"],
        "Entropy": ["picks of all rounds", *MAPS, "final prediction"],
        "Fully supervised": [*MAPS, "final prediction"],
    }


def test_predictions_have_the_colours_of_the_classes(finished: Path) -> None:
    book = book_of(finished)
    (group,) = book["images"][1]["views"][0]["groups"]
    drawn = decoded(book, group["images"][-1]["source"])
    classes = read_examples(run_of(finished, "entropy") / "rounds/01", classes=3)["train-2"].classes
    assert np.array_equal(drawn, 255 * np.eye(3, dtype=np.uint8)[classes])


def test_scales_say_what_the_colours_stand_for(finished: Path) -> None:
    (group,) = book_of(finished)["images"][0]["views"][0]["groups"]
    scales = {each["caption"]: each.get("scale") for each in group["images"]}
    low, high = read_examples(run_of(finished, "entropy") / "rounds/01", classes=3)["train-0"].score_range
    # log 3 of three classes is 1.1 nats, and so is the impurity that is as light as it gets.
    assert scales["uncertainty"] == scales["impurity in 3 x 3"] == ("0", "1.1 nats")
    assert scales["score"] == (f"{low:.2g}", f"{high:.2g}")
    assert scales["picks of round 1"] is None


def test_what_methods_have_in_common_is_stored_once(finished: Path) -> None:
    book = book_of(finished)
    assert len(set(book["sources"])) == len(book["sources"])


def test_a_round_without_examples_shows_its_picks_and_says_so(results: Path) -> None:
    (run_of(results, "entropy") / "rounds/01" / NAME).write_bytes(b"damaged")
    (group,) = book_of(results)["images"][0]["views"][0]["groups"]
    assert [each["caption"] for each in group["images"]] == ["picks of round 1"]
    assert group["note"] == "No maps were kept."


def test_runs_that_have_kept_nothing_show_picks_of_images_that_were_asked_about(results: Path) -> None:
    for path in results.rglob(NAME):
        path.unlink()
    book = book_of(results, images=6)
    assert [image["title"] for image in book["images"]] == [f"train-{number}" for number in range(6)]
    assert {title for image in book["images"] for view in image["views"] for title in shown(view)} == {
        "Entropy"
    }


def test_no_network_is_needed(results: Path) -> None:
    for path in results.rglob("weights.pt"):
        path.unlink()
    views = book_of(results)["images"][0]["views"]
    assert "final prediction" in shown(views[-1])["Source only"]


def test_without_the_data_set_there_are_maps_but_no_photographs(
    finished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from alseg.errors import DataError
    from alseg.inspection.saved_run import SavedRun

    def no_data(visit: SavedRun, key: str) -> None:
        raise DataError("No stripes at /nowhere.")

    monkeypatch.setattr(SavedRun, "_split", no_data)
    extras = extras_of(finished)
    (book,) = extras.pictures.values()
    assert book["note"] == "Without photographs and ground truth: No stripes at /nowhere."
    image = book["images"][0]
    assert (image["photograph"], image["truth"]) == (None, None)
    assert shown(image["views"][0])["Entropy"][0] == "picks of round 1"
    assert extras.frequencies == {} or list(extras.frequencies.values()) == [[]]


def test_a_run_whose_plugin_is_gone_costs_the_pictures_and_nothing_else(finished: Path) -> None:
    from alseg.registry.loading import registry_of

    (book,) = extras_of(finished, registry=registry_of()).pictures.values()
    assert book["images"] == []
    assert book["note"].startswith("No pictures: Unknown label space 'stripes-3'.")


def test_frequencies_bought_are_read_from_the_run_folders(finished: Path) -> None:
    results = load_results([finished])
    (scenario,) = report_content(results)["scenarios"]
    by_label = {each["label"]: each for each in scenario["frequencies"]}
    assert list(by_label) == ["evaluation images", "Entropy", "pool"]
    assert (by_label["Entropy"]["method"], by_label["pool"]["method"]) == ("Entropy", None)
    bought = read_json(run_of(finished, "entropy") / "rounds/02/metrics.json")["bought"]
    shares = [100 * pixels / sum(bought.values()) for pixels in bought.values()]
    assert by_label["Entropy"]["percent"] == pytest.approx(shares, abs=1e-5)


def test_frequencies_of_older_runs_are_counted_in_the_data_set(results: Path) -> None:
    kept = report_content(load_results([results]))["scenarios"][0]["frequencies"]
    assert list(extras_of(results).frequencies.values()) == [[]]  # nothing is left to count
    for run in results.glob("runs/*"):
        without_bought(run)
    (counted,) = extras_of(results).frequencies.values()
    assert [each["label"] for each in counted] == ["pool", "Entropy"]
    for each in counted:
        assert each in kept


def test_the_report_command_draws_pictures_without_torch(finished: Path, tmp_path: Path) -> None:
    output = tmp_path / "report.html"
    program = (
        "import sys\nfrom alseg.cli import main\n"
        f"main(['report', {str(finished)!r}, '-o', {str(output)!r}], standalone_mode=False)\n"
        "assert 'torch' not in sys.modules"
    )
    completed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert completed.returncode == 0, completed.stderr
    # The toys' plugin is not installed there, and said to be missing.
    assert "note: No pictures: Unknown label space 'stripes-3'." in completed.stderr


def test_the_report_command_shows_its_own_options(finished: Path, tmp_path: Path) -> None:
    output = tmp_path / "report.html"
    result = CliRunner().invoke(main, ["report", str(finished), "-o", str(output), "--images", "1"])
    assert result.exit_code == 0, result.output
    assert result.stderr.startswith("drawing Source only\ndrawing Entropy\ndrawing Fully supervised\nWrote ")
    text = output.read_text(encoding="utf-8")
    assert f"alseg report {finished} -o {output} --images 1" in text
    assert "picks of round 2" in text
    CliRunner().invoke(main, ["report", str(finished), "-o", str(output), "--images", "0", "--force"])
    assert "picks of round 2" not in output.read_text(encoding="utf-8")
