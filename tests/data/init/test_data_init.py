"""`alseg data init`: what is proposed for folders of many kinds, from the command line."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

import alseg.registry.loading
import alseg_annotators
import alseg_baselines
import alseg_driving
import alseg_folder
import alseg_partitions
import alseg_smp
from alseg.cli import main
from alseg.data.check import check_split
from alseg.registry.datasets import label_space_of
from alseg.registry.loading import registry_of
from alseg.registry.parameters import validate_parameters
from init_folders import KINDS, coloured, photo, save, scene, sister_folders

REGISTRY = registry_of(
    alseg_folder, alseg_driving, alseg_smp, alseg_baselines, alseg_partitions, alseg_annotators
)


@pytest.fixture(autouse=True)
def _plugins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(alseg.registry.loading, "load_registry", lambda: REGISTRY)
    monkeypatch.chdir(tmp_path)


def call(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def made(root: Path, kind: str) -> Path:
    root.mkdir()
    KINDS[kind](root)
    return root


def contents(root: Path) -> dict[str, str]:
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in root.rglob("*") if path.is_file()
    }


def proposed(*arguments: str) -> tuple[dict[str, Any], str, Result]:
    """Return the proposal as data and as text, and what was said."""
    result = call("data", "init", *arguments, "-o", "own.yaml", "--force")
    assert result.exit_code == 0, result.output
    text = Path("own.yaml").read_text()
    return yaml.safe_load(text), text, result


def check(component: dict[str, Any]) -> dict[str, int]:
    """Check every split as `alseg data check` does; return numbers of images."""
    spec = REGISTRY.get("datasets", "folder").spec
    # Keys are texts to those who read experiment files.
    given = {key: value for key, value in component.items() if key not in ("name", "root")}
    if "ids" in given:
        given["ids"] = {str(key): name for key, name in given["ids"].items()}
    params, root = validate_parameters(spec, given), Path(component["root"])
    space = label_space_of(REGISTRY, spec, params, root)
    assert space is not None
    counts = {}
    for split in component["splits"]:
        dataset = spec.build(root=root, split=split, **params)
        report = check_split(dataset, split, space, jobs=1, on_image=lambda: None)
        assert report.sound, (report.problems, report.faults)
        counts[split] = report.images
    return counts


@pytest.mark.parametrize("kind", KINDS)
def test_a_proposal_passes_the_check_and_the_dry_run(kind: str, tmp_path: Path) -> None:
    root = made(tmp_path / "own", kind)
    before = contents(root)
    document, _, _ = proposed(str(root))
    assert contents(root) == before
    check(document["scenario"]["source"])
    dry = call("run", "own.yaml", "--dry-run")
    assert dry.exit_code == 0, dry.output
    assert Path("own-classes/all.png").is_file()


def test_cityscapes_label_ids_are_recognised_with_their_cities(tmp_path: Path) -> None:
    document, text, result = proposed(str(made(tmp_path / "own", "cityscapes_like")))
    source = document["scenario"]["source"]
    assert source["images"] == "leftImg8bit/train/{folder}/{frame}_leftImg8bit.png"
    assert source["labels"] == "gtFine/train/{folder}/{frame}_gtFine_labelIds.png"
    assert (source["ids"][7], source["ids"][26], source["ids"][0]) == ("road", "car", None)
    assert source["splits"]["val"]["images"] == "leftImg8bit/val/{folder}/{frame}_leftImg8bit.png"
    assert "    # or: gtFine/{split}/{folder}/{stem}_gtFine_labelTrainIds.png\n" in text
    assert "names are those of Cityscapes label ids" in result.output
    assert "instanceIds" not in text


def test_colours_of_carla_are_named_and_an_alpha_channel_is_told(tmp_path: Path) -> None:
    document, _, result = proposed(str(made(tmp_path / "own", "rgba_colours")))
    assert document["scenario"]["source"]["colors"]["road line"] == [157, 234, 50]
    assert [one["name"] for one in document["scenario"]["label_space"]["classes"]] == [
        "road line",
        "road",
        "car",
    ]
    assert "16 images, 48 x 64 (height x width); PNG RGBA" in result.output


def test_smoothed_edges_are_void_and_no_classes(tmp_path: Path) -> None:
    document, text, result = proposed(str(made(tmp_path / "own", "smoothed_colours")))
    source = document["scenario"]["source"]
    assert sorted(source["colors"].values()) == [[10, 10, 240], [20, 230, 20], [250, 10, 10]]
    assert source["others"] == "void"
    assert "hardly ever inside areas" in text
    assert "more values at edges" in result.output


def test_masks_of_0_and_255_are_background_and_a_class_to_be_renamed(tmp_path: Path) -> None:
    document, text, _ = proposed(str(made(tmp_path / "own", "suffix_beside")))
    source = document["scenario"]["source"]
    assert source["labels"] == "{stem}_mask.png"
    assert source["ids"] == {0: "background", 255: "foreground"}
    assert "; rename it\n" in text


def test_a_mask_for_each_class_gives_the_names(tmp_path: Path) -> None:
    document, _, _ = proposed(str(made(tmp_path / "own", "one_mask_a_class")))
    source = document["scenario"]["source"]
    assert source["labels"] == {"building": "masks/{stem}_building.png", "car": "masks/{stem}_car.png"}
    assert source["background"] == "background"


def test_a_voc_palette_names_ids(tmp_path: Path) -> None:
    document, _, _ = proposed(str(made(tmp_path / "own", "voc_palette")))
    ids = document["scenario"]["source"]["ids"]
    assert (ids[0], ids[15], ids[255]) == ("background", "person", None)


def test_ids_without_a_table_are_numbered_and_said_to_be(tmp_path: Path) -> None:
    document, text, _ = proposed(str(made(tmp_path / "own", "sixteen_bits")))
    ids = document["scenario"]["source"]["ids"]
    assert ids == {0: "class-0", 300: "class-300", 4000: "class-4000"}
    assert "0 is 'no label' where ids begin at 1: write null if so" in text
    said = " ".join(text.replace("# ", " ").split())
    assert "replace class-... by their names, here and in label_space below" in said


def test_lists_of_another_machine_are_the_splits(tmp_path: Path) -> None:
    source = made(tmp_path / "own", "lists")
    document, _, _ = proposed(str(source), "--target", str(source))
    target = document["scenario"]["target"]
    assert target["splits"] == {"train": "train.txt", "val": "val.txt"}
    assert check(target) == {"train": 12, "val": 4}


def test_lists_beside_folders_of_splits_are_told(tmp_path: Path) -> None:
    folder = made(tmp_path / "own", "split_folders")
    (folder / "dusk.txt").write_text("train/seq0_000.png\nval/seq1_001.png\n")
    _, text, _ = proposed(str(folder), "--target", str(folder))
    assert "lists here, too: dusk.txt 2 images; 'train: LIST' takes one" in text


def test_files_that_cannot_be_used_are_counted_and_left_out(tmp_path: Path) -> None:
    document, text, _ = proposed(str(made(tmp_path / "own", "damaged")))
    excluded = Path("own-exclude.txt").read_text()
    assert [line.split()[0] for line in excluded.splitlines()] == ["003", "004", "005"]
    assert (
        "3 images cannot be used: 1 empty, 1 of another size than their label map, 1 without label map."
        in (" ".join(text.replace("#", "").split()))
    )
    assert "Copies of others, byte for byte: at least 1 image." in text
    assert sum(check(document["scenario"]["source"]).values()) == 13


def test_sequences_are_groups_and_large_images_are_cut(tmp_path: Path) -> None:
    document, _, _ = proposed(str(made(tmp_path / "own", "sequences")))
    assert document["scenario"]["source"]["group"] == "{folder}"
    assert document["scenario"]["source"]["images"] == "{folder}/rgb/*.png"
    document, _, _ = proposed(str(made(tmp_path / "large", "large")))
    assert document["scenario"]["source"]["tile"] == 1024


def test_people_are_asked_where_the_target_has_no_labels(tmp_path: Path) -> None:
    source = made(tmp_path / "own", "rgba_colours")
    for seed in range(6):
        photo(tmp_path / f"new/2026-0{seed % 2}/{seed}.jpg", seed)
    document, _, _ = proposed(str(source), str(tmp_path / "new"))
    assert document["scenario"]["evaluation_split"] == "none"
    assert [method.get("annotator") for method in document["methods"]] == [None, "files", "files"]
    dry = call("run", "own.yaml", "--dry-run")
    assert dry.exit_code == 0, dry.output


def test_classes_of_a_target_are_matched_by_colour_and_never_by_id(tmp_path: Path) -> None:
    for name, colors in (("a", ((9, 0, 0), (0, 9, 0), (0, 0, 9))), ("b", ((0, 0, 9), (0, 9, 0), (7, 7, 7)))):
        for seed in range(10):
            photo(tmp_path / f"{name}/rgb/{seed}.png", seed)
            save(tmp_path / f"{name}/seg/{seed}.png", coloured(scene(seed), *colors))
    document, _, result = proposed(str(tmp_path / "a"), str(tmp_path / "b"))
    source, target = document["scenario"]["source"]["colors"], document["scenario"]["target"]["colors"]
    # In order of colours: blue, green, red in the source; blue, green and grey in the target.
    assert source == {"class-1": [0, 0, 9], "class-2": [0, 9, 0], "class-3": [9, 0, 0]}
    assert target == {"class-1": [0, 0, 9], "class-2": [0, 9, 0], "target-class-3": [7, 7, 7]}
    assert "2 colours of the target are colours of the source, too" in " ".join(result.output.split())
    for name in ("c", "d"):
        sister_folders(tmp_path / name)
    document, _, _ = proposed(str(tmp_path / "c"), str(tmp_path / "d"))
    assert document["scenario"]["target"]["ids"] == {
        0: "target-class-0",
        1: "target-class-1",
        2: "target-class-2",
    }
    dry = call("run", "own.yaml", "--dry-run")
    assert dry.exit_code == 0, dry.output


def test_nothing_is_written_into_the_folder_or_over_a_file(tmp_path: Path) -> None:
    root = made(tmp_path / "own", "sister_folders")
    result = call("data", "init", str(root), "-o", str(root / "own.yaml"))
    assert result.exit_code == 2
    assert result.output == (
        f"Error: {root / 'own.yaml'} lies in {root}, which is never written to. Name another place.\n"
    )
    Path("there.yaml").write_text("mine")
    result = call("data", "init", str(root), "-o", "there.yaml")
    assert result.output == (
        "Error: there.yaml exists. Name another file with --output, or replace it with --force.\n"
    )


def test_images_without_labels_alone_are_no_experiment(tmp_path: Path) -> None:
    for seed in range(3):
        photo(tmp_path / f"new/{seed}.jpg", seed)
    result = call("data", "init", str(tmp_path / "new"))
    assert result.exit_code == 2
    assert result.output == (
        f"Error: {tmp_path / 'new'} has 3 images, but no label maps that can be used. "
        f"Give a labelled folder first: alseg data init SOURCE {tmp_path / 'new'}\n"
    )


def test_the_file_alone_goes_to_standard_output(tmp_path: Path) -> None:
    result = call("data", "init", str(made(tmp_path / "own", "sister_folders")))
    assert result.exit_code == 0
    assert yaml.safe_load(result.stdout)["scenario"]["source"]["labels"] == "seg/{stem}.png"
    assert max(map(len, result.stderr.splitlines())) <= 80 + len(str(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["own"]


def test_a_table_pairs_files_whose_names_do_not(tmp_path: Path) -> None:
    rows = ["image,label,split"]
    for seed in range(10):
        photo(tmp_path / f"own/a/{seed}.png", seed)
        save(tmp_path / f"own/b/m{seed + 50}.png", scene(seed))
        rows.append(f"a/{seed}.png,b/m{seed + 50}.png,{'train' if seed < 7 else 'val'}")
    (tmp_path / "own/all.csv").write_text("\n".join(rows))
    document, _, _ = proposed(str(tmp_path / "own"), str(tmp_path / "own"))
    target = document["scenario"]["target"]
    assert target["listing"] == "all.csv"
    assert "images" not in target
    assert check(target) == {"train": 7, "val": 3}


def test_letters_that_patterns_use_may_be_in_names(tmp_path: Path) -> None:
    for seed in range(10):
        photo(tmp_path / f"own/rgb {{x}}/{seed} a: #b.png", seed)
        save(tmp_path / f"own/seg*/{{y}}/{seed} a: #b.png", scene(seed))
    document, _, _ = proposed(str(tmp_path / "own"))
    source = document["scenario"]["source"]
    assert (source["images"], source["labels"]) == ("rgb ?x?/*.png", "seg*/{{y}}/{stem}.png")
    assert sum(check(source).values()) == 10


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("own", "own"),
        ("a: #b\nc", "a: #b c"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("x" * 250, "x" * 250),
    ],
)
def test_folders_give_the_scenario_its_title(tmp_path: Path, name: str, title: str) -> None:
    made(tmp_path / name, "voc_palette")
    document, _, _ = proposed(str(tmp_path / name))
    assert document["scenario"]["title"] == title
    made(tmp_path / f"y{name[:250]}", "voc_palette")
    document, _, _ = proposed(str(tmp_path / name), "--target", str(tmp_path / f"y{name[:250]}"))
    assert document["scenario"]["title"] == f"{title} -> y{title}"[:300]
    assert call("run", "own.yaml", "--dry-run").exit_code == 0
