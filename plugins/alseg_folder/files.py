"""From the parameters of a split to its pairs of images and label files; looks at names only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from alseg import AlsegError, DataError
from alseg.toolkit.file_layout import Layout, Pair
from alseg.toolkit.file_patterns import FoundFile, filled, find, found_file, with_split
from alseg_folder.splits import SplitPlan
from alseg_folder.tables import beside, lines_of, read_csv

_CSV = (".csv", ".tsv")
_DROPPED = 12
"""Leading folders of listed paths that are tried without: lists often hold paths of another machine."""


def layout_of(root: Path) -> Layout:
    """Return what tells people about files that are not there."""
    return Layout(
        title=root.name or "root",
        folders=("",),
        markers=(),
        download="Correct 'images' and 'labels', or put the files there.",
    )


def pairs_of(root: Path, plan: SplitPlan) -> list[Pair]:
    """Return the images of a split with their label files, in order.

    Args:
        root: The folder of the data set.
        plan: Where they are.

    Raises:
        AlsegError: If parameters contradict each other.
        DataError: If files or lists are missing or malformed.
    """
    if plan.images is None and plan.listing is None:
        raise AlsegError(
            "Data set 'folder' has no images. Set 'images', such as \"rgb/*.png\", or 'listing'."
        )
    found: list[FoundFile] = []
    if plan.images is not None:
        pattern = with_split(plan.images, plan.name)
        found = _images_only(find(root, pattern), pattern)
        if not found:
            raise _no_images(root, pattern)
    rows: list[tuple[FoundFile, str | None]] = [(file, None) for file in found]
    if plan.listing is not None:
        rows = _listed(root, plan, found)
    pairs = [_pair(root, plan, file, label) for file, label in rows]
    return pairs if plan.listing is not None else _without_label_files(pairs)


def _pair(root: Path, plan: SplitPlan, file: FoundFile, listed: str | None) -> Pair:
    fields = {"split": plan.name, **file.fields}
    group = fields.get("group") if plan.group is None else filled(plan.group, fields, "group")
    label: str | tuple[str | None, ...] | None = listed
    if isinstance(plan.labels, dict):
        names = [filled(template, fields, "labels") for template in plan.labels.values()]
        present = tuple(name if (root / name).is_file() else None for name in names)
        # Without any, all are named as missing.
        label = present if any(present) else tuple(names)
    elif listed is None and plan.labels is not None:
        label = filled(plan.labels, fields, "labels")
    return Pair(file.image_id, file.path, label, group or None)


def _without_label_files(pairs: Sequence[Pair]) -> list[Pair]:
    """Return images that are no label files of others, such as ``a_mask.png`` beside ``a.png``."""
    taken = {
        name
        for pair in pairs
        for name in (pair.label if isinstance(pair.label, tuple) else (pair.label,))
        if name is not None and name != pair.image
    }
    return [pair for pair in pairs if pair.image not in taken]


def _images_only(found: Sequence[FoundFile], pattern: str) -> list[FoundFile]:
    """Return images where a pattern takes files of every suffix."""
    if PurePosixPath(pattern).suffix not in ("", ".*"):
        return list(found)
    from PIL import Image

    suffixes = Image.registered_extensions()
    return [file for file in found if PurePosixPath(file.path).suffix.lower() in suffixes]


def _no_images(root: Path, pattern: str) -> DataError:
    """Say what lies where images were looked for."""
    if not root.is_dir():
        return DataError(f"There is no folder {root}.", "Correct 'root'.")
    parts = PurePosixPath(pattern).parts
    place = root
    for part in parts[:-1]:
        if "*" in part or "{" in part or "?" in part or not (place / part).is_dir():
            break
        place = place / part
    ending = PurePosixPath(pattern).suffix or "an image"
    return layout_of(root).missing(f"images like {pattern}", place, root, ending)


def _listed(root: Path, plan: SplitPlan, found: Sequence[FoundFile]) -> list[tuple[FoundFile, str | None]]:
    """Return the images of a list with the label files that it names."""
    path = beside(root, with_split(plan.listing or "", plan.name))
    rows = _table(path, plan.name) if path.suffix.lower() in _CSV else _lines(path)
    if not rows:
        raise DataError(f"{path} lists no image of split '{plan.name}'.", "Correct 'listing' or the list.")
    labels_dropped = _leading(root, path, rows[0]["label"]) if rows[0].get("label") else 0
    labels = [_below(path, row["label"], labels_dropped) if row.get("label") else None for row in rows]
    if found:
        known = _known(found)
        files = [_chosen(path, row, known, found) for row in rows]
    else:
        dropped = _leading(root, path, rows[0]["image"])
        files = [found_file(_below(path, row["image"], dropped), "", row) for row in rows]
    return list(zip(files, labels, strict=True))


def _table(path: Path, split: str) -> list[dict[str, str]]:
    rows = read_csv(path)
    if "image" not in rows[0]:
        raise DataError(
            f"{path} has no column 'image'; columns there: {', '.join(rows[0])}.", "Add or rename it."
        )
    return [row for row in rows if row["image"] and row.get("split", split) == split]


def _lines(path: Path) -> list[dict[str, str]]:
    """Read ``IMAGE`` or ``IMAGE LABEL`` a line."""
    rows = []
    for number, line in enumerate(lines_of(path), start=1):
        words = line.split("\t") if "\t" in line else line.split()
        if len(words) > 2:
            raise DataError(
                f"{path}:{number}: '{line.strip()}' is not 'IMAGE' or 'IMAGE LABEL'.",
                "Mend the line; names with spaces need a CSV file.",
            )
        if words:
            rows.append(dict(zip(("image", "label"), map(str.strip, words), strict=False)))
    return rows


def _known(found: Sequence[FoundFile]) -> dict[str, FoundFile]:
    """Return images by all that a list may call them; what two share calls neither."""
    known: dict[str, FoundFile | None] = {}
    for file in found:
        path = PurePosixPath(file.path)
        for name in {file.image_id, file.path, path.name, path.stem, path.with_suffix("").as_posix()}:
            known[name] = None if name in known else file
    return {name: file for name, file in known.items() if file is not None}


def _chosen(
    path: Path, row: Mapping[str, str], known: Mapping[str, FoundFile], found: Sequence[FoundFile]
) -> FoundFile:
    file = known.get(row["image"]) or known.get(PurePosixPath(row["image"]).name)
    if file is None:
        raise DataError(
            f"{path} lists '{row['image']}', which is none of the {len(found):,} images of 'images', or "
            "several.",
            f"List them as '{found[0].image_id}'.",
        )
    return FoundFile(file.path, {**row, **file.fields}, file.image_id)


def _leading(root: Path, path: Path, name: str) -> int:
    """Return how many leading folders of listed paths are of another machine."""
    parts = PurePosixPath(name).parts
    for dropped in range(min(len(parts), _DROPPED)):
        rest = parts[dropped:]
        if rest[0] != "/" and ".." not in rest and (root / "/".join(rest)).is_file():
            return dropped
    return 1 if parts[:1] == ("/",) else 0


def _below(path: Path, name: str, dropped: int) -> str:
    parts = PurePosixPath(name).parts[dropped:]
    if not parts or ".." in parts or parts[0] == "/":
        raise DataError(f"{path} lists '{name}', which leads out of the root.", "Mend the list or 'root'.")
    return "/".join(parts)
