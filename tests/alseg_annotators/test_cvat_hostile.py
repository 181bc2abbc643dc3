"""Damaged and hostile exports are refused as a whole, with file and place."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from alseg import AnswerFileError
from alseg_annotators.cvat import Cvat
from question_sheets import squares

Change = Callable[[ElementTree.Element], None]


def _export(folder: Path, kind: str = "pixels") -> ElementTree.Element:
    folder.mkdir()
    root = ElementTree.parse(Cvat().export(squares(kind), folder)[-1]).getroot()  # type: ignore[arg-type]
    for element in root.iter():
        if element.get("source"):
            element.set("source", "manual")
    return root


def _mask(name: str, value: str | None) -> Change:
    """Return a change of an attribute of the first mask, which is 20 rows high and 37 columns wide."""

    def change(root: ElementTree.Element) -> None:
        mask = root.findall("image")[0].findall("mask")[0]
        if value is None:
            del mask.attrib[name]
        else:
            mask.set(name, value)

    return change


def _image(name: str, value: str) -> Change:
    return lambda root: root.findall("image")[1].set(name, value)


def _added(tag: str, **attributes: str) -> Change:
    return lambda root: ElementTree.SubElement(root.findall("image")[1], tag, attributes) and None


def _twice(root: ElementTree.Element) -> None:
    root.append(root.findall("image")[1])


def _meta(tag: str, text: str) -> Change:
    def change(root: ElementTree.Element) -> None:
        task = root.find("meta/task")
        assert task is not None
        ElementTree.SubElement(task, tag).text = text

    return change


SHAPES: dict[str, tuple[Change, str]] = {
    "another format": (
        lambda root: setattr(root.find("version"), "text", "2.0"),
        "it is no CVAT for images 1.1.",
    ),
    "a track": (lambda root: ElementTree.SubElement(root, "track") and None, "it is CVAT for video."),
    "a picture not asked about": (
        _image("name", "b\x85.jpg"),
        "round 2 asks nothing about picture 'b\\x85.jpg'. Names of its pictures have ",
    ),
    "no name": (_image("name", ""), "asks nothing about picture ''."),
    "a picture twice": (_twice, "too. Export a task that holds each picture once."),
    "another size": (_image("width", "80"), "the picture has 24 x 80 pixels (height x width), not 24 x 40."),
    "a size below 0": (_image("height", "-24"), "height is '-24', not a whole number from 1 to 1048576."),
    "a size that is huge": (_image("height", "9" * 400), "height is '9999"),
    "an unknown class": (
        _mask("label", "rode"),
        "unknown class 'rode'. Use the classes of the task: road, traffic",
    ),
    "no class": (_mask("label", None), "unknown class None."),
    "runs too short": (_mask("rle", "0, 3"), "the mask has 3 pixels, not the"),
    "runs too long": (_mask("rle", "0, 9999999999"), "the mask has 9,999,999,999 pixels, not the"),
    "runs below 0": (_mask("rle", "5, -5"), "the runs of the mask are no whole numbers."),
    "no runs": (_mask("rle", None), "the runs of the mask are no whole numbers."),
    "a mask outside": (_mask("left", "39"), "width is '37', not a whole number from 1 to 1."),
    "a mask far outside": (_mask("top", "24"), "top is '24', not a whole number from 0 to 23."),
    "an order that is none": (_mask("z_order", "nan"), "z_order is 'nan', not a number from"),
    "a polygon outside": (
        _added("polygon", label="road", points="0,0;90,0;0,9"),
        "x in pixels is '90', not a number from -2 to 42.",
    ),
    "a corner that is no number": (
        _added("polygon", label="road", points="0,0;nan,0;0,9"),
        "x in pixels is 'nan', not a number from -2 to 42.",
    ),
    "a corner that is infinite": (
        _added("polygon", label="road", points="0,0;1e999,0;0,9"),
        "x in pixels is '1e999', not a number",
    ),
    "a polygon of two corners": (
        _added("polygon", label="road", points="0,0;9,0"),
        "the polygon has fewer than 3 corners.",
    ),
    "half a corner": (_added("points", label="road", points="0,0;9"), "'9' is no corner."),
    "a box without side": (_added("box", label="road", xtl="1", ytl="1", xbr="3"), "ybr in pixels is None"),
    "a turn that is infinite": (
        _added("box", label="road", xtl="1", ytl="1", xbr="3", ybr="3", rotation="inf"),
        "rotation in degrees is 'inf'",
    ),
    "another shape": (_added("ellipse", label="road"), "a 'ellipse' is not read."),
    "a tag": (_added("tag", label="road"), "it has the tag 'road' where drawings are asked for."),
    "a time that is none": (_meta("updated", "soon"), "'soon' is no time."),
    "a name that is long": (_meta("assignee", "x" * 300), "is no name of a person."),
}


@pytest.mark.parametrize("change, message", SHAPES.values(), ids=SHAPES)
def test_drawings_are_refused(change: Change, message: str, tmp_path: Path) -> None:
    root = _export(tmp_path / "task")
    change(root)
    ElementTree.indent(root)
    path = tmp_path / "export.xml"
    ElementTree.ElementTree(root).write(path, encoding="utf-8")
    with pytest.raises(AnswerFileError) as caught:
        list(Cvat().read(path, squares()))
    assert str(caught.value).startswith(str(path))
    assert message in str(caught.value)
    assert message.startswith("it is no CVAT") or f"{path}, line " in str(caught.value)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "change, message",
    [
        (_added("tag", label="void"), "it names 2 classes where one is asked for."),
        (_added("box", label="road"), "it has a drawing ('box') where tags are asked for."),
    ],
)
def test_tags_are_refused(change: Change, message: str, tmp_path: Path) -> None:
    root = _export(tmp_path / "task", "dominant")
    change(root)
    path = tmp_path / "export.xml"
    ElementTree.ElementTree(root).write(path, encoding="utf-8")
    with pytest.raises(AnswerFileError) as caught:
        list(Cvat().read(path, squares("dominant")))
    assert message in str(caught.value)


BOMB = b"""<?xml version="1.0"?>
<!DOCTYPE annotations [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
<annotations>&b;</annotations>"""
OUTSIDE = b"""<!DOCTYPE annotations SYSTEM "file:///etc/passwd">
<annotations/>"""

TEXTS: dict[str, tuple[bytes, str]] = {
    "empty": (b"", ": it is empty (0 bytes). Export the answers again."),
    "entities": (
        BOMB,
        ", line 2: it declares a document type, which CVAT never does. Use no file of a stranger.",
    ),
    "a file of the system": (
        OUTSIDE,
        ", line 1: it declares a document type, which CVAT never does. Use no file of a stranger.",
    ),
    "cut off": (
        b"<annotations>\n<version>",
        ", line 2: it is no XML: no element found. Export the answers again.",
    ),
    "no XML": (b"road", ", line 1: it is no XML: syntax error. Export the answers again."),
    "Latin-1": (
        '<annotations>\n<image name="zürich"/></annotations>'.encode("latin-1"),
        ", line 2: it is not UTF-8 text. Save the file as UTF-8.",
    ),
    "UTF-16": ("<annotations/>".encode("utf-16"), ", line 1: it is not UTF-8 text. Save the file as UTF-8."),
    "an encoding that is none": (
        b'<?xml version="1.0" encoding="no-such"?><annotations/>',
        ": it is no XML: unknown encoding: no-such. Save the file as UTF-8.",
    ),
    "nested without end": (
        b"<a>" * 100_000,
        ", line 1: its elements are nested too deeply. Export the answers again.",
    ),
    "a zip cut off": (b"PK\x03\x04\x14", ": the zip is damaged: File is not a zip file. Download it again."),
}


@pytest.mark.parametrize("content, message", TEXTS.values(), ids=TEXTS)
def test_text_that_is_no_export_is_refused(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "export.xml"
    path.write_bytes(content)
    with pytest.raises(AnswerFileError) as caught:
        list(Cvat().read(path, squares()))
    assert str(caught.value) == f"{path}{message}"


def _zip(members: dict[str, bytes], cut: int = 0) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()[: len(file.getvalue()) - cut]


def _overwritten(content: bytes) -> bytes:
    """Return a zip of which the middle of its first member has been overwritten."""
    return content[:60] + bytes(20) + content[80:]


ZIPS: dict[str, tuple[bytes, str]] = {
    "no annotations": (_zip({"a.txt": b""}), ": the zip has 0 files annotations.xml, not one."),
    "two annotations": (
        _zip({"annotations.xml": b"", "b/annotations.xml": b""}),
        ": the zip has 2 files annotations.xml, not one.",
    ),
    "a path upwards": (
        _zip({"annotations.xml": b"", "../../etc/cron.d/x": b""}),
        ": the zip has a member '../../etc/cron.d/x', outside its own folder.",
    ),
    "a path from the root": (
        _zip({"annotations.xml": b"", "/etc/x": b""}),
        ": the zip has a member '/etc/x', outside its own folder.",
    ),
    "a path of Windows": (
        _zip({"annotations.xml": b"", "C:/x": b""}),
        ": the zip has a member 'C:/x', outside its own folder.",
    ),
    "cut off": (_zip({"annotations.xml": b"<annotations/>" * 50}, cut=30), ": the zip is damaged: "),
    "damaged": (_overwritten(_zip({"annotations.xml": bytes(range(256)) * 9})), ": the zip is damaged: "),
}


@pytest.mark.parametrize("content, message", ZIPS.values(), ids=ZIPS)
def test_zips_are_refused(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    path.write_bytes(content)
    with pytest.raises(AnswerFileError) as caught:
        list(Cvat().read(path, squares()))
    assert str(caught.value).startswith(f"{path}{message}")


def test_a_zip_that_unfolds_to_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "export.zip"
    path.write_bytes(_zip({"annotations.xml": bytes(100_000)}))
    monkeypatch.setattr("alseg_annotators._reading.LARGEST", 50_000)
    with pytest.raises(AnswerFileError) as caught:
        list(Cvat().read(path, squares()))
    assert str(caught.value) == (
        f"{path}: annotations.xml in the zip is too large or encrypted. Export the answers again."
    )
    path.write_bytes(bytes(60_000))
    with pytest.raises(AnswerFileError) as caught:
        list(Cvat().read(path, squares()))
    assert str(caught.value) == f"{path}: it has 60,000 bytes, more than 50,000. Export the answers in parts."
