from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from PIL import Image

import alseg_aerial
import alseg_driving
import alseg_streets
from alseg.cli import main
from alseg.registry.loading import registry_of
from alseg.registry.registry import Registry

GTAV_DOWNLOAD = (
    "Download the ten image and label archives (01_images.zip to 10_labels.zip) of 'Playing for Data' "
    "and unpack all of them into {}."
)


MADE_UP = sorted(spec.name for plugin in (alseg_aerial, alseg_driving) for spec in plugin.register_datasets())


@pytest.fixture(autouse=True)
def _only_these_plugins(monkeypatch: pytest.MonkeyPatch) -> None:
    def load() -> Registry:
        registry = registry_of(alseg_aerial, alseg_driving, alseg_streets)
        assert registry.failures == ()
        return registry

    monkeypatch.setattr("alseg.registry.loading.load_registry", load)


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["data", *map(str, arguments)])


def fake(name: str, root: Path, count: int = 2) -> None:
    result = run("fake", name, root, "--count", str(count), "--size", "32x64")
    assert result.exit_code == 0, result.output


def damage(root: Path) -> None:
    """Truncate a label map, empty an image and replace another by one of a different size."""
    label = root / "gtav/labels/00002.png"
    label.write_bytes(label.read_bytes()[:-30])
    (root / "gtav/images/00003.png").write_bytes(b"")
    Image.new("RGB", (50, 40)).save(root / "gtav/images/00004.png")


# ----------------------------------------------------------------------------------------------------
# alseg data list


def test_without_arguments_missing_data_sets_say_what_to_download_and_where_to_put_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run()
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    place = lines.index("gtav: Scenes from the game Grand Theft Auto V, about 1052 x 1914; 24,966 train.")
    assert lines[place + 1] == (
        f"  train: No GTAV images at data/gtav/images. {GTAV_DOWNLOAD.format('data/gtav')}"
    )
    assert "  train: needs no files" in lines


def test_the_list_counts_images_and_tells_made_up_ones(tmp_path: Path) -> None:
    fake("synthia", tmp_path)
    lines = run("list", "--root", tmp_path).stdout.splitlines()
    assert f"  train: 2 images in {tmp_path}, made up by 'alseg data fake'" in lines


# ----------------------------------------------------------------------------------------------------
# alseg data fake


@pytest.mark.parametrize("name", MADE_UP)
def test_what_fake_writes_passes_the_check(name: str, tmp_path: Path) -> None:
    fake(name, tmp_path)
    result = run("check", name, "--root", tmp_path)
    assert result.exit_code == 0, result.output
    assert "note: made up by 'alseg data fake'; this is not the real data set" in result.stdout
    assert re.search(r"\nNo problems in [246] images\.\n$", result.stdout)


def test_fake_images_are_the_streets_of_the_domain_and_split(tmp_path: Path) -> None:
    fake("gtav", tmp_path)
    fake("cityscapes", tmp_path)
    rendered, _ = alseg_streets.render_scene(1, domain="render", split="train", height=32, width=64)
    with Image.open(tmp_path / "gtav/images/00002.png") as image:
        assert image.tobytes() == rendered.tobytes()
    # Two training images come first, so the first one of val is number 2.
    photographed, _ = alseg_streets.render_scene(2, domain="camera", split="val", height=32, width=64)
    city = tmp_path / "cityscapes/leftImg8bit/val/frankfurt"
    with Image.open(city / "frankfurt_000002_000019_leftImg8bit.png") as image:
        assert image.tobytes() == photographed.tobytes()


def test_fake_says_where_it_wrote_and_how_to_check(tmp_path: Path) -> None:
    result = run("fake", "cityscapes", tmp_path, "--count", "1", "--size", "32x64")
    assert result.stderr == (
        f"Wrote 1 made-up images a split to {tmp_path / 'cityscapes'}.\n"
        f"Check them: alseg data check cityscapes --root {tmp_path}\n"
    )


def test_fake_never_writes_into_a_data_set_that_is_there(tmp_path: Path) -> None:
    (tmp_path / "gtav/images").mkdir(parents=True)
    result = run("fake", "gtav", tmp_path)
    assert (result.exit_code, result.stderr) == (
        2,
        f"Error: {tmp_path / 'gtav'} exists and is not empty. Remove it, or name another folder.\n",
    )


def test_a_data_set_without_files_cannot_be_made_up(tmp_path: Path) -> None:
    result = run("fake", "streets", tmp_path)
    assert (result.exit_code, result.stderr) == (
        2,
        f"Error: Data set 'streets' cannot be made up. Those that can: {', '.join(MADE_UP)}.\n",
    )


@pytest.mark.parametrize("size", ["64", "64x", "0x64", "64*64", "-1x5"])
def test_a_malformed_size_is_refused(size: str, tmp_path: Path) -> None:
    result = run("fake", "gtav", tmp_path, "--size", size)
    assert result.exit_code == 2
    assert result.stderr.endswith(f"'{size}' is no size; write HEIGHTxWIDTH in pixels, such as 640x1280.\n")


# ----------------------------------------------------------------------------------------------------
# alseg data check


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_files_that_cannot_be_used_are_listed_with_what_is_wrong(jobs: str, tmp_path: Path) -> None:
    fake("gtav", tmp_path, count=5)
    damage(tmp_path)
    result = run("check", "gtav", "--root", tmp_path, "--jobs", jobs)
    assert result.exit_code == 1
    assert (
        "PROBLEM: 3 of 5 images cannot be used:\n  00002  gtav/labels/00002.png is damaged: "
    ) in result.stdout
    assert result.stdout.endswith(
        "  00003  gtav/images/00003.png is empty (0 bytes).\n"
        "  00004  gtav/images/00004.png is 40 x 50 pixels (height x width), but its label map "
        "gtav/labels/00004.png is 32 x 64.\n"
        "\n"
        "Found 3 faulty images in 5 images.\n"
        "00002, 00003: Copy or unpack it again.\n"
        "00004: Copy or unpack both again.\n"
        "Or leave the images out: --write-exclude FILE writes a list of them.\n"
    )


def test_the_written_list_leaves_out_what_cannot_be_used(tmp_path: Path) -> None:
    fake("gtav", tmp_path, count=5)
    damage(tmp_path)
    listing = tmp_path / "damaged.txt"
    first = run("check", "gtav", "--root", tmp_path, "--write-exclude", listing)
    assert first.exit_code == 1
    assert first.stdout.endswith(f"Or leave the images out: set 'exclude' of gtav to {listing}.\n")
    assert [line.split()[0] for line in listing.read_text().splitlines()] == ["#", "00002", "00003", "00004"]
    second = run("check", "gtav", f"exclude={listing}", "--root", tmp_path)
    assert second.exit_code == 0
    assert second.stdout.endswith("No problems in 2 images.\n")


def test_a_list_for_a_data_set_that_must_be_whole_is_refused(tmp_path: Path) -> None:
    result = run("check", "cityscapes", "--root", tmp_path, "--write-exclude", tmp_path / "list.txt")
    assert (result.exit_code, result.stderr) == (
        2,
        "Error: Data set 'cityscapes' has no parameter 'exclude', so --write-exclude is of no use: "
        "unpack its files again instead.\n",
    )


def test_a_list_is_not_written_while_another_is_in_use(tmp_path: Path) -> None:
    listing = tmp_path / "damaged.txt"
    listing.touch()
    result = run(
        "check", "gtav", f"exclude={listing}", "--root", tmp_path, "--write-exclude", tmp_path / "new.txt"
    )
    assert (result.exit_code, result.stderr) == (
        2,
        "Error: --write-exclude would leave out what 'exclude' names already. Check without 'exclude' "
        "instead.\n",
    )


def test_another_number_of_images_than_published_is_a_problem(tmp_path: Path) -> None:
    alseg_driving.gtav.write_fake(tmp_path, count=2)
    result = run("check", "gtav", "--root", tmp_path)
    assert result.exit_code == 1
    # 24,966 - 2
    assert (
        "PROBLEM: 24,964 fewer than the 24,966 published; "
        "is an archive missing or unpacked to another place?\n"
    ) in result.stdout
    assert result.stdout.endswith("\nFound 1 other problem in 2 images.\n")


def test_the_number_of_images_is_a_note_where_parameters_change_it(tmp_path: Path) -> None:
    alseg_driving.gtav.write_fake(tmp_path, count=3)
    (tmp_path / "list.txt").write_text("00001\n")
    result = run("check", "gtav", f"exclude={tmp_path / 'list.txt'}", "--root", tmp_path)
    assert result.exit_code == 0
    # 24,966 - 2
    assert "note: 24,964 fewer than the 24,966 published, with the parameters given\n" in result.stdout


def test_classes_are_counted_over_the_split(tmp_path: Path) -> None:
    fake("gtav", tmp_path, count=2)
    # Ids 7 road, 8 sidewalk, 23 sky, 0 void; 2048 pixels a label map: 1023 road, 1 sky, 1024 void; then 2048
    # sidewalk.
    first = Image.new("L", (64, 32), 7)
    first.paste(0, (0, 0, 32, 32))
    first.putpixel((63, 0), 23)
    first.save(tmp_path / "gtav/labels/00001.png")
    Image.new("L", (64, 32), 8).save(tmp_path / "gtav/labels/00002.png")
    found = json.loads(run("check", "gtav", "--root", tmp_path, "--json").stdout)
    (split,) = found["splits"]
    road, sidewalk, building = split["classes"][:3]
    assert road == {"name": "road", "pixels": 1023, "percent": 100 * 1023 / 4096, "images": 1}
    assert sidewalk == {"name": "sidewalk", "pixels": 2048, "percent": 50.0, "images": 1}
    assert building == {"name": "building", "pixels": 0, "percent": 0.0, "images": 0}
    assert split["void"] == {"name": "void", "pixels": 1024, "percent": 25.0, "images": 1}
    assert split["sizes"] == [{"height": 32, "width": 64, "images": 2}]
    assert found["sound"] is True


def test_ids_that_the_data_set_does_not_define_are_found(tmp_path: Path) -> None:
    fake("gtav", tmp_path, count=1)
    Image.new("L", (64, 32), 77).save(tmp_path / "gtav/labels/00001.png")
    (split,) = json.loads(run("check", "gtav", "--root", tmp_path, "--json").stdout)["splits"]
    (fault,) = split["faults"]
    assert fault["image_id"] == "00001"
    assert fault["message"].startswith(
        f"{tmp_path}/gtav/labels/00001.png holds ids that GTAV does not define: 77. "
    )


def test_a_data_set_that_is_not_there_is_wrong_input(tmp_path: Path) -> None:
    result = run("check", "gtav", "--root", tmp_path)
    base = tmp_path / "gtav"
    assert (result.exit_code, result.stderr) == (
        2,
        f"Error: No GTAV images at {base}/images. {GTAV_DOWNLOAD.format(base)}\n",
    )


def test_one_missing_split_is_a_problem_and_the_other_is_checked(tmp_path: Path) -> None:
    fake("camvid", tmp_path)
    (tmp_path / "camvid/val.txt").unlink()
    result = run("check", "camvid", "--root", tmp_path)
    assert result.exit_code == 1
    assert f"camvid val: 0 images\nPROBLEM: No CamVid list of images at {tmp_path}/camvid/val.txt. " in (
        result.stdout
    )
    assert "camvid train: 2 images\n" in result.stdout


def test_an_unknown_split_is_refused(tmp_path: Path) -> None:
    fake("cityscapes", tmp_path, count=1)
    result = run("check", "cityscapes", "--root", tmp_path, "--split", "test")
    assert (result.exit_code, result.stderr) == (
        2,
        "Error: Unknown split of cityscapes 'test'. Available: train, val.\n",
    )


def test_an_experiment_file_or_a_folder_in_place_of_a_name_is_told(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text("name: own\n")
    for path, kind in ((tmp_path / "own.yaml", "file"), (tmp_path, "folder")):
        result = run("check", path)
        assert result.exit_code == 2
        assert result.stderr.startswith(f"Error: {path} is a {kind}, but NAME is the name of a data set.")
        assert "alseg run FILE --dry-run" in result.stderr


def test_a_data_set_without_files_is_checked_with_its_parameters() -> None:
    result = run("check", "streets", "domain=camera", "count=1", "height=32", "width=64", "--split", "train")
    assert result.exit_code == 0
    assert result.stdout.startswith("streets train: 1 images\nsizes, height x width: 32 x 64 (1)\n")


def test_checking_does_not_import_torch(tmp_path: Path) -> None:
    fake("gtav", tmp_path, count=1)
    code = (
        "import sys\n"
        "import alseg.cli.data, alseg.data.check, alseg.data.check_report, alseg.data.fake\n"
        "import alseg.config.components\n"
        "from alseg_driving.gtav import build_gtav\n"
        "from alseg_driving.spaces import CITYSCAPES_19 as space\n"
        "import pathlib\n"
        "from alseg.data.check import check_split\n"
        "dataset = build_gtav(root=pathlib.Path(sys.argv[1]), split='train')\n"
        "assert check_split(dataset, 'train', space).sound\n"
        "print('torch' in sys.modules)\n"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code, tmp_path], capture_output=True, text=True, check=True, env=_environment()
    )
    assert shown.stdout == "False\n"


def test_an_interrupt_ends_all_processes_without_tracebacks(tmp_path: Path) -> None:
    # Enough scenes to take many seconds; both processes get the signal, as from a terminal.
    # A shell that starts tests in the background has them ignore interrupts, which the process would inherit.
    code = (
        "import signal, sys\n"
        "from alseg_driving.spaces import CITYSCAPES_19\n"
        "from alseg_streets import build_streets\n"
        "from alseg.data.check import check_split\n"
        "if __name__ == '__main__':\n"
        "    signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "    dataset = build_streets(root=None, split='train', count=4000, height=64, width=128)\n"
        "    def on_image():\n"
        "        print('.', end='', flush=True)\n"
        "    try:\n"
        "        check_split(dataset, 'train', CITYSCAPES_19, jobs=2, on_image=on_image)\n"
        "    except KeyboardInterrupt:\n"
        "        sys.exit(130)\n"
    )
    script = tmp_path / "check.py"
    script.write_text(code)
    process = subprocess.Popen(
        [sys.executable, script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        env=_environment(),
    )
    assert process.stdout is not None
    assert process.stdout.read(1) == b"."  # the workers are at it
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (130, b"")
    assert _is_gone(process.pid)


def _is_gone(group: int) -> bool:
    """Whether a process group has no process any more, within a few seconds."""
    for _ in range(50):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


def test_the_number_of_images_is_that_of_the_parameters(tmp_path: Path) -> None:
    run("fake", "loveda", tmp_path, "--count", "2", "--size", "32x32")
    (tmp_path / "loveda/made-up-by-alseg.json").unlink()
    result = run("check", "loveda", "area=rural", "--root", tmp_path, "--split", "val")
    assert "PROBLEM: 991 fewer than the 992 published; is an archive missing" in result.stdout
    assert result.exit_code == 1
