"""How long a step, a decision of what to ask and an evaluation take: given, or measured in earlier runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from alseg.config.specs import RunSpec
from alseg.errors import AlsegError
from alseg.planning.amounts import Amounts, Asking
from alseg.planning.images import ImageCounts
from alseg.planning.measured import Kind, Samples
from alseg.planning.seconds import Seconds

START_SECONDS = 10.0
"""From the start of a process until it trains: imports, network and data."""


@dataclass(frozen=True, kw_only=True)
class GivenSeconds:
    """Seconds from the command line, of which the last that fits a method counts.

    Attributes:
        step: Pattern of method labels and seconds of an optimiser step.
        image: Pattern and seconds of one prediction of an image.
        start: Seconds from the start of a process until it trains.
    """

    step: tuple[tuple[str, float], ...] = ()
    image: tuple[tuple[str, float], ...] = ()
    start: float = START_SECONDS


@dataclass(frozen=True, kw_only=True)
class Rate:
    """A time that a plan is made from.

    Attributes:
        what: What takes it, such as ``a step``.
        seconds: How long.
        runs: Folders of the runs in which it was measured; None where it was given.
    """

    what: str
    seconds: Seconds
    runs: frozenset[Path] | None


class Rates:
    """Turns amounts into seconds.

    Args:
        given: From the command line; goes before what was measured.
        samples: Measured in runs.
        count: Counts images, where a time is given for one of them.

    Attributes:
        used: What was used so far, with the labels of the methods, each once.
    """

    def __init__(self, given: GivenSeconds, samples: Samples, count: Callable[[], ImageCounts]) -> None:
        self._given = given
        self._samples = samples
        self._count = count
        self._counted: ImageCounts | None = None
        self._lacking: dict[str, dict[str, None]] = {}
        self.used: dict[Rate, dict[str, None]] = {}

    def of(self, amounts: Amounts | None) -> Seconds:
        """Return what a unit takes besides the start of its process; what nobody knows counts as nothing.

        `refuse_gaps` tells of it.
        """
        if amounts is None:
            return Seconds.exactly(0)
        spec = amounts.spec
        parts = [self._rest(spec)]
        if amounts.steps:
            parts.append(self._step(spec).times(amounts.steps))
        parts += [self._asking(each).times(each.times) for each in amounts.askings]
        if amounts.derivations:
            parts.append(self._derivation(spec).times(amounts.derivations))
        if amounts.evaluations:
            parts.append(self._evaluation(spec).times(amounts.evaluations))
        return _sum(parts)

    def refuse_gaps(self, file: str) -> None:
        """Refuse to plan where a time is neither given nor measured.

        Args:
            file: The experiment file.

        Raises:
            AlsegError: If there is one; says how to give or to measure it.
        """
        if not self._lacking:
            return
        methods = list(dict.fromkeys(label for labels in self._lacking.values() for label in labels))
        named = f"'{methods[0]}'" + (f" and {len(methods) - 1} other methods" if len(methods) > 1 else "")
        options = " and ".join(dict.fromkeys(_OPTION[what] for what in self._lacking))
        of = " and of ".join(self._lacking)
        raise AlsegError(
            f"The seconds of {of} are neither given nor measured for {named}. "
            f"Give {options}, or time a short version: alseg run {file} with few iterations and --results "
            "FOLDER, then --measured FOLDER/NAME."
        )

    @property
    def images_note(self) -> str:
        """Where numbers of images come from, if not from the data; empty where none were used."""
        return self._counted.note if self._counted is not None else ""

    def _step(self, spec: RunSpec) -> Seconds:
        seconds = _matching(self._given.step, spec)
        if seconds is not None:
            return self._use("a step", Seconds.exactly(seconds), spec)
        return self._measured("step", spec, "a step")

    def _asking(self, asking: Asking) -> Seconds:
        """Return a decision of what to ask; of methods together as long as their shares, or the longest."""
        first = asking.specs[0]
        image = _matching(self._given.image, first)
        if image is not None:
            self._use(_IMAGE, Seconds.exactly(image), first)
            return self._predicting(asking, image)
        alone = [self._one_asking(spec, needed=asking.pool_predictions > 0) for spec in asking.specs]
        if len(alone) == 1:
            return alone[0]
        longest = Seconds(*(max(each) for each in zip(*alone, strict=True)))
        shares = [self._samples.of("first asking", spec) for spec in asking.specs]
        known = [each.seconds for each in shares if each is not None]
        if len(known) < len(shares):
            return longest
        return Seconds(*(max(pair) for pair in zip(_sum(known), longest, strict=True)))

    def _one_asking(self, spec: RunSpec, *, needed: bool) -> Seconds:
        for kind in _ASKINGS:
            timing = self._samples.of(kind, spec)
            if timing is not None:
                return self._use("a round's questions", timing.seconds, spec, timing.runs)
        return self._unknown(_IMAGE, spec) if needed else Seconds.exactly(0)

    def _predicting(self, asking: Asking, image: float) -> Seconds:
        pool = asking.pool_predictions * (self._images("pool") if asking.pool_predictions else 0)
        source = asking.source_predictions * (self._images("source") if asking.source_predictions else 0)
        return Seconds.exactly(image * (pool + source))

    def _derivation(self, spec: RunSpec) -> Seconds:
        image = _matching(self._given.image, spec)
        if image is not None:
            most = self._use(_IMAGE, Seconds.exactly(image), spec).mid * self._images("pool")
            return Seconds(0.0, most, most)
        return self._measured("derivation", spec, "derived labels", _IMAGE)

    def _evaluation(self, spec: RunSpec) -> Seconds:
        image = _matching(self._given.image, spec)
        if image is not None:
            mirrored = 2 if spec.evaluation.flip else 1
            return self._use(_IMAGE, Seconds.exactly(image), spec).times(
                mirrored * self._images("evaluation")
            )
        return self._measured("evaluation", spec, "an evaluation", _IMAGE)

    def _rest(self, spec: RunSpec) -> Seconds:
        timing = self._samples.of("rest", spec)
        if timing is None:
            return Seconds.exactly(0)
        return self._use("rest of a run", timing.seconds, spec, timing.runs)

    def _measured(self, kind: Kind, spec: RunSpec, what: str, lacking: str = "") -> Seconds:
        timing = self._samples.of(kind, spec)
        if timing is None:
            return self._unknown(lacking or what, spec)
        return self._use(what, timing.seconds, spec, timing.runs)

    def _use(
        self, what: str, seconds: Seconds, spec: RunSpec, runs: frozenset[Path] | None = None
    ) -> Seconds:
        self.used.setdefault(Rate(what=what, seconds=seconds, runs=runs), {})[spec.method.label] = None
        return seconds

    def _unknown(self, what: str, spec: RunSpec) -> Seconds:
        self._lacking.setdefault(what, {})[spec.method.label] = None
        return Seconds.exactly(0)

    def _images(self, of: str) -> int:
        self._counted = self._counted or self._count()
        number: int | None = getattr(self._counted, of)
        if number is None:
            raise AlsegError(
                f"Nobody knows how many {_IMAGES_OF[of]} there are. {self._counted.note} Plan where "
                "the data is, or let runs be measured and leave out --seconds-per-image."
            )
        return number


_IMAGES_OF = {
    "pool": "images of the pool",
    "source": "source images",
    "evaluation": "evaluation images",
}
_IMAGE = "a predicted image"
_ASKINGS: tuple[Kind, ...] = ("asking", "first asking")
_OPTION = {"a step": "--seconds-per-step", _IMAGE: "--seconds-per-image"}


def _matching(patterns: Sequence[tuple[str, float]], spec: RunSpec) -> float | None:
    """Return the seconds of the last pattern that fits a method; None where none does."""
    return next(
        (each for pattern, each in reversed(patterns) if fnmatchcase(spec.method.label, pattern)), None
    )


def _sum(parts: Iterable[Seconds]) -> Seconds:
    total = Seconds.exactly(0)
    for each in parts:
        total = total.plus(each)
    return total
