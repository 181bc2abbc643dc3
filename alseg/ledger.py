"""What has been bought: one row per question, from which everything about costs and masks follows.

A purchase is what one round bought. On disk it is a packed array that can be memory-mapped and a small index
that commits it, see docs/internals.md.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alseg.contracts import Picks
from alseg.errors import AlsegError
from alseg.files import (
    SEAL,
    content_hash,
    read_json,
    refuse_unknown_keys,
    sha256_of,
    write_atomically,
    write_text,
)

ARRAY_NAME = "ledger.npy"
INDEX_NAME = "ledger.json"
LARGEST_SIDE = 65535

_FIELDS = ("y", "x", "score", "pixels", "void", "clicks")
_CONSTANT = "questions_per_pick"
"""Key of files from before clicks were counted from answers: clicks of every row."""

_INDEX_KEYS = frozenset({_CONSTANT, "sha256", "images"})


@dataclass(frozen=True)
class Purchase:
    """The questions of one round and what their answers held.

    Attributes:
        rows: Structured ``(n,)`` with fields ``y``, ``x``, ``score``, ``pixels`` (newly revealed), ``void``
            (those of them without a class), ``clicks`` (what the answer cost); image after image, in the
            order asked.
        spans: Image id to first row and the row after its last.
        questions_per_pick: Clicks each row cost, of files from before the rows had ``clicks``; else None.
    """

    rows: NDArray[np.void]
    spans: Mapping[str, tuple[int, int]]
    questions_per_pick: int | None = None

    @classmethod
    def of(
        cls,
        picks: Mapping[str, Picks],
        void: Mapping[str, NDArray[np.int64]],
        clicks: Mapping[str, NDArray[np.int64]],
    ) -> Purchase:
        """Pack the picks of one round.

        Args:
            picks: Image id to picks; images without picks may be left out.
            void: Image id to int64 ``(n,)``, void pixels per pick.
            clicks: Image id to int64 ``(n,)``, what each answer cost.
        """
        touched = {image_id: asked for image_id, asked in picks.items() if len(asked)}
        stops = np.cumsum([len(asked) for asked in touched.values()]).tolist()
        starts = [0, *stops][:-1]
        largest = max((int(asked.pixels.max()) for asked in touched.values()), default=0)
        count_type = np.min_scalar_type(largest)
        dearest = max((int(clicks[image_id].max()) for image_id in touched), default=0)
        types = ("<u2", "<u2", "<f4", count_type, count_type, np.min_scalar_type(dearest))
        rows = np.zeros(stops[-1] if stops else 0, dtype=list(zip(_FIELDS, types, strict=True)))
        for (image_id, asked), start, stop in zip(touched.items(), starts, stops, strict=True):
            part = rows[start:stop]
            part["y"], part["x"] = asked.positions.T
            part["score"], part["pixels"], part["void"] = asked.scores, asked.pixels, void[image_id]
            part["clicks"] = clicks[image_id]
        spans = dict(zip(touched, zip(starts, stops, strict=True), strict=True))
        return cls(rows, spans)

    def of_image(self, image_id: str) -> NDArray[np.void]:
        """Return one image's rows; empty where it was not asked about."""
        start, stop = self.spans.get(image_id, (0, 0))
        return self.rows[start:stop]

    def positions(self, image_id: str) -> NDArray[np.int32]:
        """Return where one image was asked about, int32 ``(n, 2)`` rows ``(y, x)``, in the order asked."""
        rows = self.of_image(image_id)
        return np.stack([rows["y"], rows["x"]], axis=1).astype(np.int32)

    @property
    def pixels(self) -> int:
        """Pixels revealed, void ones included."""
        return int(self.rows["pixels"].sum(dtype=np.int64))

    @property
    def void(self) -> int:
        """Void pixels revealed; they cost the same."""
        return int(self.rows["void"].sum(dtype=np.int64))

    @property
    def questions(self) -> int:
        """Clicks spent."""
        if self.questions_per_pick is not None:
            return len(self.rows) * self.questions_per_pick
        return int(self.rows["clicks"].sum(dtype=np.int64))

    def write(self, folder: Path) -> None:
        """Write the array, then the index that commits it.

        Raises:
            WriteError: If the files cannot be written.
        """
        array = folder / ARRAY_NAME
        content = io.BytesIO()  # numpy does not say why it cannot write to a file itself
        np.save(content, self.rows, allow_pickle=False)
        write_atomically(array, lambda file: file.write(content.getbuffer()))
        index = {
            "sha256": hashlib.sha256(content.getbuffer()).hexdigest(),
            "images": {image_id: list(span) for image_id, span in self.spans.items()},
        }
        # Without line breaks and spaces, which would take as much room as the names.
        text = json.dumps({**index, SEAL: content_hash(index)}, separators=(",", ":"), ensure_ascii=False)
        write_text(folder / INDEX_NAME, text + "\n")

    @classmethod
    def read(cls, folder: Path, *, verify: bool = True) -> Purchase:
        """Read a committed purchase; its rows are memory-mapped.

        Args:
            folder: A round's folder.
            verify: Whether to compare the array's checksum, which reads all of it.

        Raises:
            AlsegError: If a file is missing or damaged; names it.
        """
        index: dict[str, Any] = read_json(folder / INDEX_NAME)
        refuse_unknown_keys(folder / INDEX_NAME, index, _INDEX_KEYS)
        array = folder / ARRAY_NAME
        try:
            if verify and sha256_of(array) != index["sha256"]:
                raise AlsegError(f"{array} is damaged: its checksum differs from the one in {INDEX_NAME}.")
            rows = np.load(array, mmap_mode="r", allow_pickle=False)
            spans = {str(name): (int(start), int(stop)) for name, (start, stop) in index["images"].items()}
            constant = int(index[_CONSTANT]) if _CONSTANT in index else None
            purchase = cls(rows, spans, constant)
        except FileNotFoundError as error:
            raise AlsegError(f"{array} is missing.") from error
        except AlsegError:
            raise
        except Exception as error:  # numpy raises many types for a damaged header
            # What it says of some arrays tells how to unpickle objects; nobody should.
            raise AlsegError(f"{array} is damaged or does not fit {INDEX_NAME}.") from error
        if not purchase._is_whole():
            raise AlsegError(f"{array} is damaged or does not fit {INDEX_NAME}.")
        return purchase

    def _is_whole(self) -> bool:
        """Whether the rows are questions, and those of one image follow those of the one before."""
        stops = [0, *(stop for _, stop in self.spans.values())]
        starts = [*(start for start, _ in self.spans.values()), len(self.rows)]
        return (
            self.rows.ndim == 1
            and self.rows.dtype.names == (_FIELDS if self.questions_per_pick is None else _FIELDS[:-1])
            and starts == stops
            and stops == sorted(stops)
            and (self.questions_per_pick is None or self.questions_per_pick > 0)
        )

    @staticmethod
    def refuse_partial(folder: Path) -> None:
        """Check that both files are there and the array is as long as its header says, reading no more.

        Raises:
            AlsegError: If a file is missing, or the array too short; names it.
        """
        index, array = folder / INDEX_NAME, folder / ARRAY_NAME
        if not index.exists():
            raise AlsegError(f"{index} is missing.")
        try:
            np.load(array, mmap_mode="r", allow_pickle=False)
        except FileNotFoundError as error:
            raise AlsegError(f"{array} is missing.") from error
        except Exception as error:  # numpy raises many types for a damaged header
            raise AlsegError(f"{array} is damaged or does not fit {INDEX_NAME}.") from error

    @staticmethod
    def committed(folder: Path) -> bool:
        """Return whether a round's folder holds a purchase."""
        return (folder / INDEX_NAME).exists()


def all_positions(purchases: Sequence[Purchase], image_id: str) -> NDArray[np.int32]:
    """Return where one image was asked about in all rounds, int32 ``(m, 2)``, in the order asked."""
    parts = [purchase.positions(image_id) for purchase in purchases]
    return np.concatenate(parts) if parts else np.zeros((0, 2), np.int32)
