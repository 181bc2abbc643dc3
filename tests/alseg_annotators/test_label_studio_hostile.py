"""Damaged and hostile exports are refused as a whole, with file and place."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from alseg import AnswerFileError
from alseg.contracts.annotation import AnswerKind
from alseg_annotators.label_studio import LabelStudio
from alseg_annotators.label_studio_rle import encode_mask
from question_sheets import HEIGHT, WIDTH, squares

Change = Callable[[Any], Any]


def _export(kind: AnswerKind, folder: Path) -> list[dict[str, Any]]:
    """Return a whole export, in which the network's proposals were taken over."""
    folder.mkdir()
    (_, file) = LabelStudio().export(squares(kind), folder)
    return [
        {
            "id": number,
            "data": task["data"],
            "annotations": [
                {
                    "completed_by": 1,
                    "lead_time": 3,
                    "was_cancelled": False,
                    "updated_at": "2026-03-01T10:05:00Z",
                    "result": copy.deepcopy(task["predictions"][0]["result"]),
                }
            ],
        }
        for number, task in enumerate(json.loads(file.read_text(encoding="utf-8")), start=1)
    ]


def _set(*path: Any) -> Change:
    """Return a change of the value at a path."""

    def change(tasks: Any) -> Any:
        *way, last, value = path
        target = tasks
        for step in way:
            target = target[step]
        target[last] = value
        return tasks

    return change


def _without(*path: Any) -> Change:
    def change(tasks: Any) -> Any:
        *way, last = path
        target = tasks
        for step in way:
            target = target[step]
        del target[last]
        return tasks

    return change


ANNOTATION = (1, "annotations", 0)
RESULT = (*ANNOTATION, "result", 1)
VALUE = (*RESULT, "value")
WHOLE = encode_mask(squares().images[1].footprint() >= 0)
POLYGON = {"points": [[0, 0], [10, 0], [10, 10]], "labels": ["road"]}

PIXELS: dict[str, tuple[Change, str]] = {
    "no list": (lambda tasks: {"tasks": tasks}, ": it is no list of tasks."),
    "a task that is text": (_set(1, "road"), ", task 2: 'road' is no task."),
    "data that is a list": (_set(1, "data", []), ", task 2: its data or its annotations are damaged."),
    "no image named": (
        _without(1, "data", "alseg_image"),
        ", task 2: data.alseg_image is missing, so nobody knows what it answers.",
    ),
    "an image not asked about": (
        _set(1, "data", "alseg_image", "b\x1b.png"),
        ", task 2: round 2 asks nothing about image 'b\\x1b.png'.",
    ),
    "another run": (_set(1, "data", "alseg_run", "other"), ", task 2: it belongs to run 'other', not to"),
    "another round": (_set(1, "data", "alseg_round", 1), ", task 2: it belongs to round 1, not to 2."),
    "a round that is true": (_set(1, "data", "alseg_round", True), ", task 2: it belongs to round True"),
    "a task twice": (
        lambda tasks: [*tasks, tasks[1]],
        ", task 3: task 2 of export.json asks the same about image 'z\\xfcrich/\\xdf.png'.",
    ),
    "an image of another size": (
        _set(1, "data", "alseg_height", 48),
        ", task 2: its image has 48 x 40 pixels (height x width), not 24 x 40.",
    ),
    "drawn on another size": (
        _set(*RESULT, "original_width", 80),
        ", task 2, annotation 1, result 2: it was drawn on 24 x 80 pixels (height x width), not 24 x 40.",
    ),
    "drawn on a turned picture": (
        _set(*RESULT, "image_rotation", 90),
        ", task 2, annotation 1, result 2: it was drawn on a rotated picture.",
    ),
    "an unknown class": (
        _set(*VALUE, "labels", ["rode"]),
        ", task 2, annotation 1, result 2: unknown class 'rode'.",
    ),
    "a class that is a number": (_set(*VALUE, "labels", [0]), "result 2: unknown class 0."),
    "two classes": (_set(*VALUE, "labels", ["road", "void"]), "result 2: it has not one class."),
    "a region without class": (
        _without(*RESULT),
        ", task 2, annotation 1, result 1: it has no class.",
    ),
    "another kind of result": (
        _set(*RESULT, "type", "ellipselabels"),
        "results of type 'ellipselabels' are not",
    ),
    "a mask cut off": (_set(*VALUE, "rle", WHOLE[:-6]), "result 2: the brush mask is cut off."),
    "a mask that goes on": (
        _set(*VALUE, "rle", [*WHOLE, 0, 0, 0, 1]),
        "result 2: the brush mask goes on after its end.",
    ),
    "a mask of another image": (
        _set(*VALUE, "rle", encode_mask(squares().images[0].footprint()[:4] >= 0)),
        "result 2: the brush mask has 640 values, not the 3,840 of the image.",
    ),
    "a mask of 4 thousand million": (
        _set(*VALUE, "rle", [255, 255, 255, 255, *WHOLE[4:]]),
        "the brush mask has 4,294,967,295 values",
    ),
    "a mask of floats": (_set(*VALUE, "rle", [0.5]), "result 2: the brush mask is no list of bytes."),
    "bytes beyond 255": (_set(*VALUE, "rle", [256, 0]), "result 2: the brush mask is no list of bytes."),
    "a polygon outside": (
        _set(*VALUE, POLYGON | {"points": [[0, 0], [150, 0], [10, 10]]}),
        "result 2: x in percent is 150, not a number from -1 to 101.",
    ),
    "a polygon of two corners": (
        _set(*VALUE, POLYGON | {"points": [[0, 0], [50, 0]]}),
        "result 2: it has fewer than 3 corners.",
    ),
    "a corner that is huge": (
        _set(*VALUE, POLYGON | {"points": [[0, 0], [1e308, 0], [10, 10]]}),
        "result 2: x in percent is 1e+308, not a number from -1 to 101.",
    ),
    "a corner that is text": (
        _set(*VALUE, POLYGON | {"points": [[0, 0], "ab", [10, 10]]}),
        "result 2: 'ab' is no corner.",
    ),
    "seconds below 0": (
        _set(*ANNOTATION, "lead_time", -1),
        ", task 2, annotation 1: the time taken in seconds is -1, not a number from 0 to 1e+07.",
    ),
    "seconds that are text": (_set(*ANNOTATION, "lead_time", "3"), "the time taken in seconds is '3'"),
    "a time that is none": (
        _set(*ANNOTATION, "updated_at", "yesterday"),
        "annotation 1: 'yesterday' is no time.",
    ),
    "a name with a line end": (_set(*ANNOTATION, "completed_by", "a\nb"), "'a\\nb' is no name of a person."),
    "results that are null": (_set(*ANNOTATION, "result", None), "annotation 1: it has no list of results."),
}


@pytest.mark.parametrize("change, message", PIXELS.values(), ids=PIXELS)
def test_drawings_are_refused(change: Change, message: str, tmp_path: Path) -> None:
    path = tmp_path / "export.json"
    path.write_text(json.dumps(change(_export("pixels", tmp_path / "task"))), encoding="utf-8")
    with pytest.raises(AnswerFileError) as caught:
        list(LabelStudio().read(path, squares()))
    assert str(caught.value).startswith(f"{path}, " if message.startswith(", ") else str(path))
    assert message in str(caught.value)
    assert str(caught.value).isprintable()


CHOICES: dict[str, tuple[Change, str]] = {
    "two classes where one is asked": (
        _set(1, "annotations", 0, "result", 0, "value", "choices", ["road", "void"]),
        ", task 2, annotation 1: it names 2 classes where one is asked for.",
    ),
    "an unknown class": (
        _set(1, "annotations", 0, "result", 0, "value", "choices", ["Road"]),
        ", task 2, annotation 1: unknown class 'Road'.",
    ),
    "a drawing": (
        _set(1, "annotations", 0, "result", 0, "type", "labels"),
        ", task 2, annotation 1: it holds other results than a choice of classes.",
    ),
    "no position": (
        _without(1, "data", "alseg_y"),
        ", task 2: data.alseg_y is None, not a whole number from 0 to 2147483648.",
    ),
    "a position that is half": (
        _set(1, "data", "alseg_x", 0.5),
        ", task 2: data.alseg_x is 0.5, not a whole",
    ),
}


@pytest.mark.parametrize("change, message", CHOICES.values(), ids=CHOICES)
def test_choices_are_refused(change: Change, message: str, tmp_path: Path) -> None:
    path = tmp_path / "export.json"
    path.write_text(json.dumps(change(_export("dominant", tmp_path / "task"))), encoding="utf-8")
    with pytest.raises(AnswerFileError) as caught:
        list(LabelStudio().read(path, squares("dominant")))
    assert f"{path}{message}" in str(caught.value)


TEXTS: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "empty": (lambda _: b"", ": it is empty (0 bytes)."),
    "cut off": (lambda text: text[:-40], ", line 1: it is no JSON at column"),
    "Latin-1": (lambda _: '[\n"zürich"]'.encode("latin-1"), ", line 2: it is not UTF-8 text."),
    "NaN": (
        lambda text: text.replace(b'"lead_time": 3', b'"lead_time": NaN'),
        ": it is no JSON: NaN is no number",
    ),
    "infinite seconds": (
        lambda text: text.replace(b'"lead_time": 3', b'"lead_time": 1e999'),
        ", task 1, annotation 1: the time taken in seconds is inf, not a number from 0 to 1e+07.",
    ),
    "a key twice": (
        lambda text: text.replace(b'"lead_time": 3', b'"lead_time": 3, "lead_time": 4'),
        ": it is no JSON: the key 'lead_time' stands twice in one object.",
    ),
    "nested without end": (lambda _: b"[" * 200_000, ": its lists are nested too deeply."),
    "a number of 5,000 digits": (lambda _: b"[" + b"9" * 5000 + b"]", ": it is no JSON: Exceeds the limit"),
}


@pytest.mark.parametrize("change, message", TEXTS.values(), ids=TEXTS)
def test_text_that_is_no_export_is_refused(
    change: Callable[[bytes], bytes], message: str, tmp_path: Path
) -> None:
    path = tmp_path / "export.json"
    path.write_bytes(change(json.dumps(_export("pixels", tmp_path / "task")).encode()))
    with pytest.raises(AnswerFileError) as caught:
        list(LabelStudio().read(path, squares()))
    assert str(caught.value).startswith(f"{path}{message}")


def test_files_that_are_none_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for name, message in {
        "pipe": "it is no regular file. Name the file that the tool exported.",
        "nothing": "there is no such file. Name the file that the tool exported.",
        "folder": "there is no .json file in this folder. Name Label Studio's export.",
    }.items():
        with pytest.raises(AnswerFileError) as caught:
            list(LabelStudio().read(tmp_path / name, squares()))
        assert str(caught.value) == f"{tmp_path / name}: {message}"


def test_regions_without_class_in_json_min_are_refused(tmp_path: Path) -> None:
    data = _export("pixels", tmp_path / "task")[0]["data"]
    item = data | {"annotation_id": 1, "annotator": 1, "masks": [{"format": "rle", "rle": []}]}
    path = tmp_path / "export.json"
    path.write_text(json.dumps([item]), encoding="utf-8")
    with pytest.raises(AnswerFileError) as caught:
        list(LabelStudio().read(path, squares()))
    assert str(caught.value) == (
        f"{path}, task 1: 1 of 1 regions have no class. "
        "Give each region one class, or delete it, and export again."
    )


def test_the_whole_export_is_fine(tmp_path: Path) -> None:
    assert (HEIGHT, WIDTH) == (24, 40)
    path = tmp_path / "export.json"
    path.write_text(json.dumps(_export("pixels", tmp_path / "task")), encoding="utf-8")
    assert len(list(LabelStudio().read(path, squares()))) == 4
