"""``alseg check``: whether what a plugin registers keeps its contract."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from alseg.cli.inputs import NumberRange
from alseg.cli.options import json_option, root_option
from alseg.errors import AlsegError
from alseg.text.display import WIDEST_PROSE, output_width, put, put_json

CHECK_FAILED = 1
"""Exit code where a check failed."""


@click.command("check")
@click.argument("name", required=False, metavar="[NAME|MODULE]")
@click.option("--all", "everything", is_flag=True, help="Check all that is installed; takes minutes.")
@click.option("--kind", metavar="KIND", help="Kind of component that NAME is, such as acquisition.")
@click.option(
    "-p",
    "--param",
    "params",
    multiple=True,
    metavar="KEY=VALUE",
    help="Set a parameter of every component that has it.",
)
@root_option("Folder of the data sets. [default: made-up data]")
@click.option(
    "--timeout",
    "seconds",
    type=NumberRange(1, 1_000_000),
    default=300.0,
    show_default=True,
    help="Seconds that a check may take.",
)
@click.option("--full", is_flag=True, help="Check executors with real units too, which takes minutes.")
@json_option()
def command(
    name: str | None,
    everything: bool,
    kind: str | None,
    params: tuple[str, ...],
    root: Path | None,
    seconds: float,
    full: bool,
    as_json: bool,
) -> None:
    """Check that what a plugin registers keeps its contract.

    NAME is a component, with its kind where others have the name too (acquisition:ripu), a plugin or a
    distribution. MODULE is a module with hooks or a file of one; it need not be installed. The exit code is 0
    if no check failed, 1 if one did and 2 if there is no such thing.
    """
    from alseg.conformance import apart, text
    from alseg.conformance.findings import Report
    from alseg.conformance.findings import as_json as report_as_json
    from alseg.conformance.request import Request
    from alseg.conformance.subjects import parse_kind

    if everything == (name is not None):
        raise AlsegError("Name what to check: a component, plugin, distribution or module; or give --all.")
    target, kind = _target(name, kind)
    request = Request(
        target=target,
        kind=parse_kind(kind) if kind else None,
        params=_values(params),
        root=root.expanduser().resolve() if root else None,
        seconds=seconds,
        full=full,
    )
    width = min(WIDEST_PROSE, output_width())
    reports: list[Report] = []
    for report in apart.check_apart(request):
        if not as_json:
            put(
                "\n".join(
                    ["", *text.report_lines(report, width)] if reports else text.report_lines(report, width)
                )
            )
        reports.append(report)
    if as_json:
        found = report_as_json(name or "--all", _version(), reports)
        put_json(json.dumps(found, indent=1, ensure_ascii=False))
    else:
        put(f"\n{text.summary_line(reports)}")
    if any(report.failed for report in reports):
        click.get_current_context().exit(CHECK_FAILED)


def _target(name: str | None, kind: str | None) -> tuple[str | None, str | None]:
    """Return a name and its kind, of which the name may begin with the latter."""
    from alseg.conformance.subjects import parse_kind

    before, colon, rest = (name or "").partition(":")
    if kind is None and colon and rest:
        try:
            return rest, parse_kind(before)
        except AlsegError:
            if not Path(before).drive and len(before) > 1:
                raise
    return name, kind


def _values(params: tuple[str, ...]) -> dict[str, Any]:
    """Return parameters given as ``KEY=VALUE``, the values in YAML.

    Raises:
        AlsegError: If one is not.
    """
    from alseg.config.document import parse_value

    values: dict[str, Any] = {}
    for assignment in params:
        key, equals, value = assignment.partition("=")
        if not equals or not key:
            raise AlsegError(f"'{assignment}' is no parameter; write -p KEY=VALUE.")
        values[key] = parse_value(value, key)
    return values


def _version() -> str:
    from importlib import metadata

    return metadata.version("alseg")
