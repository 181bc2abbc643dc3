"""The parameters of the data set `folder` that say what label files mean, as values and as lines of YAML."""

from __future__ import annotations

from typing import Any

from alseg.data.init.classes import ClassRow, ClassTable
from alseg.data.init.values import Values
from alseg.data.init.yaml_lines import comment, entry, flow, noted, scalar


def label_parameters(table: ClassTable) -> dict[str, Any]:
    """Return ``ids``, ``colors`` and what goes with them; keys are texts, as in files."""
    found: dict[str, Any] = {}
    if table.encoding == "ids":
        found["ids"] = {str(row.value): row.name for row in table.rows}
    elif table.encoding == "colors":
        found["colors"] = _colors(table)
        if void := [
            list(row.value) for row in table.rows if row.name is None and isinstance(row.value, tuple)
        ]:
            found["void"] = void
    elif "background" not in table.names:
        found["background"] = "background"
    if table.encoding != "masks" and not table.is_whole:
        found["others"] = "void"
    return found


def label_lines(table: ClassTable, values: Values, indent: int) -> list[str]:
    """Return them as YAML, every class with its share and every doubt at its place."""
    found, pad = label_parameters(table), " " * indent
    looked = (
        f"{values.looked} of {values.total:,}" if values.looked < values.total else f"all {values.total:,}"
    )
    lines = comment(f"Shares of pixels are those of {looked} label maps{_evenly(values)}.", indent)
    if table.known:
        lines += comment(f"Names are those of {table.known}.", indent)
    for doubt in table.doubts:
        lines += comment(doubt, indent)
    if "ids" in found:
        lines.append(f"{pad}ids:")
        for row in table.rows:
            lines.append(noted(f"{pad}  {row.value}: {scalar(row.name)}", _note(row, values)))
    if "colors" in found:
        lines.append(f"{pad}colors:")
        for name, color in found["colors"].items():
            rows = [row for row in table.rows if row.name == name]
            lines.append(noted(f"{pad}  {scalar(name)}: {flow(color)}", _note(_sum(rows), values)))
    if "void" in found:
        doubts = [
            f"{flow(row.value)}: {_note(row, values)}" for row in table.rows if not row.name and row.showing
        ]
        lines += entry("void", found["void"], indent, doubts)
    if "background" in found:
        text = "Pixels in no mask are a class of this name; without this line they are void."
        lines += entry("background", found["background"], indent, [text])
    if "others" in found:
        lines += entry("others", "void", indent, [_others(table)])
    return lines


def _colors(table: ClassTable) -> dict[str, Any]:
    found: dict[str, list[list[int]]] = {}
    for row in table.rows:
        if row.name is not None and isinstance(row.value, tuple):
            found.setdefault(row.name, []).append(list(row.value))
    return {name: colors[0] if len(colors) == 1 else colors for name, colors in found.items()}


def _sum(rows: list[ClassRow]) -> ClassRow:
    """Return what several colours of a class have together."""
    first = rows[0]
    share, showing = sum(row.share for row in rows), max(row.showing for row in rows)
    return ClassRow(first.value, first.name, share, showing, first.color, first.doubt)


def _note(row: ClassRow, values: Values) -> str:
    shown = f"{100 * row.share:.3g}%, in {row.showing} of {values.looked}" if row.showing else "not seen"
    return f"{shown}; {row.doubt}" if row.doubt else shown


def _others(table: ClassTable) -> str:
    share, count = table.rest
    if count:
        return (
            f"{count:,} more values ({100 * share:.2g}% of pixels) are hardly ever inside areas, as "
            "smoothing or JPEG makes them at edges: void. Better export label maps without it."
        )
    return "Not every label map was looked at; what others hold is void. Without this line a check names it."


def _evenly(values: Values) -> str:
    return ", evenly drawn" if values.looked < values.total else ""
