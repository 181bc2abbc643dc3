"""What acquisitions observe of every image: kept in memory, beyond a limit in files without names."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import IO

import numpy as np
import torch

MEMORY_LIMIT = 512 * 2**20
"""Bytes of observations of one domain that stay in memory."""


@dataclass
class _Column:
    """One observation of all images.

    Attributes:
        dtype: Of every tensor.
        shape: Of one row.
        starts: The first row of each image, and after all of them the number of rows.
        scalar: Whether tensors have no dimensions.
        tensors: Those in memory, each ``(n, *shape)``.
        file: Holds the rows once they are no longer in memory.
    """

    dtype: torch.dtype
    shape: torch.Size
    scalar: bool
    starts: list[int] = field(default_factory=lambda: [0])
    tensors: list[torch.Tensor] = field(default_factory=list)
    file: IO[bytes] | None = None

    def add(self, rows: torch.Tensor) -> None:
        """Add the rows of the next image."""
        self.starts.append(self.starts[-1] + len(rows))
        if self.file is None:
            self.tensors.append(rows)
        else:
            self.file.write(_bytes_of(rows))

    def move_to_disk(self) -> None:
        """Write all rows to a file that is gone when it is closed."""
        # It lives as long as the column.
        self.file = tempfile.TemporaryFile(prefix="alseg-observations-")  # noqa: SIM115
        for rows in self.tensors:
            self.file.write(_bytes_of(rows))
        self.tensors.clear()

    def read(self) -> torch.Tensor:
        """Return all rows; changes of them are not kept."""
        if self.file is None:
            return torch.cat([torch.empty((0, *self.shape), dtype=self.dtype), *self.tensors])
        self.file.flush()
        count = self.starts[-1]
        if not count * self.shape.numel():
            return torch.empty((count, *self.shape), dtype=self.dtype)
        raw = np.memmap(self.file, np.uint8, "c")
        return torch.from_numpy(raw).view(self.dtype).reshape(count, *self.shape)

    def of_image(self, image: int) -> torch.Tensor:
        """Return what was observed of one image, as it was given; changes of it are not kept."""
        if self.file is None:
            rows = self.tensors[image].clone()
        else:
            rows = self.read()[self.starts[image] : self.starts[image + 1]]
        return rows[0] if self.scalar else rows


class ObservationStore:
    """Observations of one domain's images, in the order in which they are added; an `Observations`.

    Args:
        source: Observations of the source images, where the acquisition observes them.
        memory_limit: Bytes that stay in memory.
    """

    def __init__(self, source: ObservationStore | None = None, memory_limit: int = MEMORY_LIMIT) -> None:
        self._source, self._limit = source, memory_limit
        self._columns: dict[str, _Column] = {}
        self._bytes, self._images = 0, 0

    @property
    def source(self) -> ObservationStore | None:
        """Observations of the source images; None where the acquisition does not observe them."""
        return self._source

    @property
    def on_disk(self) -> bool:
        """Whether the observations are kept in files."""
        return any(column.file is not None for column in self._columns.values())

    def __len__(self) -> int:
        """Return the number of images."""
        return self._images

    def add(self, observed: Mapping[str, torch.Tensor]) -> None:
        """Keep what was observed of the next image.

        Raises:
            ValueError: If names, dtypes or sizes of rows differ from those of the first image; says how.
        """
        if self._images and set(observed) != set(self._columns):
            raise ValueError(
                f"names are {sorted(observed)}, those of the first image are {sorted(self._columns)}"
            )
        rows = {name: _rows(tensor) for name, tensor in observed.items()}
        for name, tensor in observed.items():
            column = self._columns.setdefault(
                name, _Column(tensor.dtype, rows[name].shape[1:], scalar=tensor.ndim == 0)
            )
            found = (tensor.dtype, rows[name].shape[1:], tensor.ndim == 0)
            if found != (column.dtype, column.shape, column.scalar):
                raise ValueError(
                    f"'{name}' is {tensor.dtype} {tuple(tensor.shape)}, that of the first image has rows of "
                    f"{column.dtype} {tuple(column.shape)}"
                )
        on_disk = self.on_disk
        for name, tensor in rows.items():
            self._columns[name].add(tensor)
            self._bytes += tensor.numel() * tensor.element_size()
        self._images += 1
        if not on_disk and self._bytes > self._limit:
            for column in self._columns.values():
                column.move_to_disk()

    def __getitem__(self, image: int) -> Mapping[str, torch.Tensor]:
        """Return what was observed of one image.

        Raises:
            IndexError: If there is no such image.
        """
        if not 0 <= image < self._images:
            raise IndexError(f"there is no image {image} among {self._images}")
        return {name: column.of_image(image) for name, column in self._columns.items()}

    def column(self, name: str) -> torch.Tensor:
        """Return one observation of all images, their rows one below the other.

        Raises:
            KeyError: If nothing of that name is observed.
        """
        return self._columns[name].read()

    def rows(self, name: str) -> torch.Tensor:
        """Return the image of every row of `column`, int64.

        Raises:
            KeyError: If nothing of that name is observed.
        """
        counts = torch.tensor(self._columns[name].starts, dtype=torch.int64).diff()
        return torch.repeat_interleave(torch.arange(len(counts)), counts)


def _rows(tensor: torch.Tensor) -> torch.Tensor:
    """Return a copy on the CPU that has a first dimension."""
    rows = tensor.detach().to("cpu", copy=True).contiguous()
    return rows[None] if rows.ndim == 0 else rows


def _bytes_of(rows: torch.Tensor) -> bytes:
    return rows.view(torch.uint8).numpy().tobytes() if rows.numel() else b""
