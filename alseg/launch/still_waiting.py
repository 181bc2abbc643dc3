"""Whether a run that has asked people still waits, from the files of its folder: no data, no network."""

from __future__ import annotations

from alseg.annotation.accepted import by_question
from alseg.config.annotator import People
from alseg.config.specs import RunSpec
from alseg.engine.waiting import waiting_text
from alseg.errors import DamageError
from alseg.storage.answers import read_answers
from alseg.storage.layout import round_folders
from alseg.storage.questions import Questions
from alseg.storage.run_folder import RunFolder


def still_waiting(spec: RunSpec, folder: RunFolder) -> str | None:
    """Return what a run waits for where that is sure; None where the run has to be looked at whole.

    A round whose budget is in clicks may be complete before all of its questions are answered. Whatever is
    missing or damaged is seen to by the run itself.

    Args:
        spec: The run.
        folder: Its folder, whose lock the caller holds.
    """
    annotator = spec.method.annotator
    people = None if annotator is None else People.of(annotator)
    number, round_folder = max(round_folders(folder.path).items(), default=(0, folder.path))
    if people is None or number == 0 or not Questions.committed(round_folder):
        return None
    before = range(number)
    if folder.purchase_is_committed(number) or not all(map(folder.round_is_committed, before)):
        return None
    if not all(map(folder.purchase_is_committed, before[1:])) or not folder.checkpoint.exists():
        return None
    try:
        questions, imports = Questions.read(round_folder), read_answers(round_folder)
    except DamageError:
        return None
    given = by_question(imports)
    answered = sum(
        (image_id, (y, x)) in given
        for image_id, picks in questions.picks.items()
        for y, x in picks.positions.tolist()
    )
    goes_on = people.partial == "go-on" or any(each.goes_on for each in imports)
    in_clicks = spec.method.budget is None or spec.method.budget.currency == "clicks"
    if answered == questions.count or (answered and (goes_on or in_clicks)):
        return None
    return waiting_text(number, answered, questions.count)
