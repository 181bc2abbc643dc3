"""Words that several texts of a proposal share."""

from __future__ import annotations


def images_of(count: int) -> str:
    """Return a number of images in words, such as ``1 image`` or ``2,975 images``."""
    return f"{count:,} image{'' if count == 1 else 's'}"
