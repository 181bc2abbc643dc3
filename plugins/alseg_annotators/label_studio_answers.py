"""Reading what Label Studio exports: JSON with tasks and annotations, or JSON-MIN."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from alseg.contracts.annotating import GivenAnswer, ImageQuestions, QuestionSheet
from alseg_annotators._given import Origin, drawn_answers, read_name, read_seconds, read_time
from alseg_annotators._labels import ClassLabels
from alseg_annotators._place import AGAIN, Place, shown
from alseg_annotators._reading import as_json, as_text, read_content
from alseg_annotators._sheet import by_image
from alseg_annotators.label_studio_config import CHOICE, LABELS, TOOLS
from alseg_annotators.label_studio_results import shapes_of

_MOST = 2**31


def read_exports(path: Path, sheet: QuestionSheet) -> Iterator[GivenAnswer]:
    """Yield the answers of an export, or of all ``.json`` files of a folder; see `PeopleAnnotator.read`."""
    files = sorted(path.glob("*.json")) if path.is_dir() else [path]
    if not files:
        raise Place(path).error("there is no .json file in this folder.", "Name Label Studio's export.")
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
        self.images = by_image(sheet)
        self.seen: dict[tuple[str, tuple[int, int] | None], Place] = {}

    def file(self, path: Path) -> Iterator[GivenAnswer]:
        """Yield the answers of one export."""
        place = Place(path)
        tasks = as_json(as_text(read_content(path), place), place)
        if not isinstance(tasks, list):
            raise place.error("it is no list of tasks.", "Export as JSON or JSON-MIN from Label Studio.")
        for number, task in enumerate(tasks, start=1):
            here = place.at(f"task {number}")
            if not isinstance(task, dict):
                raise here.error(f"{shown(task)} is no task.", AGAIN)
            if "data" in task:
                yield from self._task(task, here)
            else:
                yield from self._minimal(task, here)

    def _task(self, task: dict[str, Any], place: Place) -> Iterator[GivenAnswer]:
        data, annotations = task["data"], task.get("annotations", [])
        if not isinstance(data, dict) or not isinstance(annotations, list):
            raise place.error("its data or its annotations are damaged.", AGAIN)
        asked, position = self._question(data, place, once=True)
        for number, annotation in enumerate(annotations, start=1):
            here = place.at(f"annotation {number}")
            if not isinstance(annotation, dict) or not isinstance(annotation.get("result"), list):
                raise here.error("it has no list of results.", AGAIN)
            cancelled = annotation.get("was_cancelled")
            if cancelled is not None and not isinstance(cancelled, bool):
                raise here.error(f"was_cancelled is {shown(cancelled)}.", AGAIN)
            origin = self._origin(annotation, annotation.get("completed_by"), here)
            if not cancelled:
                yield from self._answers(asked, position, annotation["result"], origin, here)

    def _minimal(self, item: dict[str, Any], place: Place) -> Iterator[GivenAnswer]:
        """Yield the answers of one item of JSON-MIN, which is one annotation or a task without any."""
        asked, position = self._question(item, place, once="annotation_id" not in item)
        if item.get("annotation_id") is None:
            return
        results = _expanded(item, CHOICE if position else LABELS, place)
        if position is None:
            drawn = sum(len(item[tool]) for tool in TOOLS if isinstance(item.get(tool), list))
            if drawn > len(results):
                raise place.error(
                    f"{drawn - len(results)} of {drawn} regions have no class.",
                    "Give each region one class, or delete it, and export again.",
                )
        origin = self._origin(item, item.get("annotator"), place)
        yield from self._answers(asked, position, results, origin, place)

    def _question(
        self, data: dict[str, Any], place: Place, *, once: bool
    ) -> tuple[ImageQuestions, tuple[int, int] | None]:
        """Return which image a task is about and, where it is about one question, which."""
        self._check_round(data, place)
        image_id = data.get("alseg_image")
        if not isinstance(image_id, str):
            raise place.error("data.alseg_image is missing, so nobody knows what it answers.", AGAIN)
        asked = self.images.get(image_id)
        if asked is None:
            raise place.error(
                f"round {self.sheet.round} asks nothing about image {shown(image_id)}.",
                "Export the project of this round.",
            )
        position = None
        if self.sheet.kind != "pixels":
            y, x = (place.integer(data.get(f"alseg_{axis}"), f"data.alseg_{axis}", 0, _MOST) for axis in "yx")
            position = (y, x)
        size = tuple(data.get(name) for name in ("alseg_height", "alseg_width"))
        if size != tuple(asked.size):
            raise place.error(
                f"its image has {shown(size[0])} x {shown(size[1])} pixels (height x width), "
                f"not {asked.size[0]} x {asked.size[1]}.",
                "Import the tasks that were exported for this round.",
            )
        if once:
            first = self.seen.setdefault((image_id, position), place)
            if first is not place:
                raise place.error(
                    f"{first.where} of {first.path.name} asks the same about image {shown(image_id)}.",
                    "Delete one of the two tasks in Label Studio and export again.",
                )
        return asked, position

    def _check_round(self, data: dict[str, Any], place: Place) -> None:
        wanted = {
            "alseg_experiment": self.sheet.experiment,
            "alseg_run": self.sheet.run,
            "alseg_round": self.sheet.round,
        }
        for name, value in wanted.items():
            if name not in data:
                raise place.error(f"data.{name} is missing, so nobody knows what it answers.", AGAIN)
            if data[name] != value or isinstance(data[name], bool):
                kind = name.removeprefix("alseg_")
                raise place.error(
                    f"it belongs to {kind} {shown(data[name])}, not to {shown(value)}.",
                    "Name the export of this round.",
                )

    def _origin(self, annotation: dict[str, Any], person: Any, place: Place) -> Origin:
        if isinstance(person, dict):
            person = person.get("email") or person.get("username") or person.get("id")
        who = f"user {person}" if type(person) is int else read_name(person or "", place)
        when = annotation.get("updated_at") or annotation.get("created_at")
        seconds = read_seconds(annotation.get("lead_time"), place)
        return Origin(who, read_time(when, place), seconds, place.where)

    def _answers(
        self,
        asked: ImageQuestions,
        position: tuple[int, int] | None,
        results: Sequence[Any],
        origin: Origin,
        place: Place,
    ) -> Iterator[GivenAnswer]:
        if position is None:
            shapes = shapes_of(results, asked.size, self.labels, place)
            yield from drawn_answers(asked, asked.footprint(), shapes, origin)
            return
        classes = self._chosen(results, place)
        if classes:
            yield GivenAnswer(
                image_id=asked.image_id,
                position=position,
                classes=classes,
                who=origin.who,
                when=origin.when,
                seconds=origin.seconds,
                where=origin.where,
            )

    def _chosen(self, results: Sequence[Any], place: Place) -> frozenset[int]:
        """Return the classes that were chosen; none where nothing was."""
        chosen: list[int] = []
        for result in results:
            value = result.get("value") if isinstance(result, dict) else None
            choices = value.get("choices") if isinstance(value, dict) else None
            if not isinstance(choices, list) or result.get("type") != "choices":
                raise place.error("it holds other results than a choice of classes.", AGAIN)
            chosen += [self.labels.index(choice, place) for choice in choices]
        if len(chosen) > 1 and self.sheet.kind != "classes":
            raise place.error(
                f"it names {len(chosen)} classes where one is asked for.",
                "Choose one class and export again.",
            )
        return frozenset(chosen)


def _expanded(item: dict[str, Any], name: str, place: Place) -> list[dict[str, Any]]:
    """Return the results of an item of JSON-MIN as JSON has them.

    It keeps values only, and of one choice of one class, the class only.
    """
    kind = "choices" if name == CHOICE else "labels"
    values = item.get(name, [])
    if isinstance(values, str | dict):
        values = [values]
    if not isinstance(values, list):
        raise place.error(f"{name} is no list.", AGAIN)
    results = []
    for number, value in enumerate(values):
        known = {kind: [value]} if isinstance(value, str) else value
        if not isinstance(known, dict):
            raise place.error(f"{shown(value)} is no result.", AGAIN)
        results.append(known | {"id": str(number), "type": kind, "value": known})
    return results
