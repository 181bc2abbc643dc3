"""A forecast as text for people and as data for programs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from string import ascii_uppercase
from typing import Any

from alseg.planning.forecast import Forecast, OnDevices, PlannedUnit
from alseg.planning.rates import Rate
from alseg.planning.seconds import Seconds, number_text, span_text
from alseg.text.layout import Filled, column, lay_out
from alseg.text.printable import printable

_HOUR = 3600.0
_NAMED = 3
"""Methods that a line names."""


@dataclass(frozen=True)
class UnitGroup:
    """Units that do as much after the same, and are one line of the table.

    Attributes:
        name: The first method's label and how many more there are, or a letter for what methods share.
        units: The units.
        after: Letter of the shared units before them; empty without.
    """

    name: str
    units: tuple[PlannedUnit, ...]
    after: str


def forecast_text(found: Forecast, width: int) -> str:
    """Return a forecast for people.

    Args:
        found: The forecast.
        width: Columns of the terminal.
    """
    blocks = [
        [f"{printable(found.name)}: {_count(found.runs, 'run')} in {_count(len(found.units), 'unit')}"],
        _unit_lines(found, width),
        _rate_lines(found, width),
        _summary(found),
        _device_lines(found.on, width),
        [_limits(found)],
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block)


def forecast_json(found: Forecast) -> dict[str, Any]:
    """Return a forecast as JSON types; times are in seconds, ``[low, likeliest, high]``."""
    return {
        "experiment": found.name,
        "runs": found.runs,
        "units": [_unit_json(each) for each in found.units],
        "critical_path": {"units": list(found.path), "seconds": list(found.path_seconds)},
        "device_seconds": list(found.device_seconds),
        "start_device_seconds": found.start_seconds,
        "resubmissions": found.resubmissions,
        "useful_devices": found.most_devices,
        "on": [
            {
                "devices": each.devices,
                "seconds": list(each.wall),
                "speed_up": round(each.speed_up, 3),
                "utilisation": round(each.utilisation, 4),
            }
            for each in found.on
        ],
        "rates": [
            {
                "what": rate.what,
                "seconds": list(rate.seconds),
                "runs": None if rate.runs is None else len(rate.runs),
                "methods": list(labels),
            }
            for rate, labels in found.rates
        ],
        "measured": {"runs": found.samples.runs, "devices": list(found.samples.devices)},
        "notes": list(found.notes),
    }


def _unit_json(each: PlannedUnit) -> dict[str, Any]:
    amounts = each.amounts
    return {
        "key": each.unit.key,
        "runs": list(each.unit.runs),
        "after": list(each.unit.after),
        "devices": each.devices,
        "seconds": list(each.seconds),
        "processes": each.pieces,
        "steps": amounts.steps if amounts else 0,
        "pool_passes": amounts.pool_passes if amounts else 0,
        "evaluations": amounts.evaluations if amounts else 0,
        "skipped": each.skipped,
    }


def unit_groups(found: Forecast) -> list[UnitGroup]:
    """Return units in groups that do as much, shared ones first."""
    labels, letter_of = _labels(found), _letters_of(found)
    groups: dict[tuple[object, ...], list[PlannedUnit]] = {}
    for each in found.units:
        after = ", ".join(dict.fromkeys(letter_of[key] for key in each.unit.after if key in letter_of))
        amounts = each.amounts
        does = amounts and (amounts.steps, amounts.pool_passes, amounts.evaluations)
        own = letter_of.get(each.unit.key, "")
        groups.setdefault((own, after, does, each.seconds, each.devices, each.skipped), []).append(each)
    return [
        UnitGroup(f"shared {own}" if own else _first(members, labels), tuple(members), str(after))
        for (own, after, *_), members in groups.items()
    ]


def _labels(found: Forecast) -> dict[str, str]:
    """Return the label of the method of each run; of a skipped one the name of its folder."""
    return {
        each.unit.key: printable(each.amounts.spec.method.label if each.amounts else each.unit.key)
        for each in found.units
    }


def _letters_of(found: Forecast) -> dict[str, str]:
    """Return a letter for each shared unit; those of the same methods, whose seeds differ, have one."""
    labels, letters = _labels(found), iter(_letters())
    known: dict[tuple[str, ...], str] = {}
    for each in (each for each in found.units if each.unit.is_shared):
        methods = tuple(labels[run] for run in each.unit.runs)
        known[methods] = known.get(methods) or next(letters)
    return {
        each.unit.key: known[tuple(labels[run] for run in each.unit.runs)]
        for each in found.units
        if each.unit.is_shared
    }


def _first(members: Sequence[PlannedUnit], labels: Mapping[str, str]) -> str:
    names = list(dict.fromkeys(labels[each.unit.key] for each in members))
    return names[0] + (f" + {len(names) - 1} more" if len(names) > 1 else "")


def _unit_lines(found: Forecast, width: int) -> list[str]:
    groups, labels = unit_groups(found), _labels(found)
    firsts = [group.units[0] for group in groups]
    amounts = [each.amounts for each in firsts]
    keys = [column("unit", [group.name for group in groups], "left")]
    devices = [str(each.devices) for each in firsts]
    columns: list[Filled] = [
        column("units", [str(len(group.units)) for group in groups]),
        column("after", [group.after for group in groups], "left"),
        *([column("devices", devices)] if set(devices) != {"1"} else []),
        column("steps", [f"{each.steps:,}" if each else "" for each in amounts]),
        column("pool passes", [str(each.pool_passes) if each else "" for each in amounts]),
        column("evals", [str(each.evaluations) if each else "" for each in amounts]),
        *([column("jobs", [str(each.pieces) for each in firsts])] if found.limit else []),
        column("time each", [each.seconds.text for each in firsts]),
    ]
    remarks = [_remark(first, labels) for first in firsts]
    return [line.plain for line in lay_out(keys, [columns], width, remarks=remarks)]


def _remark(each: PlannedUnit, labels: Mapping[str, str]) -> str:
    """Return for whom a shared unit works, or why a run is skipped."""
    if each.skipped:
        return f"skipped: {printable(each.skipped)}"
    if not each.unit.is_shared:
        return ""
    return f"source training of {_some([labels[run] for run in each.unit.runs])}"


def _rate_lines(found: Forecast, width: int) -> list[str]:
    """Return the times that the forecast was made from."""
    rows = sorted(_joined(found.rates), key=lambda row: row[0].what)
    methods = {label for _, labels in rows for label in labels}
    keys = [column("time of", [rate.what for rate, _ in rows], "left")]
    columns = [
        column("seconds", [number_text(rate.seconds.low, rate.seconds.high) for rate, _ in rows]),
        column(
            "from",
            ["given" if rate.runs is None else _count(len(rate.runs), "run") for rate, _ in rows],
            "left",
        ),
    ]
    remarks = [
        "all methods" if len(labels) == len(methods) else _some(list(map(printable, labels)))
        for _, labels in rows
    ]
    lines = [line.plain for line in lay_out(keys, [columns], width, remarks=remarks)] if rows else []
    samples = found.samples
    if any(rate.runs for rate, _ in rows):
        devices = ", ".join(map(printable, samples.devices))
        lines += ["", f"Measured on {devices}. Bounds are the fastest and the slowest run."]
    if samples.left_out:
        left_out = _count(len(samples.left_out), "run")
        lines.append(
            f"Not measured: {left_out} that went on after an interruption, for times are lost there."
        )
    return lines


def _joined(rates: Iterable[tuple[Rate, tuple[str, ...]]]) -> list[tuple[Rate, tuple[str, ...]]]:
    """Return given times as they are, and measured ones of all methods as one."""
    given = [(rate, labels) for rate, labels in rates if rate.runs is None]
    measured: dict[str, tuple[Rate, tuple[str, ...]]] = {}
    for rate, labels in rates:
        if rate.runs is not None:
            other, others = measured.get(rate.what, (rate, ()))
            bounds = Seconds.seen([*rate.seconds, *other.seconds])
            joined = Rate(what=rate.what, seconds=bounds, runs=rate.runs | (other.runs or frozenset()))
            measured[rate.what] = joined, (*others, *labels)
    return [*given, *measured.values()]


def _summary(found: Forecast) -> list[str]:
    starts, processes = found.start_seconds / _HOUR, sum(each.pieces for each in found.units)
    lines = [
        f"Work: {_hours(found.device_seconds)} device-hours, of them {number_text(starts, starts)} for "
        f"{_count(processes, 'start')} of processes.",
        f"Critical path: {found.path_seconds.text}: {_path(found)}.",
    ]
    if found.limit is not None:
        waits = found.resubmissions * found.limit.delay
        lines.append(
            f"Time limit of {found.limit.seconds / 60:g} minutes: "
            f"{_count(found.resubmissions, 'resubmission')}, which wait {span_text(waits, waits)} in all."
        )
    return lines


def _path(found: Forecast) -> str:
    units, labels, letters = {each.unit.key: each for each in found.units}, _labels(found), _letters_of(found)
    parts = []
    for key in found.path:
        each = units[key]
        name = f"shared {letters[key]}" if key in letters else f"'{labels[key]}'"
        seed = f" with seed {each.amounts.spec.seed}" if each.amounts else ""
        parts.append(f"{name}{seed} {each.seconds.text}")
    return ", then ".join(parts)


def _device_lines(on: Sequence[OnDevices], width: int) -> list[str]:
    keys = [column("devices", [f"{each.devices:,}" for each in on])]
    columns = [
        column("wall time", [each.wall.text for each in on]),
        column("speed-up", [f"{each.speed_up:.1f}" for each in on]),
        column("utilisation", [f"{each.utilisation:.0%}" for each in on]),
    ]
    return [line.plain for line in lay_out(keys, [columns], width)]


def _limits(found: Forecast) -> str:
    """Say what keeps the experiment from being done sooner on the most devices asked about."""
    most = max(found.on, key=lambda each: each.devices)
    if most.devices >= found.most_devices:
        return f"What limits: the critical path. More than {found.most_devices:,} devices save no time."
    return f"What limits: the devices. Up to {found.most_devices:,} of them save time."


def _hours(seconds: Seconds) -> str:
    return number_text(seconds.low / _HOUR, seconds.high / _HOUR)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _some(names: Sequence[str]) -> str:
    """Return the first names, and how many more there are."""
    more = len(names) - _NAMED
    return "; ".join([*names[:_NAMED], *([f"{more} more"] if more > 0 else [])])


def _letters() -> Iterator[str]:
    yield from ascii_uppercase
    for first in ascii_uppercase:
        for second in ascii_uppercase:
            yield f"{first}{second}"
