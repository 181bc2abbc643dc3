"""What a leaderboard shows, as plain data: packs of many people, in groups that compare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from alseg.analysis.row import UPPER_MARK
from alseg.errors import AlsegError
from alseg.exchange.members import EXPERIMENT_NAME
from alseg.exchange.opening import OpenedPart
from alseg.files import LARGEST_RECORD
from alseg.report.board_rows import BoardRow, differences, rows_of
from alseg.report.entries import Entry, read_entries
from alseg.report.provenance import attempts_of
from alseg.storage.records import Run
from alseg.system.regular_file import read_regular
from alseg.text.links import link_in


def leaderboard_content(
    parts: Sequence[OpenedPart], sources: Mapping[str, str], command: str = ""
) -> dict[str, Any]:
    """Return all that the page shows.

    Methods stand in one table only with the same scenario, images, classes, network, rounds, evaluation,
    recipe, annotation and budget. All scores are computed from confusion counts.

    Args:
        parts: As `alseg.exchange.opening.opened` gives them.
        sources: Name of an acquisition that is installed to its source.
        command: The command that makes the page.

    Raises:
        AlsegError: If no run counts, or the metrics of one do not follow from its counts.
    """
    entries, left_out = read_entries(parts)
    buying: dict[str, list[Entry]] = {}
    references: dict[str, list[Entry]] = {}
    upper_marks: dict[str, list[Entry]] = {}
    for entry in entries:
        if entry.purchase is None:
            references.setdefault(entry.task, []).append(entry)
        elif entry.run.method.sees_labels:
            upper_marks.setdefault(entry.group, []).append(entry)
        else:
            buying.setdefault(entry.group, []).append(entry)
    if not buying:
        listing = "".join(f"\n  {line}" for line in left_out)
        raise AlsegError(
            "No run can stand on a leaderboard: none buys labels without seeing them before, is done and has "
            f"counts.{listing}"
        )
    titles = _titles([each[0] for each in buying.values()])
    groups = [
        {
            "title": title,
            **_group(each, references.get(each[0].task, []), upper_marks.get(each[0].group, []), sources),
        }
        for title, each in zip(titles, buying.values(), strict=True)
    ]
    groups.sort(key=lambda group: str(group["title"]))
    return {
        "command": command,
        "groups": groups,
        "parts": [_part(part) for part in parts],
        "left_out": left_out,
        "runs": len(entries),
    }


def _titles(firsts: Sequence[Entry]) -> list[str]:
    """Return the title of each group: scenario, purchase, recipe, and a hash where that says too little."""
    words = []
    for entry in firsts:
        recipe = str(entry.run.recipe.get("recipe") or "")
        bought = entry.purchase.text if entry.purchase else ""
        words.append(f"{entry.run.scenario}: {bought}" + (f", recipe {recipe}" if recipe else ""))
    return [
        f"{title} [{entry.group[:8]}]" if words.count(title) > 1 else title
        for title, entry in zip(words, firsts, strict=True)
    ]


def _group(
    entries: Sequence[Entry],
    references: Sequence[Entry],
    upper_marks: Sequence[Entry],
    sources: Mapping[str, str],
) -> dict[str, Any]:
    first, rows = entries[0], rows_of(entries)
    found = differences(rows)
    labels = _labels(rows)
    made = [_row(row, label, sources) for row, label in zip(rows, labels, strict=True)]
    for content, compared in zip(made, found, strict=True):
        if compared is not None:
            baseline, difference = compared
            content["difference"] = [difference.mean, difference.half_width]
            content["baseline"] = labels[rows.index(baseline)]
            content["pairs"] = difference.n
    others = [*rows_of(references), *rows_of(upper_marks)]
    return {
        "conditions": _conditions(first),
        "classes": list(first.run.label_space.classes),
        "rows": made,
        "references": [
            {**_row(row, f"{label} ({kind})" if kind == UPPER_MARK else label, sources), "kind": kind}
            for row, label, kind in zip(others, _labels(others), map(_kind, others), strict=True)
        ],
    }


def _kind(row: BoardRow) -> str:
    """Return why a row is not among the methods: ``none``, ``all`` or ``upper mark``."""
    method = row.first.run.method
    return UPPER_MARK if method.sees_labels else method.target_labels


def _row(row: BoardRow, label: str, sources: Mapping[str, str]) -> dict[str, Any]:
    method = row.first.run.method
    number = len(row.entries)

    def mean(values: Sequence[float]) -> float:
        return sum(values) / number

    rounds = [entry.last for entry in row.entries]
    link = next((entry.part.part.maker.link for entry in row.entries if entry.part.part), None)
    source = sources.get(method.acquisition or "", "")
    return {
        "label": label,
        "acquisition": _acquisition(row.first.run),
        "source": source,
        "links": list(dict.fromkeys(filter(None, (link, link_in(source))))),
        "score": [row.score.mean, row.score.half_width],
        "seeds": [[entry.run.seed, entry.scores.miou, entry.place] for entry in row.entries],
        "repeated": [[entry.run.seed, entry.place] for entry in row.repeated],
        "iou": row.iou,
        "pixels": 100 * mean([each.cost.pixels / each.pool.pixels for each in rounds]),
        "clicks": mean([each.cost.clicks / each.pool.images for each in rounds]),
        "images": mean([each.cost.images for each in rounds]),
        "difference": None,
        "baseline": None,
        "pairs": 0,
        "places": list(dict.fromkeys(entry.place for entry in (*row.entries, *row.repeated))),
        "code": list(row.first.code),
        "version": _version(row.first),
        "devices": list(dict.fromkeys(device for entry in row.entries for device in entry.run.devices)),
        "environment": _environment(row.entries),
    }


def _labels(rows: Sequence[BoardRow]) -> list[str]:
    """Return the label of each row, with a number where several have the same."""
    labels: list[str] = []
    for row in rows:
        label, number = row.first.run.method.label, 1
        while (name := label if number == 1 else f"{label} [{number}]") in labels:
            number += 1
        labels.append(name)
    return labels


def _conditions(entry: Entry) -> list[tuple[str, str]]:
    """Return what all methods of a group share, in words."""
    run, file = entry.run, entry.file
    model = run.spec.get("model")
    network = str(model.get("name", "")) if isinstance(model, Mapping) else ""
    params = model.get("params") if isinstance(model, Mapping) else None
    if isinstance(params, Mapping):
        named = [str(params[key]) for key in ("architecture", "encoder", "backbone") if params.get(key)]
        network = f"{network} ({', '.join(named)})" if named else network
    rounds = ", ".join(map(str, file.rounds))
    terms = [
        ("Classes", f"{run.label_space.name}, {len(run.label_space.classes)}"),
        ("Annotation, budget", entry.purchase.text if entry.purchase else ""),
        ("Recipe", str(run.recipe.get("recipe") or "")),
        ("Network", network),
        ("Training", f"{file.iterations:,} iterations; labels bought after {rounds}"),
        ("Evaluated on", str(file.made_with.get("evaluation data", ""))),
        ("Scorer", f"version {run.scorer}"),
        ("Fingerprint", entry.group[:12]),
    ]
    return [(term, text) for term, text in terms if text]


def _acquisition(run: Run) -> str:
    method = run.spec.get("method")
    asked = method.get("acquisition") if isinstance(method, Mapping) else None
    if not isinstance(asked, Mapping):
        return run.method.acquisition or ""
    params = asked.get("params")
    settings = (
        ", ".join(f"{key} {value}" for key, value in params.items()) if isinstance(params, Mapping) else ""
    )
    return f"{asked.get('name')} ({settings})" if settings else str(asked.get("name"))


def _part(part: OpenedPart) -> dict[str, Any]:
    """Return who answers for a part, and its experiment file."""
    try:
        text = read_regular(part.folder / EXPERIMENT_NAME, LARGEST_RECORD).decode("utf-8", errors="replace")
    except (OSError, AlsegError):
        text = ""
    packed = part.part
    maker = packed.maker if packed else None
    return {
        "name": "/".join(part.shown.parts[-2:]),  # the page is for others, and not of whoever makes it
        "experiment": packed.experiment if packed else part.shown.name,
        "by": maker.by if maker else None,
        "contact": maker.contact if maker else None,
        "licence": maker.licence if maker else None,
        "link": maker.link if maker else None,
        "date": packed.date if packed else None,
        "packed": f"alseg {packed.alseg}" if packed else "not packed",
        "names": packed.names if packed else "kept",
        "file": text,
    }


def _version(entry: Entry) -> str:
    """Return the version of alseg that made a run."""
    return str(entry.file.made_with.get("alseg", "")).partition(",")[0]


def _environment(entries: Sequence[Entry]) -> list[str]:
    """Return Python, torch and commit of the attempts, each once."""
    found: dict[str, None] = {}
    for entry in entries:
        for attempt in attempts_of(entry.run):
            words = [f"{key} {attempt[key]}" for key in ("python", "torch", "git") if attempt.get(key)]
            found[", ".join(words)] = None
    return [line for line in found if line]
