"""Reading what CVAT exports as "CVAT for images 1.1"."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from alseg.contracts.annotating import GivenAnswer, ImageQuestions, QuestionSheet
from alseg_annotators._given import Origin, drawn_answers, read_name, read_time
from alseg_annotators._labels import ClassLabels
from alseg_annotators._place import Place, shown
from alseg_annotators._reading import as_text, read_content, zip_member
from alseg_annotators._sheet import picture_name, token
from alseg_annotators._xml import Element, parse_xml
from alseg_annotators.cvat_format import ANNOTATIONS, UNTOUCHED, checked_label
from alseg_annotators.cvat_shapes import shapes_of

_ZIP_START = b"PK"
_MOST_SIDE = 2**20
"""Longest side of a picture."""
_HEADS = ("task", "job", "project")
"""Elements of ``meta`` that tell who and when."""


def read_exports(path: Path, sheet: QuestionSheet) -> Iterator[GivenAnswer]:
    """Yield the answers of an export, or of all of a folder; see `PeopleAnnotator.read`."""
    files = [path]
    if path.is_dir():
        files = sorted(file for file in path.iterdir() if file.suffix.lower() in (".xml", ".zip"))
    if not files:
        raise Place(path).error("there is no .xml or .zip file in this folder.", "Name CVAT's export.")
    reader = _Reader(sheet)
    for file in files:
        yield from reader.file(file)


class _Reader:
    """Reads exports of one round.

    Args:
        sheet: The questions.
    """

    def __init__(self, sheet: QuestionSheet) -> None:
        self.sheet = sheet
        self.labels = ClassLabels(sheet.label_space)
        self.checked = checked_label(self.labels)
        self.asked: dict[str, tuple[ImageQuestions, int | None]] = {}
        for asked in sheet.images:
            numbers = asked.questions[:1] if sheet.kind == "pixels" else asked.questions
            for place, question in enumerate(numbers):
                name = picture_name(sheet, question.number, asked.image_id)
                self.asked[name] = asked, None if sheet.kind == "pixels" else place

    def file(self, path: Path) -> Iterator[GivenAnswer]:
        """Yield the answers of one export."""
        place = Place(path)
        content = read_content(path)
        if content.startswith(_ZIP_START):
            content = zip_member(content, ANNOTATIONS, place)
        as_text(content, place)
        root = parse_xml(content, place)
        if root.tag != "annotations" or root.find("version") != "1.1":
            raise place.error(
                "it is no CVAT for images 1.1.", "Export the annotations from CVAT in this format."
            )
        origin = self._origin(root, place)
        seen: dict[str, int] = {}
        for element in root.children:
            here = place.at(f"line {element.line}")
            if element.tag == "track":
                raise here.error("it is CVAT for video.", "Export as 'CVAT for images 1.1'.")
            if element.tag == "image":
                name = PurePosixPath(element.attributes.get("name", "")).name
                if seen.setdefault(name, element.line) != element.line:
                    raise here.error(
                        f"picture {shown(name)} stands in line {seen[name]}, too.",
                        "Export a task that holds each picture once.",
                    )
                yield from self._image(element, name, origin, here)

    def _origin(self, root: Element, place: Place) -> Origin:
        meta = next(root.all("meta"), None)
        for head in (child for child in (meta.children if meta else ()) if child.tag in _HEADS):
            here = place.at(f"line {head.line}")
            who = read_name(head.find("assignee", "username") or head.find("assignee"), here)
            return Origin(who, read_time(head.find("updated"), here), None, "")
        return Origin("", "", None, "")

    def _image(self, element: Element, name: str, origin: Origin, place: Place) -> Iterator[GivenAnswer]:
        found = self.asked.get(name)
        if found is None:
            hint = "" if token(self.sheet) in name else f" Names of its pictures have {token(self.sheet)}."
            raise place.error(
                f"round {self.sheet.round} asks nothing about picture {shown(name)}.{hint}",
                "Export the task of this round.",
            )
        asked, question = found
        height, width = (
            place.whole(element.attributes.get(side), side, 1, _MOST_SIDE) for side in ("height", "width")
        )
        if question is None and (height, width) != tuple(asked.size):
            raise place.error(
                f"the picture has {height} x {width} pixels (height x width), not {asked.size[0]} x "
                f"{asked.size[1]}.",
                "Label the pictures that were exported for this round.",
            )
        tags = [child for child in element.children if child.tag == "tag"]
        drawn = [child for child in element.children if child.tag != "tag"]
        is_checked = any(tag.attributes.get("label") == self.checked for tag in tags)
        tags = [tag for tag in tags if tag.attributes.get("label") != self.checked]
        touched = [child for child in (*tags, *drawn) if child.attributes.get("source") not in UNTOUCHED]
        here = Origin(origin.who, origin.when, None, place.where)
        if question is not None:
            classes = self._chosen(tags, drawn, place)
            if classes and (is_checked or touched):
                position = asked.questions[question].position
                yield GivenAnswer(
                    image_id=asked.image_id,
                    position=position,
                    classes=classes,
                    who=here.who,
                    when=here.when,
                    where=here.where,
                )
            return
        if tags:
            raise place.error(
                f"it has the tag {shown(tags[0].attributes.get('label'))} where drawings are asked for.",
                "Draw classes, and use no other tags.",
            )
        shapes = shapes_of(drawn, asked.size, self.labels, place)
        if is_checked or touched:
            yield from drawn_answers(asked, asked.footprint(), shapes, here)

    def _chosen(self, tags: list[Element], drawn: list[Element], place: Place) -> frozenset[int]:
        """Return the classes of the tags; where a person has set one, those of the network are kept, too."""
        if drawn:
            raise place.error(
                f"it has a drawing ({shown(drawn[0].tag)}) where tags are asked for.", "Use tags only."
            )
        chosen = [self.labels.index(tag.attributes.get("label"), place) for tag in tags]
        if len(set(chosen)) > 1 and self.sheet.kind != "classes":
            raise place.error(
                f"it names {len(chosen)} classes where one is asked for.",
                "Keep one tag of a class and export again.",
            )
        return frozenset(chosen)
