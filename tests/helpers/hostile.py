"""Makes run folders that somebody might send to do harm: each number is one folder, the same every time."""

from __future__ import annotations

import hashlib
import io
import json
import os
import random
import shutil
import socket
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import torch

from alseg.files import SEAL, content_hash, write_checked_text

NUMBERS = (0, -1, 1, 3, 255, 2**31, 2**63, 10**18, 10**99, 10**400, 0.5, -0.5, 1e308, float("nan"))
"""What a number may become."""

VALUES: tuple[Any, ...] = (
    *NUMBERS,
    None,
    True,
    float("inf"),
    "",
    "0",
    "1e999",
    "train",
    "road",
    "x" * 100_000,
    "\x1b[31mred\x07",
    "\u202etxt.exe",
    "\ud800",
    "a\nb",
    "../../up",
    "/dev/zero",
    "<script>alert(1)</script>",
    "2026-01-01T00:00:00",
    "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59-23:59",
    [],
    {},
    [[]],
    [0] * 3,
    ["red", "red"],
    {"a": 1},
    {"name": "none", "params": {}},
    {"name": "stripes", "params": {"count": 10**12, "height": 10**6, "width": 10**6}},
    {"name": "stripes", "params": {"count": -1, "height": 0, "width": -5}},
    {"name": "region", "params": {"radius": 10**9}},
)
"""What a field may become; every field becomes every one of them sooner or later."""

_ROW = [("y", "<u2"), ("x", "<u2"), ("score", "<f4"), ("pixels", "u1"), ("void", "u1"), ("clicks", "u1")]


def make_hostile(folder: Path, number: int) -> list[str]:
    """Change one to three things in an experiment's folder.

    Args:
        folder: Such as ``results/toy``, whole.
        number: Which of the folders to make.

    Returns:
        What was done, one line each.
    """
    choose = random.Random(number)
    changes = (*[_field] * 4, _array, _array, _rows, _weights, _kind, _kind, _stray, _format, _document)
    return [choose.choice(changes)(folder, choose) for _ in range(choose.choice((1, 1, 1, 2, 3)))]


def _files(folder: Path, pattern: str) -> list[Path]:
    found = (path for path in folder.rglob(pattern) if path.is_file() and not path.is_symlink())
    return sorted(path for path in found if path.stat().st_size < 2**24)  # without those made huge before


def _some(folder: Path, pattern: str, choose: random.Random) -> Path | None:
    found = _files(folder / "runs", pattern)
    return choose.choice(found) if found else None


# -- JSON records, sealed


def _places(content: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield where every field of a record is, those of parts included."""
    inner = content.items() if isinstance(content, dict) else enumerate(content)
    for key, value in inner:
        yield (*place, key)
        if isinstance(value, dict | list):
            yield from _places(value, (*place, key))


def _field(folder: Path, choose: random.Random) -> str:
    """Give one field of a record another value, take it away or give it a neighbour, and seal the record."""
    # First the kind of record: there are few run.json among many metrics.
    names = (
        "run.json",
        "run.json",
        "metrics.json",
        "metrics.json",
        "status.json",
        "ledger.json",
        "timing.json",
    )
    name = choose.choice((*names, "[0-9].json"))
    path = _some(folder, name, choose)
    if path is None:
        return "nothing"
    try:
        content = json.loads(path.read_bytes())
        content.pop(SEAL, None)
        places = list(_places(content))
    except (ValueError, AttributeError, OSError):
        return "nothing"
    if not places:
        return "nothing"
    *above, last = choose.choice(places)
    container = content
    for key in above:
        container = container[key]
    action = choose.choice(("set", "set", "set", "set", "set", "set", "delete", "add", "deep"))
    is_number = isinstance(container[last], int | float)
    value = choose.choice(NUMBERS if is_number and choose.random() < 0.7 else VALUES)
    if action == "delete":
        del container[last]
    elif action == "add" and isinstance(container, dict):
        container["added"] = value
    elif action == "deep":
        value = []
        for _ in range(choose.choice((60, 900))):
            value = [value]
        container[last] = value
    else:
        container[last] = value
    write_sealed(path, content)
    return f"{action} {path.relative_to(folder)} {'.'.join(map(str, (*above, last)))} {str(value)[:60]!r}"


def write_sealed(path: Path, content: Any) -> None:
    """Write a record with the checksum that fits, where it can have one."""
    # NaN has no checksum; records from before there were any have none either.
    with suppress(ValueError, RecursionError, UnicodeError):
        content = {**content, SEAL: content_hash(content)}
    path.write_bytes(json.dumps(content, ensure_ascii=True).encode())


def _format(folder: Path, choose: random.Random) -> str:
    """Say that a run is of another format."""
    path = _some(folder, "run.json", choose)
    if path is None:
        return "nothing"
    value = choose.choice((0, 3, 99, 10**30, -1, "2", 2.0, True, None, [2]))
    content = json.loads(path.read_bytes())
    content.pop(SEAL, None)
    write_sealed(path, {**content, "format": value})
    return f"format {value!r} in {path.relative_to(folder)}"


DOCUMENTS = (
    "",
    "[comparisons]",
    "comparisons: 3",
    "comparisons: [{baseline: Entropy, methods: [Nobody], margin: -1}]",
    "comparisons: [{baseline: Entropy}]\nmethods: [3, {label: [a]}, {label: Entropy, annotation: {a: b}}]",
    "comparisons: [{baseline: 1.0e308, margin: .nan}]\nmethods: {a: b}",
    "comparisons: " + "[" * 900 + "]" * 900,
    "comparisons: !!python/object/apply:os.system [exit]",
    "a: &a [b, b, b, b, b, b, b, b, b]\n"
    + "".join(f"{key}: &{key} [{', '.join(9 * [f'*{chr(ord(key) - 1)}'])}]\n" for key in "bcdefgh")
    + "comparisons: *h",
    "comparisons: \x1b[31m",
)
"""What ``experiment.yaml`` may hold."""


def _document(folder: Path, choose: random.Random) -> str:
    """Write another experiment file, with the checksum that fits."""
    path = folder / "experiment.yaml"
    if path.is_symlink() or not path.is_file():
        return "nothing"
    number = choose.randrange(len(DOCUMENTS))
    write_checked_text(path, DOCUMENTS[number])
    return f"document {number} in experiment.yaml"


# -- arrays, with checksums that are right


def _hostile_array(choose: random.Random, name: str) -> np.ndarray[Any, Any]:
    """Return an array that should not be where it will be."""
    return choose.choice(
        (
            np.zeros((2, 5, 5), np.int32),
            np.zeros((0, 3, 3), np.int32),
            np.full((6, 3, 3), 2**62, np.int64),
            np.full((6, 3, 3), -1, np.int32),
            np.full((6, 3, 3), np.nan),
            np.full((6, 3, 3), "x"),
            np.zeros(()),
            np.zeros(6),
            np.array(["\ud800"] * 6),
            np.array([chr(0x202E)] * 6),
            np.array([b"a"] * 6),
            np.frombuffer(b"\xff" * 24, "<U1"),
            np.array([object()] * 6),
            np.zeros((10**12, 0), np.int8),
            np.zeros(6, "V0"),
            np.full((6, 2), 10**18, np.int64),
            np.full((6, 2), np.inf),
            np.zeros(6, [("a", "f4", (10**6, 0))]),
            np.zeros((1, 1), np.uint8),
        )
    )


def _array(folder: Path, choose: random.Random) -> str:
    """Change an archive of arrays: another array, none, one more, a lie about its size, another method."""
    path = _some(folder, choose.choice(("confusion.npz", "examples.npz")), choose)
    if path is None or not zipfile.is_zipfile(path):
        return "nothing"
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    if not members:
        return "nothing"
    name = choose.choice(sorted(members))
    action = choose.choice(("other", "other", "other", "delete", "add", "claim", "method", "many", "no npy"))
    if action in ("other", "add"):
        content = io.BytesIO()
        np.save(content, _hostile_array(choose, name), allow_pickle=True)
        members[name if action == "other" else "added.npy"] = content.getvalue()
    elif action == "delete":
        del members[name]
    elif action == "claim":
        head = b"{'descr': '<i4', 'fortran_order': False, 'shape': (1000000000000, 9, 9), }"
        members[name] = b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head
    elif action == "no npy":
        members[name] = choose.randbytes(choose.choice((0, 5, 200)))
    method = zipfile.ZIP_BZIP2 if action == "method" else zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(path, "w", method) as archive:
        for each, content_of in members.items():
            archive.writestr(each, content_of)
        for more in range(3000 if action == "many" else 0):
            archive.writestr(f"{more}.npy", b"")
    return f"{action} {name} in {path.relative_to(folder)}"


def _rows(folder: Path, choose: random.Random) -> str:
    """Change what was bought, and write the checksums that fit."""
    path = _some(folder, "ledger.json", choose)
    if path is None:
        return "nothing"
    images = {"train-0": [0, 2], "train-1": [2, 3]}
    rows = np.zeros(3, _ROW)
    action = choose.choice(("beyond", "unknown", "wide", "objects", "short", "types", "nan", "empty"))
    if action == "beyond":
        rows["y"] = rows["x"] = 65_535
    elif action == "unknown":
        images = {"../../up": [0, 3]}
    elif action == "wide":
        rows = np.full(3, 2**63, [(name, "<u8") if name != "score" else (name, "<f4") for name, _ in _ROW])
    elif action == "objects":
        rows = np.array([object()] * 3)
    elif action == "types":
        rows = np.zeros(3, [(name, choose.choice(("U3", "i8", "f8", "?", "V4"))) for name, _ in _ROW])
    elif action == "nan":
        rows["score"] = np.nan
    elif action == "empty":
        rows, images = rows[:0], {}
    content = io.BytesIO()
    np.save(content, rows, allow_pickle=True)
    array = content.getvalue()
    if action == "short":
        array = array.replace(b"(3,)", b"(9,)")
    path.with_name("ledger.npy").unlink(missing_ok=True)
    path.with_name("ledger.npy").write_bytes(array)
    write_sealed(path, {"sha256": hashlib.sha256(array).hexdigest(), "images": images})
    return f"rows {action} in {path.parent.relative_to(folder)}"


def _weights(folder: Path, choose: random.Random) -> str:
    """Change final weights: other contents, some of which are endless when they are gone through."""
    path = _some(folder, "weights.pt", choose)
    if path is None:
        return "nothing"
    endless: list[Any] = []
    for _ in range(60):
        endless = [endless, endless]
    contents: dict[str, Any] = {
        "empty": {},
        "no model": {"format": 1, "iteration": 1, "model": {}},
        "later": {"format": 2},
        "long": {"format": 1, "iteration": 10**30, "model": {}},
        "endless": {"format": 1, "iteration": 1, "model": {"a": endless}},
        "wide": {"format": 1, "iteration": 1, "model": {"a": torch.zeros(1).expand(10**12)}},
        "other": {"format": 1, "iteration": 1, "model": {"body.weight": torch.zeros(1)}},
        "words": {"format": 1, "iteration": 1, "model": {"body.weight": "x"}},
        "nan": {"format": 1, "iteration": 1, "model": {"body.weight": torch.full((8, 3, 3, 3), torch.nan)}},
    }
    name = choose.choice(sorted(contents))
    torch.save(contents[name], path)
    if choose.random() < 0.2 and zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            members = {each: archive.read(each) for each in archive.namelist()}
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for each, content in members.items():
                archive.writestr(each, content)
        name += " compressed"
    return f"weights {name} in {path.parent.relative_to(folder)}"


# -- things that are no files, and files that nobody asked for


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _socket(path: Path) -> None:
    # The name of a socket is short; it is made elsewhere and moved.
    short = Path(f"/tmp/alseg-{os.getpid()}")
    with socket.socket(socket.AF_UNIX) as opened:
        opened.bind(str(short))
    shutil.move(short, path)


def _huge(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(2**38)


KINDS: dict[str, Callable[[Path], object]] = {
    "pipe": _pipe,
    "socket": _socket,
    "endless link": lambda path: path.symlink_to("/dev/zero"),
    "link to a terminal": lambda path: path.symlink_to("/dev/tty"),
    "link to itself": lambda path: path.symlink_to(path.name),
    "link to nothing": lambda path: path.symlink_to("nothing"),
    "link upwards": lambda path: path.symlink_to(".."),
    "folder": Path.mkdir,
    "huge": _huge,
    "empty": Path.touch,
    "bytes": lambda path: path.write_bytes(bytes(range(256))),
}


def _kind(folder: Path, choose: random.Random) -> str:
    """Put something else in the place of a file or folder."""
    kind = choose.choice([*sorted(KINDS), "pipe", "pipe", "endless link", "endless link", "huge"])
    paths = sorted(path for path in folder.rglob("*") if path.name != "runs" and not path.is_symlink())
    # One of each name: most files are those of rounds.
    name = choose.choice(sorted({path.name for path in paths}))
    path = choose.choice([each for each in paths if each.name == name])
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
    KINDS[kind](path)
    return f"{kind} for {path.relative_to(folder)}"


def _stray(folder: Path, choose: random.Random) -> str:
    """Leave something that nobody has asked for."""
    runs = sorted(path for path in (folder / "runs").iterdir() if (path / "rounds").is_dir())
    if not runs:
        return "nothing"
    run = choose.choice(runs)
    rounds = sorted(path for path in (run / "rounds").iterdir() if path.is_dir())
    names = ("01-backup", "01 (copy)", "1", "001", "0", "x", ".x.tmp", "99", "01~", "\u0661", "-1", "1e1")
    if rounds and choose.random() < 0.5:
        target = run / "rounds" / choose.choice(names)
        source = choose.choice(rounds)
        if source != target:  # an earlier change may have made a folder of that name
            shutil.copytree(source, target, symlinks=True, dirs_exist_ok=True)
    else:
        parent = choose.choice((folder, folder / "runs", run, run / "rounds", run / "attempts"))
        parent.mkdir(exist_ok=True)
        files = ("at-work", "01-backup.json", "x.json", "0001.json", "run.json~", ".DS_Store", "Thumbs.db")
        target = parent / choose.choice((*names, *files))
        if os.path.lexists(target):
            return "nothing"
        KINDS[choose.choice(sorted(KINDS))](target)
    return f"stray {target.relative_to(folder)}"
