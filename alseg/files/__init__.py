"""Files written whole or not at all, and JSON records with a checksum."""

from alseg.files.atomic import (
    append_line,
    free_name,
    named_file,
    remove,
    remove_unfinished,
    write_atomically,
    write_text,
)
from alseg.files.checked_text import is_as_written, write_checked_text
from alseg.files.hashes import content_hash, sha256_of
from alseg.files.records import (
    LARGEST_RECORD,
    SEAL,
    read_json,
    refuse_unknown_keys,
    write_json,
    write_record,
)
from alseg.files.whole_folder import require_vacant, whole_folder
from alseg.files.write_errors import MovedError, TakenOverError, WriteError, cannot_write, refuse_moved

__all__ = [
    "LARGEST_RECORD",
    "SEAL",
    "MovedError",
    "TakenOverError",
    "WriteError",
    "append_line",
    "cannot_write",
    "content_hash",
    "free_name",
    "is_as_written",
    "named_file",
    "read_json",
    "refuse_moved",
    "refuse_unknown_keys",
    "remove",
    "remove_unfinished",
    "require_vacant",
    "sha256_of",
    "whole_folder",
    "write_atomically",
    "write_checked_text",
    "write_json",
    "write_record",
    "write_text",
]
