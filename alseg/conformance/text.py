"""What was found, for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from alseg.conformance.findings import Finding, Report, count
from alseg.text.display import wrap
from alseg.text.printable import printable

_WORDS = {"pass": "pass", "fail": "FAIL", "not checked": "-"}
_INDENT = " " * 8


def report_lines(report: Report, width: int) -> Iterator[str]:
    """Yield a heading, and a line or more for each check.

    Args:
        report: Of one component.
        width: Columns.
    """
    yield from wrap(printable(str(report.component)), width, "", "  ")
    groups = [list(group) for _, group in groupby(report.findings, _absent)]
    checks = max((len(finding.check) for finding in report.findings), default=0)
    for group in groups:
        if len(group) > 1 and _absent(group[0]):
            names = ", ".join(finding.check for finding in group)
            yield from wrap(printable(f"{names}: not checked. {group[0].note}"), width, "  -     ", _INDENT)
            continue
        for finding in group:
            yield from _finding_lines(finding, checks, width)


def summary_line(reports: Sequence[Report]) -> str:
    """Return how many checks ended how."""
    components = len(reports)
    failed = count(reports, "fail")
    return (
        f"{components} component{'' if components == 1 else 's'}: {count(reports, 'pass')} checks passed, "
        f"{failed} failed, {count(reports, 'not checked')} not checked."
    )


def _absent(finding: Finding) -> str:
    """Return why a check was not made; nothing where it was."""
    return finding.note if finding.status == "not checked" else ""


def _finding_lines(finding: Finding, checks: int, width: int) -> Iterator[str]:
    head = f"  {_WORDS[finding.status]:<4}  {finding.check:<{checks}}  "
    margin = " " * min(len(head), width // 2)
    if finding.status == "fail":
        yield head.rstrip()
        yield from wrap(printable(finding.problem), width, _INDENT, _INDENT)
        if finding.cause:
            yield from wrap(printable(f"at {finding.cause}"), width, _INDENT, _INDENT)
        yield from wrap(printable(finding.remedy), width, _INDENT, _INDENT)
        return
    note = f"not checked. {finding.note}" if finding.status == "not checked" else finding.note
    yield from (line.rstrip() for line in wrap(printable(note), width, head, margin))
