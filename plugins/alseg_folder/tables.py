"""Tables of classes in files, and lists of images: CSV with a header, YAML, or plain lines."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from alseg import DataError
from alseg.toolkit.text_file import read_lines

Color = tuple[int, int, int]

_NAMES = ("name", "class", "label", "class_name")
_IDS = ("id", "value", "index", "label_id")
_CHANNELS = (("r", "g", "b"), ("red", "green", "blue"))
_HIGHEST = 255


class ClassRow(NamedTuple):
    """One row of a table of classes: name, and id or colour as far as the table has them."""

    name: str
    number: int | None
    color: Color | None


def beside(root: Path, name: str) -> Path:
    """Return a file that a parameter names: below the root, or else from the working directory on."""
    path = Path(name).expanduser()
    below = root / path
    return below if below.is_file() or not path.is_file() else path


def read_classes(path: Path) -> list[ClassRow]:
    """Read a table of classes: CSV with columns name, id, and r, g, b; or YAML, names to ids or colours.

    Raises:
        DataError: If the file cannot be read or is no such table; names it and the line.
    """
    if path.suffix.lower() in (".yaml", ".yml"):
        return list(_yaml_rows(path))
    rows = read_csv(path)
    found = []
    for number, row in enumerate(rows, start=2):
        name = next((row[key] for key in _NAMES if row.get(key)), None)
        if name is None:
            raise DataError(
                f"{path}:{number}: no name of a class; columns here: {', '.join(row)}.",
                "Give the column of names the title 'name'.",
            )
        identity = next((row[key] for key in _IDS if row.get(key)), None)
        channels = next(
            ([row[key] for key in keys] for keys in _CHANNELS if all(row.get(key) for key in keys)), None
        )
        where = f"{path}:{number}"
        color = None if channels is None else as_color([_whole(value, where) for value in channels], where)
        found.append(ClassRow(name, None if identity is None else _whole(identity, where), color))
    return found


def read_csv(path: Path) -> list[dict[str, str]]:
    """Read a CSV file with a header; titles in lower case, values without spaces around them.

    Raises:
        DataError: If it cannot be read or has no rows; names it.
    """
    lines = lines_of(path)
    reader = csv.DictReader(lines, skipinitialspace=True, delimiter=_delimiter(lines))
    try:
        rows = [
            {(key or "").strip().lower(): (value or "").strip() for key, value in row.items() if key}
            for row in reader
        ]
    except csv.Error as error:
        raise DataError(f"{path}:{reader.line_num}: {error}.", "Save the table as CSV again.") from error
    if not rows:
        raise DataError(f"{path} has no rows below its header.", "Give one row for each entry.")
    return rows


def lines_of(path: Path) -> list[str]:
    """Return the lines of a text file; one that is not there is told with the parameter's remedy."""
    try:
        return read_lines(path)
    except FileNotFoundError as error:
        raise DataError(f"There is no file {path}.", "Name it from the root on.") from error


def as_color(value: Sequence[Any], where: str) -> Color:
    """Return red, green and blue.

    Raises:
        DataError: If it is not three whole numbers 0-255.
    """
    if len(value) != 3 or not all(isinstance(one, int) and 0 <= one <= _HIGHEST for one in value):
        raise DataError(f"{where}: {list(value)} is no colour.", "Give red, green and blue, 0 to 255 each.")
    red, green, blue = value
    return (red, green, blue)


def _yaml_rows(path: Path) -> Iterator[ClassRow]:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        content = YAML(typ="safe", pure=True).load("\n".join(lines_of(path)))
    except YAMLError as error:
        raise DataError(f"{path} is no YAML: {' '.join(str(error).split())}.", "Mend the file.") from error
    if not isinstance(content, Mapping) or not content:
        raise DataError(f"{path} is no table of classes.", "Write 'road: [128, 64, 128]' or 'road: 7'.")
    for name, value in content.items():
        if isinstance(name, int) and isinstance(value, str):
            yield ClassRow(value, name, None)
        elif isinstance(value, int) and not isinstance(value, bool):
            yield ClassRow(str(name), value, None)
        elif isinstance(value, list):
            several = value if value and isinstance(value[0], list) else [value]
            for one in several:
                yield ClassRow(str(name), None, as_color(one, f"{path}: {name}"))
        else:
            raise DataError(f"{path}: {name}: expected an id or a colour.", "Write 'road: [128, 64, 128]'.")


def _delimiter(lines: Sequence[str]) -> str:
    """Return what stands between the titles of the first line."""
    first = lines[0] if lines else ""
    return max((",", ";", "\t"), key=first.count)


def _whole(text: str, where: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise DataError(f"{where}: '{text}' is no whole number.", "Mend the line.") from None
