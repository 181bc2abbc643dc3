"""Which kinds of files are images, and which are their label maps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from alseg.data.init.file_roles import role_of, words_of
from alseg.data.init.kinds import Kind, KindFile
from alseg.data.init.probing import Probe, probe

_MOST_IDS = 254


@dataclass
class Pairing:
    """Images and their label files.

    Attributes:
        images: Kinds of image files that differ in the suffix only.
        labels: The kind of label files; several where each class has one; empty without labels.
        label_of: By image path the label files, one for each of ``labels``, None where one is not there.
        alternatives: Other kinds of label maps for the same images.
        unpaired: Other kinds of image files.
        lossy: Kinds of label maps that are JPEG and cannot be used.
    """

    images: list[Kind]
    labels: list[Kind] = field(default_factory=list)
    label_of: dict[str, tuple[str | None, ...]] = field(default_factory=dict)
    alternatives: list[Kind] = field(default_factory=list)
    unpaired: list[Kind] = field(default_factory=list)
    lossy: list[Kind] = field(default_factory=list)

    @property
    def files(self) -> list[KindFile]:
        """All images, by path."""
        return sorted((file for kind in self.images for file in kind.files), key=lambda file: file.path)


def pair(root: Path, kinds: Sequence[Kind]) -> Pairing:
    """Choose the images and label maps among kinds of files.

    Args:
        root: The folder.
        kinds: From `kinds_of`.
    """
    probes = {kind: probe(root, [file.path for file in kind.files]) for kind in kinds}
    images, labels, lossy = _roles(kinds, probes)
    merged = _merged(images)
    matched = {index: _label_kinds(group, labels) for index, group in enumerate(merged)}
    best = max(
        matched, key=lambda index: (bool(matched[index]), sum(len(kind.files) for kind in merged[index]))
    )
    chosen = merged[best]
    fitting = sorted(matched[best], key=lambda kind: _preference(kind, chosen, probes[kind]))
    used = _used(fitting, probes)
    label_of: dict[str, tuple[str | None, ...]] = {}
    for kind in used:
        known = _index(kind)
        for file in (file for group in chosen for file in group.files):
            found = known.get(_key(file, kind))
            label_of[file.path] = (*label_of.get(file.path, ()), found)
    return Pairing(
        images=chosen,
        labels=used,
        label_of={path: files for path, files in label_of.items() if any(files)},
        alternatives=[kind for kind in fitting if kind not in used],
        unpaired=[kind for index, group in enumerate(merged) if index != best for kind in group],
        lossy=[kind for kind in lossy if _matches(chosen, kind)],
    )


def listed_pairing(pairing: Pairing, labels: Mapping[str, str]) -> Pairing:
    """Return the images and label maps of a list, where names do not tell which belong together.

    Args:
        pairing: As names tell.
        labels: Label files by image path.
    """
    kind = pairing.images[0]
    images = [KindFile(path, {}, path) for path in sorted(labels)]
    files = [KindFile(path, {}, path) for path in sorted(set(labels.values()))]
    return Pairing(
        images=[Kind(kind.folder, "", "", kind.suffix, images)],
        labels=[Kind("", "", "", kind.suffix, files)],
        label_of={path: (label,) for path, label in labels.items()},
    )


def _roles(kinds: Sequence[Kind], probes: Mapping[Kind, Probe]) -> tuple[list[Kind], list[Kind], list[Kind]]:
    """Return images, label maps, and label maps that are JPEG."""
    images, labels, lossy = [], [], []
    for kind in kinds:
        seen = probes[kind]
        if kind.role == "label" and seen.is_lossy:
            lossy.append(kind)
        elif kind.role == "label" or (kind.role is None and seen.looks_like_labels):
            labels.append(kind)
        elif kind.role != "other":
            images.append(kind)
    if not images:
        # Images of few colours, or photographs in a folder that is named after labels.
        unnamed = [kind for kind in labels if kind.role is None] or labels or lossy or list(kinds)
        images = [max(unnamed, key=lambda kind: (probes[kind].is_lossy, probes[kind].values))]
        labels = [kind for kind in labels if kind not in images]
        lossy = [kind for kind in lossy if kind not in images]
    return images, labels, lossy


def _merged(images: Sequence[Kind]) -> list[list[Kind]]:
    groups: dict[tuple[str, str, str], list[Kind]] = {}
    for kind in images:
        groups.setdefault((kind.folder, kind.head, kind.tail), []).append(kind)
    return list(groups.values())


def _label_kinds(images: Sequence[Kind], labels: Sequence[Kind]) -> list[Kind]:
    return [kind for kind in labels if _matches(images, kind)]


def _matches(images: Sequence[Kind], labels: Kind) -> int:
    """Return how many images have a label file of a kind."""
    fields = set(labels.files[0].fields)
    known = _index(labels)
    return sum(
        _key(file, labels) in known for kind in images for file in kind.files if fields <= set(file.fields)
    )


def _index(kind: Kind) -> dict[tuple[str, ...], str]:
    return {_key(file, kind): file.path for file in kind.files}


def _key(file: KindFile, kind: Kind) -> tuple[str, ...]:
    return (*(file.fields.get(name, "") for name in sorted(kind.files[0].fields)), file.core)


def _preference(kind: Kind, images: Sequence[Kind], seen: Probe) -> tuple[object, ...]:
    words = set(words_of(f"{kind.tail} {kind.folder}"))
    return (
        not seen.is_color and seen.values > _MOST_IDS,
        -_matches(images, kind),
        "train" in words and "ids" in words,
        seen.is_color,
        kind.path_with(""),
    )


def _used(fitting: Sequence[Kind], probes: Mapping[Kind, Probe]) -> list[Kind]:
    """Return one kind of label maps, or those of all classes where each class has a mask."""
    if not fitting or (not probes[fitting[0]].is_color and probes[fitting[0]].values > _MOST_IDS):
        return []
    masks = [kind for kind in fitting if probes[kind].is_mask and class_name(kind) is not None]
    several = len(masks) > 1 and len({class_name(kind) for kind in masks}) == len(masks)
    if several and 2 * len(masks) >= len(fitting):
        return sorted(masks, key=lambda kind: kind.path_with(""))
    return [fitting[0]]


def class_name(kind: Kind) -> str | None:
    """Return the class that a kind of masks is named after: its ending, else its folder; None for neither."""
    for text in (kind.tail, kind.folder.rpartition("/")[2], kind.head):
        words = [word for word in words_of(text) if role_of(word, is_tail=True) is None]
        if words and "{" not in text:
            return " ".join(words)
    return None
