"""What people have answered: one file for each import, never overwritten.

No data set can give these answers again, so nothing removes them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alseg.files import write_atomically
from alseg.storage.layout import ANSWERS_NAME, answer_files
from alseg.system.archives import names_of, read_arrays
from alseg.system.regular_file import naming_damage

LARGEST_ANSWERS = 2**34
"""Bytes of the answers of one import, unfolded."""

_ARRAYS = ("image_ids", "images", "positions", "counts", "values", "people", "who", "when", "seconds")
_SOURCES = ("sources", "hashes", "imported", "goes_on")


@dataclass(frozen=True, eq=False)
class KeptAnswer:
    """What one person said of one question.

    Attributes:
        image_id: The image.
        position: ``(y, x)``, as the question has it.
        values: uint8 ``(n,)``. Where every pixel has its own class, the classes of the question's pixels, row
            after row, 255 for void; else the classes that the answer names, increasing, void last.
        who: The person; empty where nobody said it.
        when: Time of the answer, ISO 8601; empty where nobody said it.
        seconds: What it took; None where nobody said it.
    """

    image_id: str
    position: tuple[int, int]
    values: NDArray[np.uint8]
    who: str = ""
    when: str = ""
    seconds: float | None = None


@dataclass(frozen=True)
class AnswerImport:
    """What one import has brought.

    Attributes:
        answers: In the order of the files.
        sources: Name of each file, or of the files in a folder.
        hashes: SHA-256 of each.
        imported: When, ISO 8601.
        goes_on: Whether the user said that the round goes on with what there is.
    """

    answers: Sequence[KeptAnswer]
    sources: tuple[str, ...]
    hashes: tuple[str, ...]
    imported: str
    goes_on: bool = False

    def write(self, round_folder: Path) -> Path:
        """Write it as the round's next file; the caller holds the lock of the run's folder.

        Raises:
            WriteError: If it cannot be written.
        """
        number = max(answer_files(round_folder), default=0) + 1
        path = round_folder / ANSWERS_NAME / f"{number:04d}.npz"
        arrays = self._arrays()
        # The archive has a checksum of each array.
        write_atomically(path, lambda file: np.savez_compressed(file, **arrays))
        return path

    @classmethod
    def read(cls, path: Path) -> AnswerImport:
        """Read an import.

        Raises:
            DamageError: If the file is missing or damaged; names it, and says what can be done.
        """
        with naming_damage(path, lambda error: f"is damaged: it holds no answers. {_REMEDY}"):
            arrays = read_arrays(path, LARGEST_ANSWERS, (*_ARRAYS, *_SOURCES))
            answers = tuple(_answers_in(arrays))
            sources, hashes = names_of(arrays["sources"]), names_of(arrays["hashes"])
            (imported,), (goes_on,) = names_of(arrays["imported"]), arrays["goes_on"].tolist()
        return cls(answers, sources, hashes, imported, bool(goes_on))

    def _arrays(self) -> dict[str, Any]:
        images = list(dict.fromkeys(each.image_id for each in self.answers))
        people = list(dict.fromkeys(each.who for each in self.answers))
        place, person = (
            {name: at for at, name in enumerate(images)},
            {name: at for at, name in enumerate(people)},
        )
        return {
            "image_ids": np.array(images, np.str_),
            "images": np.array([place[each.image_id] for each in self.answers], np.int64),
            "positions": np.array([each.position for each in self.answers], np.int32).reshape(-1, 2),
            "counts": np.array([len(each.values) for each in self.answers], np.int64),
            "values": np.concatenate([np.zeros(0, np.uint8), *(each.values for each in self.answers)]),
            "people": np.array(people, np.str_),
            "who": np.array([person[each.who] for each in self.answers], np.int64),
            "when": np.array([each.when for each in self.answers], np.str_),
            "seconds": np.array(
                [np.nan if each.seconds is None else each.seconds for each in self.answers], np.float64
            ),
            "sources": np.array(self.sources, np.str_),
            "hashes": np.array(self.hashes, np.str_),
            "imported": np.array([self.imported], np.str_),
            "goes_on": np.array([self.goes_on]),
        }


_REMEDY = (
    "Answers of people cannot be made again: put a copy of the file back. Without one, remove it and give "
    "'alseg answer' the file that it came from; labels of a round that has gone on need 'alseg run --fresh'."
)


def read_answers(round_folder: Path) -> list[AnswerImport]:
    """Read all imports of a round, oldest first.

    Raises:
        DamageError: If a file is damaged; names it.
    """
    return [AnswerImport.read(path) for path in answer_files(round_folder).values()]


def _answers_in(arrays: dict[str, NDArray[Any]]) -> Iterator[KeptAnswer]:
    """Yield the answers that arrays hold.

    Raises:
        Exception: Of some types, if they hold none.
    """
    images, people, when = (names_of(arrays[name]) for name in ("image_ids", "people", "when"))
    counts = arrays["counts"]
    if (counts < 1).any() or int(counts.sum()) != len(arrays["values"]):
        raise ValueError("values of other answers")
    parts = np.split(arrays["values"].astype(np.uint8), np.cumsum(counts)[:-1]) if len(counts) else []
    columns = (arrays["images"].tolist(), arrays["positions"].tolist(), parts, arrays["who"].tolist(), when)
    for image, (y, x), values, who, moment, seconds in zip(*columns, arrays["seconds"].tolist(), strict=True):
        if min(image, who) < 0:
            raise ValueError("names from the end")
        spent = None if np.isnan(seconds) else float(seconds)
        yield KeptAnswer(images[image], (int(y), int(x)), values, people[who], moment, spent)
