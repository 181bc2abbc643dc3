"""Where an experiment stands, as lines of any width."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from alseg.launch.run_standing import SILENT_SECONDS
from alseg.launch.standings import ExperimentStanding, UnitStanding, UnitState
from alseg.text.display import columns_of, wrap
from alseg.text.durations import about, rough
from alseg.text.printable import printable

_INDENT = "  "
_GAP = "  "

_SHARED_KEY = re.compile(r"(shared-[0-9a-f]{8})[0-9a-f]+")

_COUNTED: Mapping[str, tuple[UnitState, ...]] = {
    "done": (UnitState.DONE,),
    "at work": (UnitState.AT_WORK, UnitState.STARTING),
    "silent": (UnitState.SILENT,),
    "waiting": (UnitState.WAITING,),
    "waiting for people": (UnitState.FOR_PEOPLE,),
    "failed": (UnitState.FAILED,),
    "damaged": (UnitState.DAMAGED,),
    "skipped": (UnitState.SKIPPED,),
    "interrupted": (UnitState.INTERRUPTED,),
    "killed": (UnitState.KILLED,),
    "not begun": (UnitState.NOT_BEGUN,),
}


@dataclass(frozen=True)
class Section:
    """Lines under a heading.

    Attributes:
        title: The heading.
        entries: Each one line or more.
    """

    title: str
    entries: Sequence[Sequence[str]]

    def lines(self, most: int | None = None) -> list[str]:
        """Return heading and entries, of which the last ones are counted only.

        Args:
            most: Entries to show; None for all.
        """
        shown = list(self.entries if most is None else self.entries[:most])
        left = len(self.entries) - len(shown)
        more = [f"{_INDENT}and {left} more"] if left else []
        return [self.title, *(line for entry in shown for line in entry), *more]


def name_of(unit: UnitStanding) -> str:
    """Return what people call a unit: method and seed, or its key; that of a shared unit is cut short."""
    if not unit.method:
        return _short(unit.key)
    return printable(unit.method) + ("" if unit.seed is None else f", seed {unit.seed}")


def _short(text: str) -> str:
    """Return text on one line, with as much of each hash in keys of shared units as tells them apart."""
    return _SHARED_KEY.sub(r"\1", printable(text))


def summary(found: ExperimentStanding) -> str:
    """Return how many runs are in which state, and how long all of them still take, in one line."""
    counts = found.counts()
    parts = [
        f"{number} {words}"
        for words, states in _COUNTED.items()
        if (number := sum(counts[state] for state in states))
    ]
    runs = "1 run" if len(found.runs) == 1 else f"{len(found.runs):,} runs"
    left = "" if found.seconds_left is None else f"; {about(found.seconds_left)} left"
    return f"{runs}: {', '.join(parts)}{left}"


def heading(found: ExperimentStanding) -> str:
    """Return the experiment's name and who does it, in one line."""
    if found.is_quiet and not found.has_ended:
        return f"{printable(found.name)}: nothing is at work; `alseg run` goes on"
    by = f" on {printable(found.executor)}" if found.executor else ""
    dispatched = f" (dispatched by {printable(found.dispatcher)})" if found.dispatcher else ""
    return f"{printable(found.name)}{by}{dispatched}"


def sections(found: ExperimentStanding, width: int) -> list[Section]:
    """Return what there is to say of units, those that nothing is to be said of left out.

    Args:
        found: Where the experiment stands.
        width: Columns.
    """
    units = found.units
    at_work = [
        unit for state in (UnitState.AT_WORK, UnitState.STARTING) for unit in units if unit.state is state
    ]
    silent = [unit for unit in units if unit.state is UnitState.SILENT]
    lost = [unit for unit in units if unit.tries > 1 and unit.state.goes_on]
    all_of_them = [
        Section("At work", _in_columns([_work_cells(unit) for unit in at_work], width)),
        Section("Silent", _in_columns([_silent_cells(unit) for unit in silent], width)),
        Section("Waiting", list(_waiting(found, width))),
        Section("Lost and started again", _in_columns([_lost_cells(unit) for unit in lost], width)),
        Section("Failed", [_failed(unit, width) for unit in units if unit.state is UnitState.FAILED]),
    ]
    return [section for section in all_of_them if section.entries]


def fitted(head: Sequence[str], found: Sequence[Section], height: int) -> list[str]:
    """Return lines that fit a terminal: the longest sections are shortened first.

    Args:
        head: Lines above the sections.
        found: The sections.
        height: Lines there is room for.
    """
    most = [len(section.entries) for section in found]
    count = len(head) + sum(len(section.lines()) + 1 for section in found)
    while count > height and max(most, default=0) > 1:
        longest = most.index(max(most))
        is_whole = most[longest] == len(found[longest].entries)
        most[longest] -= 1
        count -= len(found[longest].entries[most[longest]]) - is_whole  # which the number of others takes
    below = (["", *section.lines(shown)] for section, shown in zip(found, most, strict=True))
    return [*head, *(line for part in below for line in part)][:height]


def said_of(unit: UnitStanding) -> str:
    """Return a unit's state in one line, which stays the same while it trains on."""
    words = printable(unit.state)
    if unit.state.goes_on and unit.host:
        words += f" on {_place(unit)}"
    if unit.state is UnitState.AT_WORK and unit.round is not None:
        words += f", {_rounds(unit)}"
    if unit.state is UnitState.SILENT:
        words += f", no sign of life for more than {rough(SILENT_SECONDS)}"
    if unit.why:
        words += f"{' for ' if unit.state is UnitState.WAITING else ': '}{_short(unit.why)}"
    if unit.tries > 1 and unit.state.goes_on:
        words += f", started again {_again(unit)}"
    return words if unit.log is None else f"{words} (log: {printable(str(unit.log))})"


def _work_cells(unit: UnitStanding) -> list[str]:
    """Return what there is to say of a unit at work."""
    if unit.state is UnitState.STARTING:
        return [name_of(unit), _place(unit), "starting", "", ""]
    left = "" if unit.seconds_left is None else f"{about(unit.seconds_left)} left"
    return [name_of(unit), _place(unit), _rounds(unit), _progress(unit), left]


def _silent_cells(unit: UnitStanding) -> list[str]:
    return [
        name_of(unit),
        _process(unit),
        _progress(unit),
        f"no sign of life for {rough(unit.silent_seconds)}",
    ]


def _lost_cells(unit: UnitStanding) -> list[str]:
    return [name_of(unit), _again(unit), printable(unit.state)]


def _again(unit: UnitStanding) -> str:
    return "once" if unit.tries == 2 else f"{unit.tries - 1} times"


def _rounds(unit: UnitStanding) -> str:
    """Return which round is at work, of which."""
    if unit.round is None:
        return ""
    return f"round {unit.round}" + ("" if unit.rounds is None else f"/{unit.rounds}")


def _failed(unit: UnitStanding, width: int) -> list[str]:
    """Return what failed where, why, and where more is said."""
    where = f" on {_place(unit)}" if unit.host else ""
    said = f"{name_of(unit)}{where}: {printable(unit.why) or 'for no known reason'}"
    lines, indents = wrap(said, width, _INDENT, _INDENT * 2), (_INDENT * 2, _INDENT * 2)
    return lines if unit.log is None else [*lines, *wrap(f"log: {printable(str(unit.log))}", width, *indents)]


def _waiting(found: ExperimentStanding, width: int) -> Iterable[list[str]]:
    """Yield what runs wait for, and which."""
    by_cause: dict[str, list[UnitStanding]] = {}
    for unit in found.units:
        if unit.state in (UnitState.WAITING, UnitState.FOR_PEOPLE):
            cause = "people" if unit.state is UnitState.FOR_PEOPLE else unit.why
            by_cause.setdefault(cause, []).append(unit)
    for cause, units in by_cause.items():
        yield wrap(f"for {_short(cause)}: {names_of(units)}", width, _INDENT, _INDENT * 2)


def names_of(units: Sequence[UnitStanding]) -> str:
    """Return the names of units in few words: each method once, with its seeds."""
    seeds: dict[str, list[int]] = {}
    alone = []
    for unit in units:
        if unit.method and unit.seed is not None:
            seeds.setdefault(printable(unit.method), []).append(unit.seed)
        else:
            alone.append(name_of(unit))
    methods = [
        f"{method}, seed{'' if len(numbers) == 1 else 's'} {_ranges(numbers)}"
        for method, numbers in seeds.items()
    ]
    return "; ".join([*alone, *methods])


def _ranges(numbers: Iterable[int]) -> str:
    """Return numbers with those that follow each other joined, such as ``0-4, 7``."""
    parts: list[tuple[int, int]] = []
    for number in sorted(set(numbers)):
        if parts and number == parts[-1][1] + 1:
            parts[-1] = parts[-1][0], number
        else:
            parts.append((number, number))
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in parts)


def _place(unit: UnitStanding) -> str:
    return printable(unit.host)


def _process(unit: UnitStanding) -> str:
    """Return where a unit works, and in which process."""
    return f"process {unit.pid} on {_place(unit)}" if unit.pid else _place(unit)


def _progress(unit: UnitStanding) -> str:
    phase = printable(unit.phase)
    return f"{phase} {unit.done:,}/{unit.total:,}" if unit.total else phase


def _in_columns(rows: Sequence[Sequence[str]], width: int) -> list[list[str]]:
    """Return rows as one line each where all fit, else each in as many lines as it takes."""
    if not rows:
        return []
    widths = [max(map(columns_of, column)) for column in zip(*rows, strict=True)]
    used = [number for number, columns in enumerate(widths) if columns]
    total = len(_INDENT) + sum(widths[number] for number in used) + len(_GAP) * (len(used) - 1)
    if total <= width:
        return [[_line([_padded(row[number], widths[number]) for number in used])] for row in rows]
    return [_packed([cell for cell in row if cell], width) for row in rows]


def _line(cells: Sequence[str]) -> str:
    return f"{_INDENT}{_GAP.join(cells)}".rstrip()


def _padded(text: str, columns: int) -> str:
    return text + " " * (columns - columns_of(text))


def _packed(cells: Sequence[str], width: int) -> list[str]:
    """Return cells in lines, the name first; none is broken unless it is wider than a line."""
    lines = wrap(cells[0], width, _INDENT, _INDENT * 2)
    for cell in cells[1:]:
        longer = f"{lines[-1]}{_GAP}{cell}"
        if columns_of(longer) <= width:
            lines[-1] = longer
        else:
            lines += wrap(cell, width, _INDENT * 2, _INDENT * 2)
    return lines
