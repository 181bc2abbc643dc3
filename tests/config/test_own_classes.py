"""Label spaces in experiment files, and a folder for each domain."""

from __future__ import annotations

from pathlib import Path

import pytest

from alseg import AlsegError, ClassInfo, LabelSpace
from demofile import BASE, read

SPACE = "scenario.label_space={classes: [road, {name: nature, color: [1, 2, 3], includes: [tree]}]}"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def fingerprint(*overrides: str) -> str:
    return read(BASE, *overrides).runs()[1].fingerprint


def test_classes_are_read_with_colours_and_parts() -> None:
    space = read(BASE, SPACE).scenario.label_space
    assert space == LabelSpace(
        name="custom-2",
        summary="Classes of an experiment.",
        source="experiment file",
        # A class without a colour gets that of its place in PASCAL VOC's table: 1 has its lowest bit in red.
        classes=(ClassInfo("road", (128, 0, 0)), ClassInfo("nature", (1, 2, 3), ("tree",))),
    )


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("{}", "missing key 'classes'"),
        ("{classes: []}", "label space 'custom-0' has 0 classes; 1 to 254 are possible"),
        ("{classes: [road, Road]}", "label space 'custom-2' has two classes named 'road'"),
        ("{classes: [7]}", "expected the name of a class or a mapping with name, got 7"),
        ("{classes: [{colour: [0, 0, 0], name: a}]}", "unknown key 'colour', did you mean 'color'?"),
        ("{classes: [a], subsets: {b: [c]}}", "subset 'b'"),
        ("{name: same-two, classes: [a]}", "'same-two' is the label space of a plugin: choose another name"),
        ("[road]", "expected the name of a label space or a mapping with classes, got ['road']"),
    ],
)
def test_classes_that_cannot_be_used_are_refused_where_they_stand(given: str, message: str) -> None:
    with pytest.raises(AlsegError) as raised:
        read(BASE, f"scenario.label_space={given}")
    assert message in str(raised.value)
    assert str(raised.value).count("\n") == 0


def test_classes_are_identity_and_their_colours_and_name_are_not() -> None:
    colors = SPACE.replace("[1, 2, 3]", "[9, 9, 9]").replace("{classes", "{name: mine, classes")
    assert fingerprint(colors) == fingerprint(SPACE)
    assert fingerprint(SPACE.replace("tree", "grass")) != fingerprint(SPACE)
    assert fingerprint(SPACE) != fingerprint()


def test_the_same_classes_under_the_name_of_a_plugin_keep_the_identity_that_runs_have() -> None:
    assert fingerprint("scenario.label_space=two-classes") == fingerprint()


def test_each_domain_has_a_folder_of_its_own_that_is_no_identity() -> None:
    roots = ("scenario.source={name: photos, root: /sim}", "scenario.target={name: photos, root: /real}")
    scenario = read(BASE, *roots).scenario
    assert (scenario.root, scenario.root_of("source"), scenario.root_of("target")) == (None, "/sim", "/real")
    moved = ("scenario.source=photos", "scenario.target.name=photos", "scenario.target={name: photos}")
    assert fingerprint(*roots) == fingerprint(*moved, "scenario.root=/elsewhere")


def test_a_folder_of_one_domain_goes_before_the_shared_one() -> None:
    scenario = read(BASE, "scenario.source={name: photos, root: /sim}", "scenario.root=/all").scenario
    assert (scenario.root_of("source"), scenario.root_of("target")) == ("/sim", "/all")
    assert scenario.as_json()["source_root"] == "/sim"
    assert "target_root" not in scenario.as_json()


def test_a_data_set_that_reads_files_needs_one_of_the_two_folders() -> None:
    with pytest.raises(AlsegError, match="'photos' reads files: say in which folder it is with 'root'"):
        read(BASE, "scenario.source=photos", "scenario.target={name: photos, root: /real}")


def test_a_folder_that_is_no_text_is_refused() -> None:
    with pytest.raises(AlsegError, match="expected text, got 3"):
        read(BASE, "scenario.source={name: photos, root: 3}")
