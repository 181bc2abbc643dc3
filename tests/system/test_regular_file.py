"""What reading a file raises: damage, or that it cannot be read now."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from alseg.errors import AlsegError, DamageError, UnreadableError
from alseg.system.regular_file import naming_damage


def _raised(error: Exception, path: Path, kind: str = "") -> AlsegError:
    with (
        pytest.raises(AlsegError) as caught,
        naming_damage(path, lambda found: f"is damaged: {found}.", kind),
    ):
        raise error
    return caught.value


def test_a_handler_of_damage_lets_pass_what_cannot_be_read_now() -> None:
    assert not issubclass(UnreadableError, DamageError) and not issubclass(DamageError, UnreadableError)


@pytest.mark.parametrize("number", [errno.EIO, errno.EACCES, errno.EMFILE])
def test_an_error_of_the_system_half_way_through_a_file_is_no_damage(tmp_path: Path, number: int) -> None:
    path = tmp_path / "checkpoint.pt"
    raised = _raised(OSError(number, os.strerror(number)), path, "Checkpoint")
    assert isinstance(raised, UnreadableError)
    assert str(raised).startswith(f"Cannot read {path}: ")


def test_what_a_library_says_of_a_file_is_damage_that_names_it(tmp_path: Path) -> None:
    path = tmp_path / "confusion.npz"
    raised = _raised(ValueError("bad magic"), path)
    assert isinstance(raised, DamageError)
    assert str(raised) == f"{path} is damaged: bad magic."


def test_damage_is_told_with_the_kind_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "weights.pt"
    messages = [
        str(_raised(error, path, "Checkpoint"))
        for error in (FileNotFoundError(), DamageError(f"{path} is damaged: it is no regular file."))
    ]
    assert messages == [
        f"Checkpoint {path} is missing.",
        f"Checkpoint {path} is damaged: it is no regular file.",
    ]
