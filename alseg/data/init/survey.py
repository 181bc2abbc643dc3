"""A look at one folder: images, label maps, values, classes, splits and what is wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from alseg.contracts import LabelSpace, Size
from alseg.data.init.classes import ClassTable, class_table
from alseg.data.init.headers import Headers, read_headers
from alseg.data.init.kinds import Kind, kinds_of
from alseg.data.init.known import known_tables, match
from alseg.data.init.listing import Listing, list_files
from alseg.data.init.lists import ImageList, read_lists
from alseg.data.init.pairing import Pairing, class_name, listed_pairing, pair
from alseg.data.init.patterns import Patterns, patterns_of
from alseg.data.init.values import Values, read_values
from alseg.data.init.wording import images_of
from alseg.toolkit.file_patterns import find

LARGEST_SIDE = 2048
"""Larger images are proposed to be cut into tiles."""

_TILE = 1024


@dataclass
class Survey:
    """What a folder holds.

    Attributes:
        root: The folder, absolute.
        listing: All its files.
        pairing: Which are images and label maps.
        patterns: Parameters that find them.
        headers: Sizes and faults.
        values: What label maps hold; None without labels.
        classes: What that means; None without labels.
        splits: Images by the text of the split's folder; empty where folders tell no split.
        labelled_splits: Those of them with label maps.
        lists: Lists and tables of images.
        pairs: The list that says which label map belongs to which image, where names do not.
        excluded: Image ids that cannot be used, with the problem.
        notes: What to tell.
    """

    root: Path
    listing: Listing
    pairing: Pairing
    patterns: Patterns
    headers: Headers
    values: Values | None = None
    classes: ClassTable | None = None
    splits: Counter[str] = field(default_factory=Counter)
    labelled_splits: frozenset[str] = frozenset()
    lists: list[ImageList] = field(default_factory=list)
    pairs: ImageList | None = None
    excluded: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def is_labelled(self) -> bool:
        """There are label maps."""
        return self.values is not None

    @property
    def images(self) -> int:
        """Number of images."""
        return len(self.pairing.files)

    @property
    def size(self) -> Size:
        """Height and width that most images have."""
        return self.headers.sizes.most_common(1)[0][0] if self.headers.sizes else (512, 512)

    @property
    def tile(self) -> int | None:
        """Side of tiles; None where images are small enough."""
        largest = max((max(size) for size in self.headers.sizes), default=0)
        return _TILE if largest > LARGEST_SIDE else None

    @property
    def pool(self) -> list[Kind]:
        """Images without labels beside labelled ones."""
        return self.pairing.unpaired if self.is_labelled else []


def survey(root: Path, spaces: Iterable[LabelSpace]) -> Survey:
    """Look at a folder; nothing is written.

    Args:
        root: The folder.
        spaces: Registered label spaces, whose ids and colours are recognised.

    Raises:
        DataError: If it holds no images.
    """
    root = root.expanduser().absolute()
    listing = list_files(root)
    pairing = pair(root, kinds_of(listing.images))
    lists = read_lists(root, listing.lists, listing.images)
    pairs = next((one for one in lists if one.labels and not one.missing), None)
    pairs = None if pairing.label_of else pairs
    if pairs is not None:
        pairing = listed_pairing(pairing, pairs.labels)
    files = pairing.files
    headers = read_headers(root, [file.path for file in files], pairing.label_of)
    found = Survey(root, listing, pairing, patterns_of(pairing), headers)
    found.lists, found.pairs = lists, pairs
    _read_labels(found, spaces)
    _read_splits(found)
    _read_faults(found)
    _tell(found)
    return found


def _read_labels(found: Survey, spaces: Iterable[LabelSpace]) -> None:
    labels = {path: one for path, one in found.pairing.label_of.items() if path not in found.headers.faults}
    if not labels:
        return
    values = read_values(found.root, labels)
    if not values.looked:
        return
    found.values = values
    names = [class_name(kind) or "class" for kind in found.pairing.labels]
    hints = " ".join(
        (
            str(found.root),
            *(kind.path_with("") for kind in (*found.pairing.labels, *found.pairing.images)),
            *found.pairing.labels[0].path_with("").split("/"),
            *found.listing.lists,
        )
    )
    found.classes = class_table(values, match(values, known_tables(spaces), hints), names)


def _read_splits(found: Survey) -> None:
    if "{split}" not in found.patterns.images or found.pairs is not None:
        return
    found.splits = Counter(file.fields["split"] for file in found.pairing.files)
    labelled = Counter(
        file.fields["split"] for file in found.pairing.files if file.path in found.pairing.label_of
    )
    found.labelled_splits = frozenset(
        split for split, count in labelled.items() if 2 * count >= found.splits[split]
    )
    if len(found.splits) == 1:
        (only,) = found.splits
        found.patterns = found.patterns.of_split(only)
        found.splits, found.labelled_splits = Counter(), frozenset()


def _read_faults(found: Survey) -> None:
    """Find images that patterns match and that cannot be used."""
    problems = dict(found.headers.faults)
    if found.values is not None:
        problems |= found.values.faults
        for file in found.pairing.files:
            split = file.fields.get("split")
            is_expected = not found.splits or split in found.labelled_splits
            if is_expected and file.path not in found.pairing.label_of:
                problems.setdefault(file.path, "no label map")
    own = {file.path for file in found.pairing.files}
    labels = {one for files in found.pairing.label_of.values() for one in files}
    if found.pairs is not None:
        # Ids of listed images count from the root.
        found.excluded = {str(PurePosixPath(path).with_suffix("")): text for path, text in problems.items()}
        return
    for text in found.splits or [""]:
        pattern = found.patterns.images.replace("{split}", text)
        matched = find(found.root, pattern)
        if PurePosixPath(pattern).suffix == ".*":
            there = set(found.listing.images)
            matched = [one for one in matched if one.path in there]
        for one in matched:
            if one.path not in own and one.path not in labels:
                found.excluded[one.image_id] = "another kind of file"
            elif one.path in problems:
                found.excluded[one.image_id] = problems[one.path]


def _tell(found: Survey) -> None:
    """Say what is odd."""
    notes, headers, pairing = found.notes, found.headers, found.pairing
    if found.excluded:
        counted = Counter(_short(problem) for problem in found.excluded.values())
        told = ", ".join(f"{count:,} {problem}" for problem, count in counted.most_common())
        notes.append(f"{images_of(len(found.excluded))} cannot be used: {told}.")
        notes += [f"Such as {problem}" for problem in _first_problems(found.excluded.values())]
    if headers.copies:
        notes.append(
            f"Copies of others, byte for byte: at least {images_of(headers.copies)}. "
            "Between splits they deceive."
        )
    if pairing.lossy:
        notes.append(
            f"{pairing.lossy[0].path_with('*')} are JPEG, whose ids and colours are not exact: not used. "
            "Convert the originals to PNG."
        )
    for kind in pairing.alternatives:
        notes.append(f"Also label maps: {kind.path_with('*')} ({len(kind.files):,}), not used.")
    for kind in pairing.unpaired:
        notes.append(f"Also images, without labels: {kind.path_with('*')} ({len(kind.files):,}).")
    if found.listing.others:
        told = ", ".join(f"{count:,} {suffix}" for suffix, count in found.listing.others.most_common(4))
        notes.append(f"Other files, not looked at: {told}.")
    for folder in found.listing.unreadable:
        notes.append(f"{folder} cannot be listed.")
    for one in found.lists:
        if one.missing:
            notes.append(f"{one.name} lists what is not here, {images_of(one.missing)}: not used.")


def _short(problem: str) -> str:
    for words, short in (
        ("no label map", "without label map"),
        ("another kind", "that are another kind of file"),
        ("(height x width), the image", "of another size than their label map"),
        ("is empty", "empty"),
        ("damaged", "damaged"),
    ):
        if words in problem:
            return short
    return "unreadable"


def _first_problems(problems: Iterable[str]) -> Sequence[str]:
    return [problem for problem in problems if "/" in problem][:2]
