"""From values in label maps to classes with names, and what is doubtful about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from alseg.data.init.known import KnownTable, Match
from alseg.data.init.values import Color, Encoding, Value, Values
from alseg.toolkit.labels import canonical_name

_VOID_ID = 255
_NAMED = 6
"""Classes or tables that a doubt names."""
_BLACK: Color = (0, 0, 0)
_WHITE: Color = (255, 255, 255)


@dataclass(frozen=True)
class ClassRow:
    """What one value means.

    Attributes:
        value: Id, colour or place of a mask.
        name: The class; None for void.
        share: Of all pixels looked at, 0-1.
        showing: Label maps looked at that show it.
        color: For pictures; None where there is none of its own.
        doubt: What else it may be.
    """

    value: Value
    name: str | None
    share: float
    showing: int
    color: Color | None = None
    doubt: str = ""


@dataclass
class ClassTable:
    """The classes of label maps.

    Attributes:
        encoding: How files hold them.
        rows: By value; classes of a known table that no label map shows are among them.
        known: Title of the table that names them; empty where names are to be replaced.
        doubts: About all of them.
        rest: Share of pixels whose values are at edges only, and the number of such values.
        is_whole: All label maps were looked at, and all values are named.
    """

    encoding: Encoding
    rows: list[ClassRow]
    known: str = ""
    doubts: list[str] = field(default_factory=list)
    rest: tuple[float, int] = (0.0, 0)
    is_whole: bool = True

    @property
    def names(self) -> list[str]:
        """Names of classes, each once; those that nothing shows only where not all was looked at."""
        shown = [row.name for row in self.rows if row.name and (row.showing or not self.is_whole)]
        return list(dict.fromkeys(shown))

    @property
    def colors(self) -> dict[str, Color]:
        """Colours by name."""
        found: dict[str, Color] = {}
        for row in self.rows:
            if row.name and row.color is not None:
                found.setdefault(row.name, row.color)
        return found


def class_table(values: Values, matched: Match, mask_names: Sequence[str] = ()) -> ClassTable:
    """Return what values mean.

    Args:
        values: What label maps hold.
        matched: The known table that fits, if any.
        mask_names: Classes of masks, in their order.
    """
    real = values.real
    rest = [value for value in values.pixels if value not in set(real)]
    table = ClassTable(
        values.encoding,
        [],
        rest=(sum(map(values.share, rest)), len(rest)),
        is_whole=values.looked == values.total and not rest,
    )
    if values.encoding == "masks":
        table.rows = [
            ClassRow(place, name, values.share(place), values.showing[place])
            for place, name in enumerate(mask_names, 1)
        ]
    elif matched.table is not None:
        _from_table(table, values, matched.table)
    else:
        _unnamed(table, values, real)
    if matched.others:
        table.doubts.append(_of_tables(matched.others, sorted(set(real), key=_order)))
    return table


def _of_tables(fitting: Sequence[KnownTable], real: Sequence[Value]) -> str:
    """Say which tables ids would fit: of one what they would mean, of more their titles."""
    if len(fitting) == 1:
        named = [f"{value} {name}" for value in real if (name := fitting[0].names.get(value))]
        return f"The ids would fit {fitting[0].title}: {', '.join(named[:_NAMED])}..."
    more = len(fitting) - _NAMED
    titles = [*(each.title for each in fitting[:_NAMED]), *([f"{more} more"] if more > 0 else [])]
    return f"The ids would fit {len(fitting)} tables, so they tell nothing: {'; '.join(titles)}."


def with_names_of(table: ClassTable, source: ClassTable) -> tuple[ClassTable, list[str]]:
    """Return the classes of a target after those of the source: colours tell, places do not.

    Classes without a name whose colour the source names, too, are the same. Others keep a name that no
    class of the source has: equal ids may mean different things.

    Returns:
        The classes, and what to tell.
    """
    if table.known or table.encoding == "masks":
        return table, []
    by_color = {row.value: row.name for row in source.rows if isinstance(row.value, tuple)}
    taken = {canonical_name(name) for name in source.names}
    rows, told, matched = [], 0, 0
    for row in table.rows:
        name = row.name
        if row.value in by_color and isinstance(row.value, tuple):
            name, matched = by_color[row.value], matched + 1
        elif name is not None and canonical_name(name) in taken and name.startswith("class-"):
            name, told = f"target-{name}", told + 1
        rows.append(ClassRow(row.value, name, row.share, row.showing, row.color, row.doubt))
    notes = []
    if matched:
        notes.append(
            f"{matched} colours of the target are colours of the source, too: taken as the same classes."
        )
    if told:
        notes.append(
            f"{told} ids of the target are not matched to those of the source: equal numbers may mean "
            "different classes. Give both the same names where they are the same."
        )
    table.rows = rows
    return table, notes


def _from_table(table: ClassTable, values: Values, known: KnownTable) -> None:
    table.known = known.title
    colors: Mapping[str, Color] = known.colors
    for value, name in known.names.items():
        shown = value if isinstance(value, tuple) else colors.get(name or "")
        table.rows.append(ClassRow(value, name, values.share(value), values.showing[value], shown))
    for value in values.real:
        if value not in known.names:
            doubt = f"not in {known.title}: name it, or leave it void"
            table.rows.append(ClassRow(value, None, values.share(value), values.showing[value], doubt=doubt))


def _unnamed(table: ClassTable, values: Values, real: Sequence[Value]) -> None:
    ordered = sorted(real, key=_order)
    binary = len(ordered) == 2 and ordered in ([0, _VOID_ID], [0, 1], [_BLACK, _WHITE])
    number = 0
    for value in ordered:
        name: str | None
        name, doubt = None, ""
        color = values.palette.get(value) if isinstance(value, int) else value
        if binary:
            name = "background" if value in (0, _BLACK) else "foreground"
            doubt = "two values: taken as background and one class" if value in (0, _BLACK) else "rename it"
        elif value == _VOID_ID:
            doubt = "255 is void in most data sets: name it if it is a class"
        elif value == _BLACK:
            doubt = "black is void in most data sets: name it if it is a class"
        else:
            number += 1
            name = f"class-{value if isinstance(value, int) else number}"
            doubt = _doubt(value, ordered)
        table.rows.append(ClassRow(value, name, values.share(value), values.showing[value], color, doubt))
    if not any(row.name for row in table.rows):
        table.rows = [ClassRow(row.value, "class-1", row.share, row.showing, row.color) for row in table.rows]
    if not binary:
        table.doubts.append(
            "No table of a known data set names these classes: replace class-... by their names, here and in "
            "label_space below. Where one is void, write null here and leave it out there."
        )


def _order(value: Value) -> tuple[int, ...]:
    return (value,) if isinstance(value, int) else value


def _doubt(value: Value, ordered: Sequence[Value]) -> str:
    if value == 0 and len(ordered) > 2:
        return "0 is 'no label' where ids begin at 1: write null if so"
    if value == _WHITE:
        return "white is void in some data sets: move it to 'void' if so"
    return ""
