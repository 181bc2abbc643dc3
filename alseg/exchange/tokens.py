"""Tokens in place of image names: the same for the same set of images, so that comparisons pair them."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from alseg.files import SEAL, content_hash, read_json, write_atomically, write_text
from alseg.storage.layout import POOL_NAME, round_folders
from alseg.storage.ledger import INDEX_NAME, LARGEST_INDEX
from alseg.storage.round_files import (
    COUNTS_NAME,
    HELD_OUT_NAME,
    LARGEST_COUNTS,
    NEW_ANSWERS_NAME,
    read_image_counts,
    read_image_groups,
)
from alseg.system.archives import read_arrays
from alseg.system.regular_file import naming_damage

_HASH_LENGTH = 8


def tokens_of(names: Collection[str]) -> dict[str, str]:
    """Return a token for each name: a hash of the whole set, and the place among the sorted names.

    Whoever has the same images gets the same tokens, so that packs of two people can be compared image by
    image. A name cannot be guessed from its token, only all of them together.

    Args:
        names: Names of images or groups.
    """
    ordered = sorted(set(names))
    mark = content_hash(ordered)[:_HASH_LENGTH]
    return {name: f"{mark}-{number:06d}" for number, name in enumerate(ordered)}


def replace_names(run: Path) -> None:
    """Replace the names of images and groups in all files of a run's folder.

    Evaluation images are a set of their own; all images of the pool that the run tells of are another.

    Args:
        run: A copy of a run's folder.

    Raises:
        DamageError: If a file is damaged; names it.
    """
    folders = list(round_folders(run).values())
    of_pool = tokens_of({name for folder in folders for name in _pool_names(folder)})
    for folder in folders:
        for name in (NEW_ANSWERS_NAME, HELD_OUT_NAME):
            if (folder / name).exists():
                _rename_counts(folder / name, of_pool)
        if (folder / COUNTS_NAME).exists():
            ids, _ = read_image_counts(folder / COUNTS_NAME)
            _rename_counts(folder / COUNTS_NAME, tokens_of(ids))
        if (folder / INDEX_NAME).exists():
            index = read_json(folder / INDEX_NAME, LARGEST_INDEX)
            spans = {of_pool[name]: span for name, span in index["images"].items()}
            write_compact(folder / INDEX_NAME, {**index, "images": spans})
        if (folder / POOL_NAME).exists():
            images = read_json(folder / POOL_NAME, LARGEST_INDEX)["images"]
            listed = [[of_pool[str(name)], *size] for name, *size in images]
            write_compact(folder / POOL_NAME, {"images": listed})


def _pool_names(folder: Path) -> list[str]:
    """Return the names of images of the pool in a round's files."""
    names: list[str] = []
    for name in (NEW_ANSWERS_NAME, HELD_OUT_NAME):
        if (folder / name).exists():
            names += read_image_counts(folder / name)[0]
    if (folder / INDEX_NAME).exists():
        names += read_json(folder / INDEX_NAME, LARGEST_INDEX)["images"]
    if (folder / POOL_NAME).exists():
        names += [str(name) for name, *_ in read_json(folder / POOL_NAME, LARGEST_INDEX)["images"]]
    return names


def _rename_counts(path: Path, tokens: Mapping[str, str]) -> None:
    """Write confusion counts with tokens in place of names; groups get tokens of their own."""
    ids, _ = read_image_counts(path)
    groups = read_image_groups(path, ids)
    if groups == ids:
        groups_now: Sequence[str] = [tokens[name] for name in ids]
    else:
        of_groups = tokens_of(groups)
        groups_now = [f"group-{of_groups[name]}" for name in groups]
    with naming_damage(path, lambda error: f"is damaged: {error}."):
        counts = read_arrays(path, LARGEST_COUNTS, ("counts",))["counts"]
    arrays = {
        "image_ids": np.array([tokens[name] for name in ids], np.str_),
        "groups": np.array(groups_now, np.str_),
        "counts": counts,
    }
    write_atomically(path, lambda file: np.savez_compressed(file, **arrays))  # type: ignore[arg-type]


def write_compact(path: Path, content: dict[str, Any]) -> None:
    """Write a record of many images with its checksum, without line breaks and spaces.

    Raises:
        WriteError: If it cannot be written.
    """
    text = json.dumps({**content, SEAL: content_hash(content)}, separators=(",", ":"), ensure_ascii=False)
    write_text(path, text + "\n")
