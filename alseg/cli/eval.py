"""``alseg eval``: evaluate any checkpoint on any data set."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from alseg.cli.inputs import (
    MOST_PROCESSES,
    NumberRange,
    parse_input_size,
    parse_window,
    read_registry,
    require_device,
)
from alseg.cli.options import device_option, json_option, root_option
from alseg.cli.outputs import OutputFolder, force_option
from alseg.text.display import output_width, put_json, say

if TYPE_CHECKING:
    from alseg.contracts import Dataset, DatasetSpec
    from alseg.evaluation.output import Evaluated
    from alseg.evaluation.prediction_files import SavePrediction
    from alseg.evaluation.request import Request
    from alseg.registry.registry import Registry


@dataclass(frozen=True)
class Inference:
    """How the work is done; none of it changes the result.

    Attributes:
        device: In the words of ``settings.device``.
        batch: Images per forward pass.
        workers: Loader processes.
    """

    device: str
    batch: int
    workers: int


@click.command("eval")
@click.argument("checkpoint", type=click.Path(path_type=Path))
@click.argument("params", nargs=-1, metavar="[KEY=VALUE]...")
@click.option("--model", help="Network of the checkpoint. [default: that of the run]")
@click.option("--dataset", help="Data set to evaluate on. [default: the run's target]")
@root_option("Folder of the data sets. [default: the run's, or data]")
@click.option("--split", help="Split of the data set. [default: the run's, or val]")
@click.option("--label-space", help="Classes that the network predicts. [default: the run's or data set's]")
@click.option(
    "--size",
    callback=parse_input_size,
    metavar="HxW|native",
    help="Input size. [default: the run's, or native]",
)
@click.option(
    "--flip/--no-flip", default=None, help="Average with mirrored images. [default: the run's, or no]"
)
@click.option(
    "--window",
    callback=parse_window,
    metavar="HxW|none",
    help="Sliding windows, in pixels of the input size. [default: the run's, or none]",
)
@click.option(
    "--overlap",
    type=NumberRange(0, 0.9),
    help="Share of a window that the next one covers, too. [default: the run's, or 1/3]",
)
@click.option("--save-colors", type=OutputFolder(), help="Write predictions in colours to this folder.")
@click.option(
    "--save-ids", type=OutputFolder(), help="Write predictions as the data set's label ids to this folder."
)
@force_option("Write into folders that are not empty, and replace files of the same names.")
@device_option("cpu, cuda, cuda:N or mps.")
@click.option(
    "--batch", type=click.IntRange(1, 65_536), default=1, show_default=True, help="Images at a time."
)
@click.option(
    "--workers",
    type=click.IntRange(0, MOST_PROCESSES),
    default=0,
    show_default=True,
    help="Loader processes.",
)
@json_option("Print JSON for programs, with the confusion matrix.")
def command(
    save_colors: Path | None,
    save_ids: Path | None,
    device: str,
    batch: int,
    workers: int,
    as_json: bool,
    **asked: Any,
) -> None:
    """Evaluate CHECKPOINT at the native size of the labels, with one confusion matrix over the set.

    CHECKPOINT is a run folder or a file: a checkpoint of alseg, a state dict, or one state dict for each part
    of the network, as the RIPU authors publish them. KEY=VALUE sets a parameter of the model,
    dataset.KEY=VALUE one of the data set:

    \b
    alseg eval model.pth --model deeplab-v2 backbone=resnet101 --dataset cityscapes --size 640x1280 --flip
    """
    from alseg.evaluation.prediction_files import check_folders
    from alseg.evaluation.request import Options, complete, require_split

    registry = read_registry()
    check_folders(save_colors, save_ids)
    request = complete(Options(**asked), registry)  # options of the names of fields
    require_split(request, registry)
    require_device(device)
    spec: DatasetSpec = registry.get("datasets", request.dataset.name).spec
    data: Dataset = spec.build(root=request.root, split=request.split, **request.dataset.params)
    writers = _writers(request, data, save_colors, save_ids)
    evaluated = _evaluate(request, registry, data, writers, Inference(device, batch, workers))
    if as_json:
        put_json(json.dumps(evaluated.as_json(), ensure_ascii=False))
    else:
        say(evaluated.as_text(output_width()))


def _evaluate(
    request: Request, registry: Registry, data: Dataset, writers: Sequence[SavePrediction], how: Inference
) -> Evaluated:
    """Do the work; torch is imported here, after the user's mistakes have been told."""
    from alseg.cli.bars import progress_bar
    from alseg.evaluation.checkpoint import evaluate_all
    from alseg.evaluation.output import Evaluated
    from alseg.inspection.loaded_network import load_network
    from alseg.toolkit.labels import translation

    space = request.label_space
    model, options, iteration = load_network(request, registry, len(space.classes), how.device)
    options = replace(options, batch_size=how.batch, workers=how.workers)
    with progress_bar(f"evaluating on {request.dataset.name} {request.split}", len(data)) as advance:
        counts = evaluate_all(
            model,
            data,
            translation(request.own_space, space),
            len(space.classes),
            options,
            save=writers,
            on_image=advance,
        )
    return Evaluated(request, space, len(data), iteration, counts)


def _writers(request: Request, data: Dataset, colors: Path | None, ids: Path | None) -> list[SavePrediction]:
    from alseg.evaluation.prediction_files import color_writer, id_writer

    writers = [] if colors is None else [color_writer(colors, request.label_space)]
    if ids is not None:
        writers.append(id_writer(ids, request.label_space, data, request.own_space))
    return writers
