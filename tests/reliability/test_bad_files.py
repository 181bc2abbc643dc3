"""Files that are wrong on purpose: each is refused with one message, and none of them runs code."""

from __future__ import annotations

import hashlib
import io
import json
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from alseg.errors import AlsegError
from alseg.files import read_json
from alseg.storage.ledger import Purchase
from alseg.storage.round_files import read_image_counts
from alseg.storage.round_metrics import read_timing
from alseg.toolkit.imaging import image_size, read_image, read_label, read_label16
from alseg.toolkit.weights import read_state_dict
from alseg.training import checkpoint


class Malicious:
    """Unpickling it would make a file."""

    made = Path("made-by-unpickling")

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.made,)


def refusal_of(read: Callable[[Path], object], path: Path) -> str:
    """Return what is said about a file, its name written as ``FILE``."""
    with pytest.raises(AlsegError) as raised:
        read(path)
    assert not Malicious.made.exists()
    return str(raised.value).replace(str(path), "FILE")


def case(name: str, content: object, message: str) -> Any:
    return pytest.param(content, message, id=name)


# -- JSON records

CHECKSUM = "its checksum does not fit its content."


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        case("nothing", b"", "Expecting value: line 1 column 1 (char 0)."),
        case("half", b'{"a": ', "Expecting value: line 1 column 7 (char 6)."),
        case("a list", b"[1]", "it holds list, not an object."),
        case("a text", b'"a"', "it holds str, not an object."),
        case("two objects", b"{}{}", "Extra data: line 1 column 3 (char 2)."),
        case("NaN", b'{"a": NaN}', "NaN is no number."),
        case("infinity", b'{"a": -Infinity}', "-Infinity is no number."),
        case("overflow", b'{"a": 1e5000}', "Out of range float values are not JSON compliant: inf."),
        case("a number for a checksum", b'{"seal": 3}', CHECKSUM),
        case("another checksum", b'{"a": 1, "seal": "0"}', CHECKSUM),
        case(
            "no UTF-8",
            b'{"a": "\xff"}',
            "'utf-8' codec can't decode byte 0xff in position 7: invalid start byte.",
        ),
        case(
            "half a character",
            b'{"a": "\\ud800"}',
            "'utf-8' codec can't encode character '\\ud800' in position 7: surrogates not allowed.",
        ),
        case("a NUL", b'{"a": "\x00"}', "Invalid control character at: line 1 column 8 (char 7)."),
    ],
)
def test_a_record_that_is_none_is_refused(tmp_path: Path, content: bytes, problem: str) -> None:
    path = tmp_path / "run.json"
    path.write_bytes(content)
    # Some versions of Python do not name the number.
    assert (
        refusal_of(read_json, path).replace("compliant.", "compliant: inf.") == f"FILE is damaged: {problem}"
    )


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"[" * 100_000, id="deep lists"),
        pytest.param(b'{"a":' * 100_000, id="deep objects"),
        pytest.param(b'{"a": ' + b"9" * 5000 + b"}", id="a number of 5000 digits"),
    ],
)
def test_a_record_that_would_take_too_much_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "run.json"
    path.write_bytes(content)
    # What is wrong is said by Python, in words of its version.
    assert refusal_of(read_json, path).startswith("FILE is damaged: ")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        case("text", '{"train": "long"}', "'train' is 'long', not a time in seconds."),
        case("negative", '{"train": -1}', "'train' is -1, not a time in seconds."),
        case("a flag", '{"train": true}', "'train' is True, not a time in seconds."),
        case("nothing", '{"train": null}', "'train' is None, not a time in seconds."),
    ],
)
def test_a_time_that_is_none_is_refused(tmp_path: Path, content: str, problem: str) -> None:
    (tmp_path / "timing.json").write_text(content)
    refused = refusal_of(read_timing, tmp_path)
    assert refused == f"FILE/timing.json is damaged: {problem}"


# -- confusion counts

ONE = np.array(["a"])


def archive(**arrays: NDArray[Any]) -> bytes:
    content = io.BytesIO()
    np.savez(content, allow_pickle=True, **arrays)
    return content.getvalue()


def zipped(**members: bytes) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as opened:
        for name, member in members.items():
            opened.writestr(f"{name}.npy", member)
    return content.getvalue()


NO_ARRAYS = "FILE is damaged: it holds something else than arrays of numbers and names."
NOT_COUNTS = "FILE is damaged: its counts are not all whole numbers of at least 0."


@pytest.mark.parametrize(
    ("content", "message"),
    [
        case("nothing", b"", "FILE is damaged: File is not a zip file."),
        case("text", b"hello", "FILE is damaged: File is not a zip file."),
        case("a pickle", pickle.dumps(Malicious()), "FILE is damaged: File is not a zip file."),
        case("an empty archive", zipped(), "FILE is damaged: it holds no image_ids.npy."),
        case("no counts", archive(image_ids=ONE), "FILE is damaged: it holds no counts.npy."),
        case("members that are no arrays", zipped(image_ids=b"a", counts=b"b"), NO_ARRAYS),
        case(
            "pickled counts",
            archive(image_ids=ONE, counts=np.array([Malicious()], object)),
            NO_ARRAYS,
        ),
        case(
            "pickled ids",
            archive(image_ids=np.array([Malicious()], object), counts=np.zeros((1, 2, 2), np.int32)),
            NO_ARRAYS,
        ),
        case(
            "one matrix for all",
            archive(image_ids=ONE, counts=np.zeros((3, 3), np.int32)),
            "FILE is damaged: its counts of 1 images have the shape (3, 3).",
        ),
        case(
            "no square",
            archive(image_ids=ONE, counts=np.zeros((1, 3, 2), np.int32)),
            "FILE is damaged: its counts of 1 images have the shape (1, 3, 2).",
        ),
        case(
            "more names than images",
            archive(image_ids=np.array(["a", "b"]), counts=np.zeros((1, 3, 3), np.int32)),
            "FILE is damaged: its counts of 2 images have the shape (1, 3, 3).",
        ),
        case("negative", archive(image_ids=ONE, counts=np.full((1, 2, 2), -1, np.int32)), NOT_COUNTS),
        case("NaN", archive(image_ids=ONE, counts=np.full((1, 2, 2), np.nan)), NOT_COUNTS),
        case("words", archive(image_ids=ONE, counts=np.full((1, 2, 2), "x")), NOT_COUNTS),
    ],
)
def test_counts_that_are_none_are_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "confusion.npz"
    path.write_bytes(content)
    assert refusal_of(read_image_counts, path) == message


def test_counts_that_are_not_there_are_missing(tmp_path: Path) -> None:
    assert refusal_of(read_image_counts, tmp_path / "confusion.npz") == "FILE is missing."


# -- ledgers

ROWS = np.zeros(2, [("y", "<u2"), ("x", "<u2"), ("score", "<f4"), ("pixels", "u1"), ("void", "u1")])
INDEX: dict[str, Any] = {"questions_per_pick": 1, "images": {"a": [0, 1], "b": [1, 2]}}
PRICED = np.zeros(2, [*ROWS.dtype.descr, ("clicks", "u1")])
MISFIT = "FILE/ledger.npy is damaged or does not fit ledger.json."


def write_purchase(folder: Path, index: Any, rows: NDArray[Any]) -> None:
    """Write a purchase whose checksums are right whatever it holds."""
    content = io.BytesIO()
    np.save(content, rows, allow_pickle=True)
    (folder / "ledger.npy").write_bytes(content.getvalue())
    if isinstance(index, dict):
        index = {"sha256": hashlib.sha256(content.getvalue()).hexdigest(), **index}
    (folder / "ledger.json").write_text(json.dumps(index))


@pytest.mark.parametrize(
    ("content", "questions"),
    [
        pytest.param(({"images": INDEX["images"]}, PRICED), 0, id="with a price of each answer"),
        pytest.param(({**INDEX, "questions_per_pick": 1700}, ROWS), 3400, id="of an earlier version"),
    ],
)
def test_a_sound_purchase_is_read(tmp_path: Path, content: tuple[Any, NDArray[Any]], questions: int) -> None:
    write_purchase(tmp_path, *content)
    purchase = Purchase.read(tmp_path)
    assert (purchase.spans, purchase.clicks) == ({"a": (0, 1), "b": (1, 2)}, questions)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        case(
            "an index that is a list",
            ([1], ROWS),
            "FILE/ledger.json is damaged: it holds list, not an object.",
        ),
        case(
            "an unknown key",
            ({**INDEX, "extra": 1}, ROWS),
            "FILE/ledger.json is damaged: it has an unknown key 'extra'.",
        ),
        case(
            "no checksum",
            ({**INDEX, "sha256": None}, ROWS),
            "FILE/ledger.npy is damaged: its checksum differs from the one in ledger.json.",
        ),
        case("no images", ({"questions_per_pick": 1}, ROWS), MISFIT),
        case("a list of images", ({**INDEX, "images": ["a"]}, ROWS), MISFIT),
        case("rows in words", ({**INDEX, "images": {"a": "xy"}}, ROWS), MISFIT),
        case("rows that are not there", ({**INDEX, "images": {"a": [0, 3]}}, ROWS), MISFIT),
        case("rows backwards", ({**INDEX, "images": {"a": [0, 3], "b": [3, 2]}}, ROWS), MISFIT),
        case("rows of nobody", ({**INDEX, "images": {"a": [0, 1]}}, ROWS), MISFIT),
        case("rows of two images", ({**INDEX, "images": {"a": [0, 2], "b": [1, 2]}}, ROWS), MISFIT),
        case("clicks in words", ({**INDEX, "questions_per_pick": "many"}, ROWS), MISFIT),
        case("negative clicks", ({**INDEX, "questions_per_pick": -1}, ROWS), MISFIT),
        case("clicks twice", (INDEX, PRICED), MISFIT),
        case("no clicks", ({"images": INDEX["images"]}, ROWS), MISFIT),
        case("pickled rows", (INDEX, np.array([Malicious()], object)), MISFIT),
        case("rows without fields", (INDEX, np.zeros(2)), MISFIT),
        case("rows of other fields", (INDEX, np.zeros(2, [("y", "<u2")])), MISFIT),
        case("a table of rows", (INDEX, np.stack([ROWS, ROWS])), MISFIT),
    ],
)
def test_a_purchase_that_is_none_is_refused(
    tmp_path: Path, content: tuple[Any, NDArray[Any]], message: str
) -> None:
    write_purchase(tmp_path, *content)
    assert refusal_of(Purchase.read, tmp_path) == message


def test_a_purchase_without_its_rows_is_refused(tmp_path: Path) -> None:
    write_purchase(tmp_path, INDEX, ROWS)
    (tmp_path / "ledger.npy").unlink()
    assert refusal_of(Purchase.read, tmp_path) == "FILE/ledger.npy is missing."


# -- training states

OBJECTS = "Checkpoint FILE is damaged, or holds objects that are no tensors. It is not loaded."
NO_CHECKPOINT = "Checkpoint FILE is damaged or no checkpoint of torch."
NO_STATE = "Checkpoint FILE is damaged, or no training state of alseg."


def saved(content: object) -> bytes:
    file = io.BytesIO()
    torch.save(content, file)
    return file.getvalue()


def state(model: torch.nn.Module) -> dict[str, Any]:
    return {"format": 1, "iteration": 1, "model": model.state_dict()}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        case("nothing", b"", NO_CHECKPOINT),
        case("text", b"hello", NO_CHECKPOINT),
        case("half", saved(state(torch.nn.Linear(2, 2)))[:600], NO_CHECKPOINT),
        case("a pickle", pickle.dumps(Malicious()), OBJECTS),
        case("a pickle inside", saved({"format": 1, "iteration": 1, "model": Malicious()}), OBJECTS),
        case("a list", saved([1]), NO_STATE),
        case("no format", saved({"iteration": 1, "model": {}}), NO_STATE),
        case("no iteration", saved({"format": 1, "model": {}}), NO_STATE),
        case("an iteration in words", saved({"format": 1, "iteration": "1", "model": {}}), NO_STATE),
        case("no weights", saved({"format": 1, "iteration": 1, "model": None}), NO_STATE),
        case("a later format", saved({"format": 2}), "FILE has format 2; this version reads 1."),
        case(
            "an unknown key",
            saved({**state(torch.nn.Linear(2, 2)), "extra": 1}),
            "Checkpoint FILE is damaged: its checksum does not fit its content.",
        ),
        case(
            "another checksum",
            saved({**state(torch.nn.Linear(2, 2)), "sha256": "0"}),
            "Checkpoint FILE is damaged: its checksum does not fit its content.",
        ),
        case(
            "another model",
            saved(state(torch.nn.Linear(3, 2))),
            "Checkpoint FILE is of another model: size mismatch for weight: copying a param with shape "
            "torch.Size([2, 3]) from checkpoint, the shape in current model is torch.Size([2, 2]).",
        ),
    ],
)
def test_a_training_state_that_is_none_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "checkpoint.pt"
    path.write_bytes(content)

    def load(path: Path) -> None:
        checkpoint.load(path, model=torch.nn.Linear(2, 2), optimizer=None)

    assert refusal_of(load, path) == message


def test_a_training_state_that_is_not_there_is_missing(tmp_path: Path) -> None:
    assert refusal_of(checkpoint.verify, tmp_path / "checkpoint.pt") == "Checkpoint FILE is missing."


@pytest.mark.parametrize(
    ("content", "message"),
    [
        case("text", b"hello", "FILE is damaged or no checkpoint of torch."),
        case(
            "a list",
            saved([1]),
            "FILE holds a list, not a checkpoint. Write one with torch.save(model.state_dict(), path).",
        ),
        case("no weights", saved({}), "FILE holds no weights."),
    ],
)
def test_weights_that_are_none_are_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "weights.pth"
    path.write_bytes(content)
    assert refusal_of(read_state_dict, path) == message


# -- images and label maps

AGAIN = "Copy or unpack it again."


def picture(mode: str, kind: str = "PNG", size: tuple[int, int] = (4, 3)) -> bytes:
    content = io.BytesIO()
    Image.new(mode, size).save(content, kind)
    return content.getvalue()


def with_huge_header(png: bytes) -> bytes:
    """Return a PNG that claims to have 30,000 x 30,000 pixels."""
    import zlib

    header = b"IHDR" + (30_000).to_bytes(4) * 2 + png[24:29]
    return png[:12] + header + zlib.crc32(header).to_bytes(4) + png[33:]


@pytest.mark.parametrize(
    ("read", "content", "message"),
    [
        pytest.param(read_image, b"", f"FILE is empty (0 bytes). {AGAIN}", id="nothing"),
        pytest.param(
            read_image, b"GIF", f"FILE is not an image of a known format. {AGAIN}", id="three letters"
        ),
        pytest.param(
            read_image,
            b"<svg onload='alert(1)'/>",
            f"FILE is not an image of a known format. {AGAIN}",
            id="a drawing with a script",
        ),
        pytest.param(
            image_size,
            picture("RGB")[:20],
            f"FILE is damaged: Truncated File Read. {AGAIN}",
            id="half a header",
        ),
        pytest.param(
            read_image,
            with_huge_header(picture("RGB")),
            f"FILE claims more than 178,956,970 pixels, which Pillow refuses to decode. {AGAIN}",
            id="a bomb",
        ),
        pytest.param(
            read_label,
            with_huge_header(picture("L")),
            f"FILE claims more than 178,956,970 pixels, which Pillow refuses to decode. {AGAIN}",
            id="a bomb for a label map",
        ),
        pytest.param(
            read_image,
            picture("F", "TIFF"),
            "FILE has pixels of mode F, which do not fit RGB. Convert it to 8-bit RGB.",
            id="an image of floats",
        ),
        pytest.param(
            read_label,
            picture("F", "TIFF"),
            "FILE has pixels of mode F, not one class id each. "
            "Use the label maps with class ids, not the coloured ones.",
            id="a label map of floats",
        ),
        pytest.param(
            read_label,
            picture("RGB"),
            "FILE has pixels of mode RGB, not one class id each. "
            "Use the label maps with class ids, not the coloured ones.",
            id="a label map in colours",
        ),
        pytest.param(
            read_label,
            picture("LA"),
            "FILE has pixels of mode LA, not one class id each. "
            "Use the label maps with class ids, not the coloured ones.",
            id="a label map with transparency",
        ),
        pytest.param(
            read_label,
            picture("L", "JPEG"),
            "FILE is a JPEG, which changes class ids. Use a PNG label map.",
            id="a label map in JPEG",
        ),
        pytest.param(
            read_label16,
            picture("RGB"),
            "FILE is a PNG with pixels of mode RGB, not a 16-bit RGB PNG. "
            "Use the label maps as they come in the archive.",
            id="8 bits for 16",
        ),
    ],
)
def test_a_picture_that_is_none_is_refused(
    tmp_path: Path, read: Callable[[Path], object], content: bytes, message: str
) -> None:
    path = tmp_path / "image.png"
    path.write_bytes(content)
    assert refusal_of(read, path) == message
