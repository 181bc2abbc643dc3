"""What was found, for a terminal."""

from __future__ import annotations

from alseg.data.init.classes import ClassRow
from alseg.data.init.document import Domain, Proposal
from alseg.data.init.wording import images_of
from alseg.text.display import fit

_NAME = 30


def summary(proposal: Proposal, width: int) -> str:
    """Return images, patterns and classes of every folder as text.

    Args:
        proposal: The experiment.
        width: In columns.
    """
    lines: list[str] = []
    for name, domain in proposal.domains:
        lines += [f"{name}: {domain.survey.root}", *_folder_lines(domain), *_class_lines(domain)]
        lines += [f"  {note}" for note in domain.survey.notes]
        lines.append("")
    lines += proposal.notes
    return fit("\n".join(lines), width).rstrip("\n")


def _folder_lines(domain: Domain) -> list[str]:
    found, params = domain.survey, domain.plan.params
    (height, width), _ = found.headers.sizes.most_common(1)[0] if found.headers.sizes else ((0, 0), 0)
    several = "" if len(found.headers.sizes) < 2 else f" and {len(found.headers.sizes) - 1} more sizes"
    images = f"{images_of(found.images)}, {height} x {width} (height x width){several}"
    formats = ", ".join(name for name, _ in found.headers.formats.most_common(3))
    lines = [f"  {images}; {formats}"]
    for key in ("images", "labels", "listing"):
        value = params.get(key)
        if isinstance(value, dict):
            value = f"{len(value)} masks, such as {next(iter(value.values()))}"
        if value is not None:
            lines.append(f"  {key}: {value}")
    splits = params.get("splits", {})
    told = [
        f"{name} {value if isinstance(value, str) else value.get('images', '')}"
        for name, value in splits.items()
    ]
    lines.append(f"  splits: {', '.join(told)}")
    if not found.is_labelled:
        lines.append("  no label maps: people are asked, nothing is evaluated")
    return lines


def _class_lines(domain: Domain) -> list[str]:
    values = domain.survey.values
    if values is None:
        return []
    kind = {"ids": f"ids of {values.bits} bits", "colors": "colours", "masks": "a mask for each class"}
    lines = [f"  label maps: {kind[values.encoding]}, {values.looked} of {values.total:,} looked at"]
    if domain.classes.known:
        lines.append(f"  names are those of {domain.classes.known}")
    shown = sorted((row for row in domain.classes.rows if row.showing), key=lambda row: -row.share)
    lines += [_class_line(row) for row in shown]
    share, count = domain.classes.rest
    if count:
        lines.append(f"  {count:,} more values at edges, {100 * share:.2g}% of pixels: void")
    lines += [f"  {doubt}" for doubt in domain.classes.doubts]
    return lines


def _class_line(row: ClassRow) -> str:
    value = str(list(row.value)) if isinstance(row.value, tuple) else str(row.value)
    name = row.name or "void"
    bar = "#" * round(20 * row.share)
    return f"    {value:>15}  {name[:_NAME]:<20} {100 * row.share:6.2f}%  {bar}".rstrip()
