"""Does an annotator keep the contract?"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast, get_args

import numpy as np
from numpy.typing import NDArray

from alseg.contracts import (
    IGNORE_INDEX,
    AnnotatorSpec,
    AnswerKind,
    ClassInfo,
    GivenAnswer,
    ImageQuestions,
    LabelExporter,
    LabelledImage,
    LabelledImages,
    LabelSpace,
    PeopleAnnotator,
    Question,
    QuestionSheet,
    SimulatedErrors,
)
from alseg.errors import AnswerFileError

Fill = Callable[[Path, QuestionSheet, Mapping[str, NDArray[np.uint8]]], Path]
"""Answers a task folder as people would who know the label maps, by image id; returns what they give back."""

_SIZE = (24, 40)
_SPACE = LabelSpace(
    "made-up",
    "Two classes.",
    "",
    (ClassInfo("road", (128, 64, 128)), ClassInfo("traffic light", (250, 170, 30))),
)
_HOSTILE = (
    b"",
    b"\0" * 64,
    b"\xff\xfe\x00<",
    b"[" * 100_000,
    b'{"a": NaN}',
    b'[{"data": {}, "annotations": [{"result": [{}]}]}]',
    b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
    b"<annotations><version>1.1</version><image name='../../a'/></annotations>",
    b"PK\x03\x04" + b"a" * 64,
    b"\x89PNG\r\n\x1a\n" + b"a" * 64,
    b"question,image,y,x,answer\n1,../../a,-1,1e9,road\n",
    b"a b c d\n",
)
_SUFFIXES = (".csv", ".json", ".png", ".txt", ".xml", ".zip")


@dataclass(frozen=True)
class _Asked:
    image_id: str
    size: tuple[int, int]
    questions: tuple[Question, ...]
    _footprint: NDArray[np.int32]

    def image(self) -> NDArray[np.uint8]:
        ramp = np.linspace(0, 255, self.size[1]).astype(np.uint8)
        return np.repeat(np.tile(ramp, (self.size[0], 1))[:, :, None], 3, axis=2)

    def footprint(self) -> NDArray[np.int32]:
        return self._footprint.copy()

    def prediction(self) -> NDArray[np.uint8] | None:
        return np.zeros(self.size, np.uint8)


def check_annotator(spec: AnnotatorSpec, *, fill: Fill | None = None, **params: Any) -> None:
    """Check an annotator of people against `PeopleAnnotator`, and `LabelExporter` if it is one.

    For each kind of answer it exports four questions about two images, whose names have blanks, slashes and
    letters outside of ASCII. Checked are that the files it returns are in the folder, and that reading bytes
    that are no answers ends with `AnswerFileError` or yields answers, but raises nothing else. With ``fill``,
    what is read of its file must be what it said of every question. A simulated annotator is built only.

    Args:
        spec: The spec that the plugin registers.
        fill: Answers a task folder: given the folder, the sheet and the label map of each image, uint8
            ``(H, W)``. It returns the file, or folder, to be read.
        params: Parameters for ``build``.

    Raises:
        AssertionError: Says what is not as it should be.
    """
    made = spec.build(**params)
    if not spec.people:
        assert isinstance(made, SimulatedErrors), f"'{spec.name}' is simulated but no SimulatedErrors"
        return
    assert isinstance(made, PeopleAnnotator), f"'{spec.name}' has no export and read, as PeopleAnnotator"
    says = isinstance(made, LabelExporter)
    assert spec.exports_labels == says, f"'{spec.name}': exports_labels is {spec.exports_labels}, not {says}"
    for kind in get_args(AnswerKind):
        with tempfile.TemporaryDirectory() as scratch:
            _check_kind(spec.name, made, kind, fill, Path(scratch))
    if isinstance(made, LabelExporter):
        with tempfile.TemporaryDirectory() as scratch:
            found = LabelledImages(_SPACE, "Made up.", False, _label_maps())
            _check_files(spec.name, "export_labels", made.export_labels(found, Path(scratch)), Path(scratch))


def _check_kind(name: str, made: PeopleAnnotator, kind: AnswerKind, fill: Fill | None, scratch: Path) -> None:
    sheet, task = _sheet(kind), scratch / "task"
    task.mkdir()
    _check_files(name, f"export ({kind})", made.export(sheet, task), task)
    if fill is not None:
        truth = {asked.image_id: _truth() for asked in sheet.images}
        _check_answers(f"'{name}', {kind}", list(made.read(fill(task, sheet, truth), sheet)), sheet)
    for number, content in enumerate(_HOSTILE):
        for suffix in _SUFFIXES:
            path = scratch / f"hostile-{number}{suffix}"
            path.write_bytes(content)
            where = f"'{name}', {kind}: reading {content[:40]!r} as {suffix}"
            try:
                answers = list(made.read(path, sheet))
            except AnswerFileError as error:
                assert path.name in str(error), f"{where}: the error does not name the file: {error}"
            except Exception as error:
                raise AssertionError(f"{where} raises {error!r}, not AnswerFileError") from error
            else:
                assert all(isinstance(each, GivenAnswer) for each in answers), f"{where} yields no answers"


def _check_files(name: str, method: str, files: Any, folder: Path) -> None:
    files = list(files)
    assert files, f"'{name}', {method}: returns no file to begin with"
    for path in files:
        inside = isinstance(path, Path) and path.exists() and path.resolve().is_relative_to(folder.resolve())
        assert inside, f"'{name}', {method}: {path} is no file in the folder that was given"


def _check_answers(where: str, answers: list[GivenAnswer], sheet: QuestionSheet) -> None:
    asked = {(image.image_id, each.position) for image in sheet.images for each in image.questions}
    found = {(answer.image_id, answer.position): answer for answer in answers}
    assert len(found) == len(answers), f"{where}: a question is answered twice"
    assert found.keys() == asked, f"{where}: answers to {sorted(found)}, asked was {sorted(asked)}"
    truth = _truth()
    for image in sheet.images:
        for place, question in enumerate(image.questions):
            answer, inside = found[image.image_id, question.position], image.footprint() == place
            said = np.unique(truth[inside])
            if sheet.kind == "pixels":
                same = answer.label is not None and np.array_equal(answer.label[inside], truth[inside])
            else:
                same = answer.classes == frozenset(said.tolist())
            assert same, f"{where}: question {question.number} says {answer}, not {said}"


def _truth() -> NDArray[np.uint8]:
    """Return the label map of every image: each question lies in one class."""
    columns: NDArray[np.uint8] = (np.arange(_SIZE[1]) >= _SIZE[1] // 2).astype(np.uint8)
    return np.tile(columns, (_SIZE[0], 1))


def _label_maps() -> Iterator[LabelledImage]:
    label = _truth()
    label[:4] = IGNORE_INDEX
    for name in ("a b/ü.png", "a_b/u.png"):
        yield LabelledImage(name, label, lambda: np.zeros((*_SIZE, 3), np.uint8))


def _sheet(kind: AnswerKind) -> QuestionSheet:
    footprint = np.full(_SIZE, -1, np.int32)
    footprint[2:8, 3:9], footprint[10:14, 30:36] = 0, 1
    images: list[ImageQuestions] = []
    for number, name in enumerate(("a b/ü.png", "a_b/u.png")):
        questions = tuple(
            Question(
                number=2 * number + place + 1,
                image_id=name,
                position=position,
                pixels=int((footprint == place).sum()),
                proposed=0 if kind == "correction" else None,
            )
            for place, position in enumerate(((2, 3), (10, 30)))
        )
        images.append(cast(ImageQuestions, _Asked(name, _SIZE, questions, footprint)))
    return QuestionSheet(
        experiment="made up", run="run", round=1, kind=kind, unit="region", label_space=_SPACE, images=images
    )
