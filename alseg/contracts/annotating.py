"""Annotators: who answers the questions of a run, and how questions and answers travel to people and back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from alseg.contracts.annotation import AnswerKind
from alseg.contracts.labels import LabelSpace
from alseg.contracts.types import Size
from alseg.contracts.views import Unit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class Question:
    """One thing that an annotator is asked.

    Attributes:
        number: Its rank in the round, from 1: what is asked first is wanted most.
        image_id: The data set's name for the image.
        position: ``(y, x)`` in pixels, which names the question in its image.
        pixels: That the answer reveals, at least 1.
        proposed: Index of the class that the network proposes, where answers are corrections; else None.
    """

    number: int
    image_id: str
    position: tuple[int, int]
    pixels: int
    proposed: int | None = None


class ImageQuestions(Protocol):
    """The questions of a round about one image; pictures are read when they are asked for."""

    image_id: str
    """The data set's name for the image."""
    size: Size
    """Height and width of image and label map, in pixels."""
    questions: Sequence[Question]
    """In the order of their numbers, at least one."""

    def image(self) -> NDArray[np.uint8]:
        """Return the RGB image, uint8 ``(H, W, 3)``."""
        ...

    def footprint(self) -> NDArray[np.int32]:
        """Return which question each pixel belongs to, int32 ``(H, W)``: its place, -1 where none does."""
        ...

    def prediction(self) -> NDArray[np.uint8] | None:
        """Return the network's classes, uint8 ``(H, W)``; None where the run kept none."""
        ...


@dataclass(frozen=True, kw_only=True)
class QuestionSheet:
    """What a run asks people in one round.

    Attributes:
        experiment: Name of the experiment.
        run: Name of the run's folder.
        round: From 1.
        kind: What is to be said of each question.
        unit: What a question is about.
        label_space: The classes, in the order of their indices.
        images: Those with questions, in pool order.
    """

    experiment: str
    run: str
    round: int
    kind: AnswerKind
    unit: Unit
    label_space: LabelSpace
    images: Sequence[ImageQuestions]


@dataclass(frozen=True, kw_only=True)
class GivenAnswer:
    """What one person says of one question.

    One of ``label`` and ``classes`` is given: ``label`` where every pixel gets its own class, ``classes``
    where the answer names the class of most pixels (one) or the set of those present (any number).

    Attributes:
        image_id: The image.
        position: ``(y, x)``, as the question has it.
        label: uint8 ``(H, W)``, class indices within the question's footprint, 255 for void; what it holds
            elsewhere says nothing.
        classes: Class indices, 255 for void; at least one.
        who: Name of the person, empty where the file does not say it.
        when: Time of the answer, ISO 8601 with offset; empty where the file does not say it.
        seconds: What it took; None where the file does not say it.
        where: The place in the file, for messages, such as ``line 7`` or ``task 12``.
    """

    image_id: str
    position: tuple[int, int]
    label: NDArray[np.uint8] | None = None
    classes: frozenset[int] | None = None
    who: str = ""
    when: str = ""
    seconds: float | None = None
    where: str = ""


@runtime_checkable
class SimulatedErrors(Protocol):
    """How an annotator errs that is simulated from label maps.

    Errors depend on the image and the place of the question alone: neither on rounds, nor on the order or the
    number of questions, nor on the seed of a run, so that all runs ask the same annotator.
    """

    def looked_at(self, places: NDArray[np.int64], size: Size, image_id: str) -> NDArray[np.int64]:
        """Return the pixels that the annotator takes for those asked about.

        Args:
            places: int64 ``(m,)``, ``y * width + x``.
            size: Height and width of the label map.
            image_id: The image.

        Returns:
            int64 ``(m,)``, places in the label map.
        """
        ...

    def spoken(self, positions: NDArray[np.int32], num_classes: int, image_id: str) -> NDArray[np.int64]:
        """Return the class that the annotator says of each question in place of each class.

        Args:
            positions: int32 ``(n, 2)`` rows ``(y, x)``.
            num_classes: Of the label space, ``C``.
            image_id: The image.

        Returns:
            int64 ``(n, C + 1)``, void last.
        """
        ...


@runtime_checkable
class PeopleAnnotator(Protocol):
    """Takes questions to people and brings their answers back, in files of a tool's own format.

    It knows formats only. alseg checks answers against questions, bills and keeps them.
    """

    def export(self, sheet: QuestionSheet, folder: Path) -> Sequence[Path]:
        """Write all that people need to answer; the folder exists and is empty.

        Args:
            sheet: The questions.
            folder: Where to write.

        Returns:
            The files to begin with, such as the one to import into the tool.
        """
        ...

    def read(self, path: Path, sheet: QuestionSheet) -> Iterator[GivenAnswer]:
        """Read a file, or a folder, of answers.

        Args:
            path: What the user names.
            sheet: The questions; answers to others are given on, so that alseg can say which.

        Raises:
            AnswerFileError: If it is no such file, is damaged, or says what cannot be; names file and place.
        """
        ...


@dataclass(frozen=True)
class LabelledImage:
    """One image with its label map.

    Attributes:
        name: The image's id in its data set, which files are named after.
        label: uint8 ``(H, W)``, class indices, 255 where no class is known.
        read: Returns the image, uint8 RGB ``(H, W, 3)``.
    """

    name: str
    label: NDArray[np.uint8]
    read: Callable[[], NDArray[np.uint8]]


@dataclass(frozen=True)
class LabelledImages:
    """Label maps to be written for another tool.

    Attributes:
        space: Their classes.
        source: Where they come from, in one sentence.
        predicted: Whether a network says so; otherwise they were bought.
        images: The images, read one after the other, once.
    """

    space: LabelSpace
    source: str
    predicted: bool
    images: Iterator[LabelledImage]


@runtime_checkable
class LabelExporter(Protocol):
    """An annotator whose tool takes label maps, too; its spec says ``exports_labels``."""

    def export_labels(self, labels: LabelledImages, folder: Path) -> Sequence[Path]:
        """Write label maps in the format that the tool imports; the folder exists and is empty.

        Args:
            labels: The label maps.
            folder: Where to write.

        Returns:
            The files to begin with, such as the one to import into the tool.
        """
        ...
