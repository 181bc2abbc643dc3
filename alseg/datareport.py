"""What was found in a data set, as text, as JSON and as a list of images to leave out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from alseg.contracts import IGNORE_INDEX, LabelSpace
from alseg.datacheck import SplitReport
from alseg.layout import column, lay_out
from alseg.printable import printable
from alseg.terminal import WIDTH

MOST_LISTED = 50
"""Faulty images that the text names; the rest is counted."""
_MOST_SIZES = 5


def as_text(
    name: str, reports: Sequence[SplitReport], space: LabelSpace, root: Path | None, width: int = WIDTH
) -> str:
    """Return the findings for people.

    Args:
        name: Of the data set.
        reports: One per split.
        space: The label space of its label maps.
        root: Where it was looked for; left out of the names of files.
        width: Columns that tables may take.
    """
    blocks = []
    for report in reports:
        lines = [f"{name} {report.split}: {report.images:,} images"]
        lines += [f"sizes: {_sizes(report)}"] if report.sizes else []
        lines += [f"note: {note}" for note in report.notes]
        lines += [f"PROBLEM: {problem}" for problem in report.problems]
        if report.pixels.any():
            lines += ["", _class_table(report, space, width)]
        if report.faults:
            lines += ["", *_fault_lines(report, root)]
        blocks.append("\n".join(lines))
    return "\n\n".join([*blocks, _verdict(reports)])


def as_json(
    name: str, reports: Sequence[SplitReport], space: LabelSpace, root: Path | None
) -> dict[str, Any]:
    """Return the findings for programs; arguments as for `as_text`."""
    return {
        "dataset": name,
        "root": None if root is None else str(root),
        "label_space": space.name,
        "sound": all(report.sound for report in reports),
        "splits": [_split_as_json(report, space) for report in reports],
    }


def exclusion_list(name: str, reports: Sequence[SplitReport], root: Path | None) -> str:
    """Return a list of the faulty images, as the parameter ``exclude`` of a data set reads it."""
    lines = [f"# Images of {name} to leave out, as 'alseg data check' found them."]
    for report in reports:
        for image_id, messages in report.faulty_images.items():
            lines.append(f"{image_id}  # {'; '.join(brief(message, root) for message in messages)}")
    return "\n".join(lines) + "\n"


def brief(message: str, root: Path | None) -> str:
    """Return what is wrong without what to do about it, with files named from ``root`` on."""
    if root is not None:
        message = message.replace(f"{root}/", "")
    return " ".join(re.split(r"\.(?= [A-Z])", message)[0].split()).removesuffix(".")


def _sizes(report: SplitReport) -> str:
    common = report.sizes.most_common(_MOST_SIZES)
    texts = [f"{width} x {height} ({count:,})" for (height, width), count in common]
    rest = len(report.sizes) - len(common)
    return ", ".join(texts) + (f" and {rest} more" if rest else "")


def _class_table(report: SplitReport, space: LabelSpace, width: int) -> str:
    rows = list(_class_rows(report, space))
    columns = [
        column(
            "% of pixels", [f"{100 * pixels / total:.2f}" if pixels else "-" for _, pixels, _, total in rows]
        ),
        column("images", [f"{images:,}" for _, _, images, _ in rows]),
    ]
    names = column("class", [printable(name) for name, *_ in rows], "left")
    return "\n".join(line.plain for line in lay_out([names], [columns], width))


def _class_rows(report: SplitReport, space: LabelSpace) -> Iterator[tuple[str, int, int, int]]:
    """Yield name, pixels, images showing it and all pixels, for every class and void."""
    total = int(report.pixels.sum())
    for index, name in [*enumerate(space.names), (IGNORE_INDEX, "void")]:
        yield name, int(report.pixels[index]), int(report.showing[index]), total


def _fault_lines(report: SplitReport, root: Path | None) -> Iterator[str]:
    faulty = report.faulty_images
    yield f"PROBLEM: {len(faulty):,} of {report.images:,} images cannot be used:"
    for image_id in list(faulty)[:MOST_LISTED]:
        yield f"  {image_id}  {'; '.join(brief(message, root) for message in faulty[image_id])}"
    if len(faulty) > MOST_LISTED:
        yield f"  and {len(faulty) - MOST_LISTED:,} more; --json names all"


def _verdict(reports: Sequence[SplitReport]) -> str:
    images = sum(report.images for report in reports)
    if all(report.sound for report in reports):
        return f"No problems in {images:,} images."
    faulty = sum(len(report.faulty_images) for report in reports)
    others = sum(len(report.problems) for report in reports)
    found = [f"{faulty:,} faulty images"] if faulty else []
    found += [f"{others} other problem{'s' if others > 1 else ''}"] if others else []
    return f"Found {' and '.join(found)} in {images:,} images."


def _split_as_json(report: SplitReport, space: LabelSpace) -> dict[str, Any]:
    rows = [
        {"name": name, "pixels": pixels, "percent": 100 * pixels / total if total else None, "images": images}
        for name, pixels, images, total in _class_rows(report, space)
    ]
    return {
        "split": report.split,
        "images": report.images,
        "sound": report.sound,
        "problems": report.problems,
        "faults": [{"image_id": fault.image_id, "message": fault.message} for fault in report.faults],
        "notes": report.notes,
        "sizes": [
            {"height": height, "width": width, "images": count}
            for (height, width), count in report.sizes.most_common()
        ],
        "classes": rows[:-1],
        "void": rows[-1],
    }
