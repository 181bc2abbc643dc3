"""``alseg data``: list, check and make up data sets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from alseg.cli.data_init import init
from alseg.cli.inputs import MOST_IMAGES, MOST_PROCESSES, parse_size, read_registry
from alseg.cli.options import FOLDER, json_option
from alseg.cli.outputs import OutputFile, force_option
from alseg.contracts import ClassInfo, LabelSpace
from alseg.errors import AlsegError, DataError
from alseg.text.display import output_width, put, put_json, say

if TYPE_CHECKING:
    from alseg.contracts import Dataset, DatasetSpec, Size
    from alseg.data.check import SplitReport

PROBLEMS_FOUND = 1
"""Exit code of a check that found something wrong."""

_UNKNOWN_CLASSES = LabelSpace("none", "No classes.", "none", (ClassInfo("unknown", (0, 0, 0)),))

_root = click.option(
    "--root",
    type=FOLDER,
    default=Path("data"),
    show_default=True,
    help="Folder that holds the data sets, or the data set's own folder.",
)


@click.group("data", invoke_without_command=True)
@click.pass_context
def command(context: click.Context) -> None:
    """List data sets, propose an experiment for a folder, check a data set, or make up a tiny one."""
    if context.invoked_subcommand is None:
        context.invoke(list_datasets)


command.add_command(init)


@command.command("list")
@_root
def list_datasets(root: Path = Path("data")) -> None:
    """Say for every data set whether it is there; if not, what to download and where to put it."""
    lines = []
    for name, entry in sorted(read_registry().datasets.items()):
        lines += ["", f"{name}: {entry.spec.summary}"]
        lines += _states(entry.spec, root)

    say("\n".join(lines[1:]))


@command.command("check")
@click.argument("name")
@click.argument("params", nargs=-1, metavar="[KEY=VALUE]...")
@_root
@click.option("--split", help="Only this split. [default: all]")
@click.option("--jobs", type=click.IntRange(1, MOST_PROCESSES), help="Processes. [default: all processors]")
@click.option(
    "--write-exclude",
    type=OutputFile(),
    help="Write the images that cannot be used to this file, for the data set's parameter 'exclude'.",
)
@force_option("Replace that file if it is there.")
@json_option()
def check(
    name: str,
    params: tuple[str, ...],
    root: Path,
    split: str | None,
    jobs: int | None,
    write_exclude: Path | None,
    as_json: bool,
) -> None:
    """Decode every file of the data set NAME and say what is wrong and which classes are seen.

    KEY=VALUE sets a parameter of the data set, such as exclude=damaged.txt. The exit code is 0 if all is
    well, 1 if there are problems and 2 if nothing could be checked.
    """
    from alseg.config.components import read_component
    from alseg.data import check_report
    from alseg.registry.datasets import label_space_of

    registry = read_registry()
    if name not in registry.datasets and Path(name).exists():
        raise AlsegError(
            f"{name} is a {'folder' if Path(name).is_dir() else 'file'}, but NAME is the name of a data set. "
            "'alseg run FILE --dry-run' checks the data of an experiment file; 'folder', with parameters, "
            "reads images of your own."
        )
    component = read_component(registry, "datasets", name, params)
    spec: DatasetSpec = registry.get("datasets", name).spec
    if write_exclude is not None:
        _check_can_exclude(spec, component.params)
    folder = root.expanduser() if spec.needs_root else None
    # A data set without labels has images to check all the same; the classes say nothing then.
    space = label_space_of(registry, spec, component.params, folder) or _UNKNOWN_CLASSES
    reports = [
        _report(spec, space, folder, one, component.params, is_changed=bool(params), jobs=jobs)
        for one in _wanted_splits(spec, component.params, split)
    ]
    if not any(report.images for report in reports):
        raise DataError("\n".join(problem for report in reports for problem in report.problems))
    if write_exclude is not None:
        from alseg.files import write_text

        write_text(write_exclude, check_report.exclusion_list(name, reports, folder))
    if as_json:
        put_json(json.dumps(check_report.as_json(name, reports, space, folder), indent=1, ensure_ascii=False))
    else:
        say(check_report.as_text(name, reports, space, folder, output_width()))
        _say_what_to_do(spec, reports, write_exclude)
    if not all(report.sound for report in reports):
        click.get_current_context().exit(PROBLEMS_FOUND)


@command.command("fake")
@click.argument("name")
@click.argument("folder", type=FOLDER, metavar="DIR")
@click.option(
    "--count",
    type=click.IntRange(1, MOST_IMAGES),
    default=12,
    show_default=True,
    help="Images of each split.",
)
@click.option(
    "--size",
    callback=parse_size,
    metavar="HxW",
    help="Of the images. [default: very small, in the real shape]",
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**63 - 1),
    default=0,
    show_default=True,
    help="Another gives other scenes.",
)
def fake(name: str, folder: Path, count: int, size: Size | None, seed: int) -> None:
    """Write a tiny data set in the layout and encoding of NAME to DIR/NAME, for trying things out.

    The pictures are those of the data set 'streets'.
    """
    from alseg.data.fake import write_fake

    place = write_fake(read_registry(), name, folder.expanduser(), count=count, size=size, seed=seed)
    put(f"Wrote {count} made-up images a split to {place}.", err=True)
    put(f"Check them: alseg data check {name} --root {folder}", err=True)


def _states(spec: DatasetSpec, root: Path) -> list[str]:
    """Say in a line for each split whether it can be used."""
    if callable(spec.splits):
        return [f"  any folder: alseg data check {spec.name} KEY=VALUE... --root DIR"]
    return [f"  {split}: {_state(spec, root, split)}" for split in spec.splits]


def _state(spec: DatasetSpec, root: Path, split: str) -> str:
    """Say in one line whether a split can be used."""
    from alseg.data.fake import is_fake

    if not spec.needs_root:
        return "needs no files"
    folder = root.expanduser()
    try:
        images = len(spec.build(root=folder, split=split))
    except DataError as error:
        return str(error)
    made_up = ", made up by 'alseg data fake'" if is_fake(folder, spec.name) else ""
    return f"{images:,} images in {root}{made_up}"


def _wanted_splits(spec: DatasetSpec, params: Mapping[str, Any], split: str | None) -> tuple[str, ...]:
    from alseg.registry.datasets import check_split, splits_of

    if split is None:
        return splits_of(spec, params)
    check_split(spec, params, split)
    return (split,)


def _check_can_exclude(spec: DatasetSpec, params: Mapping[str, Any]) -> None:
    """Refuse to write a list that would be of no use or replace the one in use."""
    if "exclude" not in params:
        raise AlsegError(
            f"Data set '{spec.name}' has no parameter 'exclude', so --write-exclude is of no use: "
            "unpack its files again instead."
        )
    if params["exclude"] is not None:
        raise AlsegError(
            "--write-exclude would leave out what 'exclude' names already. Check without 'exclude' instead."
        )


def _report(
    spec: DatasetSpec,
    space: LabelSpace,
    root: Path | None,
    split: str,
    params: Mapping[str, Any],
    *,
    is_changed: bool,
    jobs: int | None,
) -> SplitReport:
    """Check one split; one that cannot be opened is a problem of its own."""
    from alseg.cli.bars import progress_bar
    from alseg.data.check import SplitReport, check_split, default_jobs
    from alseg.registry.datasets import is_labelled

    try:
        dataset: Dataset = spec.build(root=root, split=split, **params)
    except DataError as error:
        return SplitReport(split, problems=[str(error)])
    count = len(dataset)
    with progress_bar(f"checking {spec.name} {split}", count) as advance:
        report = check_split(dataset, split, space, jobs=jobs or default_jobs(count), on_image=advance)
    _compare_count(report, spec, root, params, is_changed=is_changed)
    if not is_labelled(dataset):
        report.notes.append("images without label maps")
    shows_something = report.evidence.showing[: len(space.classes)].any()
    unseen = [name for index, name in enumerate(space.names) if not report.evidence.showing[index]]
    if unseen and shows_something:
        report.notes.append(f"no usable image shows {', '.join(unseen)}")
    return report


def _compare_count(
    report: SplitReport,
    spec: DatasetSpec,
    root: Path | None,
    params: Mapping[str, Any],
    *,
    is_changed: bool,
) -> None:
    """Say where the number of images is not that of the published data set.

    It is a problem, since an archive that was not unpacked shows in nothing else, unless the user knows:
    the data set is made up, or parameters may have changed what belongs to it and the data set says nothing
    of them.
    """
    from alseg.data.fake import is_fake
    from alseg.registry.datasets import expected_of

    expected = expected_of(spec, params).get(report.split)
    if root is not None and is_fake(root, spec.name):
        report.notes.append("made up by 'alseg data fake'; this is not the real data set")
    elif expected is not None and report.images != expected:
        difference = expected - report.images
        text = f"{abs(difference):,} {'fewer' if difference > 0 else 'more'} than the {expected:,} published"
        if is_changed and not callable(spec.expected):
            report.notes.append(f"{text}, with the parameters given")
        else:
            report.problems.append(f"{text}; is an archive missing or unpacked to another place?")


def _say_what_to_do(spec: DatasetSpec, reports: list[SplitReport], written: Path | None) -> None:
    """Print how to leave faulty images out, where some of the others can be used."""
    from alseg.registry.signatures import parameters_of

    faulty = sum(len(report.faulty_images) for report in reports)
    if not 0 < faulty < sum(report.images for report in reports):
        return
    if written is not None:
        say(f"Or leave the images out: set 'exclude' of {spec.name} to {written}.")
    elif any(parameter.name == "exclude" for parameter in parameters_of(spec)):
        say("Or leave the images out: --write-exclude FILE writes a list of them.")
