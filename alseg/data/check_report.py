"""What was found in a data set, as text, as JSON and as a list of images to leave out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from alseg.contracts import IGNORE_INDEX, LabelSpace
from alseg.data.check import SplitReport
from alseg.text.display import WIDTH
from alseg.text.layout import column, lay_out
from alseg.text.printable import printable

MOST_LISTED = 50
"""Faulty images that the text names; the rest is counted."""
_MOST_SIZES = 5
_MOST_NAMED = 3
"""Images that are named with what to do about them; the rest is counted."""


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
        lines += [f"sizes, height x width: {_sizes(report)}"] if report.sizes else []
        lines += [f"note: {note}" for note in report.notes]
        lines += [f"WARNING: {warning}" for warning in report.warnings]
        lines += [f"PROBLEM: {problem}" for problem in report.problems]
        if report.evidence.pixels.any():
            lines += ["", _class_table(report, space, width)]
        if report.faults:
            lines += ["", *_fault_lines(report, root)]
        blocks.append("\n".join(lines))
    return "\n\n".join([*blocks, "\n".join([_verdict(reports), *_remedies(reports, root)])])


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
        for image_id, faults in report.faulty_images.items():
            reasons = (_short(f"{fault.problem} {fault.remedy}".strip(), root) for fault in faults)
            lines.append(f"{image_id}  # {' '.join(reasons)}")
    return "\n".join(lines) + "\n"


def _short(message: str, root: Path | None) -> str:
    """Return the whole message on one line, with files named from ``root`` on."""
    if root is not None:
        message = message.replace(f"{root}/", "")
    return printable(message)


def _sizes(report: SplitReport) -> str:
    common = report.sizes.most_common(_MOST_SIZES)
    texts = [f"{height} x {width} ({count:,})" for (height, width), count in common]
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
    total = int(report.evidence.pixels.sum())
    for index, name in [*enumerate(space.names), (IGNORE_INDEX, "void")]:
        yield name, int(report.evidence.pixels[index]), int(report.evidence.showing[index]), total


def _fault_lines(report: SplitReport, root: Path | None) -> Iterator[str]:
    faulty = report.faulty_images
    yield f"PROBLEM: {len(faulty):,} of {report.images:,} images cannot be used:"
    for image_id in list(faulty)[:MOST_LISTED]:
        yield f"  {image_id}  {' '.join(_short(fault.problem, root) for fault in faulty[image_id])}"
    if len(faulty) > MOST_LISTED:
        yield f"  and {len(faulty) - MOST_LISTED:,} more; --json names all"


def _verdict(reports: Sequence[SplitReport]) -> str:
    images = sum(report.images for report in reports)
    doubts = sum(len(report.warnings) for report in reports)
    warned = f" {doubts} warning{'s' if doubts > 1 else ''} to look into." if doubts else ""
    if all(report.sound for report in reports):
        return f"No problems in {images:,} images.{warned}"
    faulty = sum(len(report.faulty_images) for report in reports)
    others = sum(len(report.problems) for report in reports)
    found = [f"{faulty:,} faulty image{'s' if faulty > 1 else ''}"] if faulty else []
    found += [f"{others} other problem{'s' if others > 1 else ''}"] if others else []
    return f"Found {' and '.join(found)} in {images:,} images.{warned}"


def _remedies(reports: Sequence[SplitReport], root: Path | None) -> Iterator[str]:
    """Yield what to do about faulty images; a remedy that many of them share is told once."""
    images: dict[str, dict[str, None]] = {}
    for fault in (fault for report in reports for fault in report.faults):
        if fault.remedy:
            images.setdefault(_short(fault.remedy, root), {})[fault.image_id] = None
    for remedy, ids in images.items():
        named = list(ids)[:_MOST_NAMED]
        more = f" and {len(ids) - len(named):,} more" if len(ids) > len(named) else ""
        yield f"{', '.join(named)}{more}: {remedy}"


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
        "warnings": report.warnings,
        "faults": [
            {
                "image_id": fault.image_id,
                "message": fault.message,
                "problem": fault.problem,
                "remedy": fault.remedy,
            }
            for fault in report.faults
        ],
        "notes": report.notes,
        "sizes": [
            {"height": height, "width": width, "images": count}
            for (height, width), count in report.sizes.most_common()
        ],
        "classes": rows[:-1],
        "void": rows[-1],
    }
