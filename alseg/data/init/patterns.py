"""The parameters `images`, `labels` and `group` for files that were found."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from alseg.data.init.folder_templates import as_pattern, as_template
from alseg.data.init.kinds import Kind
from alseg.data.init.pairing import Pairing, class_name

_SEQUENCE = re.compile(r"([^_\-]+)([_\-]).*[0-9].*")
_FEWEST_GROUPS = 2
_IMAGES_A_GROUP = 2


@dataclass(frozen=True)
class Patterns:
    """Parameters of the data set ``folder``.

    Attributes:
        images: Pattern.
        labels: Template, one for each class, or None.
        group: Template of group names, or None.
        groups: Number of groups.
    """

    images: str
    labels: str | dict[str, str] | None
    group: str | None
    groups: int

    def of_split(self, text: str) -> Patterns:
        """Return the patterns with ``{split}`` filled in."""
        labels = self.labels
        if isinstance(labels, dict):
            labels = {name: one.replace("{split}", text) for name, one in labels.items()}
        elif labels is not None:
            labels = labels.replace("{split}", text)
        return replace(self, images=self.images.replace("{split}", text), labels=labels)


def patterns_of(pairing: Pairing) -> Patterns:
    """Return patterns that find the images and name their label files."""
    image = pairing.images[0]
    separator, groups = _sequences(pairing)
    folders = re.findall(r"\{(folder\d*)\}", image.folder)
    is_plain = not (image.head or image.tail)
    core, stem, group = "*" if is_plain else "{frame}", "{stem}" if is_plain else "{frame}", None
    if folders:
        group = "/".join(f"{{{field}}}" for field in folders)
        groups = len({tuple(file.fields.get(field) for field in folders) for file in pairing.files})
    elif separator:
        core = f"{{sequence}}{separator}{'*' if is_plain else '{frame}'}"
        stem = stem if is_plain else core
        group = "{sequence}"
    suffix = ".*" if len(pairing.images) > 1 else None
    return Patterns(as_pattern(image.path_with(core, suffix)), _labels(pairing.labels, stem), group, groups)


def _labels(kinds: Sequence[Kind], stem: str) -> str | dict[str, str] | None:
    if not kinds:
        return None
    if len(kinds) == 1:
        return as_template(kinds[0].path_with(stem))
    return {class_name(kind) or "class": as_template(kind.path_with(stem)) for kind in kinds}


def _sequences(pairing: Pairing) -> tuple[str, int]:
    """Return what ends the names of sequences in file names, ``""`` without them, and their number."""
    matches = [_SEQUENCE.fullmatch(file.core) for file in pairing.files]
    if not all(matches) or not matches:
        return "", 0
    separators = Counter(match[2] for match in matches if match)
    names = Counter(match[1] for match in matches if match)
    is_grouped = len(names) >= _FEWEST_GROUPS and len(matches) >= _IMAGES_A_GROUP * len(names)
    return (next(iter(separators)), len(names)) if len(separators) == 1 and is_grouped else ("", 0)
