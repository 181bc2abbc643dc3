"""Damage of a run: files that are missing, cannot be read, or contradict each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from alseg.contracts import LabelSpace
from alseg.errors import DamageError
from alseg.storage.count_files import EVALUATED, CountFiles
from alseg.storage.derived import INDEX_NAME as DERIVED_INDEX
from alseg.storage.derived import MAPS_NAME, DerivedMaps
from alseg.storage.layout import ANSWERS_NAME, POOL_NAME, QUESTIONS_NAME, answer_files
from alseg.storage.ledger import INDEX_NAME, Purchase
from alseg.storage.pool_listing import PoolListing
from alseg.storage.questions import Questions
from alseg.storage.rescore import label_space_of, recomputed
from alseg.storage.round_files import read_image_counts
from alseg.storage.round_metrics import read_metrics
from alseg.storage.run_description import FormatError, read_run_file
from alseg.storage.run_folder import RunFolder
from alseg.toolkit.metrics import SCORER_VERSION


@dataclass(frozen=True)
class Damage:
    """Something of a run that cannot be used.

    Attributes:
        problem: One line: the file, what is wrong with it, and what happens when the run goes on.
        paths: Files and folders that are in the way of making it again.
    """

    problem: str
    paths: tuple[Path, ...] = ()


@dataclass(frozen=True)
class _Asked:
    """What a run's own description says of it, as far as it matters here.

    Attributes:
        buys: Whether labels are bought from round 1 on.
        space: In which its metrics are; None where they are another scorer's, which computes others.
        files: The counts that its rounds have.
        grows: Whether each round has a pool of its own.
    """

    buys: bool = False
    space: LabelSpace | None = None
    files: CountFiles = EVALUATED
    grows: bool = False


def problem_of(read: Callable[[], object]) -> str | None:
    """Return what is wrong with a file, in one line; None where it can be read.

    Args:
        read: Reads the file.

    Raises:
        UnreadableError: If the system does not let this process read it: that is no damage.
    """
    try:
        read()
    except DamageError as error:
        return str(error)
    return None


def find_damage(folder: RunFolder, rounds: int, *, done: bool = False) -> list[Damage]:
    """Read all rounds of a run: what can be read, and whether metrics are what the counts give.

    With a purchase go all later rounds: what they asked followed from it. A round whose metrics cannot be
    used keeps its purchase. The final weights are not read.

    Args:
        folder: The run, whose lock the caller holds.
        rounds: Number of rounds, round 0 included.
        done: Whether all rounds should be there; otherwise those up to the last that is.

    Returns:
        What is damaged or missing, round by round.

    Raises:
        UnreadableError: If the system does not let this process read a file.
    """
    asked = _asked(folder)
    last_round = folder.last_round
    committed = rounds - 1 if done else -1 if last_round is None else last_round
    bought = max((number for number in range(rounds) if folder.purchase_is_committed(number)), default=0)
    found: list[Damage] = []
    for number in range(rounds):
        problem = _problem_of_pool(folder, number, required=number <= committed or number <= bought > 0)
        if asked.grows and problem is not None:
            return [*found, _without_pool(folder, number, rounds, problem)]
        problem = _problem_of_purchase(
            folder, number, required=asked.buys and 0 < number <= max(committed, bought)
        )
        if problem is not None:
            followed = tuple(_made_again(folder, number, rounds))
            consequence = f"The labels of round {number} are bought again, and the rounds after it."
            return [*found, Damage(f"{problem} {consequence}", followed)]
        damage = _damage_of_results(folder, number, asked, required=done)
        if damage is not None:
            found.append(damage)
        found.extend(_damage_of_derived(folder, number))
        found.extend(_damage_of_questions(folder, number))
    return found


def _problem_of_pool(folder: RunFolder, number: int, *, required: bool) -> str | None:
    """Return what is wrong with the pool of a round, where it may grow."""
    round_folder = folder.round_folder(number)
    if PoolListing.kept(round_folder):
        return problem_of(lambda: PoolListing.read(round_folder))
    trained = number == 0 and (folder.checkpoint.exists() or folder.weights.exists())
    return f"{round_folder / POOL_NAME} is missing." if required or trained else None


def _without_pool(folder: RunFolder, number: int, rounds: int, problem: str) -> Damage:
    """Return the damage of a round of which nobody knows any more which images its pool had."""
    followed = tuple(_made_again(folder, number, rounds, keeps_pools=False))
    if number > 0:
        again = f"Round {number} is decided again with the images that there are now, and those after it."
        return Damage(f"{problem} {again}", followed)
    again = "Training starts over with the images that there are now."
    return Damage(f"{problem} {again}", (*followed, folder.checkpoint, folder.weights))


def _made_again(folder: RunFolder, number: int, rounds: int, *, keeps_pools: bool = True) -> Iterator[Path]:
    """Yield what is in the way of buying a round's labels again; answers of people stay where they are.

    The questions of the round stay with them. Those of later rounds are decided again, and answers that fit
    are used again. Pools stay as well, so that the same is asked.
    """
    for later in range(number, rounds):
        round_folder = folder.round_folder(later)
        pool = (POOL_NAME,) if keeps_pools and PoolListing.kept(round_folder) else ()
        if not answer_files(round_folder) and not pool:
            yield round_folder
            continue
        questions = (QUESTIONS_NAME,) if later == number and answer_files(round_folder) else ()
        kept = (ANSWERS_NAME, *questions, *pool)
        yield from (path for path in sorted(round_folder.iterdir()) if path.name not in kept)


def _damage_of_questions(folder: RunFolder, number: int) -> Iterator[Damage]:
    """Yield what is wrong with the questions for whose answers a run waits."""
    round_folder = folder.round_folder(number)
    if folder.purchase_is_committed(number) or not Questions.committed(round_folder):
        return
    problem = problem_of(lambda: Questions.read(round_folder))
    if problem is not None:
        again = f"What round {number} asks is decided again; answers that fit are used."
        yield Damage(f"{problem} {again}", (round_folder / QUESTIONS_NAME,))


def _asked(folder: RunFolder) -> _Asked:
    """Read what is needed of ``run.json``; where that is damaged, as little as possible is concluded."""
    try:
        file = read_run_file(folder.path)
    except (DamageError, FormatError):
        return _Asked()
    space = label_space_of(file.label_space) if file.scorer == SCORER_VERSION else None
    return _Asked(file.method.target_labels == "acquired", space, CountFiles.of_run(file), file.pool_grows)


def _problem_of_purchase(folder: RunFolder, number: int, *, required: bool) -> str | None:
    """Return what is wrong with the purchase of a round."""
    if folder.purchase_is_committed(number):
        return problem_of(lambda: Purchase.read(folder.round_folder(number)))
    return f"{folder.round_folder(number) / INDEX_NAME} is missing." if required else None


def _damage_of_derived(folder: RunFolder, number: int) -> Iterator[Damage]:
    """Yield what is wrong with the label maps that a round's training is using."""
    round_folder = folder.round_folder(number)
    if folder.round_is_committed(number) or not DerivedMaps.committed(round_folder):
        return  # once a round is committed, nothing reads them any more
    problem = problem_of(lambda: DerivedMaps.read(round_folder))
    if problem is not None:
        again = f"Labels of round {number} are derived again where training needs them."
        yield Damage(f"{problem} {again}", (round_folder / DERIVED_INDEX, round_folder / MAPS_NAME))


def _damage_of_results(folder: RunFolder, number: int, asked: _Asked, *, required: bool) -> Damage | None:
    """Return what is wrong with counts or metrics of a round; without damage, metrics follow from counts."""
    metrics, space = folder.metrics_of(number), asked.space
    counted = [metrics.with_name(name) for name in asked.files.names(number)]
    evaluated_again = f"Round {number} is evaluated again."
    computed_again = "Its numbers are computed again."
    for counts in counted:
        if not (required or counts.exists() or metrics.exists()):
            continue
        problem = problem_of(lambda path=counts: read_image_counts(path))  # type: ignore[misc]
        if problem is not None:
            return Damage(f"{problem} {evaluated_again}", (counts, metrics))
    if not metrics.exists():
        return Damage(f"{metrics} is missing. {computed_again}") if required else None
    problem = problem_of(lambda: read_metrics(metrics))
    if problem is not None:
        return Damage(f"{problem} {computed_again}", (metrics,))
    if space is None:
        return None
    try:
        changes = recomputed(metrics.parent, space).changes
    except DamageError as error:
        return Damage(f"{error} {evaluated_again}", (*counted, metrics))
    if not changes:
        return None
    found = f"{metrics} is damaged: by the counts beside it, {changes[0]}."
    return Damage(f"{found} {computed_again}", (metrics,))
