"""Whatever a file says, it is read or refused with a message of one line."""

from __future__ import annotations

import copy
import io
import json
import random
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from alseg import AnswerFileError
from alseg.contracts.annotating import PeopleAnnotator, QuestionSheet
from alseg_annotators.cvat import Cvat
from alseg_annotators.label_studio import LabelStudio
from question_sheets import squares

VALUES: tuple[Any, ...] = (
    *(
        None,
        True,
        False,
        0,
        -1,
        2**31,
        2**63,
        10**400,
        0.5,
        1e308,
        "",
        "0",
        "road",
        "\ud800",
        "a\nb",
        "\x1b[31m",
    ),
    *([], {}, [[]], [None], [0] * 3, ["road", "road"], [[0, 0], [0, 0], [0, 0]], {"rle": [1]}, "x" * 100_000),
)
ROUNDS = 200


def _places(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the paths of all values within a value; of long lists, those of the first members."""
    members = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, member in list(members)[:12]:
        yield (*way, key)
        yield from _places(member, (*way, key))


def _check(annotator: PeopleAnnotator, path: Path, sheet: QuestionSheet) -> None:
    try:
        answers = list(annotator.read(path, sheet))
    except AnswerFileError as error:
        assert str(error).isprintable()
        assert str(error).startswith(str(path))
        return
    for answer in answers:
        assert (answer.label is None) != (answer.classes is None)
        answer.who.encode()


@pytest.mark.parametrize("kind", ["pixels", "classes"])
def test_any_value_anywhere_in_json(kind: Any, tmp_path: Path) -> None:
    (tmp_path / "task").mkdir()
    sheet = squares(kind)
    (_, file) = LabelStudio().export(sheet, tmp_path / "task")
    tasks = json.loads(file.read_text(encoding="utf-8"))
    for task in tasks:
        result = task.pop("predictions")[0]["result"]
        task["annotations"] = [
            {"completed_by": 1, "lead_time": 3, "updated_at": "2026-03-01", "result": result}
        ]
        task["data"]["image"] = ""
    chance = random.Random(0)
    places = list(_places(tasks))
    path = tmp_path / "export.json"
    for _ in range(ROUNDS):
        changed = copy.deepcopy(tasks)
        *way, last = chance.choice(places)
        target = changed
        for step in way:
            target = target[step]
        target[last] = chance.choice(VALUES)
        path.write_text(json.dumps(changed), encoding="utf-8")
        _check(LabelStudio(), path, sheet)


def test_any_text_anywhere_in_xml(tmp_path: Path) -> None:
    (tmp_path / "task").mkdir()
    sheet = squares()
    root = ElementTree.parse(Cvat().export(sheet, tmp_path / "task")[-1]).getroot()
    for element in root.iter("mask"):
        element.set("source", "manual")
    texts = [value for value in VALUES if isinstance(value, str) and value.isprintable()]
    texts += ["-1", "nan", "inf", "1e999", "9" * 30, "٣", "0,0", "0,0;1,1;2", "²"]
    chance = random.Random(0)
    path = tmp_path / "export.xml"
    for _ in range(ROUNDS):
        changed = copy.deepcopy(root)
        element = chance.choice([element for element in changed.iter() if element.attrib])
        if chance.random() < 0.2:
            element.tag = chance.choice(["polygon", "points", "box", "tag", "track", "image", "meta"])
        element.set(chance.choice(list(element.attrib)), chance.choice(texts))
        path.write_bytes(ElementTree.tostring(changed, encoding="utf-8"))
        _check(Cvat(), path, sheet)


def _zipped(content: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("annotations.xml", content)
    return file.getvalue()


@pytest.mark.parametrize("packed", [lambda content: content, _zipped], ids=["xml", "zip"])
def test_any_byte_anywhere(packed: Callable[[bytes], bytes], tmp_path: Path) -> None:
    (tmp_path / "task").mkdir()
    sheet = squares()
    content = packed(Cvat().export(sheet, tmp_path / "task")[-1].read_bytes())
    chance = random.Random(0)
    path = tmp_path / "export.xml"
    for _ in range(ROUNDS):
        changed = bytearray(content)
        for _ in range(chance.randint(1, 4)):
            changed[chance.randrange(len(changed))] = chance.randrange(256)
        path.write_bytes(changed[: chance.choice([len(changed), chance.randrange(len(changed))])])
        _check(Cvat(), path, sheet)
