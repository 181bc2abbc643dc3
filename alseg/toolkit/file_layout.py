"""Finding a data set on disk and listing its files; looks at names only and never opens an image."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from alseg.errors import AlsegError, DataError, unknown_name
from alseg.toolkit.text_file import read_lines

_TILE = re.compile(r"_y\d{4,}_x\d{4,}$")
"""What `alseg.toolkit.tiles` adds to the id of an image."""


class Pair(NamedTuple):
    """One image and its label map.

    Attributes:
        image_id: Unique in the split.
        image: Path below the data set's folder, with ``/``.
        label: Likewise; None without labels. Where each class has a file of its own, those of all classes,
            None for one that is not there.
        group: Name of the sequence that the image is from; None where images are not of sequences.
    """

    image_id: str
    image: str
    label: str | tuple[str | None, ...] | None
    group: str | None = None


@dataclass(frozen=True)
class Layout:
    """Where one data set lies and what to tell people who do not have it.

    Attributes:
        title: The data set's name in messages, such as ``Cityscapes``.
        folders: Where it may lie below ``scenario.root``, the recommended place first.
        markers: Names inside the data set's own folder; one of them is enough to recognise it.
        download: What to download; ``{folder}`` stands for where to put it.
    """

    title: str
    folders: tuple[str, ...]
    markers: tuple[str, ...]
    download: str

    def base(self, root: Path | None, images: str) -> Path:
        """Return the data set's own folder.

        Args:
            root: ``scenario.root``: the folder that holds the data sets, or the data set's own folder.
            images: Where the images of the split lie below the data set's own folder, for the message.

        Raises:
            DataError: If ``root`` is None or no folder has a marker; says what to download and where to put
                it.
        """
        if root is None:
            raise DataError(
                f"{self.title} reads files: set scenario.root to the folder that holds {self.folders[0]}/."
            )
        candidates = [root / folder for folder in self.folders] + [root]
        for candidate in candidates:
            if any((candidate / marker).exists() for marker in self.markers):
                return candidate
        raise self.missing("images", candidates[0] / images, candidates[0])

    def missing(self, what: str, place: Path, base: Path, ending: str = "") -> DataError:
        """Return the error for files that are not where they should be.

        Args:
            what: Such as ``images`` or ``label maps``.
            place: The folder or file that was looked for.
            base: The data set's own folder.
            ending: How names of such files end; others that lie there are told.
        """
        there = f": {found}" if ending and (found := others_there(place, ending)) else ""
        return DataError(f"No {self.title} {what} at {place}{there}.", self.download.format(folder=base))

    def image_names(self, base: Path, folder: str, suffix: str) -> list[str]:
        """Return the sorted names in ``base/folder`` that end with ``suffix``; hidden files are left out.

        Raises:
            DataError: If there is no such folder.
        """
        place = base / folder
        if not place.is_dir():
            raise self.missing("images", place, base)
        return sorted(name for name in _listing(place) if name.endswith(suffix) and not name.startswith("."))

    def checked(
        self, pairs: Sequence[Pair], base: Path, place: Path, endings: tuple[str, str] = (".png", ".png")
    ) -> tuple[Pair, ...]:
        """Return ``pairs`` if every file is there.

        Args:
            pairs: Images and label maps to look for.
            base: The data set's own folder.
            place: What to name if there is no pair at all.
            endings: How names of images and label maps end.

        Raises:
            DataError: If there is no pair, two have the same id, or images or label maps are missing.
        """
        if not pairs:
            raise self.missing("images", place, base, endings[0])
        seen: set[str] = set()
        for pair in pairs:
            if pair.image_id in seen:
                raise DataError(f"{place} gives the image {pair.image_id} twice. Remove one of them.")
            seen.add(pair.image_id)
        self._require("images", [pair.image for pair in pairs], base, endings[0])
        self._require("label maps", _label_names(pairs), base, endings[1])
        return tuple(pairs)

    def _require(self, what: str, names: Sequence[str], base: Path, ending: str) -> None:
        absent = list(_absent(base, names))
        if not absent:
            return
        place = (base / absent[0]).parent
        if len(absent) == len(names):
            raise self.missing(what, place, base, ending)
        more = f" and {len(absent) - 3} more" if len(absent) > 3 else ""
        there = f" ({found})" if (found := others_there(place, ending)) else ""
        raise DataError(
            f"{len(absent)} of {len(names)} {self.title} {what} are missing in {base}: "
            f"{', '.join(absent[:3])}{more}{there}.",
            self.download.format(folder=base),
        )


def others_there(place: Path, ending: str) -> str:
    """Say which files with other endings lie in a folder or the folders in it.

    Args:
        place: The folder; nothing is found where there is none.
        ending: The expected end of names, such as ``.png``.

    Returns:
        Such as ``3 .jpg files found, .png expected``; empty where there is no other file.
    """
    if not place.is_dir():
        return ""
    endings: Counter[str] = Counter()
    for name in (path.name for pattern in ("*", "*/*") for path in place.glob(pattern) if path.is_file()):
        if not name.startswith(".") and not name.endswith(ending):
            endings[_ending(name, ending)] += 1
    if not endings:
        return ""
    counts = [f"{count:,} {found} file{'s' if count > 1 else ''}" for found, count in endings.most_common(3)]
    return f"{' and '.join(counts)} found, {ending} expected"


def _ending(name: str, like: str) -> str:
    """Return the suffix of a name, with words such as ``_gtFine_color`` before it if ``like`` has such."""
    words = r"(?:_[A-Za-z][A-Za-z0-9]*)*" if like.startswith("_") else ""
    match = re.search(words + r"\.[^.]*$", name)
    return match.group() if match else name


def check_split(dataset: str, split: str, splits: Sequence[str]) -> None:
    """Refuse a split that the data set does not have.

    Args:
        dataset: Name of the data set, for the message.
        split: The split that is asked for.
        splits: The splits there are.

    Raises:
        AlsegError: Names the splits there are.
    """
    if split not in splits:
        raise AlsegError(unknown_name(f"split of {dataset}", split, splits))


def leave_out(
    pairs: Sequence[Pair], exclude: str | None, title: str, known: Iterable[str] = ()
) -> list[Pair]:
    """Return the pairs that are not on a list of images to leave out.

    Args:
        pairs: All images of the split.
        exclude: A text file, see `read_exclusions`; None leaves nothing out.
        title: The data set's name in messages.
        known: Image ids of other splits, which the list may name, too.

    Raises:
        DataError: If the list cannot be used or leaves nothing.
    """
    if exclude is None:
        return list(pairs)
    excluded = read_exclusions(Path(exclude), (*(pair.image_id for pair in pairs), *known))
    if pairs and all(pair.image_id in excluded for pair in pairs):
        raise DataError(f"The list {exclude} leaves out every image of {title}. Shorten it.")
    return [pair for pair in pairs if pair.image_id not in excluded]


def read_exclusions(path: Path, known: Iterable[str]) -> frozenset[str]:
    """Read image ids to leave out: one a line, a ``.png`` ending is dropped, ``#`` starts a comment.

    The id of a tile, as `alseg.toolkit.tiles` gives it, leaves out its whole image.

    Args:
        path: A text file; relative paths count from the working directory.
        known: All image ids of the split.

    Raises:
        DataError: If the file cannot be read or names an image that does not exist.
    """
    try:
        lines = read_lines(path)
    except FileNotFoundError as error:
        raise DataError(
            f"Cannot read the list of images to leave out, {path}: No such file or directory.",
            "Set 'exclude' to a text file.",
        ) from error
    ids = [line.partition("#")[0].strip().removesuffix(".png") for line in lines]
    known = frozenset(known)
    excluded = frozenset(_of_image(image_id, known) for image_id in ids if image_id)
    if unknown := sorted(excluded.difference(known)):
        raise DataError(
            f"{path} leaves out images that do not exist: {', '.join(unknown[:3])} ({len(unknown)} in all). "
            "Correct or remove these lines."
        )
    return excluded


def _of_image(image_id: str, known: Container[str]) -> str:
    """Return the id of the image that a tile is cut from; other ids as they are."""
    whole = _TILE.sub("", image_id)
    return image_id if image_id in known else whole


def _label_names(pairs: Sequence[Pair]) -> list[str]:
    found = (pair.label if isinstance(pair.label, tuple) else (pair.label,) for pair in pairs)
    return [name for names in found for name in names if name is not None]


def _absent(base: Path, names: Sequence[str]) -> Iterator[str]:
    listings: dict[str, frozenset[str]] = {}
    for name in names:
        folder, _, file = name.rpartition("/")
        if folder not in listings:
            listings[folder] = frozenset(_listing(base / folder)) if (base / folder).is_dir() else frozenset()
        if file not in listings[folder]:
            yield name


def _listing(folder: Path) -> list[str]:
    try:
        return [entry.name for entry in folder.iterdir()]
    except OSError as error:
        raise DataError(f"Cannot list {folder}: {error.strerror}. Make the folder readable.") from error
