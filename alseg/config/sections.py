"""The fixed keys of an experiment file: types, bounds, defaults and descriptions, each in this one place.

`alseg.config.reference` makes the tables of docs/experiments.md from these models. What plugins define, such
as a network and its parameters, is left as it stands in the file; `alseg.config.lookup` finds it.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from annotated_types import Interval
from pydantic import StringConstraints

from alseg.config.schema import Section, key, required_key
from alseg.config.specs import (
    DEVICE,
    MOST_PROCESSES,
    LabelsSince,
    PoolKind,
    Reference,
    RoundSchedule,
    RoundStart,
    TargetLabels,
)
from alseg.contracts import OUTLINE_TOLERANCE, Seed, Share, Side, Tolerance
from alseg.contracts.bounds import Overlap, WindowSide
from alseg.contracts.types import WINDOW_OVERLAP, Precision
from alseg.storage.examples import MOST_IMAGES
from alseg.storage.lock_kind import LockName

LONGEST_LABEL = 300
"""Characters of a method's label."""

Round = Annotated[int, Interval(ge=0, le=1_000_000_000)]
Images = Annotated[int, Interval(ge=1, le=65_536)]
Workers = Annotated[int, Interval(ge=0, le=MOST_PROCESSES)]
Processes = Annotated[int, Interval(ge=1, le=MOST_PROCESSES)]
Shift = Annotated[int, Interval(ge=0, le=64)]
Percentage = Annotated[str, StringConstraints(pattern=r"^(100|[0-9]{1,2}(\.[0-9]{1,15})?)\s*%$")]
Duration = Annotated[float, Interval(gt=0, le=1_000_000)]
Channel = Annotated[int, Interval(ge=0, le=255)]
ClassName = Annotated[
    str, StringConstraints(strip_whitespace=True, pattern=r"^\P{Cc}+$", min_length=1, max_length=100)
]
Label = Annotated[
    str, StringConstraints(strip_whitespace=True, pattern=r"^\P{Cc}+$", max_length=LONGEST_LABEL)
]


Partial = Literal["wait", "go-on"]
Conflict = Literal["first", "last", "majority"]


def fraction(value: float | str) -> float:
    """Return a share of 0 to 1, which may be written as ``5%``."""
    return float(value.rstrip("% ")) / 100 if isinstance(value, str) else float(value)


class RootSection(Section):
    """The top level."""

    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")] | None = (
        required_key(
            "name of the results folder: letters, digits, `.`, `_`, `-`, at most 100, starting with a letter "
            "or digit",
            expected="letters, digits, dots, underscores and hyphens, at most 100, starting with a letter "
            "or digit",
        )
    )
    scenario: Any = required_key("the data, below")
    model: Any = required_key("the network")
    recipe: Any = required_key("how to train; the same for all methods, unless one has its own")
    rounds: tuple[Round, ...] | None = required_key(
        "iterations after which labels are bought, increasing, all below the recipe's `iterations`; 0 buys "
        "before any training"
    )
    round_start: RoundStart = key(
        "weights after a purchase: `continue` with weights and optimiser as they are, `previous` weights "
        "with a fresh optimiser, or `initial` weights, those with which the run began",
        "continue",
    )
    round_schedule: RoundSchedule = key(
        "`run`: the learning rate runs its course once; `round`: anew from each purchase to the next",
        "run",
    )
    methods: tuple[Any, ...] | None = required_key("the rows of the table, below")
    seeds: tuple[Seed, ...] = key("whole numbers, all different", (0,))
    evaluation: Any = key("how images are evaluated, below", default_text="")
    settings: Any = key("how the work is done, below", default_text="")
    comparisons: tuple[Any, ...] | None = key(
        "which methods are compared, below",
        default_text="every method with the one that asks at random and buys alike",
    )


class ScenarioSection(Section):
    """``scenario``."""

    source: Any = required_key("the labelled data set")
    target: Any = required_key("the data set in which labels are bought")
    title: Label | None = key(
        f"what tables call the scenario, one line, at most {LONGEST_LABEL} characters",
        default_text="the names of both data sets, such as `gtav -> cityscapes`",
        expected=f"one line of 1 to {LONGEST_LABEL} characters",
    )
    label_space: Any = key(
        "the classes in which the network predicts and results are given: a name, or a mapping, see "
        "[Own classes](#own-classes)",
        default_text="that of the target",
    )
    root: str | None = key(
        "the folder that holds the data sets, with `~`, and `${NAME}` for a variable of the environment, so "
        "that each host may have its own; `root` of `source` or of `target` goes before it",
        default_text="none; required where files are read",
    )
    source_split: str = key("split of the source that is trained on", "train")
    target_split: str = key("split of the target in which labels are bought, the *pool*", "train")
    evaluation_split: str = key(
        "split of the target that is evaluated on; `none` where nothing is, as a split without label maps: "
        "see [No evaluation labels](#no-evaluation-labels)",
        "val",
    )
    pool: PoolKind = key(
        "`fixed`: other images than a run was begun with stop it; `growing`: images added to the pool join "
        "it with the next round, see [A pool that grows](#a-pool-that-grows)",
        "fixed",
    )


class LabelSpaceSection(Section):
    """``scenario.label_space`` as a mapping."""

    classes: tuple[Any, ...] | None = required_key(
        "the classes in the order of tables: a name each, or a mapping, below"
    )
    subsets: dict[str, tuple[str, ...]] = key(
        "names of classes by the name of a second mean over them", {}, default_text="none"
    )
    name: ClassName | None = key("a name for tables", default_text="`custom-` and the number of classes")


class ClassSection(Section):
    """An item of ``scenario.label_space.classes`` as a mapping."""

    name: ClassName | None = required_key(
        "as tables show it", expected="one line of 1 to 100 characters as the name of a class"
    )
    color: tuple[Channel, Channel, Channel] | None = key(
        "red, green and blue of pictures",
        default_text="one of its own",
        expected="red, green and blue as [r, g, b], each 0 to 255",
    )
    includes: tuple[ClassName, ...] = key(
        "classes of the data sets that are part of this one, such as `tree` and `grass` of `vegetation`", ()
    )


class MethodSection(Section):
    """An item of ``methods``."""

    label: Label | None = required_key(
        f"one line, at most {LONGEST_LABEL} characters, unique in the file",
        expected=f"one line of 1 to {LONGEST_LABEL} characters",
    )
    acquisition: Any = key("what to ask", default_text="none")
    partition: Any = key(
        "how images are cut into regions", default_text="required where questions are about regions"
    )
    annotation: Any = key("what a question is and what it costs", default_text="required with `acquisition`")
    annotator: Any = key(
        "who answers: people, by the name of their tool, see [annotators.md](annotators.md), "
        "or a mapping with [errors of the oracle](#errors-of-the-annotator)",
        default_text="`oracle`, which makes no errors",
    )
    budget: Any = key("what may be spent, all rounds together", default_text="required with `acquisition`")
    model: Any = key("changes to the experiment's network: only the keys that differ", default_text="")
    recipe: Any = key("changes to the experiment's recipe, likewise", default_text="")
    target_labels: Any = key(
        "`none`, `all` or a mapping, for a method without acquisition; see [References](#references)",
        default_text="`acquired` with an acquisition",
    )
    reference: Reference | None = key(
        "`lower` or `upper`: the method is this end of the gap that other methods close", default_text="none"
    )
    seeds: tuple[Seed, ...] | None = key(
        "the method's own seeds, all different, where it has more or fewer than the others",
        default_text="those of the experiment",
    )


class ShortLabelsSection(Section):
    """``target_labels`` of a method as one word."""

    target_labels: TargetLabels | None = None


class LabelsSection(Section):
    """``target_labels`` of a method as a mapping."""

    labels: TargetLabels | None = required_key("`none` or `all`")
    since: LabelsSince = key(
        "`start`: from the first iteration; `first-purchase`: from the first of `rounds` on. Only with "
        "`labels: all`",
        "start",
    )
    tolerance: Tolerance = key(
        "only with `labels: all`: pixels by which outlines may miss the label maps, for counting "
        "[clicks](#annotation-modes)",
        OUTLINE_TOLERANCE,
    )


class AnnotatorSection(Section):
    """``annotator`` of a method."""

    name: Literal["oracle"] = key("`oracle`: answers come from the data set's label maps", "oracle")
    confusion: Share | Percentage = key(
        "share of the classes said that are wrong, drawn for each question and class, such as `5%` or `0.05`",
        0.0,
        expected="a share such as 5% or 0.05, at most 100%",
    )
    boundary: Shift = key("pixels at most, along each axis, by which borders in answers are off", 0)


class PeopleSection(Section):
    """Keys of ``annotator`` that every annotator of people has besides its own."""

    partial: Partial = key(
        "what becomes of a round that is partly answered: the run keeps on waiting (`wait`), or goes on with "
        "the answers that are there (`go-on`)",
        "wait",
    )
    conflict: Conflict = key(
        "whose answer counts where people say different things: the `first`, the `last`, or what most say "
        "(`majority`), of every pixel by itself, the first of equally many",
        "majority",
    )


class ComparisonSection(Section):
    """An item of ``comparisons``."""

    baseline: str | None = required_key("label of a method")
    methods: tuple[str, ...] | None = key(
        "labels of those that are compared with it",
        default_text="all that have its annotation and budget; all that buy labels where it buys none",
    )
    margin: Annotated[float, Interval(gt=0, le=100)] | None = key(
        "largest difference in points of the metric that does not matter: the two are tested for "
        "equivalence too",
        default_text="no such test",
    )
    family: Label | None = key(
        f"name of those with which it is corrected together, one line, at most {LONGEST_LABEL} characters",
        default_text="one family of all that name none",
        expected=f"one line of 1 to {LONGEST_LABEL} characters",
    )


class StoredSection(Section):
    """What comparing needs of an experiment file that was checked before it was stored."""

    methods: tuple[Any, ...] | None = None
    comparisons: tuple[Any, ...] | None = None


class Evaluation(Section):
    """``evaluation``: how images are evaluated. All of it is part of a run's identity."""

    flip: bool = key("average the prediction with that of the mirrored image", False)
    size: tuple[Side, Side] | None = key(
        "input size `[height, width]` in pixels",
        default_text="the size at which the recipe trains on the target",
        expected="a size [height, width] in pixels, each 1 to 65536",
    )
    window: tuple[WindowSide, WindowSide] | None = key(
        "sliding window `[height, width]`, in pixels of the input size, for evaluation and for what "
        "acquisitions see",
        default_text="none: whole images",
        expected="a window [height, width] in pixels, each 16 to 65536",
    )
    overlap: Overlap = key(
        "share of a window that the next one covers, too", WINDOW_OVERLAP, default_text="1/3"
    )

    held_out: Share | Percentage | None = key(
        "only [without evaluation labels](#no-evaluation-labels): share of the pool's images whose answers "
        "are never trained on and give an estimate, such as `20%` or `0.2`",
        default_text="none",
        expected="a share such as 20% or 0.2",
    )

    @property
    def held_out_share(self) -> float | None:
        """The share of images whose answers are held out, above 0 and below 1; None for none."""
        return None if self.held_out is None else fraction(self.held_out)

    def identity(self) -> dict[str, Any]:
        """Return all that can change a result; runs without a key of later versions keep their identity."""
        found = self.model_dump()
        absent = [] if self.window else ["window", "overlap"]
        absent += [] if self.held_out is not None else ["held_out"]
        return {name: value for name, value in found.items() if name not in absent}


class Settings(Section):
    """``settings``: how the work is done.

    None of it is part of a run's identity, except what changes how numbers are rounded: precision,
    channels_last and compile.
    """

    device: Annotated[str, StringConstraints(pattern=DEVICE)] = key(
        "`auto` (a GPU where there is one), `cpu`, `cuda`, `cuda:N`, `mps`",
        "auto",
        expected="auto, cpu, cuda, cuda:N or mps",
    )
    devices: Processes = key(
        "GPUs of each machine that do one run together, a share of every batch each; with `device: cpu` so "
        "many processes. See [cluster.md](cluster.md#several-devices-for-one-run)",
        1,
    )
    nodes: Processes = key("machines that do one run together, in a job of SLURM", 1)
    precision: Precision = key(", ".join(f"`{name}`" for name in get_args(Precision)), "32-true")
    channels_last: bool = key(
        "keep images and weights in memory channel by channel last, which most convolutions compute faster",
        True,
    )
    compile: bool = key("compile the network with `torch.compile`", False)
    workers: Workers = key(
        "processes that load images; 0 loads in the main process, for predictions in a thread beside the "
        "network",
        0,
    )
    pool_batch: Images = key("images per batch when predictions are made for an acquisition", 4)
    evaluation_batch: Images = key("images per batch in evaluation", 4)
    checkpoint_minutes: Duration = key("minutes between checkpoints inside a round", 5)
    processes: Processes = key(
        "processes that do runs of the experiment side by side, each with its share of torch's threads and "
        "memory of its own: the last runs of the file are begun by the others. Small networks on a CPU gain. "
        "Results depend on it only through the number of threads in each, which changes how sums are "
        "rounded; short training can turn that into a point of mIoU, so compare runs that were made with the "
        "same number",
        1,
    )
    order: Literal["seeds", "methods"] = key(
        "which runs come first: `seeds` does all methods of a seed before the next seed, so that there is "
        "soon something to compare; `methods` all seeds of a method before the next method of the file, so "
        "that time that ends early cuts whole methods from the end. Then the others of `processes` begin in "
        "front, too",
        "seeds",
    )
    threads: Processes | None = key(
        "torch's threads on the CPU, in each process. The number changes how sums are rounded, and is kept "
        'for a whole experiment unless you set it; see "The same bytes" and "A busy machine" in '
        "[reliability.md](reliability.md)",
        default_text="torch's choice",
    )
    cache: str | None = key(
        "folder in which resized images and label maps are kept, so that files are decoded once; "
        "uncompressed, 2.3 MiB for an image of 640 x 1280; pixel counts of source classes, which "
        "class-balanced sampling needs, are kept here too, or without a folder in `~/.cache/alseg` "
        "(`$XDG_CACHE_HOME/alseg`); all of it may be deleted at any time",
        default_text="none",
    )
    deterministic: bool = key(
        'let torch use kernels only that compute the same bytes every time, see "The same bytes" in '
        "[reliability.md](reliability.md); slower on a GPU",
        False,
    )
    call_timeout: Duration | None = key(
        "seconds that one call into a plugin may take, such as the score of an image or a training step; see "
        '"When a plugin ends the process" in [reliability.md](reliability.md)',
        default_text="none",
    )
    observers: tuple[Any, ...] = key(
        "what follows the runs, a list: names or mappings with `name` and parameters, see "
        "[below](#watching-runs)",
        (),
    )
    """`alseg.config.specs.Component`, once the file has been read."""
    executor: Any = key(
        "where the runs are done, such as `local:4` for four processes of this machine: a name, or a mapping "
        "with `name` and parameters; see [cluster.md](cluster.md). The option `--on` goes before it",
        default_text="in this process",
    )
    """`alseg.config.executor.ExecutorChoice` or None, once the file has been read."""
    lock: LockName = key(
        "how a process keeps a folder to itself: `flock`, a lock of the system; or `lease`, a file that its "
        "holder refreshes, for shared file systems where flock is missing or holds for one machine only; see "
        "[cluster.md](cluster.md#locks)",
        "flock",
        expected="flock or lease",
    )
    examples: Annotated[int, Interval(ge=0, le=MOST_IMAGES)] = key(
        "images of the pool, spread evenly, of which small maps are kept in the run folder, for "
        "[reports](report.md): predictions, uncertainty, impurity and score of every round",
        3,
    )
