"""Your own images: files in folders, lists or tables, without code."""

from __future__ import annotations

from alseg import DatasetSpec, hookimpl
from alseg_folder.dataset import build_folder, label_space, names_of_splits


@hookimpl
def register_datasets() -> list[DatasetSpec]:
    """Offer ``folder``."""
    return [
        DatasetSpec(
            name="folder",
            summary="Your own images and label files: pairs by pattern, list or CSV; ids, colours or masks.",
            source="files of your own",
            build=build_folder,
            label_space=label_space,
            splits=names_of_splits,
        )
    ]
